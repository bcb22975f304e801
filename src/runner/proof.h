// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Before code that may use the network starts: is its network policy in force? The canary
 * (job.canary) listens on two ports. The policy allows the one and not the other, so it is in force
 * when, in PROOF_ROUNDS rounds over two seconds, the one answered and the other did not. What does
 * not answer at all proves nothing: the listener may be dead, or the way to it.
 * docs/decisions/0011-egress-proof.md says more. */
#include "base/err.h"
#include "core/job.h"
#include "core/report.h"

enum {
    PROOF_ROUNDS = 3,
};

/* CAUSE_NONE: it is. CAUSE_STOPPED: TERM came meanwhile, by `signal_fd` (runner/watch.h).
 * CAUSE_UNPROVEN: not within job.proof_ms, or there is no canary; the error says why. */
enum run_cause proof_find(const struct job *job, int signal_fd, struct err *err);
