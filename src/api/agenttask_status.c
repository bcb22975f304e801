// SPDX-License-Identifier: Apache-2.0
#include "api/agenttask_status.h"

#include "api/condition.h"
#include "base/date.h"

#define AT(member) offsetof(struct task_status, member)

static const char *phase_field_word(int value)
{
    return phase_word((enum phase)value);
}

static const char *reason_field_word(int value)
{
    return reason_word((enum reason)value);
}

static const char *limiter_field_word(int value)
{
    return limiter_word((enum limiter)value);
}

/* -- isolation ------------------------------------------------------------- */

static bool controls_value(struct arena *arena, uint32_t controls, struct json_value *ret)
{
    *ret = json_list();
    for (enum control control = 0; control < CONTROL_COUNT; control++)
        if (controls & CONTROL_BIT(control))
            json_add(arena, ret, json_text(str_of(control_word(control))));
    return ret->count > 0;
}

static bool controls_read_into(struct field_reader *reader, const struct json_value *value,
                               const struct field_trail *trail, uint32_t *ret)
{
    *ret = 0;
    if (value && value->kind != JSON_LIST)
        return field_refuse_kind(reader, trail, value, JSON_LIST);
    for (uint32_t i = 0; value && i < value->count; i++) {
        enum control control;
        if (control_parse(value->items[i].text, &control)) /* a newer word is not ours to judge */
            *ret |= CONTROL_BIT(control);
    }
    return true;
}

static bool controls_read(struct field_reader *reader, const struct json_value *value,
                          const struct field_trail *trail, void *ret)
{
    return controls_read_into(reader, value, trail, &((struct isolation *)ret)->controls);
}

static bool controls_write(struct arena *arena, const void *from, struct json_value *ret)
{
    return controls_value(arena, ((const struct isolation *)from)->controls, ret);
}

static bool switched_off_read(struct field_reader *reader, const struct json_value *value,
                              const struct field_trail *trail, void *ret)
{
    return controls_read_into(reader, value, trail, &((struct isolation *)ret)->switched_off);
}

static bool switched_off_write(struct arena *arena, const void *from, struct json_value *ret)
{
    return controls_value(arena, ((const struct isolation *)from)->switched_off, ret);
}

static bool network_write(struct arena *arena, const void *from, struct json_value *ret)
{
    const struct isolation *isolation = from;
    uint32_t denials =
        CONTROL_BIT(CONTROL_NETWORK_NAMESPACE) | CONTROL_BIT(CONTROL_SECCOMP_NETWORK);

    bool is_limited = isolation->controls & CONTROL_BIT(CONTROL_NETWORK_POLICY);

    (void)arena;
    *ret = json_text(str_of(isolation->controls & denials ? "denied"
                            : is_limited                  ? "limited"
                                                          : "open"));
    return true;
}

static bool seccomp_write(struct arena *arena, const void *from, struct json_value *ret)
{
    const struct isolation *isolation = from;

    (void)arena;
    *ret = json_bool(isolation->controls & CONTROL_BIT(CONTROL_SECCOMP));
    return true;
}

static bool user_namespace_write(struct arena *arena, const void *from, struct json_value *ret)
{
    const struct isolation *isolation = from;

    (void)arena;
    *ret = json_bool(isolation->controls & CONTROL_BIT(CONTROL_USER_NAMESPACE));
    return true;
}

#define ISOLATION_AT(member) offsetof(struct isolation, member)
static const struct field isolation_rows[] = {
    FIELD_ROW(.name = "controls", .kind = FIELD_CUSTOM, .read = controls_read,
              .write = controls_write),
    FIELD_ROW(.name = "landlockABI", .kind = FIELD_INT32, .at = ISOLATION_AT(landlock_abi)),
    FIELD_ROW(.name = "limits", .kind = FIELD_WORD, .at = ISOLATION_AT(limiter),
              .flags = FIELD_ALWAYS, .word = limiter_field_word, .word_count = LIMITER_KUBELET + 1),
    FIELD_ROW(.name = "network", .kind = FIELD_CUSTOM, .write = network_write),
    FIELD_ROW(.name = "seccomp", .kind = FIELD_CUSTOM, .write = seccomp_write),
    FIELD_ROW(.name = "switchedOff", .kind = FIELD_CUSTOM, .read = switched_off_read,
              .write = switched_off_write),
    FIELD_ROW(.name = "userNamespace", .kind = FIELD_CUSTOM, .write = user_namespace_write),
};
static const struct fields isolation_fields = FIELDS_OF(isolation_rows);

/* -- durations ------------------------------------------------------------- */

