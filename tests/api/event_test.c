// SPDX-License-Identifier: Apache-2.0
#include "api/event.h"

#include "given.h"

static const struct task task = {
    .name = {"my-task", 7},
    .space = {"space",   5},
    .uid = {"u-1",     3},
    .version = {"7",       1},
};

static struct event event_of(struct str note)
{
    return (struct event){
        .task = &task,
        .reason = "Timeout",
        .action = "Stop",
        .note = note,
        .is_warning = true,
        .at_ms = INT64_C(1795507200250),
        .controller = "agenttask.io/operator",
        .instance = STR_LIT("manager-0"),
    };
}

static void an_event_says_who_what_when(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    const struct event event = event_of(STR_LIT("stopped"));
    struct json_value value = event_value(&arena, &event);
    struct str name = event_name(&arena, &event);

    (void)state;
    assert_true(str_starts(name, "my-task.") && name.size == 8 + 16);
    assert_json(
        &value,
        arena_print(&arena,
                    "{\"action\":\"Stop\",\"apiVersion\":\"events.k8s.io/v1\",\"eventTime\":"
                    "\"2026-11-24T08:00:00.250000Z\",\"kind\":\"Event\",\"metadata\":{\"name\":"
                    "\"%.*s\",\"namespace\":\"space\"},\"note\":\"stopped\",\"reason\":\"Timeout\","
                    "\"regarding\":{\"apiVersion\":\"execution.agenttask.io/v1alpha1\",\"kind\":"
                    "\"AgentTask\",\"name\":\"my-task\",\"namespace\":\"space\","
                    "\"resourceVersion\":\"7\",\"uid\":\"u-1\"},\"reportingController\":"
                    "\"agenttask.io/operator\",\"reportingInstance\":\"manager-0\",\"type\":"
                    "\"Warning\"}",
                    STR_ARG(name))
            .at);
}

static void the_name_is_made_of_what_is_said_about_whom(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    const struct task other = {.name = task.name, .uid = STR_LIT("u-2")};
    struct event first = event_of(STR_LIT("a")), second = first;

    (void)state;
    second.at_ms += 1000;
    assert_true(str_equal(event_name(&arena, &first), event_name(&arena, &second)));
    second.note = STR_LIT("b");
    assert_false(str_equal(event_name(&arena, &first), event_name(&arena, &second)));
    second = first;
    second.task = &other;
    assert_false(str_equal(event_name(&arena, &first), event_name(&arena, &second)));
    second = first; /* the border between two parts counts */
    first.reason = "AB", first.action = "C";
    second.reason = "A", second.action = "BC";
    assert_false(str_equal(event_name(&arena, &first), event_name(&arena, &second)));
}

static void a_note_is_cut_between_characters(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    char *text = arena_alloc(&arena, 2000);
    struct event event = event_of((struct str){text, 2000});
    struct json_value value;
    struct str note;

    (void)state;
    memset(text, 'x', 2000);
    memcpy(text + EVENT_NOTE_MAX - 1, "\xc3\xa4", 2);
    value = event_value(&arena, &event);
    note = json_get(&value, "note")->text;
    assert_int_equal(note.size, EVENT_NOTE_MAX - 1);
    event.note.size = EVENT_NOTE_MAX;
    value = event_value(&arena, &event);
    assert_int_equal(json_get(&value, "note")->text.size, EVENT_NOTE_MAX);
}

static void a_series_is_a_count_and_a_time(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value patch = event_series_patch(&arena, 3, INT64_C(1795507200000));

    (void)state;
    assert_json(&patch, "{\"series\":{\"count\":3,\"lastObservedTime\":"
                        "\"2026-11-24T08:00:00.000000Z\"}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_says_who_what_when),
        cmocka_unit_test(the_name_is_made_of_what_is_said_about_whom),
        cmocka_unit_test(a_note_is_cut_between_characters),
        cmocka_unit_test(a_series_is_a_count_and_a_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
