// SPDX-License-Identifier: Apache-2.0
#include "cli/describe.h"

#include "api/condition.h"
#include "api/quantity.h"
#include "base/date.h"
#include "cli/escape.h"
#include "cli/present.h"

enum {
    LABEL_WIDTH = 17, /* of "Name:" and the like, blanks included */
};

struct page {
    const struct task *task;
    int64_t now_ms;
    struct arena *arena;
    struct buf *ret;
};

/* "Label:   value": nothing at all if the value is empty. Labels of a section begin with blanks. */
static void put(struct page *page, const char *label, struct str value)
{
    if (value.size == 0)
        return;
    buf_print(page->ret, "%s:%*s", label, LABEL_WIDTH - (int)strlen(label) - 1, "");
    escape_add(ESCAPE_LINE, value, page->ret);
    buf_add_char(page->ret, '\n');
}

static void put_section(struct page *page, const char *title)
{
    buf_print(page->ret, "%s:\n", title);
}

static void put_time(struct page *page, const char *label, int64_t ms)
{
    char text[DATE_TEXT];

    if (ms == 0)
        return;
    date_print(ms, text);
    put(page, label, str_of(text));
}

static void put_span(struct page *page, const char *label, int64_t from_ms, int64_t to_ms)
{
    char text[DURATION_TEXT];

    if (from_ms == 0 || to_ms < from_ms)
        return;
    duration_print(to_ms - from_ms, text);
    put(page, label, str_of(text));
}

static void put_bytes(struct page *page, const char *label, int64_t bytes)
{
    if (bytes > 0)
        put(page, label, quantity_print_bytes(page->arena, bytes));
}

static void put_words(struct page *page, const char *label, const struct strs *words)
{
    auto_end(buf_fini) struct buf line = {0};

    buf_init(&line, INPUT_SIZE_MAX + ARGS_MAX);
    for (uint32_t i = 0; i < words->count; i++) {
        buf_add(&line, i ? STR_LIT(" ") : STR_LIT(""));
        buf_add(&line, words->at[i]);
    }
    put(page, label, buf_str(&line));
}

static void put_pairs(struct page *page, const char *label, const struct pairs *pairs)
{
    if (pairs->count == 0) {
        put(page, label, STR_LIT("<none>"));
        return;
    }
    for (uint32_t i = 0; i < pairs->count; i++) {
        struct str line = arena_print(page->arena, "%.*s=%.*s", STR_ARG(pairs->at[i].name),
                                      STR_ARG(pairs->at[i].value));

        if (i == 0)
            put(page, label, line);
        else {
            buf_print(page->ret, "%*s", LABEL_WIDTH, "");
            escape_add(ESCAPE_LINE, line, page->ret);
            buf_add_char(page->ret, '\n');
        }
    }
}

static void put_identity(struct page *page)
{
    put(page, "Name", page->task->name);
    put(page, "Namespace", page->task->space);
    put_pairs(page, "Labels", &page->task->labels);
    put_pairs(page, "Annotations", &page->task->annotations);
    put(page, "UID", page->task->uid);
    put(page, "Profile", page->task->spec.profile);
    put_words(page, "Args", &page->task->spec.args);
    put(page, "Cancel Asked", page->task->spec.canceled ? STR_LIT("true") : STR_LIT(""));
}

static void put_verdict(struct page *page)
{
    const struct task_status *status = &page->task->status;
    struct arena *arena = page->arena;

    put(page, "Phase", str_of(phase_word(status->phase)));
    put(page, "Reason", str_of(reason_word(status->reason)));
    put(page, "Message", status->message);
    if (status->exit_code != EXIT_UNKNOWN)
        put(page, "Exit Code", arena_print(arena, "%d", status->exit_code));
    if (status->signal > 0)
        put(page, "Signal", arena_print(arena, "%d", status->signal));
    if (status->queue.position > 0)
        put(page, "Queue",
            arena_print(arena, "position %lld, %lld ahead", (long long)status->queue.position,
                        (long long)status->queue.ahead));
    put(page, "Pod", status->run.name);
    put(page, "Node", status->run.node);
}

static void put_times(struct page *page)
{
    const struct task_status *status = &page->task->status;
    int64_t end_ms = status->finished_ms ? status->finished_ms : page->now_ms;

    put_section(page, "Times");
    put_time(page, "  Created", page->task->created_ms);
    put_span(page, "  Age", page->task->created_ms, page->now_ms);
    put_time(page, "  Queued", status->queued_ms);
    put_time(page, "  Scheduled", status->created_ms);
    put_time(page, "  Started", status->started_ms);
    put_time(page, "  Finished", status->finished_ms);
    put_section(page, "Durations");
    put_span(page, "  Queue", status->queued_ms, status->created_ms ? status->created_ms : end_ms);
    put_span(page, "  Pull", status->created_ms, status->started_ms ? status->started_ms : end_ms);
    put_span(page, "  Run", status->started_ms, end_ms);
}

