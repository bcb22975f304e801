// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "cli/flags.h"

struct options {
    bool local;
    const char *profile;
    int64_t timeout_ms, tail, cpu_milli, memory_bytes;
    struct words env;
};

#define AT(member) offsetof(struct options, member)
static const struct flag flags[] = {
    {"profile", 'p', FLAG_TEXT,     AT(profile),      "NAME", ""},
    {"timeout", 't', FLAG_DURATION, AT(timeout_ms),   "TIME", ""},
    {"tail",    0,   FLAG_INT,      AT(tail),         "N",    ""},
    {"cpu",     0,   FLAG_CPU,      AT(cpu_milli),    "N",    ""},
    {"memory",  0,   FLAG_BYTES,    AT(memory_bytes), "N",    ""},
    {"env",     'e', FLAG_LIST,     AT(env),          "E",    ""},
};
static const struct flag globals[] = {
    {"local", 'l', FLAG_SWITCH, AT(local), NULL, ""},
};

struct parse {
    struct arena arena;
    struct options options;
    struct operands operands;
    struct err err;
    bool is_parsed;
};

static void parse_end(struct parse *parse)
{
    arena_fini(&parse->arena);
}

static struct parse parse_line(const char *line, enum flag_order order)
{
    const struct flag_table tables[] = {
        {flags,   countof(flags)  },
        {globals, countof(globals)}
    };
    struct parse parse = {0};
    char *argv[32], *rest = (char *)arena_text(&parse.arena, str_of(line)), *word;
    int argc = 0;

    while ((word = strsep(&rest, " ")))
        argv[argc++] = word;
    argv[argc] = NULL;
    parse.is_parsed = flags_parse(&parse.arena, tables, countof(tables), order, argc, argv,
                                  &parse.options, &parse.operands, &parse.err);
    return parse;
}

static void flags_and_operands_mix(void **state)
{
    auto_end(parse_end) struct parse parse =
        parse_line("run agent.py --profile python3.11 -t 2m -l out", FLAGS_ANYWHERE);

    (void)state;
    assert_true(parse.is_parsed);
    assert_string_equal(parse.options.profile, "python3.11");
    assert_int_equal(parse.options.timeout_ms, 120000);
    assert_true(parse.options.local);
    assert_int_equal(parse.operands.words.count, 2);
    assert_string_equal(parse.operands.words.at[0], "agent.py");
    assert_string_equal(parse.operands.words.at[1], "out");
    assert_int_equal(parse.operands.dashes, 2);
}

static void two_dashes_end_the_flags(void **state)
{
    auto_end(parse_end) struct parse parse =
        parse_line("run a.py -- --profile -x -- y", FLAGS_ANYWHERE);

    (void)state;
    assert_true(parse.is_parsed);
    assert_null(parse.options.profile);
    assert_int_equal(parse.operands.dashes, 1);
    assert_int_equal(parse.operands.words.count, 5);
    assert_string_equal(parse.operands.words.at[1], "--profile");
    assert_string_equal(parse.operands.words.at[3], "--");
}

static void the_first_operand_may_end_them(void **state)
{
    auto_end(parse_end) struct parse parse = parse_line("x --local list --profile", FLAGS_FIRST);

    (void)state;
    assert_true(parse.is_parsed);
    assert_true(parse.options.local);
    assert_int_equal(parse.operands.words.count, 2);
    assert_string_equal(parse.operands.words.at[1], "--profile");
}

static void values_are_typed(void **state)
{
    auto_end(parse_end) struct parse parse = parse_line(
        "x --timeout=60 --tail -1 --cpu 500m --memory=1Gi -eA=1 -e B=2 --env=C=3", FLAGS_ANYWHERE);

    (void)state;
    assert_true(parse.is_parsed);
    assert_int_equal(parse.options.timeout_ms, 60000);
    assert_int_equal(parse.options.tail, -1);
    assert_int_equal(parse.options.cpu_milli, 500);
    assert_int_equal(parse.options.memory_bytes, 1 << 30);
    assert_int_equal(parse.options.env.count, 3);
    assert_string_equal(parse.options.env.at[0], "A=1");
    assert_string_equal(parse.options.env.at[2], "C=3");
}

