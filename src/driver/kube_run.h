// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What a Pod says of the run of a task: the closed tables from the words of kubelets, schedulers
 * and runtimes to ours. Pure. Container `task` alone decides, and what the runner reported comes
 * before what the platform thinks of it; foreign words end in the message, never in a reason. */
#include "api/pod.h"
#include "base/arena.h"
#include "core/world.h"

/* A Pod whose deletion is overdue by so much has no kubelet that would carry it out. */
#define DELETION_OVERDUE_MS INT64_C(60000)

struct kube_run {
    struct run run; /* wait_since_ms: since when it can be so at the earliest */
    bool has_report;
    struct report report; /* views into the Pod */
    bool has_started;     /* container `task` runs or ran: there is output */
    bool may_lack_code;   /* it waits as one does whose code cannot be mounted */
    bool is_unsettled;    /* the Pod has ended, they say, and the container runs: older kubelets say
                           * so before they stop it; of a lost node that is the last word */
    int64_t look_at_ms;   /* what it says may be another then, with no event; 0: no */
};

/* pod NULL: there is none. */
void kube_run_read(struct arena *arena, const struct task *task, const struct pod *pod,
                   int64_t now_ms, struct kube_run *ret);

struct task_usage kube_run_usage(const struct kube_run *run);

/* What its report says was in force, and what a Pod that is stored as we send it has in any case.
 */
struct isolation kube_run_isolation(const struct kube_run *run, const struct pod *pod);
