// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What should happen to a task now. Pure and total: same world, same plan; no allocation, no
 * clock, no I/O, no failure. One table of named rules, first that applies wins; ARCHITECTURE.md
 * tells the order and why. The demands it meets are those of tests/model. */
#include "core/plan.h"

void decide(const struct world *world, struct plan *ret);
