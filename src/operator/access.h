// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Who may read a page of ours: the API server is asked whose bearer token that is (TokenReview),
 * and whether he may do that to that path (SubjectAccessReview on a non-resource URL). Fails
 * closed: no answer is no access.
 *
 * Answers are remembered by the SHA-256 of the token, which itself is never kept: whose it is for
 * ACCESS_TOKEN_MS, what was allowed for ACCESS_ALLOW_MS (from the first minute on only if it is
 * still the same user with the same groups), what was not for ACCESS_DENY_MS. At most
 * ACCESS_ENTRIES_MAX of them; of tokens that were never good go first, the oldest of them before
 * the others. Who asks while the same is being asked waits for that answer.
 *
 * At most ACCESS_REVIEWS_MAX reviews at a time; the last ACCESS_KNOWN_MAX of them are for tokens
 * that were good before, so that a flood of made-up ones does not lock out who scrapes us. */
#include "base/err.h"
#include "kube/transport.h"
#include "sys/reactor.h"

#define ACCESS_TOKEN_MS INT64_C(60000)
#define ACCESS_ALLOW_MS INT64_C(300000)
#define ACCESS_DENY_MS  INT64_C(30000)

enum {
    ACCESS_ENTRIES_MAX = 256,
    ACCESS_REVIEWS_MAX = 6, /* so many fibers, too */
    ACCESS_KNOWN_MAX = 2,
    ACCESS_WAITERS_MAX = 16, /* for the same answer */
    ACCESS_TOKEN_SIZE_MAX = 8 * 1024,
};

enum { /* what comes of it, as HTTP says it */
    ACCESS_GRANTED = 200,
    ACCESS_UNKNOWN = 401,     /* no bearer token, or nobody's */
    ACCESS_FORBIDDEN = 403,   /* he may not */
    ACCESS_UNAVAILABLE = 503, /* it cannot be told now */
};

struct access_spec {
    const struct transport *transport; /* reviews are POSTs that who does not lead makes, too */
    const struct reactor *reactor;
    struct fiber_pool *fibers;
    /* What came of an access_check(): exactly once for each. */
    void (*decided)(void *ctx, void *who, uint32_t status);
    /* The API server could not be asked; at most once in ten seconds. */
    void (*troubled)(void *ctx, const struct err *err);
    void *ctx;
};

struct access;
struct access *access_new(const struct access_spec *spec);
struct access *access_free(struct access *access); /* NULL is fine; no review may be under way */

/* authorization: the header, whole; at NULL: there is none. path and verb are literals. The answer
 * goes to spec->decided, now or later, with `who`. */
void access_check(struct access *access, struct str authorization, const char *path,
                  const char *verb, void *who);
