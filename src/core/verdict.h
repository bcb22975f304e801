// SPDX-License-Identifier: Apache-2.0
#pragma once

/* How a run ended, in one word of the closed list: what happened, from facts that the code cannot
 * forge. Pure. */
#include "core/world.h"

/* Why the task is over, given that its run is; REASON_NONE: it succeeded. */
enum reason verdict_of(const struct world *world);

/* The terminal phase that goes with a reason. */
enum phase verdict_phase(enum reason reason);
