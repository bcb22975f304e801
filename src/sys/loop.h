// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The event loop of this process (libuv), and the real reactor on top of it: all alarms share one
 * timer and a heap. uv_loop is for those alone that bring a library of their own to the loop
 * (kube/curl_transport.c, http/), or sockets (operator/canary.c). */
#include <uv.h>

#include "base/err.h"
#include "sys/reactor.h"

struct loop;

must_use bool loop_open(struct loop **ret, struct err *err);
void loop_close(struct loop *loop); /* NULL is fine. Everything on it must have been closed */
void loop_run(struct loop *loop);   /* until loop_stop(), or nothing is left to wait for */
void loop_stop(struct loop *loop);
struct reactor loop_reactor(struct loop *loop);
uv_loop_t *loop_uv(struct loop *loop);

/* Calls back on every such signal, until the loop closes. */
must_use bool loop_signal(struct loop *loop, int signal_number, void (*caught)(void *ctx),
                          void *ctx, struct err *err);
