// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A cluster under examination (cluster_doctor.c), and the part of it that is tried in Pods
 * (cluster_pods.c). Within a fiber; every row goes to the doctor. */
#include "cli/cluster_trial.h"
#include "cli/cmd_doctor.h"

struct examination {
    const struct doctor_options *options;
    struct doctor *doctor;
    struct cluster *cluster;
    struct fiber *fiber;
    struct arena *arena;
    struct cluster_trials trials;
    struct str api_address, dns_address;
};

bool examination_ask(struct examination *e, const struct kube_request *request, const char *what,
                     struct json_value *ret, struct err *err);
/* Makes them, hears what they say, and judges it; trials_clear() is the caller's. */
void examination_try_pods(struct examination *e);
