// SPDX-License-Identifier: Apache-2.0
#include "runner/filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#if defined(__x86_64__)
#define FILTERS_HERE filters_x86_64
#elif defined(__aarch64__)
#define FILTERS_HERE filters_arm64
#else
#error "no call filter for this machine: add it to filter_gen.c"
#endif

bool filter_load(enum filter_kind kind, struct err *err)
{
    const struct filter *filter = &FILTERS_HERE[kind];
    struct sock_fprog program = {filter->count, (struct sock_filter *)filter->at};

    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0)
        return err_sys(err, errno, "load the call filter");
    return true;
}
