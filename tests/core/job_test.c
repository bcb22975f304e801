// SPDX-License-Identifier: Apache-2.0
#include "core/job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"

static const struct job sample = {
    .args = {{"/bin/sh", 7}, {"-c", 2}, {"a\nb", 3}, {"", 0}},
    .env = {{"A=", 2},       {"B=x=y", 5}               },
    .arg_count = 4,
    .env_count = 2,
    .input_kind = JOB_INPUT_TEXT,
    .input = {"in\0put\n",7},
    .timeout_ms = 300000,
    .grace_ms = 5000,
    .file_size_max = 1 << 20,
    .open_files_max = 1024,
    .processes_max = 64,
    .output_size_max = 4 << 20,
    .report_path = {"/dev/termination-log",                  20                                     },
    .frames_path = {"fd:1",4},
    .network_allowed = true,
    .switched_off = CONTROL_BIT(CONTROL_SECCOMP),
};

static void text_of(const struct job *job, struct buf *ret)
{
    buf_init(ret, JOB_SIZE_MAX + 1);
    job_encode(job, ret);
    assert_false(ret->is_full);
}

static void job_survives_its_text(void **state)
{
    auto_end(buf_fini) struct buf first = {0}, second = {0};
    static struct job job;

    (void)state;
    text_of(&sample, &first);
    assert_true(job_decode(buf_str(&first), &job));
    assert_int_equal(job.arg_count, 4);
    assert_true(str_is(job.args[2], "a\nb"));
    assert_true(str_equal(job.input, sample.input));
    assert_true(str_is(job.env[1], "B=x=y"));
    text_of(&job, &second);
    assert_true(str_equal(buf_str(&first), buf_str(&second)));
}

static void cut_text_is_no_job(void **state)
{
    auto_end(buf_fini) struct buf text = {0};
    static struct job job;
    size_t accepted = 0;

    (void)state;
    text_of(&sample, &text);
    for (size_t size = 0; size < text.size; size++)
        accepted += job_decode((struct str){text.at, size}, &job);
    assert_int_equal(accepted, 5); /* cut after an argument or variable it is a shorter job */
}

/* The sample with `add` behind it; then with the line that starts with `drop` taken out. */
static bool decodes_with(const char *add, const char *drop)
{
    auto_end(buf_fini) struct buf text = {0}, changed = {0};
    static struct job job;
    const char *line;

    text_of(&sample, &text);
    buf_add(&text, str_of(add));
    buf_add_char(&text, '\0');
    buf_init(&changed, JOB_SIZE_MAX + 1);
    line = drop ? memmem(text.at, text.size, drop, strlen(drop)) : NULL;
    if (drop) {
        assert_non_null(line);
        buf_add(&changed, (struct str){text.at, (size_t)(line - text.at)});
        line = strchr(strchr(line, '\n') + 1, '\n') + 1;
    } else {
        line = text.at;
    }
    buf_add(&changed, (struct str){line, (size_t)(text.at + text.size - 1 - line)});
    return job_decode(buf_str(&changed), &job);
}

#define CANARY(address, open_port, proof_ms)                                                       \
    "canary " address "\ncanary-open " open_port "\ncanary-closed 4\n9445\nproof-ms " proof_ms "\n"

