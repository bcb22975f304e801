// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Label selectors, as `kubectl -l`: "a=b,c==d,e!=f,g in (h,i),j notin (k),l,!m"; all must hold.
 * A missing label satisfies != and notin, as in Kubernetes. Pure. */
#include "base/arena.h"
#include "base/err.h"
#include "core/task.h"

enum {
    SELECTOR_DEMANDS_MAX = 64,
    SELECTOR_VALUES_MAX = 256, /* of one demand */
};

enum selector_kind {
    SELECTOR_IN,     /* also = and == */
    SELECTOR_NOT_IN, /* also != */
    SELECTOR_EXISTS,
    SELECTOR_ABSENT,
};

struct selector_demand {
    enum selector_kind kind;
    struct str key;
    struct strs values;
};

struct selector { /* the zero value selects everything */
    const struct selector_demand *demands;
    uint32_t count;
    struct str text; /* as it was given */
};

/* ERR_INVALID with the place. Views point into `text`; NULL or empty selects everything. */
must_use bool selector_parse(struct arena *arena, struct str text, struct selector *ret,
                             struct err *err);
bool selector_selects(const struct selector *selector, const struct pairs *labels);
