// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The standing NetworkPolicy of a namespace: selects every Pod that has LABEL_TASK, and allows
 * nothing, neither way. One more for every set of rules that Pods there have: selects those whose
 * LABEL_EGRESS says that set, and allows what it says, and the canary's open port. And what others
 * allow to our Pods: policies add up. */
#include "base/buf.h"
#include "core/egress.h"
#include "json/json.h"

#define POLICY_NAME          "agenttask-default-deny"
#define POLICY_EGRESS_PREFIX "agenttask-egress-"

/* How the operator's own Pods are found (config/manager). */
#define OPERATOR_LABEL_PLANE "control-plane"
#define OPERATOR_PLANE       "controller-manager"
#define OPERATOR_LABEL_NAME  "app.kubernetes.io/name"
#define OPERATOR_NAME        "agenttask-operator"

struct json_value networkpolicy_value(struct arena *arena, struct str space);

struct str networkpolicy_egress_name(struct arena *arena, const struct strs *rules);
/* rules: as core/egress.h spells them; what is not so spelt allows nothing. operator_space: where
 * the canary's Pods are. */
struct json_value networkpolicy_egress_value(struct arena *arena, struct str space,
                                             const struct strs *rules, struct str operator_space);

/* Is this one, as a server stores it, what we would write? `object` may be what was kept. */
bool networkpolicy_is_egress(struct arena *arena, const struct json_value *object,
                             const struct strs *rules, struct str operator_space);

struct networkpolicy {
    struct str space, name, uid, version;
    int64_t created_ms, deleted_ms;
    bool is_standing; /* bears POLICY_NAME */
    struct str
        egress_id;   /* bears the name of a set of rules, and selects its Pods alone; else empty */
    bool denies_all; /* selects all of our Pods, both ways, allows nothing */
    bool allows;     /* something, to whom it selects */
    const struct json_value *selector; /* podSelector; NULL: there is none */
    bool opens;                        /* may select one of our Pods, and allows something */
};
/* Never fails: what is not there is empty. */
void networkpolicy_read(const struct json_value *value, struct networkpolicy *ret);

/* For an informer: what networkpolicy_read() reads of it. */
bool networkpolicy_keep(struct arena *arena, const struct json_value *object, struct buf *ret);
