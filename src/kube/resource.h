// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The kinds of objects we speak of to an API server, as words of its paths. */
#include "kube/request.h"

extern const struct kube_resource resource_agenttasks;
extern const struct kube_resource resource_runtimeprofiles;
extern const struct kube_resource resource_pods;
extern const struct kube_resource resource_configmaps;
extern const struct kube_resource resource_networkpolicies;
extern const struct kube_resource resource_leases;
extern const struct kube_resource resource_events;
extern const struct kube_resource resource_nodes;
extern const struct kube_resource resource_services;
extern const struct kube_resource resource_tokenreviews;
extern const struct kube_resource resource_subjectaccessreviews;
extern const struct kube_resource resource_secrets;
extern const struct kube_resource resource_validatingwebhookconfigurations;
