// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Who a run is on the host: inside, it is always uid and gid 1000. As root it gets a host id of its
 * own that nobody else has: chosen at random from a range that no distribution uses, not named
 * in /etc/passwd, /etc/group, /etc/subuid or /etc/subgid. An ordinary user can only be himself. */
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

enum {
    IDENTITY_INSIDE = 1000,
    IDENTITY_FIRST = 0x70000000,
    IDENTITY_LAST = 0x7ffeffff,
};

struct identity {
    uid_t uid;
    gid_t gid;
    bool is_privileged; /* the caller may map any id */
};

/* `is_own`: the caller's own ids even as root. */
must_use bool identity_choose(bool is_own, struct identity *ret, struct err *err);

/* Maps 1000 of the user namespace of `pid` to the identity. */
must_use bool identity_map(const struct identity *identity, int pid, struct err *err);

/* True if a line of the text (fields separated by ':') names the id: in field `first`, or, with
 * `is_range`, between field `first` and that plus field `first + 1`. */
bool identity_is_named(struct str text, unsigned first, bool is_range, uint32_t id);
