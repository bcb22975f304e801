// SPDX-License-Identifier: Apache-2.0
#include "runner/confine.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    LOCKED_MEMORY_MAX = 64 * 1024,
    CORE_MAX = 1, /* 0 would not stop a core handler behind a pipe */
};

bool confine_self(uint32_t switched_off, uint32_t *ret_controls, struct err *err)
{
    int signal_on_death = 0;

    *ret_controls = 0;
    prctl(PR_GET_PDEATHSIG, &signal_on_death);
    if (!(switched_off & CONTROL_BIT(CONTROL_NO_NEW_PRIVILEGES))) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
            return err_sys(err, errno, "set no_new_privs");
        *ret_controls |= CONTROL_BIT(CONTROL_NO_NEW_PRIVILEGES);
    }
    if (!(switched_off & CONTROL_BIT(CONTROL_NOT_DUMPABLE))) {
        if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
            return err_sys(err, errno, "become non-dumpable");
        *ret_controls |= CONTROL_BIT(CONTROL_NOT_DUMPABLE);
    }
    /* A change of credentials clears it; set once more it holds, whatever came before. */
    if (signal_on_death != 0 && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        return err_sys(err, errno, "keep the parent-death signal");
    return true;
}

static bool bounding_drop(void)
{
    bool is_empty = true;

    for (unsigned long cap = 0; cap < 64; cap++) {
        int has = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
        if (has < 0)
            break; /* beyond the last that this kernel knows */
        if (has > 0 && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0)
            is_empty = false;
    }
    return is_empty;
}

bool confine_capabilities(bool *ret_is_empty, struct err *err)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2] = {{0}};

    *ret_is_empty = bounding_drop();
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* older kernels have no such set */
    if (syscall(SYS_capset, &header, none) != 0)
        return err_sys(err, errno, "drop the capabilities");
    if (!*ret_is_empty && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        return err_set(err, ERR_REFUSED, "the bounding set of capabilities cannot be emptied");
    return true;
}

static bool limit_set(int what, int64_t most, const char *name, struct err *err)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)most;

    if (getrlimit(what, &limit) != 0)
        return err_sys(err, errno, "read the limit of %s", name);
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < wanted)
        wanted = limit.rlim_max;
    limit.rlim_cur = limit.rlim_max = wanted;
    return setrlimit(what, &limit) == 0 || err_sys(err, errno, "limit %s", name);
}

bool confine_limits(const struct job *job, struct err *err)
{
    return limit_set(RLIMIT_CORE, CORE_MAX, "core dumps", err) &&
           limit_set(RLIMIT_NOFILE, job->open_files_max, "open files", err) &&
           limit_set(RLIMIT_FSIZE, job->file_size_max, "the size of files", err) &&
           limit_set(RLIMIT_MEMLOCK, LOCKED_MEMORY_MAX, "locked memory", err) &&
           (job->processes_max == 0 ||
            limit_set(RLIMIT_NPROC, job->processes_max, "processes", err));
}
