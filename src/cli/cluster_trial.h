// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Probe Pods on a cluster: made, watched until they are over, their words read, and gone again,
 * whatever happened meanwhile. Within a fiber. */
#include "api/probe_pod.h"
#include "cli/cluster.h"
#include "cli/doctor.h"

enum {
    TRIALS_MAX = 12,
};

struct cluster_trial {
    const char *role; /* the end of the Pod's name */
    const char *words[24];
    bool is_task_like, user_namespace;
    struct resources limits;
    bool is_made;
    struct err refused; /* it could not be made */
    struct probe_pod_seen seen;
    struct findings findings; /* what it has said by now */
};

struct cluster_trials {
    struct cluster *cluster;
    struct fiber *fiber;
    struct str space, image, doctor;
    bool is_canceled; /* nothing is waited for any more */
    struct cluster_trial at[TRIALS_MAX];
    uint32_t count;
};

/* A new one; words: what to try, then NULL. */
struct cluster_trial *trial_add(struct cluster_trials *trials, const char *role,
                                const char *const *words);
struct json_value trial_pod(struct cluster_trials *trials, const struct cluster_trial *trial,
                            bool is_privileged);
void trial_start(struct cluster_trials *trials, struct cluster_trial *trial);
/* Until it runs, or is over, or the time is up. True: it runs, or did. */
bool trial_await(struct cluster_trials *trials, struct cluster_trial *trial, int64_t wait_ms);
/* Until it is over, or the time is up; then reads what it said. */
void trial_finish(struct cluster_trials *trials, struct cluster_trial *trial, int64_t wait_ms);
void trials_clear(struct cluster_trials *trials);
