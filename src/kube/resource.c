// SPDX-License-Identifier: Apache-2.0
#include "kube/resource.h"

const struct kube_resource resource_agenttasks = {
    .group = "execution.agenttask.io",
    .version = "v1alpha1",
    .plural = "agenttasks",
    .kind = "AgentTask",
    .is_namespaced = true,
};

const struct kube_resource resource_runtimeprofiles = {
    .group = "execution.agenttask.io",
    .version = "v1alpha1",
    .plural = "runtimeprofiles",
    .kind = "RuntimeProfile",
};

const struct kube_resource resource_pods = {
    .group = "",
    .version = "v1",
    .plural = "pods",
    .kind = "Pod",
    .is_namespaced = true,
};

const struct kube_resource resource_configmaps = {
    .group = "",
    .version = "v1",
    .plural = "configmaps",
    .kind = "ConfigMap",
    .is_namespaced = true,
};

const struct kube_resource resource_networkpolicies = {
    .group = "networking.k8s.io",
    .version = "v1",
    .plural = "networkpolicies",
    .kind = "NetworkPolicy",
    .is_namespaced = true,
};

const struct kube_resource resource_leases = {
    .group = "coordination.k8s.io",
    .version = "v1",
    .plural = "leases",
    .kind = "Lease",
    .is_namespaced = true,
};

const struct kube_resource resource_events = {
    .group = "events.k8s.io",
    .version = "v1",
    .plural = "events",
    .kind = "Event",
    .is_namespaced = true,
};

const struct kube_resource resource_nodes = {
    .group = "",
    .version = "v1",
    .plural = "nodes",
    .kind = "Node",
};

const struct kube_resource resource_tokenreviews = {
    .group = "authentication.k8s.io",
    .version = "v1",
    .plural = "tokenreviews",
    .kind = "TokenReview",
};

const struct kube_resource resource_subjectaccessreviews = {
    .group = "authorization.k8s.io",
    .version = "v1",
    .plural = "subjectaccessreviews",
    .kind = "SubjectAccessReview",
};

const struct kube_resource resource_secrets = {
    .group = "",
    .version = "v1",
    .plural = "secrets",
    .kind = "Secret",
    .is_namespaced = true,
};

const struct kube_resource resource_validatingwebhookconfigurations = {
    .group = "admissionregistration.k8s.io",
    .version = "v1",
    .plural = "validatingwebhookconfigurations",
    .kind = "ValidatingWebhookConfiguration",
};

const struct kube_resource resource_services = {
    .group = "",
    .version = "v1",
    .plural = "services",
    .kind = "Service",
    .is_namespaced = true,
};
