// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What the probe found, as one JSON object per line on stdout: {"check": …, "value": …, "text": …}.
 * Words of ours, numbers, and texts of the kernel; what could break a JSON string is left out.
 * Nothing is buffered: what was found before the probe is killed has been said. */
#include <stdbool.h>
#include <stdint.h>

void finding_print(const char *check, int64_t value, const char *text);
/* Of an attempt that either works (value 1) or fails (0, with the kernel's word for why). */
void finding_try(const char *check, bool has_worked, int error);

struct finding_tries { /* of something tried again and again; times since the probe began */
    int64_t tries, successes;
    int64_t first_ms, last_ms; /* of the successes; -1: none */
    int error;                 /* of the last failure */
};
void finding_tries_print(const char *check, const struct finding_tries *tries);
