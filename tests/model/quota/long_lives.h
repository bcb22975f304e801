// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Tenants over a long time: shares, waits, bursts, and what arithmetic may do. */
#include "judge.h"

void long_lives(struct judge *judge);
