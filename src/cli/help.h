// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Help, made from the command records. */
#include <stdio.h>

struct command;

/* Of one command, or, if it is NULL, of all. */
void help_write(const struct command *command, FILE *out);
