// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The cluster's place, from the module agentctl-cluster.so beside the program or in its library
 * directory. It is loaded on first use, because its libraries cost every start 4 ms and 6.6 MB that
 * a local task does not need. */
#include "cli/place.h"

/* The one function of the module. */
#define CLUSTER_MODULE "agentctl-cluster.so"
#define CLUSTER_ENTRY  "agentctl_cluster_open"
typedef bool cluster_open(struct session *session, const struct global_options *global,
                          struct place *ret, struct err *err);
cluster_open agentctl_cluster_open;

/* ERR_REFUSED: the module is missing, or of another version. */
must_use bool cluster_door_open(struct session *session, const struct global_options *global,
                                struct place *ret, struct err *err);
