// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Events (events.k8s.io/v1) about a task. The name is made of what is said about whom, so that the
 * same said again falls on the same object: then its series is patched instead. */
#include "core/task.h"
#include "json/json.h"

enum {
    EVENT_NOTE_MAX = 1000, /* bytes; the server takes 1024 */
};

struct event {
    const struct task *task;
    const char *reason, *action; /* CamelCase words of ours */
    struct str note;             /* cut at EVENT_NOTE_MAX */
    bool is_warning;
    int64_t at_ms;
    const char *controller; /* reportingController: "agenttask.io/operator" */
    struct str instance;    /* reportingInstance: the operator's Pod */
};

struct str event_name(struct arena *arena, const struct event *event);
struct json_value event_value(struct arena *arena, const struct event *event);

/* Merge patch: said `count` times (>= 2) by now. */
struct json_value event_series_patch(struct arena *arena, int64_t count, int64_t at_ms);
