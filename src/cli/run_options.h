// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What `agentctl run` was asked, and the tasks that follow from it. */
#include "cli/command.h"
#include "core/profile.h"
#include "driver/supervisor.h"

#define NOT_GIVEN (-1) /* of the numbers below: 0 is a value, mostly a wrong one */

struct run_options {
    struct global_options global;
    const char *manifest; /* -f */
    const char *profile, *name, *key;
    int64_t timeout_ms, ttl_ms, cpu_milli, memory_bytes, storage_bytes;
    struct words env, without;
    bool input, detach, remove, wait, quiet, raw, dry_run;
};

struct run_request {
    struct task task;
    struct profile profile;
    const char *interpreter; /* on this machine */
    const char *runner_path;
    uint32_t switched_off;
    bool is_guessed; /* the profile follows from the file's name */
};

/* Reads files and manifests, applies the flags, finds profiles and interpreters, checks every
 * bound: nothing is stored or started before all of it is right. */
must_use bool run_requests_make(struct session *session, const struct run_options *options,
                                struct run_request **ret, uint32_t *ret_count, struct err *err);
