// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The table of `agentctl list`: NAME PHASE REASON AGE POD, wide adds PROFILE NODE EXIT DURATION. */
#include "cli/listing.h"
#include "cli/present.h"

/* with_spaces: a column NAMESPACE first. */
void tasktable_init(struct table *table, struct arena *arena, bool with_spaces, bool is_wide);
void tasktable_add(struct table *table, const struct store_row *row, int64_t now_ms);
cell_paint *tasktable_paint(const struct table *table);
