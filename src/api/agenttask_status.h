// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The table of AgentTask's status, for agenttask.c. */
#include "api/field.h"

extern const struct fields agenttask_status_fields; /* of a struct task_status */
extern const struct fields agenttask_limit_fields;  /* of a struct resources */