/* As Go prints a time.Duration, in seconds: "0s", "12.345s", "90s". */
static void put_duration(struct arena *arena, const char *name, int64_t from_ms, int64_t to_ms,
                         struct json_value *ret)
{
    int64_t ms = to_ms > from_ms ? to_ms - from_ms : 0; /* a clock may have been set back */
    struct str text;

    if (from_ms == 0 || to_ms == 0)
        return;
    text = arena_print(arena, "%lld.%03d", (long long)(ms / 1000), (int)(ms % 1000));
    while (text.at[text.size - 1] == '0')
        text.size--;
    if (text.at[text.size - 1] == '.')
        text.size--;
    json_put(arena, ret, name, json_text(arena_print(arena, "%.*ss", STR_ARG(text))));
}

static bool durations_write(struct arena *arena, const void *from, struct json_value *ret)
{
    const struct task_status *status = from;

    *ret = json_object();
    put_duration(arena, "pull", status->created_ms, status->started_ms, ret);
    put_duration(arena, "queue", status->queued_ms, status->created_ms, ret);
    put_duration(arena, "run", status->started_ms, status->finished_ms, ret);
    return ret->count > 0;
}

/* -- the small objects ----------------------------------------------------- */

#define LIMIT_AT(member) offsetof(struct resources, member)
static const struct field limit_rows[] = {
    FIELD_ROW(.name = "cpu", .kind = FIELD_CPU, .at = LIMIT_AT(cpu_milli)),
    FIELD_ROW(.name = "ephemeral-storage", .kind = FIELD_BYTES, .at = LIMIT_AT(storage_bytes)),
    FIELD_ROW(.name = "memory", .kind = FIELD_BYTES, .at = LIMIT_AT(memory_bytes)),
};
const struct fields agenttask_limit_fields = FIELDS_OF(limit_rows);

#define EFFECTIVE_AT(member) offsetof(struct task_effective, member)
static const struct field effective_resource_rows[] = {
    FIELD_ROW(.name = "limits", .kind = FIELD_OBJECT, .at = EFFECTIVE_AT(limits),
              .table = &agenttask_limit_fields),
};
static const struct fields effective_resource_fields = FIELDS_OF(effective_resource_rows);

static const struct field effective_rows[] = {
    FIELD_ROW(.name = "command", .kind = FIELD_TEXTS, .at = EFFECTIVE_AT(command)),
    FIELD_ROW(.name = "egress", .kind = FIELD_TEXTS, .at = EFFECTIVE_AT(egress)),
    FIELD_ROW(.name = "image", .kind = FIELD_TEXT, .at = EFFECTIVE_AT(image)),
    FIELD_ROW(.name = "imageID", .kind = FIELD_TEXT, .at = EFFECTIVE_AT(image_id)),
    FIELD_ROW(.name = "profileGeneration", .kind = FIELD_INT,
              .at = EFFECTIVE_AT(profile_generation)),
    FIELD_ROW(.name = "resources", .kind = FIELD_OBJECT, .table = &effective_resource_fields),
    FIELD_ROW(.name = "timeoutSeconds", .kind = FIELD_SECONDS, .at = EFFECTIVE_AT(timeout_ms)),
};
static const struct fields effective_fields = FIELDS_OF(effective_rows);

#define LOGS_AT(member) offsetof(struct task_logs, member)
static const struct field logs_rows[] = {
    FIELD_ROW(.name = "bytes", .kind = FIELD_INT, .at = LOGS_AT(bytes), .flags = FIELD_ALWAYS),
    FIELD_ROW(.name = "complete", .kind = FIELD_FLAG, .at = LOGS_AT(is_complete),
              .flags = FIELD_ALWAYS),
    FIELD_ROW(.name = "configMapRef", .kind = FIELD_TEXT, .at = LOGS_AT(config_map)),
    FIELD_ROW(.name = "text", .kind = FIELD_TEXT, .at = LOGS_AT(text)),
    FIELD_ROW(.name = "truncated", .kind = FIELD_FLAG, .at = LOGS_AT(is_truncated),
              .flags = FIELD_ALWAYS),
};
static const struct fields logs_fields = FIELDS_OF(logs_rows);

#define RUN_AT(member) offsetof(struct run_ref, member)
static const struct field run_rows[] = {
    FIELD_ROW(.name = "kind", .kind = FIELD_TEXT, .at = RUN_AT(kind)),
    FIELD_ROW(.name = "name", .kind = FIELD_TEXT, .at = RUN_AT(name)),
    FIELD_ROW(.name = "nodeName", .kind = FIELD_TEXT, .at = RUN_AT(node)),
    FIELD_ROW(.name = "uid", .kind = FIELD_TEXT, .at = RUN_AT(uid)),
};
static const struct fields run_fields = FIELDS_OF(run_rows);

