// SPDX-License-Identifier: Apache-2.0
#pragma once

/* From the start of the code to the death of everything it started: copies output, feeds input,
 * reaps, keeps the clock, passes on a TERM from outside. One poll, no busy wait; nothing in it
 * waits for a reader or for the code. */
#include "base/err.h"
#include "core/job.h"
#include "core/report.h"
#include "runner/code.h"
#include "runner/flow.h"

/* Blocks what will be watched and returns a descriptor to watch it with. Before the fork. */
must_use bool watch_signals(int *ret_fd, struct err *err);

/* Fills in cause, exit_code, signal, run_ms and cpu, memory. False: the code never ran; why. When
 * it returns no process but this one is left in our world (or, after a bounded time, only such as
 * the kernel cannot end). */
must_use bool watch_run(const struct job *job, struct code *code, int signal_fd,
                        struct flow *output, struct report *ret, struct err *err);
