// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The webhook's two pages: POST an AdmissionReview, get one back. Whether we lead does not matter:
 * nothing is written, so a dry run is judged as any other, and a question that is lost costs
 * nothing.
 *
 * What memory can answer is answered at once. Who names a ConfigMap, or a profile that the cache
 * does not know, waits for the API server, in a fiber: ADMISSION_FIBERS of them at a time, in
 * order of arrival, ADMISSION_WAITING_MAX reviews and ADMISSION_WAITING_SIZE bytes in all, and for
 * ADMISSION_MS at most. Everything that goes wrong on the way is a denial that says so. What is no
 * AdmissionReview is a 400, 413 or 415. */
#include "driver/kube_task.h"
#include "http/server.h"
#include "operator/judge.h"
#include "operator/log.h"

#define ADMISSION_MS INT64_C(4000) /* an API server waits for five seconds */

enum {
    ADMISSION_FIBERS = 16,
    ADMISSION_WAITING_MAX = 256,
    ADMISSION_WAITING_SIZE = 4 * 1024 * 1024,
};

struct admission_spec { /* all of it outlives the admission */
    const struct transport *transport;
    const struct reactor *reactor;
    struct fiber_pool *fibers;
    const struct kube_caches *caches;
    const struct config *config; /* what it points to changes */
    struct metrics *metrics;
    struct log *log;
};

struct admission;

struct admission *admission_new(const struct admission_spec *spec);
/* Nothing may be under way any more. NULL is fine; returns NULL. */
struct admission *admission_free(struct admission *admission);

/* Pages of an http server; ctx: the admission. */
void admission_serve_task(void *ctx, struct http_exchange *exchange);
void admission_serve_profile(void *ctx, struct http_exchange *exchange);