static void many_values_and_operands_are_kept(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    const struct flag_table table = {flags, countof(flags)};
    static char word[] = "-e1", operand[] = "o", *argv[203];
    struct options options = {0};
    struct operands operands;
    struct err err = {0};

    (void)state;
    for (int i = 0; i < 201; i++)
        argv[i] = i % 2 ? word : operand;
    assert_true(
        flags_parse(&arena, &table, 1, FLAGS_ANYWHERE, 201, argv, &options, &operands, &err));
    assert_int_equal(options.env.count, 100);
    assert_int_equal(operands.words.count, 100);
    assert_string_equal(operands.words.at[99], "o");
}

static void too_many_operands_are_refused(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    static char operand[] = "o", *argv[WORDS_MAX + 3];
    struct operands operands;
    struct err err = {0};

    (void)state;
    for (int i = 0; i < WORDS_MAX + 2; i++)
        argv[i] = operand;
    assert_false(
        flags_parse(&arena, NULL, 0, FLAGS_ANYWHERE, WORDS_MAX + 2, argv, NULL, &operands, &err));
    assert_string_equal(err.text, "more than 4096 words");
}

static void wrong_lines_get_one_clear_error(void **state)
{
    static const struct {
        const char *line, *text;
    } rows[] = {
        {"x --prof a",       "unknown flag --prof (did you mean --profile?)"                    },
        {"x --timout 5",     "unknown flag --timout (did you mean --timeout?)"                  },
        {"x --timout=5",     "unknown flag --timout (did you mean --timeout?)"                  },
        {"x --pro=a",        "unknown flag --pro (did you mean --profile?)"                     },
        {"x --zzzzzz",       "unknown flag --zzzzzz"                                            },
        {"x -z",             "unknown flag -z in -z"                                            },
        {"x -lz",            "unknown flag -z in -lz"                                           },
        {"x --profile",      "--profile needs a value"                                          },
        {"x -p",             "--profile needs a value"                                          },
        {"x --local=yes",    "--local takes no value"                                           },
        {"x --timeout abc",  "--timeout: \"abc\" is not a duration like 60 (seconds), 90s or 2m"},
        {"x --timeout=-5",   "--timeout: \"-5\" is not a duration like 60 (seconds), 90s or 2m" },
        {"x --tail 1.5",     "--tail: \"1.5\" is not a whole number"                            },
        {"x --cpu many",     "--cpu: \"many\" is not a quantity like 500m or 2"                 },
        {"x --memory -64Mi", "--memory: \"-64Mi\" is not a quantity like 512Mi or 2Gi"          },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        auto_end(parse_end) struct parse parse = parse_line(rows[i].line, FLAGS_ANYWHERE);

        assert_false(parse.is_parsed);
        assert_int_equal(parse.err.kind, ERR_INVALID);
        assert_string_equal(parse.err.text, rows[i].text);
    }
}

static void the_nearest_word_wins_and_a_far_one_never(void **state)
{
    const char *best = NULL;

    (void)state;
    nearest_word("lst", "logs", &best);
    assert_null(best);
    nearest_word("lst", "list", &best);
    assert_string_equal(best, "list");
    nearest_word("lst", "last", &best); /* as near: the first stays */
    assert_string_equal(best, "list");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_and_operands_mix),
        cmocka_unit_test(two_dashes_end_the_flags),
        cmocka_unit_test(the_first_operand_may_end_them),
        cmocka_unit_test(values_are_typed),
        cmocka_unit_test(many_values_and_operands_are_kept),
        cmocka_unit_test(too_many_operands_are_refused),
        cmocka_unit_test(wrong_lines_get_one_clear_error),
        cmocka_unit_test(the_nearest_word_wins_and_a_far_one_never),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
