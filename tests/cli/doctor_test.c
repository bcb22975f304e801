// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FACTS(privileges, capabilities, seccomp, root, token, calls)                               \
    "{\"check\":\"no-new-privileges\",\"value\":" privileges ",\"text\":\"\"}\n"                   \
    "{\"check\":\"capabilities\",\"value\":" capabilities ",\"text\":\"in all\"}\n"                \
    "{\"check\":\"seccomp\",\"value\":" seccomp ",\"text\":\"\"}\n"                                \
    "{\"check\":\"root\",\"value\":" root ",\"text\":\"it worked\"}\n"                             \
    "{\"check\":\"token\",\"value\":" token ",\"text\":\"it worked\"}\n"                           \
    "{\"check\":\"calls\",\"value\":" calls ",\"text\":\"ptrace\"}\n"

struct fixture {
    struct arena arena;
    struct doctor doctor;
    struct findings findings;
};

static void read(struct fixture *fixture, struct str output)
{
    fixture->doctor = (struct doctor){.arena = &fixture->arena};
    findings_read(&fixture->arena, output, &fixture->findings);
}

static enum doctor_verdict verdict_of(const struct fixture *fixture, const char *check)
{
    for (uint32_t i = 0; i < fixture->doctor.count; i++)
        if (strcmp(fixture->doctor.rows[i].check, check) == 0)
            return fixture->doctor.rows[i].verdict;
    fail_msg("no row about %s", check);
    return DOCTOR_UNKNOWN;
}

static void a_finding_has_all_its_members(void **state)
{
    struct fixture f = {0};
    const struct finding *found;

    (void)state;
    read(&f, STR_LIT("{\"check\":\"connect\",\"value\":3,\"tries\":9,\"firstMs\":0,\"lastMs\":17,"
                     "\"text\":\"refused\"}\n"));
    found = findings_get(&f.findings, "connect");
    assert_non_null(found);
    assert_int_equal(found->value, 3);
    assert_int_equal(found->tries, 9);
    assert_int_equal(found->first_ms, 0);
    assert_int_equal(found->last_ms, 17);
    assert_true(str_is(found->text, "refused"));
    arena_fini(&f.arena);
}

static void what_is_no_finding_is_passed_over(void **state)
{
    static const struct {
        const char *output;
        uint32_t count;
    } rows[] = {
        {"",                                                  0},
        {"\n\n",                                              0},
        {"panic: no\n[1]\n7\n\"check\"\n{}\n{\"value\":1}\n", 0},
        {"{\"check\":7}\n{\"check\":\"\"}\n",                 0},
        {"{\"check\":\"a\"}\nnoise\n{\"check\":\"b\"}\n",     2},
        {"{\"check\":\"a\",\"value\":\"1\",\"text\":2}\n",    1},
        {"{\"check\":\"a\",\"value\":1e99}\n",                1},
    };
    struct fixture f = {0};

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        read(&f, str_of(rows[i].output));
        assert_int_equal(f.findings.count, rows[i].count);
        if (rows[i].count > 0)
            assert_int_equal(f.findings.at[0].value, 0);
    }
    arena_fini(&f.arena);
}

static void only_so_many_findings_are_read(void **state)
{
    auto_end(buf_fini) struct buf text = {0};
    struct fixture f = {0};

    (void)state;
    buf_init(&text, 4 * FINDINGS_SIZE_MAX);
    while (text.size < 2 * FINDINGS_SIZE_MAX)
        buf_add(&text, STR_LIT("{\"check\":\"a\",\"value\":1}\n"));
    read(&f, buf_str(&text));
    assert_int_equal(f.findings.count, FINDINGS_MAX);
    arena_fini(&f.arena);
}

static void the_last_word_counts_and_each_can_be_had(void **state)
{
    struct fixture f = {0};

    (void)state;
    read(&f, STR_LIT("{\"check\":\"memory\",\"value\":16}\n{\"check\":\"x\"}\n"
                     "{\"check\":\"memory\",\"value\":32}\n"));
    assert_int_equal(findings_get(&f.findings, "memory")->value, 32);
    assert_int_equal(findings_nth(&f.findings, "memory", 0)->value, 16);
    assert_int_equal(findings_nth(&f.findings, "memory", 1)->value, 32);
    assert_null(findings_nth(&f.findings, "memory", 2));
    assert_null(findings_get(&f.findings, "disk"));
    arena_fini(&f.arena);
}

