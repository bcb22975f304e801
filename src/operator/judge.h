// SPDX-License-Identifier: Apache-2.0
#pragma once

/* One question to the webhook, from what it says to the verdict: the pure part of admission.h.
 * What else has to be known is put into `facts` by whoever can look it up. */
#include "api/admission_review.h"
#include "core/admit.h"
#include "operator/config.h"
#include "operator/metrics.h"

struct judge {
    struct arena *arena;
    enum webhook webhook; /* which page was asked */
    struct review review;
    struct task task; /* a new one */
    struct admit_facts facts;
};

/* What follows from review and config alone. ADMIT_ASK_…: `task` is filled in, and from the review
 * nothing more is needed but its user.
 *
 * Never judged are deletions, the status (the schema guards it) and what is being deleted: an
 * object that is no longer valid must still be able to go. What we never asked to be told about is
 * refused. */
must_use enum admit_step judge_begin(struct judge *judge, const struct config *config,
                                     struct err *err);

/* Keeps in another arena what admit_task() looks at, and whose question it is: the rest can go.
 * What was found out is to be found out again. */
void judge_shrink(struct judge *judge, struct arena *arena);

/* What the error says, as an answer. */
struct review_answer judge_refusal(const struct err *err);
