// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The work queue: keys with due times. A key is handed out once at a time; added again while it is
 * being worked on, it comes again afterwards; adds of a waiting key fall together, the earliest
 * time wins. Failures back off per key (core/backoff.h). So that nobody is overtaken for ever by
 * keys that are always overdue, a time that has passed counts as the latest one the queue was told.
 * Pure but for memory: the owner says what time it is and asks when to come again. */
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct queue;

struct queue *queue_new(void);
struct queue *queue_free(struct queue *queue); /* NULL is fine; returns NULL */

void queue_add(struct queue *queue, struct str key, int64_t at_ms); /* monotonic; <= now: at once */

/* The next key that is due, in order of due time, then of adding. False: none is. The key stands
 * until queue_done(). */
must_use bool queue_take(struct queue *queue, int64_t now_ms, struct str *ret);

/* Of a key that was taken: when it had become due. */
int64_t queue_due_ms(const struct queue *queue, struct str key);

enum queue_outcome {
    QUEUE_DONE,   /* went well: its backoff is forgotten */
    QUEUE_FAILED, /* comes again after its backoff, or when it is added */
};
/* Of a key that was taken. dice: for the jitter of the backoff; any number. */
void queue_done(struct queue *queue, struct str key, enum queue_outcome outcome, int64_t now_ms,
                uint32_t dice);

int64_t queue_next_ms(const struct queue *queue); /* when the next one is due; INT64_MAX: never */

struct queue_facts { /* for metrics and health */
    uint32_t depth;  /* waiting and due */
    uint32_t active; /* handed out */
    uint64_t adds, retries;
    int64_t oldest_active_ms; /* since when the longest one is worked on; 0: none */
};
struct queue_facts queue_facts(const struct queue *queue, int64_t now_ms);
