// SPDX-License-Identifier: Apache-2.0
#include "api/configmap.h"

#include "given.h"

static const struct task task = {
    .name = {"t",          1},
    .space = {"space",      5},
    .uid = {"u-1",        3},
    .spec.source = {"print(1)\n", 9},
};

#define METADATA(name)                                                                             \
    "\"metadata\":{\"labels\":{\"agenttask.io/task\":\"t\",\"agenttask.io/tenant\":\"space\"},"    \
    "\"name\":\"" name "\",\"namespace\":\"space\",\"ownerReferences\":[{\"apiVersion\":"          \
    "\"execution.agenttask.io/v1alpha1\",\"blockOwnerDeletion\":false,\"controller\":true,"        \
    "\"kind\":\"AgentTask\",\"name\":\"t\",\"uid\":\"u-1\"}]}"

static void code_and_job_stand_side_by_side(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value value =
        configmap_code_value(&arena, &task, STR_LIT("input 1\n\xff\n"), STR_LIT("entrypoint.py"));

    (void)state;
    assert_json(&value, "{\"apiVersion\":\"v1\",\"binaryData\":{\"agenttask.job\":"
                        "\"aW5wdXQgMQr/Cg==\"},\"data\":{\"entrypoint.py\":\"print(1)\\n\"},"
                        "\"immutable\":true,\"kind\":\"ConfigMap\"," METADATA("t-code") "}");
}

static void code_of_somebody_else_is_not_copied(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct task with_reference = task;
    struct json_value value;

    (void)state;
    with_reference.spec.source = (struct str){0};
    with_reference.spec.config_map = STR_LIT("theirs");
    value = configmap_code_value(&arena, &with_reference, STR_LIT("job"), STR_LIT("x"));
    assert_json(&value, "{\"apiVersion\":\"v1\",\"data\":{\"agenttask.job\":\"job\"},"
                        "\"immutable\":true,\"kind\":\"ConfigMap\"," METADATA("t-code") "}");
}

static void what_is_kept_is_named_after_its_task(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value value =
        configmap_logs_value(&arena, &task, STR_LIT("out"), (struct str){0}, (struct str){0});

    (void)state;
    assert_json(&value, "{\"apiVersion\":\"v1\",\"data\":{\"head\":\"out\"},\"immutable\":true,"
                        "\"kind\":\"ConfigMap\"," METADATA("t-logs") "}");
    value = configmap_result_value(&arena, &task, STR_LIT("[1]"));
    assert_json(&value, "{\"apiVersion\":\"v1\",\"data\":{\"result.json\":\"[1]\"},\"immutable\":"
                        "true,\"kind\":\"ConfigMap\"," METADATA("t-result") "}");
    value = configmap_logs_value(&arena, &task, (struct str){0}, (struct str){0}, (struct str){0});
    assert_json(
        &value,
        "{\"apiVersion\":\"v1\",\"immutable\":true,\"kind\":\"ConfigMap\"," METADATA("t-logs") "}");
}

/* As a server would send it back. */
static struct json_value sent_back(struct arena *arena, const struct json_value *value)
{
    auto_end(buf_fini) struct buf text = {0};

    buf_init(&text, JSON_SIZE_MAX);
    json_print(value, JSON_COMPACT, &text);
    assert_false(text.is_full);
    return given_json(arena, buf_str(&text));
}

static void any_bytes_come_back_as_they_were(void **state)
{
    const struct {
        struct str bytes;
        bool is_binary;
    } rows[] = {
        {STR_LIT("plain\n\ttext\r\n"),                               false},
        {STR_LIT("\xe2\x82\xac \xc2\x85 \xe2\x80\xa8 \xef\xbb\xbf"), false},
        {STR_LIT("with a\0zero"),                                    false},
        {STR_LIT("cut \xe2\x82"),                                    true },
        {STR_LIT("\xff\xfe"),                                        true },
        {STR_LIT("\xed\xa0\x80"),                                    true },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct json_value value =
            configmap_logs_value(&arena, &task, STR_LIT("x"), rows[i].bytes, (struct str){0});
        struct str got = {0};
        value = sent_back(&arena, &value);
        assert_int_equal(json_get(&value, "binaryData") != NULL, rows[i].is_binary);
        assert_true(configmap_bytes(&arena, &value, KEY_TAIL, &got));
        assert_true(str_equal(got, rows[i].bytes));
        assert_true(configmap_bytes(&arena, &value, KEY_HEAD, &got));
        assert_false(configmap_bytes(&arena, &value, KEY_ARTIFACTS, &got));
    }
}

static void a_text_full_of_controls_is_shorter_in_base64(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    char *bytes = arena_alloc(&arena, 4096); /* zeroed */
    struct json_value value = configmap_result_value(&arena, &task, (struct str){bytes, 4096});
    struct str got = {0};

    (void)state;
    assert_non_null(json_get(&value, "binaryData"));
    value = sent_back(&arena, &value);
    assert_true(configmap_bytes(&arena, &value, KEY_RESULT, &got));
    assert_int_equal(got.size, 4096);
}

static void damaged_base64_is_no_text(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value value = given_json(
        &arena, STR_LIT("{\"binaryData\":{\"head\":\"a\",\"tail\":7},\"data\":{\"artifacts\":1}}"));
    struct str got;

    (void)state;
    assert_false(configmap_bytes(&arena, &value, KEY_HEAD, &got));
    assert_false(configmap_bytes(&arena, &value, KEY_TAIL, &got));
    assert_false(configmap_bytes(&arena, &value, KEY_ARTIFACTS, &got));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(code_and_job_stand_side_by_side),
        cmocka_unit_test(code_of_somebody_else_is_not_copied),
        cmocka_unit_test(what_is_kept_is_named_after_its_task),
        cmocka_unit_test(any_bytes_come_back_as_they_were),
        cmocka_unit_test(a_text_full_of_controls_is_shorter_in_base64),
        cmocka_unit_test(damaged_base64_is_no_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
