// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What tasks with egress prove their network policy with (runner/proof.h): two ports of this Pod
 * that accept whoever comes and close at once. Nothing is read, nothing sent, nothing kept of
 * anybody, so there is nothing to hold on to. Every replica has one; the address that tasks are
 * told is that of the replica which leads. */
#include "base/arena.h"
#include "base/err.h"

struct loop;

/* address: where to listen, without a port; "*": every address, of either kind. Open until the
 * process ends. False: one of the ports cannot be had, and half a canary would prove what is not
 * so: then the process must end. */
must_use bool canary_open(struct loop *loop, struct arena *arena, const char *address,
                          struct err *err);
