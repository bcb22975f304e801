// SPDX-License-Identifier: Apache-2.0
#include "operator/admission.h"

#include <assert.h>
#include <strings.h>

#include "api/runtimeprofile.h"
#include "driver/kube_code.h"
#include "kube/client.h"
#include "kube/resource.h"
#include "json/excerpt.h"

enum {
    PROFILES_SHOWN = 16,
    LOG_NAME_SIZE = 253,
};

struct question {
    struct arena arena;
    struct admission *admission;
    struct http_exchange *exchange;
    struct judge judge;
    struct str right;      /* the SubjectAccessReview that may have to be made */
    struct question *next; /* of those that wait */
    int64_t since_ms;
    struct alarm late;
    struct fiber *fiber; /* NULL: it waits for one */
    bool is_late;
};

struct admission {
    struct arena arena;
    struct admission_spec spec;
    struct question *first, **last;
    struct question *taken; /* for the fiber that is being started */
    uint32_t waiting, fibers;
    size_t waiting_size;
};

static int64_t now_ms(const struct admission *admission)
{
    const struct reactor *reactor = admission->spec.reactor;

    return reactor->monotonic_ms(reactor->self);
}

/* -- answers -------------------------------------------------------------------------- */

static void tell_denial(const struct question *question, struct arena *arena, const struct err *err)
{
    static const char *const operations[] = {
        [REVIEW_CREATE] = "create",
        [REVIEW_UPDATE] = "update",
        [REVIEW_DELETE] = "delete",
        [REVIEW_OTHER] = "other",
    };
    const struct judge *judge = &question->judge;
    struct str space = judge->review.space, user = judge->review.user.name;
    struct str name = judge->review.name.size > 0 ? judge->review.name : judge->task.name;

    log_write(
        question->admission->spec.log,
        &(struct log_line){
            .level = LEVEL_INFO,
            .logger = "admission",
            .message =
                judge->webhook == WEBHOOK_TASKS ? "AgentTask denied" : "RuntimeProfile denied",
            .space = str_of(excerpt_of(arena, space, LOG_NAME_SIZE)),
            .name = str_of(excerpt_of(arena, name, LOG_NAME_SIZE)),
            .because = operations[judge->review.operation],
            .detail = arena_print(arena, "asked by %s", excerpt_of(arena, user, LOG_NAME_SIZE)),
            .err = err,
        });
}

static void count(const struct question *question, enum review_outcome outcome)
{
    struct admission *admission = question->admission;

    metrics_count_review(admission->spec.metrics, question->judge.webhook, outcome,
                         now_ms(admission) - question->since_ms);
}

static void question_free(struct question *question)
{
    struct arena arena = question->arena; /* it lies in there itself */

    arena_fini(&arena);
}

/* The end of the question. err: not allowed, and why; NULL: allowed. */
static void answer(struct question *question, const struct err *err)
{
    struct review_answer given = {.is_allowed = true};
    struct str text;

    if (err) {
        given = judge_refusal(err);
        tell_denial(question, &question->arena, err);
    }
    count(question, !err                                                   ? REVIEW_ALLOWED
                    : err->kind == ERR_INVALID || err->kind == ERR_REFUSED ? REVIEW_DENIED
                                                                           : REVIEW_FAILED);
    text = review_answer_text(&question->arena, question->judge.review.uid, &given);
    http_answer(question->exchange, 200, "application/json", text);
    question_free(question);
}

/* No review: there is nothing to repeat in an answer of that form. */
static void answer_unread(struct question *question, uint32_t status, struct str text)
{
    count(question, REVIEW_FAILED);
    http_answer(question->exchange, status, HTTP_TEXT, text);
    question_free(question);
}

/* -- what the API server knows ------------------------------------------------------------ */

static struct kube_client client_of(struct question *question)
{
    const struct admission_spec *spec = &question->admission->spec;

