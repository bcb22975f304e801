// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The options of `agentctl doctor`, for the places that carry it out. */
#include "cli/command.h"

struct doctor_options {
    struct global_options global;
    bool is_quick;     /* without what takes a minute */
    const char *image; /* that holds /probe; NULL: the operator's */
};