#define QUEUE_AT(member) offsetof(struct task_queue, member)
static const struct field queue_rows[] = {
    FIELD_ROW(.name = "ahead", .kind = FIELD_INT, .at = QUEUE_AT(ahead)),
    FIELD_ROW(.name = "position", .kind = FIELD_INT, .at = QUEUE_AT(position)),
};
static const struct fields queue_fields = FIELDS_OF(queue_rows);

#define RESULT_AT(member) offsetof(struct task_result, member)
/* The verdict is spelt in condition ResultValid alone. */
static const struct field result_rows[] = {
    FIELD_ROW(.name = "bytes", .kind = FIELD_INT, .at = RESULT_AT(bytes)),
    FIELD_ROW(.name = "configMapRef", .kind = FIELD_TEXT, .at = RESULT_AT(config_map)),
    FIELD_ROW(.name = "json", .kind = FIELD_TEXT, .at = RESULT_AT(json)),
    FIELD_ROW(.name = "sha256", .kind = FIELD_TEXT, .at = RESULT_AT(sha256)),
};
static const struct fields result_fields = FIELDS_OF(result_rows);

#define USAGE_AT(member) offsetof(struct task_usage, member)
static const struct field usage_rows[] = {
    FIELD_ROW(.name = "cpuSeconds", .kind = FIELD_DECIMAL, .at = USAGE_AT(cpu_ms), .none = -1),
    FIELD_ROW(.name = "peakMemoryBytes", .kind = FIELD_INT, .at = USAGE_AT(memory_peak_bytes),
              .none = -1),
};
static const struct fields usage_fields = FIELDS_OF(usage_rows);

static const struct field artifacts_rows[] = {
    FIELD_ROW(.name = "bytes", .kind = FIELD_INT, .at = AT(artifacts_bytes), .none = -1),
};
static const struct fields artifacts_fields = FIELDS_OF(artifacts_rows);

/* -- the status ------------------------------------------------------------ */

static const struct field status_rows[] = {
    FIELD_ROW(.name = "artifacts", .kind = FIELD_OBJECT, .table = &artifacts_fields),
    FIELD_ROW(.name = "attempt", .kind = FIELD_INT32, .at = AT(attempt)),
    FIELD_ROW(.name = "completionTime", .kind = FIELD_TIME, .at = AT(finished_ms)),
    FIELD_ROW(.name = "conditions", .kind = FIELD_CUSTOM, .read = conditions_read,
              .write = conditions_write),
    FIELD_ROW(.name = "durations", .kind = FIELD_CUSTOM, .write = durations_write),
    FIELD_ROW(.name = "effective", .kind = FIELD_OBJECT, .at = AT(effective),
              .table = &effective_fields),
    FIELD_ROW(.name = "exitCode", .kind = FIELD_INT32, .at = AT(exit_code), .none = EXIT_UNKNOWN),
    FIELD_ROW(.name = "isolation", .kind = FIELD_OBJECT, .at = AT(isolation), .flags = FIELD_GIVEN,
              .given = AT(isolation.is_known), .table = &isolation_fields),
    FIELD_ROW(.name = "logs", .kind = FIELD_OBJECT, .at = AT(logs), .flags = FIELD_GIVEN,
              .given = AT(logs.is_known), .table = &logs_fields),
    FIELD_ROW(.name = "message", .kind = FIELD_TEXT, .at = AT(message)),
    FIELD_ROW(.name = "observedGeneration", .kind = FIELD_INT, .at = AT(observed_generation)),
    FIELD_ROW(.name = "phase", .kind = FIELD_WORD, .at = AT(phase), .word = phase_field_word,
              .word_count = PHASE_CANCELED + 1),
    FIELD_ROW(.name = "podRef", .kind = FIELD_OBJECT, .at = AT(run), .table = &run_fields),
    FIELD_ROW(.name = "queue", .kind = FIELD_OBJECT, .at = AT(queue), .table = &queue_fields),
    FIELD_ROW(.name = "queueTime", .kind = FIELD_TIME, .at = AT(queued_ms)),
    FIELD_ROW(.name = "reason", .kind = FIELD_WORD, .at = AT(reason), .word = reason_field_word,
              .word_count = REASON_COUNT),
    FIELD_ROW(.name = "result", .kind = FIELD_OBJECT, .at = AT(result), .table = &result_fields),
    FIELD_ROW(.name = "runTime", .kind = FIELD_TIME, .at = AT(started_ms)),
    FIELD_ROW(.name = "signal", .kind = FIELD_INT32, .at = AT(signal)),
    FIELD_ROW(.name = "startTime", .kind = FIELD_TIME, .at = AT(created_ms)),
    FIELD_ROW(.name = "usage", .kind = FIELD_OBJECT, .at = AT(usage), .table = &usage_fields),
};
const struct fields agenttask_status_fields = FIELDS_OF(status_rows);
