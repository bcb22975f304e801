// SPDX-License-Identifier: Apache-2.0
#include "operator/events.h"

#include <assert.h>
#include <ctype.h>

#include "kube/resource.h"

#define EVENT_TIMEOUT_MS INT64_C(10000)

struct pending {
    struct arena arena;
    struct kube_request create, repeat;
};

struct events {
    struct arena arena; /* of this struct alone */
    struct events_spec spec;
    struct pending pending[EVENTS_PENDING_MAX]; /* a ring */
    uint32_t first, count, senders;
};

struct events *events_new(const struct events_spec *spec)
{
    struct arena arena = {0};
    struct events *events = arena_alloc(&arena, sizeof(*events));

    events->arena = arena;
    events->spec = *spec;
    return events;
}

static bool take(struct events *events, struct pending *ret)
{
    struct pending *first = &events->pending[events->first];

    if (events->count == 0)
        return false;
    *ret = *first;
    *first = (struct pending){0};
    events->first = (events->first + 1) % EVENTS_PENDING_MAX;
    events->count--;
    return true;
}

struct events *events_free(struct events *events)
{
    struct pending pending;
    struct arena arena;

    if (!events)
        return NULL;
    assert(events->senders == 0);
    while (take(events, &pending))
        arena_fini(&pending.arena);
    arena = events->arena;
    arena_fini(&arena);
    return NULL;
}

bool events_are_sent(const struct events *events)
{
    return events->count == 0 && events->senders == 0;
}

bool events_are_many(const struct events *events)
{
    return events->count >= EVENTS_MANY;
}

static bool send_one(const struct kube_client *client, struct pending *pending)
{
    struct kube_response response;
    struct err err = {0};

    if (!kube_send(client, &pending->arena, &pending->create, &response, &err))
        return false;
    if (response_check(&response, "create event", &err))
        return true;
    if (err.kind != ERR_PRESENT) /* it was said before: then it is said again */
        return false;
    err = (struct err){0};
    return kube_send(client, &pending->arena, &pending->repeat, &response, &err) &&
           response_check(&response, "patch event", &err);
}

static void send_all(struct fiber *fiber, void *ctx)
{
    struct events *events = ctx;
    struct kube_client client = events->spec.client;
    struct pending pending;

    client.fiber = fiber;
    while (take(events, &pending)) {
        if (send_one(&client, &pending))
            events->spec.metrics->events_sent++;
        else
            events->spec.metrics->events_dropped++;
        arena_fini(&pending.arena);
    }
    events->senders--;
}

static struct pending make(const struct event *event, int64_t count)
{
    struct pending ret = {0};
    struct json_value value = event_value(&ret.arena, event);
    struct json_value again = event_series_patch(&ret.arena, count < 2 ? 2 : count, event->at_ms);

    ret.create = request_create(&ret.arena, &resource_events, event->task->space,
                                json_compact(&ret.arena, &value));
    ret.repeat = request_patch(&ret.arena, &resource_events, event->task->space,
                               event_name(&ret.arena, event), "", json_compact(&ret.arena, &again));
    ret.create.timeout_ms = ret.repeat.timeout_ms = EVENT_TIMEOUT_MS;
    return ret;
}

void events_post(struct events *events, const struct event *event, int64_t count)
{
    uint32_t at = (events->first + events->count) % EVENTS_PENDING_MAX;

    if (events->count == EVENTS_PENDING_MAX) {
        events->spec.metrics->events_dropped++;
        return;
    }
    events->pending[at] = make(event, count);
    events->count++;
    if (events->senders == EVENTS_SENDERS)
        return;
    events->senders++;
    if (!fiber_start(events->spec.fibers, send_all, events))
        events->senders--; /* the next one, or the one under way, takes it along */
}

struct str event_action(struct arena *arena, const char *because)
{
    struct str ret = arena_copy(arena, str_of(because));
    char *at = (char *)ret.at;
    size_t size = 0;
    bool is_first = true;

    for (size_t i = 0; i < ret.size; i++) {
        unsigned char c = (unsigned char)because[i];
        if (!isalnum(c)) {
            is_first = true;
            continue;
        }
        at[size++] = (char)(is_first ? toupper(c) : c);
        is_first = false;
    }
    at[size] = '\0';
    ret.size = size;
    return ret;
}
