// SPDX-License-Identifier: Apache-2.0
#include "operator/access.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "api/access_review.h"
#include "base/sha256.h"
#include "kube/client.h"
#include "kube/resource.h"

#define REVIEW_MS INT64_C(5000) /* both questions; who scrapes waits for ten seconds */
#define SILENT_MS INT64_C(10000)

enum {
    REVIEW_SIZE_MAX = 256 * 1024
};

/* Somebody's token, a path and a verb: and what came of it. */
struct entry {
    char token[SHA256_HEX + 1]; /* its digest; empty: a free place */
    const char *path, *verb;
    char user[SHA256_HEX + 1]; /* digest of whose it is, with his groups; empty: nobody's */
    int64_t token_until_ms, verdict_until_ms;
    uint32_t verdict;
};

struct review {
    struct access *access;
    struct entry entry; /* of whom, and what was known of him */
    struct str token;   /* its first caller's, until the fiber has a copy of its own */
    struct alarm late;
    struct fiber *fiber;
    bool is_busy, is_late;
    void *waiters[ACCESS_WAITERS_MAX];
    uint32_t waiter_count;
};

struct access {
    struct arena arena; /* of this struct */
    struct access_spec spec;
    struct entry entries[ACCESS_ENTRIES_MAX];
    struct review reviews[ACCESS_REVIEWS_MAX];
    int64_t silent_until_ms;
};

static int64_t now_ms(const struct access *access)
{
    return access->spec.reactor->monotonic_ms(access->spec.reactor->self);
}

/* -- the header -------------------------------------------------------------------- */

static bool is_token_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~+/=", c));
}

/* RFC 6750; schemes are written in any case. */
static bool token_of(struct str authorization, struct str *ret)
{
    struct str scheme, token;

    if (!str_cut(authorization, ' ', &scheme, &token) || scheme.size != strlen("bearer") ||
        strncasecmp(scheme.at, "bearer", scheme.size) != 0)
        return false;
    token = str_trim(token);
    if (token.size == 0 || token.size > ACCESS_TOKEN_SIZE_MAX)
        return false;
    for (size_t i = 0; i < token.size; i++)
        if (!is_token_byte(token.at[i]))
            return false;
    *ret = token;
    return true;
}

/* -- what is remembered -------------------------------------------------------------- */

static bool is_same(const struct entry *a, const struct entry *b)
{
    return strcmp(a->token, b->token) == 0 && strcmp(a->path, b->path) == 0 &&
           strcmp(a->verb, b->verb) == 0;
}

static struct entry *entry_find(struct access *access, const struct entry *key)
{
    for (uint32_t i = 0; i < ACCESS_ENTRIES_MAX; i++)
        if (access->entries[i].token[0] && is_same(&access->entries[i], key))
            return &access->entries[i];
    return NULL;
}

/* Who was let in once keeps his place before all who never were: those can be made up. */
static bool is_worth_less(const struct entry *a, const struct entry *b)
{
    bool a_good = a->verdict == ACCESS_GRANTED, b_good = b->verdict == ACCESS_GRANTED;

    return a_good != b_good ? b_good : a->verdict_until_ms < b->verdict_until_ms;
}

static struct entry *entry_place(struct access *access)
{
    struct entry *place = access->entries;

    for (uint32_t i = 1; i < ACCESS_ENTRIES_MAX; i++)
        if (is_worth_less(&access->entries[i], place))
            place = &access->entries[i];
    return place;
}

static void entry_keep(struct access *access, const struct entry *entry)
{
    struct entry *place = entry_find(access, entry);

    *(place ? place : entry_place(access)) = *entry;
}

static bool entry_holds(const struct entry *entry, int64_t at_ms)
{
    return at_ms < entry->token_until_ms && at_ms < entry->verdict_until_ms;
}

/* -- a review -------------------------------------------------------------------------- */

