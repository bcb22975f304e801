// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The rows of the place that a command is about, copied into an arena. */
#include "cli/place.h"
#include "cli/selector.h"

struct listing {
    struct store_row *rows; /* in order of name; their labels are not kept */
    uint32_t count, room;
};

/* No place for tasks yet is an empty one. */
must_use bool listing_read(const struct place *place, enum session_access access,
                           const struct place_query *query, const struct selector *selector,
                           struct arena *arena, struct listing *ret, struct err *err);

/* One more, whose texts outlive the listing. */
void listing_add(struct listing *listing, struct arena *arena, const struct store_row *row);
const struct store_row *listing_find(const struct listing *listing, struct str uid);

/* What `store_list` would say of a task. */
struct store_row listing_row_of(const struct task *task);