    return (struct kube_client){
        .transport = spec->transport,
        .reactor = spec->reactor,
        .fiber = question->fiber,
        .is_stopped = &question->is_late,
    };
}

struct names {
    struct arena *arena;
    struct str *at;
    uint32_t count;
};

static void name_add(void *ctx, const struct cached *entry)
{
    struct names *names = ctx;

    if (names->count < PROFILES_SHOWN)
        names->at[names->count++] = arena_copy(names->arena, entry->name);
}

static void profile_is_absent(struct question *question)
{
    struct admit_facts *facts = &question->judge.facts;
    struct names names = {
        .arena = &question->arena,
        .at = arena_array(&question->arena, PROFILES_SHOWN, sizeof(struct str)),
    };

    cache_each(question->admission->spec.caches->profiles, name_add, &names);
    facts->has_profile = FACT_NO;
    facts->profiles = (struct strs){names.at, names.count};
}

static bool profile_take(struct question *question, const struct json_value *object,
                         struct err *err)
{
    struct admit_facts *facts = &question->judge.facts;
    struct profile *profile = arena_alloc(&question->arena, sizeof(*profile));

    if (!runtimeprofile_read(&question->arena, object, NULL, API_LENIENT, profile, err))
        return false;
    facts->has_profile = FACT_YES;
    facts->profile = profile;
    return true;
}

/* In the cache. */
static bool profile_find(struct question *question)
{
    struct arena *arena = &question->arena;
    struct cached cached;
    struct json_value object;
    struct err damaged = {0};

    return cache_find(question->admission->spec.caches->profiles, (struct str){0},
                      question->judge.task.spec.profile, &cached) &&
           json_read(arena, cached.kept, &object, &damaged) &&
           profile_take(question, &object, &damaged);
}

/* What the cache does not know may be new. */
static bool ask_profile(struct question *question, struct err *err)
{
    struct arena *arena = &question->arena;
    struct str name = question->judge.task.spec.profile;
    struct kube_request request =
        request_get(arena, &resource_runtimeprofiles, (struct str){0}, name);
    struct kube_client client = client_of(question);
    struct json_value object;

    if (profile_find(question))
        return true;
    if (kube_call(&client, arena, &request, "get RuntimeProfile", &object, err))
        return profile_take(question, &object, err);
    if (err->kind != ERR_ABSENT)
        return false;
    *err = (struct err){0};
    profile_is_absent(question);
    return true;
}

static bool ask_right(struct question *question, struct err *err)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_request request =
        request_create(&arena, &resource_subjectaccessreviews, (struct str){0}, question->right);
    struct kube_client client = client_of(question);
    struct json_value object;
    bool is_allowed;

    if (!kube_call(&client, &arena, &request, "create SubjectAccessReview", &object, err) ||
        !access_answer_read(&arena, &object, &is_allowed, err))
        return false;
    question->judge.facts.may_read = is_allowed ? FACT_YES : FACT_NO;
    return true;
}

static bool ask_code(struct question *question, struct err *err)
{
    const struct task *task = &question->judge.task;
    const struct task_spec *spec = &task->spec;
    struct admit_facts *facts = &question->judge.facts;
    struct arena *arena = &question->arena;
    struct kube_client client = client_of(question);

    facts->has_code =
        kube_code_look(&client, arena, task->space, spec->config_map, spec->config_map_key, err)
            ? FACT_YES
            : FACT_NO;
    if (facts->has_code == FACT_NO && err->kind != ERR_ABSENT && err->kind != ERR_INVALID)
        return false;
    facts->code_fault =
        err->kind == ERR_ABSENT
            ? arena_print(arena,
                          "there is no ConfigMap \"%s\" in namespace %.*s: it must be there first",
                          excerpt_of(arena, spec->config_map, EXCERPT_SIZE), STR_ARG(task->space))
                  .at
            : arena_text(arena, str_of(err->text));
    *err = (struct err){0};
    return true;
}

/* -- a fiber ------------------------------------------------------------------------------- */

