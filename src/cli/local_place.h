// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The tasks on this machine: the store of the session, and run directories beside it. */
#include "cli/place.h"

void local_place(struct session *session, struct place *ret);