static bool ask(struct review *review, struct arena *arena, const struct kube_resource *resource,
                struct str body, struct json_value *ret, struct err *err)
{
    const struct access_spec *spec = &review->access->spec;
    struct kube_request request = request_create(arena, resource, (struct str){0}, body);
    struct kube_client client = {
        .transport = spec->transport,
        .reactor = spec->reactor,
        .fiber = review->fiber,
        .is_stopped = &review->is_late,
    };

    request.size_max = REVIEW_SIZE_MAX;
    return kube_call(&client, arena, &request, resource->kind, ret, err);
}

/* *ret_is_somebody is false: it is nobody's token. */
static bool ask_user(struct review *review, struct arena *arena, struct str token,
                     struct access_user *ret, bool *ret_is_somebody, struct err *err)
{
    struct json_value question = token_question_value(arena, token), answer;
    struct err why = {0};

    if (!ask(review, arena, &resource_tokenreviews, json_compact(arena, &question), &answer, err))
        return false;
    *ret_is_somebody = token_answer_read(arena, &answer, ret, &why);
    if (*ret_is_somebody || why.kind == ERR_REFUSED)
        return true;
    *err = why;
    return false;
}

static bool ask_right(struct review *review, struct arena *arena, const struct access_user *user,
                      bool *ret, struct err *err)
{
    struct access_question asked = {
        .user = *user,
        .verb = str_of(review->entry.verb),
        .path = str_of(review->entry.path),
    };
    struct json_value question = access_question_value(arena, &asked), answer;

    return ask(review, arena, &resource_subjectaccessreviews, json_compact(arena, &question),
               &answer, err) &&
           access_answer_read(arena, &answer, ret, err);
}

static void judge_right(struct review *review, bool is_allowed)
{
    struct entry *entry = &review->entry;

    entry->verdict = is_allowed ? ACCESS_GRANTED : ACCESS_FORBIDDEN;
    entry->verdict_until_ms =
        now_ms(review->access) + (is_allowed ? ACCESS_ALLOW_MS : ACCESS_DENY_MS);
}

static void judge_nobody(struct review *review)
{
    struct entry *entry = &review->entry;

    entry->user[0] = '\0';
    entry->verdict = ACCESS_UNKNOWN;
    entry->token_until_ms = now_ms(review->access) + ACCESS_DENY_MS;
    entry->verdict_until_ms = entry->token_until_ms;
}

static void user_digest(struct arena *arena, const struct access_user *user,
                        char ret[SHA256_HEX + 1])
{
    struct json_value value = fields_write(arena, &access_user_fields, user);

    sha256_of(json_compact(arena, &value), ret);
}

/* What was said of a user holds for its time, as long as the token is still his. */
static bool judge(struct review *review, struct arena *arena, struct str token, struct err *err)
{
    struct entry *entry = &review->entry;
    char digest[SHA256_HEX + 1];
    struct access_user user;
    bool is_somebody, is_allowed;

    if (!ask_user(review, arena, token, &user, &is_somebody, err))
        return false;
    if (!is_somebody) {
        judge_nobody(review);
        return true;
    }
    entry->token_until_ms = now_ms(review->access) + ACCESS_TOKEN_MS;
    user_digest(arena, &user, digest);
    if (strcmp(digest, entry->user) == 0 && now_ms(review->access) < entry->verdict_until_ms)
        return true;
    if (!ask_right(review, arena, &user, &is_allowed, err))
        return false;
    memcpy(entry->user, digest, sizeof(digest));
    judge_right(review, is_allowed);
    return true;
}

static void trouble(struct access *access, const struct err *err)
{
    if (now_ms(access) < access->silent_until_ms)
        return;
    access->silent_until_ms = now_ms(access) + SILENT_MS;
    access->spec.troubled(access->spec.ctx, err);
}

static void decide_for(const struct access *access, void *who, uint32_t status)
{
    access->spec.decided(access->spec.ctx, who, status);
}

/* Its place is free before the first one hears: he may ask again at once. */
static void review_end(struct review *review, uint32_t status)
{
    const struct access *access = review->access;
    void *waiters[ACCESS_WAITERS_MAX];
    uint32_t count = review->waiter_count;

    memcpy(waiters, review->waiters, sizeof(waiters));
    review->is_busy = false;
    for (uint32_t i = 0; i < count; i++)
        decide_for(access, waiters[i], status);
}