static bool ask(struct question *question, enum admit_step step, struct err *err)
{
    static const char *const fields[] = {
        [ADMIT_ASK_PROFILE] = "spec.runtimeProfile",
        [ADMIT_ASK_RIGHT] = "spec.code.configMapRef",
        [ADMIT_ASK_CODE] = "spec.code.configMapRef",
    };
    bool is_known = step == ADMIT_ASK_PROFILE ? ask_profile(question, err)
                    : step == ADMIT_ASK_RIGHT ? ask_right(question, err)
                                              : ask_code(question, err);

    if (is_known)
        return true;
    if (question->is_late) {
        *err = (struct err){0};
        return err_set(err, ERR_RETRY,
                       "%s: the API server did not say within %d s; it may help to try again",
                       fields[step], (int)(ADMISSION_MS / 1000));
    }
    err->kind = ERR_RETRY; /* what we may not, or cannot, is not what the author did wrong */
    return err_wrap(err, "%s: it could not be checked", fields[step]);
}

static void grow_late(void *ctx)
{
    struct question *question = ctx;

    question->is_late = true;
    fiber_wake(question->fiber);
}

/* Before it waits, and whenever something is known. */
static enum admit_step go_on(struct question *question, struct err *err)
{
    return admit_task(&question->judge.task, &question->judge.facts, err);
}

static void find_out(struct question *question, struct fiber *fiber)
{
    struct admission *admission = question->admission;
    const struct reactor *reactor = admission->spec.reactor;
    struct err err = {0};
    enum admit_step step = go_on(question, &err);
    int64_t until_ms = question->since_ms + ADMISSION_MS;

    question->fiber = fiber;
    question->is_late = now_ms(admission) >= until_ms;
    question->late = (struct alarm){.ring = grow_late, .ctx = question};
    if (!question->is_late)
        reactor->arm(reactor->self, &question->late, until_ms);
    while (step != ADMIT_ALLOWED && step != ADMIT_DENIED)
        step = ask(question, step, &err) ? go_on(question, &err) : ADMIT_DENIED;
    reactor->disarm(reactor->self, &question->late);
    answer(question, step == ADMIT_ALLOWED ? NULL : &err);
}

static struct question *next_take(struct admission *admission)
{
    struct question *ret = admission->first;

    if (!ret)
        return NULL;
    admission->first = ret->next;
    if (!admission->first)
        admission->last = &admission->first;
    admission->waiting--;
    admission->waiting_size -= ret->right.size;
    return ret;
}

static void work(struct fiber *fiber, void *ctx)
{
    struct admission *admission = ctx;
    struct question *question = admission->taken;

    for (; question; question = next_take(admission))
        find_out(question, fiber);
    admission->fibers--;
}

static bool wait_in_line(struct question *question, struct err *err)
{
    struct admission *admission = question->admission;

    if (admission->waiting == ADMISSION_WAITING_MAX ||
        question->right.size > ADMISSION_WAITING_SIZE - admission->waiting_size)
        return err_set(err, ERR_LIMIT,
                       "the operator has too many reviews that wait for the API server: try again "
                       "in some seconds");
    *admission->last = question;
    admission->last = &question->next;
    admission->waiting++;
    admission->waiting_size += question->right.size;
    return true;
}

/* While others wait, one more does not hold more than it needs. */
static struct question *shrunk(struct question *question)
{
    const struct review *review = &question->judge.review;
    struct arena arena = {0};
    struct question *ret = arena_alloc(&arena, sizeof(*ret));
    struct access_question asked = {
        .user = review->user,
        .verb = STR_LIT("get"),
        .version = STR_LIT("v1"),
        .resource = STR_LIT("configmaps"),
        .space = question->judge.task.space,
        .name = question->judge.task.spec.config_map,
    };

    *ret = *question;
    ret->arena = arena;
    if (asked.name.size > 0) {
        struct json_value value = access_question_value(&question->arena, &asked);
        ret->right = arena_copy(&ret->arena, json_compact(&question->arena, &value));
    }
    judge_shrink(&ret->judge, &ret->arena);
    question_free(question);
    return ret;
}