/* Each control once as it should be, and once the other way round. */
static void each_fact_has_both_verdicts(void **state)
{
    static const struct {
        const char *check, *output;
    } rows[] = {
        {"privileges",       FACTS("0", "0",  "2", "0", "0", "0")},
        {"capabilities",     FACTS("1", "41", "2", "0", "0", "0")},
        {"seccomp",          FACTS("1", "0",  "0", "0", "0", "0")},
        {"root file system", FACTS("1", "0",  "2", "1", "0", "0")},
        {"token",            FACTS("1", "0",  "2", "0", "1", "0")},
        {"system calls",     FACTS("1", "0",  "2", "0", "0", "1")},
    };
    struct fixture f = {0};

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        read(&f, str_of(rows[i].output));
        doctor_judge_facts(&f.doctor, &f.findings, true);
        assert_true(doctor_has_failed(&f.doctor));
        for (size_t j = 0; j < countof(rows); j++)
            assert_int_equal(verdict_of(&f, rows[j].check), i == j ? DOCTOR_FAILED : DOCTOR_OK);
    }
    read(&f, STR_LIT(FACTS("1", "0", "2", "0", "0", "0")));
    doctor_judge_facts(&f.doctor, &f.findings, true);
    assert_false(doctor_has_failed(&f.doctor));
    arena_fini(&f.arena);
}

/* A container runtime's filter is not ours: what it lets through is no fault of it. */
static void without_our_filter_calls_are_weak(void **state)
{
    struct fixture f = {0};

    (void)state;
    read(&f, STR_LIT(FACTS("1", "0", "2", "0", "0", "1")));
    doctor_judge_facts(&f.doctor, &f.findings, false);
    assert_int_equal(verdict_of(&f, "system calls"), DOCTOR_WEAK);
    assert_false(doctor_has_failed(&f.doctor));
    arena_fini(&f.arena);
}

static void a_probe_that_says_nothing_proves_nothing(void **state)
{
    struct fixture f = {0};

    (void)state;
    read(&f, (struct str){0});
    doctor_judge_facts(&f.doctor, &f.findings, true);
    assert_int_equal(verdict_of(&f, "seccomp"), DOCTOR_UNKNOWN);
    assert_int_equal(verdict_of(&f, "token"), DOCTOR_UNKNOWN);
    arena_fini(&f.arena);
}

static char *printed(struct fixture *f, const char *format)
{
    struct output output = {0};
    struct err err = {0};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_true(output_parse(format, &output, &err));
    assert_true(doctor_print(&f->doctor, "here", &output, out, &err));
    fclose(out);
    return text;
}

static void rows_are_a_table_or_a_document(void **state)
{
    struct fixture f = {0};
    char *text;

    (void)state;
    f.doctor.arena = &f.arena;
    doctor_add(&f.doctor, "a", DOCTOR_OK, "not shown", "%d of %s", 1, "x");
    doctor_add(&f.doctor, "b", DOCTOR_FAILED, "do it", "bad \033[31m\nX");
    text = printed(&f, NULL);
    assert_string_equal(text, "CHECK   VERDICT   SEEN              REMEDY\n"
                              "a       ok        1 of x\n"
                              "b       failed    bad \\x1b[31m\\nX   do it\n");
    free(text);
    text = printed(&f, "jsonpath={.healthy} {.place} {.checks[1].check} {.checks[1].remedy}");
    assert_string_equal(text, "false here b do it");
    free(text);
    text = printed(&f, "jsonpath={range .checks[*]}{.check}={.verdict};{.remedy};{end}");
    assert_string_equal(text, "a=ok;;b=failed;do it;");
    free(text);
    arena_fini(&f.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finding_has_all_its_members),
        cmocka_unit_test(what_is_no_finding_is_passed_over),
        cmocka_unit_test(only_so_many_findings_are_read),
        cmocka_unit_test(the_last_word_counts_and_each_can_be_had),
        cmocka_unit_test(each_fact_has_both_verdicts),
        cmocka_unit_test(without_our_filter_calls_are_weak),
        cmocka_unit_test(a_probe_that_says_nothing_proves_nothing),
        cmocka_unit_test(rows_are_a_table_or_a_document),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
