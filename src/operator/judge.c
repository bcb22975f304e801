// SPDX-License-Identifier: Apache-2.0
#include "operator/judge.h"

#include "api/runtimeprofile.h"
#include "core/validate.h"
#include "kube/resource.h"
#include "json/excerpt.h"

static const struct kube_resource *const judged[] = {
    [WEBHOOK_TASKS] = &resource_agenttasks,
    [WEBHOOK_PROFILES] = &resource_runtimeprofiles,
};

static const char *shown(struct judge *judge, struct str text)
{
    return excerpt_of(judge->arena, text, EXCERPT_SIZE);
}

static bool is_ours(const struct review *review, const struct kube_resource *resource)
{
    return str_is(review->group, resource->group) && str_is(review->version, resource->version) &&
           str_is(review->resource, resource->plural);
}

/* -- a task -------------------------------------------------------------------------- */

static bool check_space(struct judge *judge, struct err *err)
{
    struct task *task = &judge->task;
    struct str asked = judge->review.space;

    if (asked.size == 0)
        return err_set(err, ERR_INVALID, "request.namespace: is required");
    if (task->space.size > 0 && !str_equal(task->space, asked))
        return err_set(err, ERR_INVALID,
                       "metadata.namespace: \"%s\" is not that of the request, \"%s\"",
                       shown(judge, task->space), shown(judge, asked));
    task->space = asked;
    return true;
}

static enum admit_step begin_new(struct judge *judge, const struct config *config, struct err *err)
{
    const struct review *review = &judge->review;
    struct task *task = &judge->task;

    if (!agenttask_read(judge->arena, review->object, NULL, API_LENIENT, task, err) ||
        !check_space(judge, err))
        return ADMIT_DENIED;
    judge->facts = (struct admit_facts){
        .user = review->user.name,
        .binds_tenant = config_binds(config, task->spec.tenant, task->space, review->user.name,
                                     review->user.groups),
    };
    return admit_new(task, &judge->facts, err) ? admit_task(task, &judge->facts, err)
                                               : ADMIT_DENIED;
}

static enum admit_step judge_change(struct judge *judge, struct err *err)
{
    const struct review *review = &judge->review;
    struct task before;

    return agenttask_keys_read(judge->arena, review->object, &judge->task, err) &&
                   agenttask_keys_read(judge->arena, review->old, &before, err) &&
                   admit_change(&judge->task, &before, err)
               ? ADMIT_ALLOWED
               : ADMIT_DENIED;
}

/* -- a profile ------------------------------------------------------------------------- */

/* One that was stored before a rule was made may still be labelled. */
static enum admit_step judge_profile(struct judge *judge, struct err *err)
{
    const struct review *review = &judge->review;
    struct profile profile;

    if (review->operation == REVIEW_UPDATE && !review_changes_spec(judge->arena, review))
        return ADMIT_ALLOWED;
    return runtimeprofile_read(judge->arena, review->object, NULL, API_LENIENT, &profile, err) &&
                   profile_validate(&profile, err)
               ? ADMIT_ALLOWED
               : ADMIT_DENIED;
}

/* -- both ------------------------------------------------------------------------------ */

static bool check_question(struct judge *judge, struct err *err)
{
    const struct review *review = &judge->review;

    if (review->operation == REVIEW_OTHER)
        return err_set(err, ERR_REFUSED,
                       "request.operation: only CREATE, UPDATE and DELETE are judged here");
    if (review->part.size > 0)
        return err_set(err, ERR_REFUSED, "request.subResource: \"%s\" is not judged here",
                       shown(judge, review->part));
    if (!review->object)
        return err_set(err, ERR_INVALID, "request.object: is required");
    if (review->operation == REVIEW_UPDATE && !review->old)
        return err_set(err, ERR_INVALID, "request.oldObject: is required");
    return true;
}

enum admit_step judge_begin(struct judge *judge, const struct config *config, struct err *err)
{
    const struct kube_resource *resource = judged[judge->webhook];
    const struct review *review = &judge->review;

    if (!is_ours(review, resource)) {
        err_set(err, ERR_REFUSED,
                "request.resource: \"%s\" of \"%s/%s\" is not judged here, but %s of %s/%s",
                shown(judge, review->resource), shown(judge, review->group),
                shown(judge, review->version), resource->plural, resource->group,
                resource->version);
        return ADMIT_DENIED;
    }
    if (review->operation == REVIEW_DELETE || str_is(review->part, "status"))
        return ADMIT_ALLOWED;
    if (!check_question(judge, err))
        return ADMIT_DENIED;
    if (review->operation == REVIEW_UPDATE && review_is_leaving(review))
        return ADMIT_ALLOWED;
    if (judge->webhook == WEBHOOK_PROFILES)
        return judge_profile(judge, err);
    return review->operation == REVIEW_UPDATE ? judge_change(judge, err)
                                              : begin_new(judge, config, err);
}

static struct str kept(struct arena *arena, struct str text)
{
    return text.at ? arena_copy(arena, text) : text;
}

void judge_shrink(struct judge *judge, struct arena *arena)
{
    const struct review *review = &judge->review;
    const struct task *task = &judge->task;
    const struct task_spec *spec = &task->spec;
    struct judge small = {
        .arena = arena,
        .webhook = judge->webhook,
        .review.uid = arena_copy(arena, review->uid),
        .review.operation = review->operation,
        .review.space = arena_copy(arena, review->space),
        .review.user.name = arena_copy(arena, review->user.name),
        .task.name = arena_copy(arena, task->name),
        .task.spec.profile = arena_copy(arena, spec->profile),
        .task.spec.tenant = arena_copy(arena, spec->tenant),
        .task.spec.config_map = kept(arena, spec->config_map),
        .task.spec.config_map_key = kept(arena, spec->config_map_key),
        .task.spec.requests = spec->requests,
        .task.spec.limits = spec->limits,
        .task.spec.timeout_ms = spec->timeout_ms,
        .facts.binds_tenant = judge->facts.binds_tenant,
    };

    small.task.space = small.review.space;
    small.facts.user = small.review.user.name;
    *judge = small;
}

struct review_answer judge_refusal(const struct err *err)
{
    static const struct {
        enum err_kind kind;
        int32_t code;
        const char *reason;
    } rows[] = {
        {ERR_INVALID, 422, "Invalid"        },
        {ERR_REFUSED, 403, "Forbidden"      },
        {ERR_LIMIT,   429, "TooManyRequests"},
    };

    for (size_t i = 0; i < countof(rows); i++)
        if (rows[i].kind == err->kind)
            return (struct review_answer){
                .code = rows[i].code, .reason = rows[i].reason, .message = str_of(err->text)};
    return (struct review_answer){
        .code = 503, .reason = "ServiceUnavailable", .message = str_of(err->text)};
}
