// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Scheduler, kubelet and runner of the cluster in memory: what happens to the one Pod by itself. */
#include "fake_cluster.h"

int64_t fake_kubelet_next_ms(struct fake_cluster *cluster); /* INT64_MAX: nothing will */
/* Its task is over or gone: it may never start. */
bool fake_kubelet_is_late(struct fake_cluster *cluster, const struct json_value *pod);
struct str fake_kubelet_log(struct fake_cluster *cluster);
void fake_kubelet_act(struct fake_cluster *cluster); /* all that is due */