static void run(struct fiber *fiber, void *ctx)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct review *review = ctx;
    const struct reactor *reactor = review->access->spec.reactor;
    struct str token = arena_copy(&arena, review->token);
    struct err err = {0};
    bool is_told;

    review->fiber = fiber;
    review->token = (struct str){0};
    is_told = judge(review, &arena, token, &err);
    reactor->disarm(reactor->self, &review->late);
    if (is_told)
        entry_keep(review->access, &review->entry);
    else
        trouble(review->access, &err);
    review_end(review, is_told ? review->entry.verdict : ACCESS_UNAVAILABLE);
}

static void give_up(void *ctx)
{
    struct review *review = ctx;

    review->is_late = true;
    fiber_wake(review->fiber);
}

/* -- asking ---------------------------------------------------------------------------- */

static struct review *review_find(struct access *access, const struct entry *key)
{
    for (uint32_t i = 0; i < ACCESS_REVIEWS_MAX; i++)
        if (access->reviews[i].is_busy && is_same(&access->reviews[i].entry, key))
            return &access->reviews[i];
    return NULL;
}

static struct review *review_place(struct access *access, bool is_known)
{
    struct review *place = NULL;
    uint32_t busy = 0;

    for (uint32_t i = 0; i < ACCESS_REVIEWS_MAX; i++)
        if (access->reviews[i].is_busy)
            busy++;
        else
            place = &access->reviews[i];
    return busy < ACCESS_REVIEWS_MAX - (is_known ? 0 : ACCESS_KNOWN_MAX) ? place : NULL;
}

static bool review_join(struct review *review, void *who)
{
    if (review->waiter_count == ACCESS_WAITERS_MAX)
        return false;
    review->waiters[review->waiter_count++] = who;
    return true;
}

static bool review_start(struct access *access, const struct entry *entry, struct str token,
                         void *who)
{
    const struct reactor *reactor = access->spec.reactor;
    struct review *review = review_place(access, entry->verdict == ACCESS_GRANTED);

    if (!review)
        return false;
    *review = (struct review){
        .access = access,
        .entry = *entry,
        .token = token,
        .late = {.ring = give_up, .ctx = review},
        .is_busy = true,
        .waiter_count = 1,
    };
    review->waiters[0] = who;
    reactor->arm(reactor->self, &review->late, now_ms(access) + REVIEW_MS);
    if (fiber_start(access->spec.fibers, run, review))
        return true;
    reactor->disarm(reactor->self, &review->late);
    review->is_busy = false;
    return false;
}

void access_check(struct access *access, struct str authorization, const char *path,
                  const char *verb, void *who)
{
    struct entry entry = {.path = path, .verb = verb};
    struct review *review;
    const struct entry *known;
    struct str token;

    if (!token_of(authorization, &token)) {
        decide_for(access, who, ACCESS_UNKNOWN);
        return;
    }
    sha256_of(token, entry.token);
    known = entry_find(access, &entry);
    if (known && entry_holds(known, now_ms(access))) {
        decide_for(access, who, known->verdict);
        return;
    }
    review = review_find(access, &entry);
    if (review ? !review_join(review, who)
               : !review_start(access, known ? known : &entry, token, who))
        decide_for(access, who, ACCESS_UNAVAILABLE);
}

struct access *access_new(const struct access_spec *spec)
{
    struct arena arena = {0};
    struct access *access = arena_alloc(&arena, sizeof(*access));

    access->arena = arena;
    access->spec = *spec;
    return access;
}

struct access *access_free(struct access *access)
{
    if (!access)
        return NULL;
    struct arena arena = access->arena;
    for (uint32_t i = 0; i < ACCESS_REVIEWS_MAX; i++)
        assert(!access->reviews[i].is_busy);
    arena_fini(&arena);
    return NULL;
}