static void job_is_strict(void **state)
{
    static const struct {
        const char *add, *drop;
        bool is_job;
    } rows[] = {
        {"",                                    NULL,                   true                                                        },
        {"arg 1\nx\n",                          NULL,                   true                                                        },
        {"env 3\nC=1\n",                        NULL,                   true                                                        },
        {"unknown 1\nx\n",                      NULL,                   false                                                       },
        {"grace-ms 1\n1\n",                     NULL,                   false                                                       }, /* twice */
        {"",                                    "grace-ms ",            false                                                       }, /* missing */
        {"grace-ms 1\n1\n",                     "grace-ms ",            true                                                        },
        {"grace-ms 2\n-1\n",                    "grace-ms ",            false                                                       },
        {"grace-ms 1\nx\n",                     "grace-ms ",            false                                                       },
        {"grace-ms 0\n\n",                      "grace-ms ",            false                                                       },
        {"grace-ms 20\n99999999999999999999\n", "grace-ms ",            false                                                       },
        {"grace-ms 19\n9223372036854775807\n",  "grace-ms ",            false                                                       }, /* no room to add to */
        {"network-allowed 1\n2\n",              "network-allowed ",     false                                                       },
        {"switched-off 10\n4294967295\n",       "switched-off ",        false                                                       },
        {"report 0\n\n",                        "report ",              false                                                       },
        {"frames 0\n\n",                        "frames ",              false                                                       },
        {"input-kind 4\ntext\n",                "input-kind ",          true                                                        },
        {"input-kind 4\nnone\n",                "input-kind ",          false                                                       }, /* yet there is input */
        {"input-kind 4\nTEXT\n",                "input-kind ",          false                                                       },
        {"arg 2\nx\n",                          NULL,                   false                                                       }, /* sizes that lie */
        {"arg 0\nx\n",                          NULL,                   false                                                       },
        {"arg -1\nx\n",                         NULL,                   false                                                       },
        {"arg\nx\n",                            NULL,                   false                                                       },
        {"arg 1 \nx\n",                         NULL,                   false                                                       },
        {"env 1\nC\n",                          NULL,                   false                                                       },
        {"env 2\n=1\n",                         NULL,                   false                                                       },
        {"env 0\n\n",                           NULL,                   false                                                       },
        {"\n",                                  NULL,                   false                                                       },
        {CANARY("7\n1.2.3.4",                   "4\n9444",              "5\n30000"),                                                  NULL, true},
        {CANARY("0\n",                                 "4\n9444",                                                       "5\n30000"),                                                                                                        NULL, false},
        {CANARY("7\n1.2.3.4",                          "1\n0","5\n30000"),NULL, false},
        {CANARY("7\n1.2.3.4",                   "5\n65536",          "1\n1"),                                                                      NULL, false},
        {CANARY("7\n1.2.3.4",                                "4\n9444",                                                      "1\n0"),                                                                                                NULL, false},
        {"canary 7\n1.2.3.4\n",                              NULL,                                       false                        }, /* half of it */
        {"proof-ms 1\n1\n",                   NULL, false},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        if (decodes_with(rows[i].add, rows[i].drop) != rows[i].is_job)
            print_error("row %zu: <%s>\n", i, rows[i].add);
        assert_int_equal(decodes_with(rows[i].add, rows[i].drop), rows[i].is_job);
    }
}

static bool decodes(const struct job *job)
{
    auto_end(buf_fini) struct buf text = {0};
    static struct job decoded;

    text_of(job, &text);
    return job_decode(buf_str(&text), &decoded);
}

static void words_hold_no_nul_and_the_program_is_a_name_or_absolute(void **state)
{
    static struct job job;

    (void)state;
    job = sample;
    job.args[1] = (struct str){"a\0b", 3};
    assert_false(decodes(&job));
    job = sample;
    job.env[0] = (struct str){"A=\0", 3};
    assert_false(decodes(&job));
    job = sample;
    job.args[0] = STR_LIT("sh");
    assert_true(decodes(&job));
    job.args[0] = STR_LIT("bin/sh");
    assert_false(decodes(&job));
    job.args[0] = STR_LIT("");
    assert_false(decodes(&job));
    job = sample;
    job.arg_count = 0;
    assert_false(decodes(&job));
    job = sample;
    job.report_path = (struct str){"a\0", 2};
    assert_false(decodes(&job));
}

static void job_is_bounded(void **state)
{
    static char large[JOB_SIZE_MAX];
    auto_end(buf_fini) struct buf text = {0};
    static struct job job;

    (void)state;
    text_of(&sample, &text);
    for (uint32_t i = sample.arg_count; i < JOB_ARGS_MAX; i++)
        buf_add(&text, STR_LIT("arg 1\nx\n"));
    assert_true(job_decode(buf_str(&text), &job));
    assert_int_equal(job.arg_count, JOB_ARGS_MAX);
    buf_add(&text, STR_LIT("arg 1\nx\n"));
    assert_false(job_decode(buf_str(&text), &job));
    memset(large, 'x', sizeof(large));
    buf_fini(&text);
    job = sample;
    job.input = (struct str){large, sizeof(large) - 512};
    text_of(&job, &text);
    assert_true(text.size <= JOB_SIZE_MAX);
    assert_true(job_decode(buf_str(&text), &job));
    assert_false(job_decode((struct str){large, JOB_SIZE_MAX}, &job));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(job_survives_its_text),
        cmocka_unit_test(cut_text_is_no_job),
        cmocka_unit_test(job_is_strict),
        cmocka_unit_test(words_hold_no_nul_and_the_program_is_a_name_or_absolute),
        cmocka_unit_test(job_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
