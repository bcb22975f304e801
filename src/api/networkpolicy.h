// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The standing NetworkPolicy of a namespace: selects every Pod that has LABEL_TASK, and allows
 * nothing, neither way. And what others allow to our Pods: policies add up. */
#include "base/buf.h"
#include "json/json.h"

#define POLICY_NAME "agenttask-default-deny"

struct json_value networkpolicy_value(struct arena *arena, struct str space);

struct networkpolicy {
    struct str space, name, uid, version;
    int64_t created_ms, deleted_ms;
    bool is_standing;                  /* bears POLICY_NAME */
    bool denies_all;                   /* selects all of our Pods, both ways, allows nothing */
    bool allows;                       /* something, to whom it selects */
    const struct json_value *selector; /* podSelector; NULL: there is none */
    bool opens;                        /* may select one of our Pods, and allows something */
};
/* Never fails: what is not there is empty. */
void networkpolicy_read(const struct json_value *value, struct networkpolicy *ret);

/* For an informer: what networkpolicy_read() reads of it. */
bool networkpolicy_keep(struct arena *arena, const struct json_value *object, struct buf *ret);
