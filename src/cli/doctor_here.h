// SPDX-License-Identifier: Apache-2.0
#pragma once

/* `agentctl doctor` on this machine: the probe as the code of real tasks, in a store of their own
 * that is gone afterwards. For local_place.c. */
#include "base/err.h"

struct doctor;
struct doctor_options;

/* False: nothing could be tried at all. That the machine refuses to run tasks is a row. */
must_use bool doctor_here(void *session, const struct doctor_options *options,
                          struct doctor *doctor, struct err *err);
