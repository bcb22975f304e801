// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What can be reached over the network, from the very first moment on. Addresses are numbers. */
#include <stdint.h>

/* connect: a TCP connection every few milliseconds, for so long, each closed at once. A refused one
 * has arrived, too: somebody there answered. */
void reach_connect(const char *address, long port, long seconds);
/* listen: takes connections and closes them, for so long. Says so first: {"check":"listening"}. */
void reach_listen(long port, long seconds);
