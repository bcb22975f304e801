// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The field tables of our own kinds, for who walks them without an object: the schema (crd.h). */
#include "api/field.h"

extern const struct fields agenttask_fields;      /* of a struct task */
extern const struct fields runtimeprofile_fields; /* of a struct profile */
