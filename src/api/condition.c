// SPDX-License-Identifier: Apache-2.0
#include "api/condition.h"

#define RESULT_CONDITION    "ResultValid"
#define ARTIFACTS_CONDITION "ArtifactsTooLarge"

static void add_condition(struct arena *arena, const struct task_status *status, const char *type,
                          bool is_true, const char *reason, struct json_value *ret)
{
    struct json_value condition = json_object();

    if (status->finished_ms > 0)
        json_put(arena, &condition, "lastTransitionTime", field_time(arena, status->finished_ms));
    if (status->observed_generation > 0)
        json_put(arena, &condition, "observedGeneration",
                 json_number(arena, status->observed_generation));
    json_put(arena, &condition, "reason", json_text(str_of(reason)));
    json_put(arena, &condition, "status", json_text(str_of(is_true ? "True" : "False")));
    json_put(arena, &condition, "type", json_text(str_of(type)));
    json_add(arena, ret, condition);
}

/* The reason of conditions on the ending; Kubernetes wants one for success, too. */
static const char *ending_reason(const struct task_status *status)
{
    if (status->phase == PHASE_SUCCEEDED)
        return "Completed";
    return status->reason == REASON_NONE ? phase_word(status->phase) : reason_word(status->reason);
}

bool conditions_write(struct arena *arena, const void *from, struct json_value *ret)
{
    const struct task_status *status = from;

    *ret = json_list();
    if (phase_is_terminal(status->phase)) {
        add_condition(arena, status, "Finished", true, ending_reason(status), ret);
        add_condition(arena, status, "Succeeded", status->phase == PHASE_SUCCEEDED,
                      ending_reason(status), ret);
    }
    if (status->result.verdict == RESULT_VALID)
        add_condition(arena, status, RESULT_CONDITION, true, RESULT_CONDITION, ret);
    else if (status->result.verdict != RESULT_NONE_YET)
        add_condition(arena, status, RESULT_CONDITION, false,
                      result_verdict_word(status->result.verdict), ret);
    if (status->artifacts_too_large)
        add_condition(arena, status, ARTIFACTS_CONDITION, true, ARTIFACTS_CONDITION, ret);
    if (status->isolation.is_known && status->isolation.switched_off != 0)
        add_condition(arena, status, "IsolationWeakened", true, "ControlsSwitchedOff", ret);
    return ret->count > 0;
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
    if (!value)
        return true;
    if (value->kind != JSON_LIST)
        return field_refuse_kind(reader, trail, value, JSON_LIST);
    for (uint32_t i = 0; i < value->count; i++)
        read_condition(&value->items[i], status);
    return true;
}
