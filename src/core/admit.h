// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What may be asked of this cluster: the decision of the webhook, pure. What it needs to know is
 * asked for step by step, so that nothing is looked up that does not decide: who may not read a
 * ConfigMap is not told whether it exists.
 *
 * Reserved are the keys of labels and annotations below agenttask.io: they are ours on the objects
 * that we make, and people would take them for our words on others. One is for clients
 * (ADMIT_KEY_CLIENT).
 *
 * Errors name field, value, what is wrong and what would be allowed. ERR_INVALID: the object is
 * wrong; ERR_REFUSED: its author may not do that. */
#include "core/profile.h"

#define ADMIT_KEY_CLIENT "execution.agenttask.io/idempotency-key" /* agentctl's */

enum admit_fact {
    FACT_UNKNOWN, /* not asked yet */
    FACT_NO,
    FACT_YES,
};

struct admit_facts {
    struct str user;   /* who asks, for messages */
    bool binds_tenant; /* spec.tenant is for this namespace or this user; if it names one */
    enum admit_fact has_profile;
    const struct profile *profile; /* FACT_YES */
    struct strs profiles;          /* names of those that there are, some of them, for messages */
    enum admit_fact may_read;      /* the user may get the ConfigMap that the task refers to */
    enum admit_fact has_code;      /* the ConfigMap is there and can be the code */
    const char *code_fault;        /* FACT_NO: why not, in our words */
};

enum admit_step {
    ADMIT_ALLOWED,
    ADMIT_DENIED, /* the error says why */
    ADMIT_ASK_PROFILE,
    ADMIT_ASK_RIGHT,
    ADMIT_ASK_CODE,
};

/* A new task: what it says by itself, and for whom it is to count. */
must_use bool admit_new(const struct task *task, const struct admit_facts *facts, struct err *err);

/* Then: may it run here? Asked again with each fact that it asked for, it comes to an end. Of the
 * task it looks at its namespace and, in the spec, at profile, tenant, limits, timeout, reference.
 */
must_use enum admit_step admit_task(const struct task *task, const struct admit_facts *facts,
                                    struct err *err);

/* A task that is there: its spec is guarded by the schema, and what is stored was let in before. So
 * only keys count that are new or have another value than before. */
must_use bool admit_change(const struct task *task, const struct task *before, struct err *err);
