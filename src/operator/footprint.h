// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What this process takes of the machine, asked of the kernel at the moment. */
#include "operator/metrics.h"

void footprint_read(int64_t started_ms, struct process_facts *ret); /* what is not known stays 0 */