static void begin_to_ask(struct question *question)
{
    struct admission *admission = question->admission;
    struct err err = {0};

    question = shrunk(question);
    if (admission->fibers == ADMISSION_FIBERS) {
        if (!wait_in_line(question, &err))
            answer(question, &err);
        return;
    }
    admission->fibers++;
    admission->taken = question;
    if (fiber_start(admission->spec.fibers, work, admission))
        return;
    admission->fibers--;
    err_set(&err, ERR_LIMIT, "the operator has too much to do: try again in some seconds");
    answer(question, &err);
}

/* -- the pages --------------------------------------------------------------------------------- */

static bool is_json(struct str type)
{
    static const char json[] = "application/json";
    struct str media, parameters;

    if (!str_cut(type, ';', &media, &parameters))
        media = type;
    media = str_trim(media);
    return media.size == sizeof(json) - 1 && strncasecmp(media.at, json, media.size) == 0;
}

/* The first look, without waiting for anybody. */
static enum admit_step look(struct question *question, struct err *err)
{
    const struct admission_spec *spec = &question->admission->spec;
    enum admit_step step = judge_begin(&question->judge, spec->config, err);

    if (step != ADMIT_ASK_PROFILE)
        return step;
    if (!spec->caches->is_synced) {
        err_set(err, ERR_RETRY,
                "the operator has just begun and does not know the cluster yet: try again in some "
                "seconds");
        return ADMIT_DENIED;
    }
    return profile_find(question) ? go_on(question, err) : step;
}

static void judge(struct question *question)
{
    struct err err = {0};
    enum admit_step step = look(question, &err);

    if (step == ADMIT_ALLOWED || step == ADMIT_DENIED)
        answer(question, step == ADMIT_ALLOWED ? NULL : &err);
    else
        begin_to_ask(question);
}

static struct question *question_new(struct admission *admission, enum webhook webhook,
                                     struct http_exchange *exchange)
{
    struct arena arena = {0};
    struct question *ret = arena_alloc(&arena, sizeof(*ret));

    ret->arena = arena;
    ret->admission = admission;
    ret->exchange = exchange;
    ret->judge.webhook = webhook;
    ret->judge.arena = &ret->arena;
    ret->since_ms = now_ms(admission);
    return ret;
}

static void serve(struct admission *admission, enum webhook webhook, struct http_exchange *exchange)
{
    const struct http_request *request = http_request_of(exchange);
    struct question *question = question_new(admission, webhook, exchange);
    struct err err = {0};

    if (!is_json(request->content_type))
        answer_unread(question, 415, STR_LIT("application/json is expected\n"));
    else if (review_read(&question->arena, request->body, &question->judge.review, &err))
        judge(question);
    else
        answer_unread(
            question, err.kind == ERR_LIMIT ? 413 : 400,
            arena_print(&question->arena, "%s\n",
                        excerpt_of(&question->arena, str_of(err.text), sizeof(err.text))));
}

void admission_serve_task(void *ctx, struct http_exchange *exchange)
{
    serve(ctx, WEBHOOK_TASKS, exchange);
}

void admission_serve_profile(void *ctx, struct http_exchange *exchange)
{
    serve(ctx, WEBHOOK_PROFILES, exchange);
}

struct admission *admission_new(const struct admission_spec *spec)
{
    struct arena arena = {0};
    struct admission *ret = arena_alloc(&arena, sizeof(*ret));

    ret->arena = arena;
    ret->spec = *spec;
    ret->last = &ret->first;
    return ret;
}

struct admission *admission_free(struct admission *admission)
{
    struct arena arena;

    if (!admission)
        return NULL;
    assert(admission->fibers == 0 && !admission->first);
    arena = admission->arena;
    arena_fini(&arena);
    return NULL;
}