static void put_effective(struct page *page)
{
    const struct task_effective *effective = &page->task->status.effective;

    if (effective->timeout_ms == 0 && effective->image_id.size == 0)
        return; /* not decided yet */
    put_section(page, "Effective");
    put(page, "  Image", effective->image);
    put(page, "  Image ID", effective->image_id);
    put_words(page, "  Command", &effective->command);
    put_words(page, "  Egress", &effective->egress);
    put_span(page, "  Timeout", 1, effective->timeout_ms + 1);
    if (effective->limits.cpu_milli > 0)
        put(page, "  CPU", quantity_print_milli(page->arena, effective->limits.cpu_milli));
    put_bytes(page, "  Memory", effective->limits.memory_bytes);
    put_bytes(page, "  Storage", effective->limits.storage_bytes);
}

static void put_usage(struct page *page)
{
    const struct task_usage *usage = &page->task->status.usage;

    if (usage->cpu_ms < 0 && usage->memory_peak_bytes < 0)
        return;
    put_section(page, "Usage");
    if (usage->cpu_ms >= 0)
        put(page, "  CPU Time",
            arena_print(page->arena, "%lld.%03llds", (long long)usage->cpu_ms / 1000,
                        (long long)usage->cpu_ms % 1000));
    put_bytes(page, "  Peak Memory", usage->memory_peak_bytes);
}

static struct str control_names(struct arena *arena, uint32_t controls)
{
    struct str names = {0};

    for (uint32_t i = 0; i < CONTROL_COUNT; i++)
        if (controls & CONTROL_BIT(i))
            names = arena_print(arena, "%.*s%s%s", STR_ARG(names), names.size ? " " : "",
                                control_word((enum control)i));
    return names;
}

static void put_isolation(struct page *page)
{
    const struct isolation *isolation = &page->task->status.isolation;

    if (!isolation->is_known)
        return;
    put_section(page, "Isolation");
    put(page, "  Enforced", control_names(page->arena, isolation->controls));
    put(page, "  Switched Off", control_names(page->arena, isolation->switched_off));
    put(page, "  Limits By", str_of(limiter_word(isolation->limiter)));
    put(page, "  Landlock ABI",
        isolation->landlock_abi ? arena_print(page->arena, "%d", isolation->landlock_abi)
                                : STR_LIT("none"));
}

static void put_result(struct page *page)
{
    const struct task_result *result = &page->task->status.result;

    if (result->verdict == RESULT_NONE_YET)
        return;
    if (result->verdict != RESULT_VALID) {
        put(page, "Result", arena_print(page->arena, "<%s>", result_verdict_word(result->verdict)));
        return;
    }
    put_section(page, "Result");
    put(page, "  Bytes", arena_print(page->arena, "%lld", (long long)result->bytes));
    put(page, "  SHA-256", result->sha256);
    if (result->json.size == 0) {
        put(page, "  JSON",
            arena_print(page->arena, "<agentctl result %.*s prints it>",
                        STR_ARG(page->task->name)));
        return;
    }
    buf_print(page->ret, "  JSON:%*s", LABEL_WIDTH - 7, "");
    escape_add(ESCAPE_JSON, result->json, page->ret); /* minified: one line */
    buf_add_char(page->ret, '\n');
}

static void put_logs(struct page *page)
{
    const struct task_status *status = &page->task->status;

    if (!status->logs.is_known)
        return;
    put_section(page, "Logs");
    put(page, "  Bytes", arena_print(page->arena, "%lld", (long long)status->logs.bytes));
    put(page, "  Truncated", str_of(status->logs.is_truncated ? "true" : "false"));
    put(page, "  Complete", str_of(status->logs.is_complete ? "true" : "false"));
    if (status->artifacts_bytes >= 0)
        put(page, "Artifacts",
            arena_print(page->arena, "%lld bytes%s", (long long)status->artifacts_bytes,
                        status->artifacts_too_large ? ", too large: not kept" : ""));
}

static void put_conditions(struct page *page)
{
    static const char *const titles[] = {"  Type", "Status", "Reason"};
    struct condition conditions[CONDITIONS_MAX];
    uint32_t count = conditions_of(&page->task->status, conditions);
    struct table table;

    if (count == 0)
        return;
    put_section(page, "Conditions");
    table_init(&table, page->arena, titles, countof(titles));
    for (uint32_t i = 0; i < count; i++) {
        struct str cells[] = {
            arena_print(page->arena, "  %s", conditions[i].type),
            str_of(conditions[i].is_true ? "True" : "False"),
            str_of(conditions[i].reason),
        };

        table_add(&table, cells);
    }
    table_print(&table, true, NULL, page->ret);
}

void describe_task(const struct task *task, int64_t now_ms, struct arena *arena, struct buf *ret)
{
    struct page page = {task, now_ms, arena, ret};

    put_identity(&page);
    put_verdict(&page);
    put_times(&page);
    put_effective(&page);
    put_usage(&page);
    put_isolation(&page);
    put_result(&page);
    put_logs(&page);
    put_conditions(&page);
}
