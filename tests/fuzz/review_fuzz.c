// SPDX-License-Identifier: Apache-2.0
/* Any bytes: no review, or one that gets an answer which is a review, repeats its uid, and says why
 * if it is a denial. What a task is let in with is what its rules allow. */
#include <stdlib.h>

#include "core/validate.h"
#include "operator/judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct profile profile = {
    .name = {"python3.11", 10},
    .image = {    "python:3.11",          11  },
    .limits_max = { 2000,           1 << 30,             0},
    .timeout_max_ms = 600000,
};
static const struct str known[] = {
    {"python3.11", 10}
};

/* The first byte says what the cluster has. */
static enum admit_step ask(struct judge *judge, uint8_t facts, enum admit_step step,
                           struct err *err)
{
    for (int asked = 0; step != ADMIT_ALLOWED && step != ADMIT_DENIED; asked++) {
        if (asked > 3)
            abort();
        judge->facts.has_profile = facts & 1 ? FACT_YES : FACT_NO;
        judge->facts.profile = &profile;
        judge->facts.profiles = (struct strs){known, 1};
        if (step == ADMIT_ASK_RIGHT)
            judge->facts.may_read = facts & 2 ? FACT_YES : FACT_NO;
        if (step == ADMIT_ASK_CODE)
            judge->facts.has_code = facts & 4 ? FACT_YES : FACT_NO;
        judge->facts.code_fault = "it is not there";
        step = admit_task(&judge->task, &judge->facts, err);
    }
    return step;
}

static void check_answer(struct arena *arena, struct str uid, enum admit_step step,
                         const struct err *err)
{
    struct review_answer answer = {.is_allowed = true};
    const struct json_value *response;
    struct json_value value;
    struct err wrong = {0};

    if ((step == ADMIT_DENIED) != (err->kind != ERR_NONE))
        abort();
    if (step == ADMIT_DENIED)
        answer = judge_refusal(err);
    if (!json_read(arena, review_answer_text(arena, uid, &answer), &value, &wrong))
        abort();
    response = json_get(&value, "response");
    if (!str_equal(json_get(response, "uid")->text, uid) ||
        json_get(response, "allowed")->flag != (step == ADMIT_ALLOWED))
        abort();
    if (step == ADMIT_DENIED && json_get(json_get(response, "status"), "message")->text.size == 0)
        abort();
}

static void check_new_task(const struct judge *judge, uint8_t facts)
{
    const struct task_spec *spec = &judge->task.spec;

    if (!(facts & 1) || spec->timeout_ms > profile.timeout_max_ms ||
        spec->limits.cpu_milli > profile.limits_max.cpu_milli ||
        spec->limits.memory_bytes > profile.limits_max.memory_bytes ||
        (spec->config_map.at && (facts & 6) != 6) || !name_is_valid(judge->task.name) ||
        (spec->tenant.size > 0 && !str_equal(spec->tenant, judge->task.space) &&
         !str_is(spec->tenant, "team")))
        abort();
    for (uint32_t i = 0; i < judge->task.labels.count; i++)
        if (str_starts(judge->task.labels.at[i].name, "agenttask.io/"))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct str namespaces[] = {
        {"a", 1}
    };
    static const struct config_tenant tenants[] = {
        {.name = {"team", 4}, .namespaces = {namespaces, 1}}
    };
    static const struct config config = {.tenants = tenants, .tenant_count = 1};
    struct arena arena = {0};
    struct judge judge = {.arena = &arena};
    struct err err = {0};

    if (size < 1 || size > 256 * 1024)
        return 0;
    judge.webhook = data[0] & 8 ? WEBHOOK_PROFILES : WEBHOOK_TASKS;
    if (review_read(&arena, (struct str){(const char *)data + 1, size - 1}, &judge.review, &err)) {
        enum admit_step step = judge_begin(&judge, &config, &err);
        bool is_asked = step != ADMIT_ALLOWED && step != ADMIT_DENIED;
        step = ask(&judge, data[0], step, &err);
        check_answer(&arena, judge.review.uid, step, &err);
        if (is_asked && step == ADMIT_ALLOWED)
            check_new_task(&judge, data[0]);
    } else if (err.kind != ERR_INVALID && err.kind != ERR_LIMIT) {
        abort();
    }
    arena_fini(&arena);
    return 0;
}
