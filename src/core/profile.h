// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A RuntimeProfile: how to run a task, owned by administrators. Plain data and the one pure
 * function that turns a spec and a profile into what the task really gets. */
#include "base/err.h"
#include "core/task.h"

enum {
    EGRESS_MAX = 64,
    COMMAND_MAX = 64,
};

/* What a task gets where neither it nor its profile says anything. */
#define LIMIT_CPU_MILLI     INT64_C(1000)
#define LIMIT_MEMORY_BYTES  (INT64_C(512) << 20)
#define LIMIT_STORAGE_BYTES (INT64_C(1) << 30)

struct egress {
    struct str cidr;
    struct str ports; /* "443", "8000-8100", "53/UDP"; empty: all */
};

struct profile {
    struct str name;
    struct str image;
    bool allow_tag;
    struct strs command;  /* empty: the interpreter, the file name, then args */
    struct str file_name; /* entrypoint.py: below /workspace */
    struct pairs env;
    struct resources limits_default, limits_max;
    int64_t timeout_default_ms, timeout_max_ms;
    struct str runtime_class;
    bool host_users_given, host_users;
    struct strs capabilities;
    const struct egress *egress;
    uint32_t egress_count;
    struct str interpreter;       /* local.interpreter: "python3.11" or an absolute path */
    struct strs interpreter_args; /* put before the file name */
    struct str version_prefix; /* local.version: what the interpreter must say of itself: "3.11" */
    int64_t warm_pool;
    struct strs tenants; /* empty: all */
    int64_t generation;
    struct str origin; /* where it was read: "built in" or a path; for people */
};

/* The limits and the timeout that the task gets, or why it may not run with this profile:
 * ERR_INVALID, naming field, value and what would be allowed. Fills limits, timeout_ms, image,
 * profile_generation; `command` is the driver's. For a profile with tenants, spec.tenant must have
 * been filled in. */
must_use bool profile_apply(const struct profile *profile, const struct task_spec *spec,
                            struct task_effective *ret, struct err *err);
