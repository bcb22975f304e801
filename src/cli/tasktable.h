// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The table of `agentctl list`: NAME PHASE REASON AGE POD, wide adds PROFILE NODE EXIT DURATION. */
#include "cli/listing.h"
#include "cli/present.h"

void tasktable_init(struct table *table, struct arena *arena, bool is_wide);
void tasktable_add(struct table *table, const struct store_row *row, int64_t now_ms);
struct str tasktable_paint(struct arena *arena, uint32_t column, struct str cell); /* cell_paint */
