// SPDX-License-Identifier: Apache-2.0
#include "api/condition.h"

#define RESULT_CONDITION    "ResultValid"
#define ARTIFACTS_CONDITION "ArtifactsTooLarge"
#define WEAKENED_CONDITION  "IsolationWeakened"

/* The reason of conditions on the ending; Kubernetes wants one for success, too. */
static const char *ending_reason(const struct task_status *status)
{
    if (status->phase == PHASE_SUCCEEDED)
        return "Completed";
    return status->reason == REASON_NONE ? phase_word(status->phase) : reason_word(status->reason);
}

uint32_t conditions_of(const struct task_status *status, struct condition ret[CONDITIONS_MAX])
{
    uint32_t count = 0;

    if (phase_is_terminal(status->phase)) {
        const char *reason = ending_reason(status);
        ret[count++] = (struct condition){"Finished", reason, true};
        ret[count++] = (struct condition){"Succeeded", reason, status->phase == PHASE_SUCCEEDED};
    }
    if (status->result.verdict == RESULT_VALID)
        ret[count++] = (struct condition){RESULT_CONDITION, RESULT_CONDITION, true};
    else if (status->result.verdict != RESULT_NONE_YET)
        ret[count++] = (struct condition){RESULT_CONDITION,
                                          result_verdict_word(status->result.verdict), false};
    if (status->artifacts_too_large)
        ret[count++] = (struct condition){ARTIFACTS_CONDITION, ARTIFACTS_CONDITION, true};
    if (status->isolation.is_known && status->isolation.switched_off != 0)
        ret[count++] = (struct condition){WEAKENED_CONDITION, "ControlsSwitchedOff", true};
    else if (status->isolation.weakened != WEAKENED_NOT)
        ret[count++] = (struct condition){WEAKENED_CONDITION,
                                          weakening_word(status->isolation.weakened), true};
    return count;
}

static struct json_value condition_value(struct arena *arena, const struct task_status *status,
                                         const struct condition *condition)
{
    struct json_value ret = json_object();

    if (status->finished_ms > 0)
        json_put(arena, &ret, "lastTransitionTime", field_time(arena, status->finished_ms));
    if (status->observed_generation > 0)
        json_put(arena, &ret, "observedGeneration",
                 json_number(arena, status->observed_generation));
    json_put(arena, &ret, "reason", json_text(str_of(condition->reason)));
    json_put(arena, &ret, "status", json_text(str_of(condition->is_true ? "True" : "False")));
    json_put(arena, &ret, "type", json_text(str_of(condition->type)));
    return ret;
}

bool conditions_write(struct arena *arena, const void *from, struct json_value *ret)
{
    struct condition conditions[CONDITIONS_MAX];
    uint32_t count = conditions_of(from, conditions);

    *ret = json_list();
    for (uint32_t i = 0; i < count; i++)
        json_add(arena, ret, condition_value(arena, from, &conditions[i]));
    return count > 0;
}

static bool text_is(const struct json_value *value, const char *text)
{
    return value && value->kind == JSON_TEXT && str_is(value->text, text);
}

static void read_condition(const struct json_value *condition, struct task_status *ret)
{
    const struct json_value *type = json_get(condition, "type");
    const struct json_value *reason = json_get(condition, "reason");
    bool is_true = text_is(json_get(condition, "status"), "True");

    if (text_is(type, ARTIFACTS_CONDITION))
        ret->artifacts_too_large = is_true;
    for (unsigned i = WEAKENED_BY_POLICY; i < WEAKENING_COUNT; i++)
        if (text_is(type, WEAKENED_CONDITION) && is_true &&
            text_is(reason, weakening_word((enum weakening)i)))
            ret->isolation.weakened = (enum weakening)i;
    if (!text_is(type, RESULT_CONDITION))
        return;
    ret->result.verdict = is_true ? RESULT_VALID : RESULT_NONE_YET;
    for (enum result_verdict verdict = RESULT_INVALID; verdict <= RESULT_MISSING; verdict++)
        if (!is_true && text_is(reason, result_verdict_word(verdict)))
            ret->result.verdict = verdict;
}

bool conditions_read(struct field_reader *reader, const struct json_value *value,
                     const struct field_trail *trail, void *ret)
{
    struct task_status *status = ret;

    status->result.verdict = RESULT_NONE_YET;
    status->artifacts_too_large = false;
    status->isolation.weakened = WEAKENED_NOT;
    if (!value)
        return true;
    if (value->kind != JSON_LIST)
        return field_refuse_kind(reader, trail, value, JSON_LIST);
    for (uint32_t i = 0; i < value->count; i++)
        read_condition(&value->items[i], status);
    return true;
}
