// SPDX-License-Identifier: Apache-2.0
#include "core/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/base64.h"
#include "core/task.h"

/* The longest that any of it can be. */
static void report_fill(struct report *report, char text[BASE64_SIZE(REPORT_RESULT_MAX)])
{
    static char bytes[REPORT_RESULT_MAX];
    static char message[300];

    memset(bytes, 0xff, sizeof(bytes));
    memset(message, 'm', sizeof(message));
    base64_encode((struct str){bytes, sizeof(bytes)}, text);
    *report = (struct report){
        .cause = CAUSE_START_FAILED,
        .exit_code = EXIT_UNKNOWN,
        .run_ms = INT64_MAX,
        .cpu_us = INT64_MAX,
        .memory_peak_bytes = INT64_MAX,
        .output_bytes = INT64_MAX,
        .output_sent = INT64_MAX,
        .output_truncated = true,
        .landlock_abi = INT32_MAX,
        .controls = CONTROLS_ALL,
        .result = REPORT_RESULT_INLINE,
        .result_bytes = sizeof(bytes),
        .artifacts_bytes = INT64_MAX,
        .artifacts_count = INT64_MAX,
        .artifacts_too_large = true,
        .message = {message, sizeof(message)               },
        .result_text = {text,    BASE64_SIZE(REPORT_RESULT_MAX)},
    };
    sha256_of((struct str){bytes, sizeof(bytes)}, report->result_sha256);
}

static void largest_report_fits_a_termination_message(void **state)
{
    static char text[BASE64_SIZE(REPORT_RESULT_MAX)];
    char first[REPORT_SIZE_MAX], second[REPORT_SIZE_MAX];
    struct report report, decoded;
    size_t size;

    (void)state;
    report_fill(&report, text);
    size = report_encode(&report, first);
    assert_in_range(size - report.result_text.size, 1, REPORT_FACTS_MAX);
    assert_true(report_decode((struct str){first, size}, &decoded));
    assert_int_equal(decoded.message.size, 200);
    assert_int_equal(decoded.controls, CONTROLS_ALL);
    assert_int_equal(decoded.artifacts_count, INT64_MAX);
    assert_true(str_equal(decoded.result_text, report.result_text));
    assert_int_equal(report_encode(&decoded, second), size);
    assert_memory_equal(first, second, size);
}

static void message_is_printable(void **state)
{
    char text[REPORT_SIZE_MAX];
    struct report decoded, report = {
                               .cause = CAUSE_START_FAILED,
                               .exit_code = EXIT_UNKNOWN,
                               .message = STR_LIT("start \x1b[2J\nexit=0: no \xc3\xa9"),
                           };
    size_t size = report_encode(&report, text);

    (void)state;
    assert_true(report_decode((struct str){text, size}, &decoded));
    assert_true(str_is(decoded.message, "start ?[2J?exit=0: no ??"));
}

/* rows: what of a plain report is replaced by what */
static void report_is_strict(void **state)
{
    static const struct {
        const char *from, *to;
        bool is_report;
    } rows[] = {
        {"cause=",           "cause=",              true },
        {"cause=exited",     "cause=stopped",       false}, /* and has an exit code */
        {"cause=exited",     "cause=none",          false},
        {"cause=exited",     "cause=EXITED",        false},
        {"exit=3\n",         "exit=256\n",          false},
        {"exit=3\n",         "exit=-1\n",           false},
        {"exit=3\n",         "exit=\n",             false},
        {"exit=3\n",         "exit=3\nexit=3\n",    false},
        {"exit=3\n",         "",                    false},
        {"signal=0",         "signal=9",            false},
        {"run-ms=5",         "run-ms=-5",           false},
        {"run-ms=5",         "run-ms=5x",           false},
        {"run-ms=5",         "RUN-MS=5",            false},
        {"truncated=0",      "truncated=2",         false},
        {"controls=0",       "controls=4294967295", false},
        {"landlock-abi=0",   "landlock-abi=-1",     false},
        {"result=none",      "result=inline",       false}, /* without digest */
        {"result=none",      "result=framed",       false},
        {"result=none",      "result=too-large",    true },
        {"result=none",      "result=refused",      true },
        {"result-sha256=\n", "result-sha256=abc\n", false},
        {"text=\n",          "text=YQ==\n",         false},
        {"text=\n",          "text=\nmore=1\n",     true }, /* of a newer runner */
        {"exit=3\n",         "more=1\nexit=3\n",    true },
        {"text=\n",          "text=\nmore\n",       false},
        {"text=\n",          "text=\nmore=1",       false},
        {"text=\n",          "text=\nexit=0\n",     false},
        {"text=\n",          "text=",               false},
        {"message=\n",       "message=\t\n",        false},
    };
    struct report decoded, report = {.cause = CAUSE_EXITED, .exit_code = 3, .run_ms = 5};
    char plain[REPORT_SIZE_MAX + 1], changed[REPORT_SIZE_MAX + 64];
    size_t size = report_encode(&report, plain);

    (void)state;
    plain[size] = '\0';
    for (size_t i = 0; i < countof(rows); i++) {
        const char *at = strstr(plain, rows[i].from);
        assert_non_null(at);
        snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - plain), plain, rows[i].to,
                 at + strlen(rows[i].from));
        if (report_decode(str_of(changed), &decoded) != rows[i].is_report)
            print_error("row %zu: %s\n", i, rows[i].to);
        assert_int_equal(report_decode(str_of(changed), &decoded), rows[i].is_report);
    }
}

static void inline_result_is_what_its_digest_says(void **state)
{
    static char text[BASE64_SIZE(REPORT_RESULT_MAX)];
    char encoded[REPORT_SIZE_MAX];
    struct report report, decoded;
    size_t size;

    (void)state;
    report_fill(&report, text);
    size = report_encode(&report, encoded);
    encoded[size - 10] = 'A'; /* one sextet of the base64 */
    assert_false(report_decode((struct str){encoded, size}, &decoded));
    report.result_bytes--;
    size = report_encode(&report, encoded);
    assert_false(report_decode((struct str){encoded, size}, &decoded));
}

static void cut_report_is_none(void **state)
{
    struct report decoded,
        report = {.cause = CAUSE_SIGNALED, .exit_code = EXIT_UNKNOWN, .signal = 9};
    char text[REPORT_SIZE_MAX + 1] = {0};
    size_t size = report_encode(&report, text);

    (void)state;
    assert_true(report_decode((struct str){text, size}, &decoded));
    for (size_t cut = 0; cut < size; cut++)
        assert_false(report_decode((struct str){text, cut}, &decoded));
    assert_false(report_decode((struct str){text, size + 1}, &decoded));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(largest_report_fits_a_termination_message),
        cmocka_unit_test(message_is_printable),
        cmocka_unit_test(report_is_strict),
        cmocka_unit_test(inline_result_is_what_its_digest_says),
        cmocka_unit_test(cut_report_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
