// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What the control group of our container tells, where it can be seen: in Pods, not in the sandbox
 * of a local run, whose launcher knows itself. */
#include <stdbool.h>
#include <stdint.h>

int64_t meter_memory_peak(void); /* bytes; -1: not known */
bool meter_has_process_limit(void);
