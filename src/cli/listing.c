// SPDX-License-Identifier: Apache-2.0
#include "cli/listing.h"

struct visit {
    const struct selector *selector;
    struct arena *arena;
    struct listing *listing;
};

void listing_add(struct listing *listing, struct arena *arena, const struct store_row *row)
{
    if (listing->count == listing->room) {
        uint32_t room = listing->room ? 2 * listing->room : 16;
        struct store_row *rows = arena_array(arena, room, sizeof(*rows));

        if (listing->count)
            memcpy(rows, listing->rows, listing->count * sizeof(*rows));
        listing->rows = rows;
        listing->room = room;
    }
    listing->rows[listing->count++] = *row;
}

static bool visit_row(void *ctx, const struct store_row *row)
{
    struct visit *visit = ctx;
    struct store_row copy = *row;

    if (!selector_selects(visit->selector, &row->labels))
        return true;
    copy.space = arena_copy(visit->arena, row->space);
    copy.name = arena_copy(visit->arena, row->name);
    copy.uid = arena_copy(visit->arena, row->uid);
    copy.profile = arena_copy(visit->arena, row->profile);
    copy.run_name = arena_copy(visit->arena, row->run_name);
    copy.node = arena_copy(visit->arena, row->node);
    copy.labels = (struct pairs){0};
    listing_add(visit->listing, visit->arena, &copy);
    return true;
}

bool listing_read(const struct place *place, enum session_access access,
                  const struct place_query *query, const struct selector *selector,
                  struct arena *arena, struct listing *ret, struct err *err)
{
    struct listing listing = {0};
    struct visit visit = {selector, arena, &listing};

    if (!place->list(place->self, access, query, visit_row, &visit, err)) {
        if (err->kind != ERR_ABSENT)
            return false;
        *err = (struct err){0};
    }
    *ret = listing;
    return true;
}

const struct store_row *listing_find(const struct listing *listing, struct str uid)
{
    for (uint32_t i = 0; i < listing->count; i++)
        if (str_equal(listing->rows[i].uid, uid))
            return &listing->rows[i];
    return NULL;
}

struct store_row listing_row_of(const struct task *task)
{
    int64_t version;

    return (struct store_row){
        .space = task->space,
        .name = task->name,
        .uid = task->uid,
        .profile = task->spec.profile,
        .run_name = task->status.run.name,
        .node = task->status.run.node,
        .phase = task->status.phase,
        .reason = task->status.reason,
        .created_ms = task->created_ms,
        .started_ms = task->status.started_ms,
        .finished_ms = task->status.finished_ms,
        .exit_code = task->status.exit_code,
        .version = str_to_int(task->version, &version) ? version : 0,
        .attempt = task->status.attempt,
    };
}
