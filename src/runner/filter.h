// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The call filters: which system calls the code may make. Compiled to BPF at build time by
 * src/runner/filter_gen.c, which also holds the lists and says why; this is the door to the result,
 * for every machine we know, and the loading of the one for this machine. */
#include <linux/filter.h>

#include "base/err.h"

enum filter_kind {
    FILTER_CALLS,         /* the allow-list and the rules about arguments */
    FILTER_NETWORK,       /* socket() other than AF_UNIX: EACCES; all else passes */
    FILTER_CALLS_NETWORK, /* both */
    FILTER_COUNT,
};

struct filter {
    const struct sock_filter *at;
    unsigned short count;
};

extern const struct filter filters_x86_64[FILTER_COUNT];
extern const struct filter filters_arm64[FILTER_COUNT];

/* In force for this process and all that it starts from now on. Needs no_new_privs, or
 * CAP_SYS_ADMIN. */
must_use bool filter_load(enum filter_kind kind, struct err *err);
