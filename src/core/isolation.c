// SPDX-License-Identifier: Apache-2.0
#include "core/isolation.h"

#include <assert.h>

static const char *const controls[] = {
    [CONTROL_USER_NAMESPACE] = "user-namespace",
    [CONTROL_HOST_IDENTITY] = "host-identity",
    [CONTROL_MOUNT_NAMESPACE] = "mount-namespace",
    [CONTROL_PID_NAMESPACE] = "pid-namespace",
    [CONTROL_NETWORK_NAMESPACE] = "network-namespace",
    [CONTROL_IPC_NAMESPACE] = "ipc-namespace",
    [CONTROL_READ_ONLY] = "read-only",
    [CONTROL_NO_EXEC] = "no-exec",
    [CONTROL_NO_NEW_PRIVILEGES] = "no-new-privileges",
    [CONTROL_CAPABILITIES] = "capabilities",
    [CONTROL_SECCOMP] = "seccomp",
    [CONTROL_SECCOMP_NETWORK] = "seccomp-network",
    [CONTROL_LANDLOCK] = "landlock",
    [CONTROL_NOT_DUMPABLE] = "not-dumpable",
    [CONTROL_RLIMITS] = "rlimits",
    [CONTROL_MEMORY_LIMIT] = "memory-limit",
    [CONTROL_PROCESS_LIMIT] = "process-limit",
    [CONTROL_CPU_LIMIT] = "cpu-limit",
    [CONTROL_STORAGE_LIMIT] = "storage-limit",
    [CONTROL_OUTPUT_LIMIT] = "output-limit",
    [CONTROL_TIMEOUT] = "timeout",
    [CONTROL_NETWORK_POLICY] = "network-policy",
};
static_assert(countof(controls) == CONTROL_COUNT, "every control has its word");

static const char *const limiters[] = {
    [LIMITER_NONE] = "none",     [LIMITER_CGROUP2] = "cgroup2", [LIMITER_CGROUP1] = "cgroup1",
    [LIMITER_POLLED] = "polled", [LIMITER_KUBELET] = "kubelet",
};

const char *control_word(enum control control)
{
    assert(control < CONTROL_COUNT);
    return controls[control];
}

bool control_parse(struct str word, enum control *ret)
{
    for (unsigned i = 0; i < countof(controls); i++)
        if (str_is(word, controls[i])) {
            *ret = (enum control)i;
            return true;
        }
    return false;
}

const char *weakening_word(enum weakening weakening)
{
    static const char *const words[] = {
        [WEAKENED_NOT] = "",
        [WEAKENED_BY_POLICY] = "ForeignPolicy",
        [WEAKENED_BY_CONTAINER] = "ForeignContainer",
        [WEAKENED_BY_LABEL] = "LabelRemoved",
    };

    assert(weakening < WEAKENING_COUNT);
    return words[weakening];
}

const char *limiter_word(enum limiter limiter)
{
    assert(limiter < countof(limiters));
    return limiters[limiter];
}
