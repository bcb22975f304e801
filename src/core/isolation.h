// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What stood between the code and the host, as facts: each control is really in force, or it is
 * not and says why. Never a wish: the launcher and the runner fill this in after the fact. */
#include "base/str.h"

/* One bit each. The order is that of the words and of status.isolation. */
enum control {
    CONTROL_USER_NAMESPACE,  /* own user namespace; inside uid 1000 */
    CONTROL_HOST_IDENTITY,   /* started as root: mapped to an otherwise unused host id */
    CONTROL_MOUNT_NAMESPACE, /* a root of its own: only what the profile needs, read-only */
    CONTROL_PID_NAMESPACE,
    CONTROL_NETWORK_NAMESPACE, /* no interface but a loopback that is down */
    CONTROL_IPC_NAMESPACE,
    CONTROL_READ_ONLY,         /* code, interpreter and root file system cannot be written */
    CONTROL_NO_EXEC,           /* nothing that the code wrote can be executed */
    CONTROL_NO_NEW_PRIVILEGES, /* set-user-ID and file capabilities are ignored */
    CONTROL_CAPABILITIES,      /* all five sets are empty */
    CONTROL_SECCOMP,           /* the call filter, without the rule for sockets */
    CONTROL_SECCOMP_NETWORK,   /* socket() other than AF_UNIX fails with EACCES */
    CONTROL_LANDLOCK,
    CONTROL_NOT_DUMPABLE, /* the runner cannot be traced or read by the code */
    CONTROL_RLIMITS,      /* open files, file size, core, locked memory */
    CONTROL_MEMORY_LIMIT,
    CONTROL_PROCESS_LIMIT,
    CONTROL_CPU_LIMIT,
    CONTROL_STORAGE_LIMIT, /* bytes and inodes of what the code may write */
    CONTROL_OUTPUT_LIMIT,
    CONTROL_TIMEOUT,
    CONTROL_NETWORK_POLICY, /* reaches what its profile allows, and proved that no more */
    CONTROL_COUNT,
};

#define CONTROL_BIT(control) (UINT32_C(1) << (control))
#define CONTROLS_ALL         (CONTROL_BIT(CONTROL_COUNT) - 1)

/* Who holds memory, processes and cpu to their limits. */
enum limiter {
    LIMITER_NONE,
    LIMITER_CGROUP2,
    LIMITER_CGROUP1,
    LIMITER_POLLED,  /* memory summed every 100 ms, RLIMIT_NPROC, cpu affinity */
    LIMITER_KUBELET, /* the node's, with what it has */
};

/* What others added around it that we would not have (cluster). */
enum weakening {
    WEAKENED_NOT,
    WEAKENED_BY_POLICY,    /* a network policy of theirs opens our Pods: policies add up */
    WEAKENED_BY_CONTAINER, /* a container of theirs runs in the Pod */
    WEAKENED_BY_LABEL,     /* the label by which policies select the Pod was gone for a time */
    WEAKENING_COUNT,
};

struct isolation {
    uint32_t controls;     /* CONTROL_BIT of what was in force */
    uint32_t switched_off; /* CONTROL_BIT of what was off because --insecure-without said so */
    int32_t landlock_abi;  /* 0: the kernel has none */
    enum limiter limiter;
    enum weakening weakened; /* known whatever is_known says */
    bool is_known;
};

const char *control_word(enum control control); /* "seccomp", "landlock", "no-new-privileges" … */
must_use bool control_parse(struct str word, enum control *ret);
const char *weakening_word(enum weakening weakening); /* "ForeignPolicy" …; "" if not */
const char *limiter_word(enum limiter limiter); /* "none", "cgroup2", "cgroup1", "polled" … */
