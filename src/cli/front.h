// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The process that the person sees while another one, the supervisor, has a session of its own and
 * looks after the run: so Ctrl-C reaches only the front, and a second one can leave the run to end
 * by itself. */
#include "base/err.h"

enum front_role {
    FRONT_PARENT,     /* the supervisor is over (or left alone): *ret_status is what to exit with */
    FRONT_SUPERVISOR, /* we are the new process: do the work, return as usual */
};

/* Splits the process in two. In the parent it returns when the supervisor has ended: with its exit
 * status; SIGINT and SIGTERM are passed on as SIGINT (cancel); a second one, or SIGHUP, leaves the
 * run alone with SIGHUP (130, 129). */
must_use bool front_split(const char *name, bool is_quiet, enum front_role *ret, int *ret_status,
                          struct err *err);

/* The same for --detach: the parent returns as soon as the supervisor called front_stored() (status
 * 0), or has ended without (its status). The supervisor's stdin and stdout are /dev/null, its
 * stderr until it is stored. */
must_use bool front_detach(int *ret_stored_fd, enum front_role *ret, int *ret_status,
                           struct err *err);
void front_stored(int stored_fd);
