// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Events about tasks, written on the side: whoever posts one neither waits nor learns whether it
 * was written. At most EVENTS_PENDING_MAX wait, what comes then is dropped and counted; they are
 * sent in order by EVENTS_SENDERS fibers at most. Nothing depends on an Event. */
#include "api/event.h"
#include "kube/client.h"
#include "operator/metrics.h"

enum {
    EVENTS_PENDING_MAX = 100,
    EVENTS_MANY = 25,
    EVENTS_SENDERS = 4,
};

struct events_spec {           /* all of it outlives the events */
    struct kube_client client; /* without a fiber */
    struct fiber_pool *fibers;
    struct metrics *metrics;
};

struct events;

struct events *events_new(const struct events_spec *spec);
struct events *events_free(struct events *events); /* nothing is being sent; NULL is fine */
/* count: how often it was said by now, from 1. */
void events_post(struct events *events, const struct event *event, int64_t count);
/* So many wait to be sent that one which only says that all goes well had better not be posted:
 * the endings need the room. */
bool events_are_many(const struct events *events);
bool events_are_sent(const struct events *events); /* none is pending or under way */

/* A rule's name as the action of an Event: "timed out" -> "TimedOut". */
struct str event_action(struct arena *arena, const char *because);
