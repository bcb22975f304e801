// SPDX-License-Identifier: Apache-2.0
#include "cli/flags.h"

#include <getopt.h>

#include "api/quantity.h"
#include "base/date.h"

enum {
    DISTANCE_MAX = 3, /* from here on two words are simply different */
    LONG_BASE = 256,  /* getopt's answer for the flag with index 0, above every letter */
};

struct parse {
    struct arena *arena;
    const struct flag *flags[FLAGS_MAX];
    uint32_t flag_count;
    struct option longs[FLAGS_MAX + 1];
    char letters[2 * FLAGS_MAX + 3];
    void *options;
    struct operands *operands;
    struct err *err;
};

void nearest_word(const char *word, const char *candidate, const char **best)
{
    struct str wanted = str_of(word);
    unsigned limit = wanted.size <= DISTANCE_MAX ? 2 : DISTANCE_MAX;
    unsigned known = *best ? str_distance(wanted, str_of(*best), limit) : limit;

    if (str_distance(wanted, str_of(candidate), limit) < known)
        *best = candidate;
}

static void collect_flags(struct parse *parse, const struct flag_table *tables, uint32_t count)
{
    char *letter = parse->letters;

    *letter++ = '+'; /* stop at every operand: we take it and go on */
    *letter++ = ':'; /* report a missing value as such, print nothing */
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = 0; k < tables[i].count && parse->flag_count < FLAGS_MAX; k++) {
            const struct flag *flag = &tables[i].at[k];
            uint32_t index = parse->flag_count++;
            bool has_value = flag->kind != FLAG_SWITCH;

            parse->flags[index] = flag;
            parse->longs[index] =
                (struct option){flag->name, has_value ? required_argument : no_argument, NULL,
                                LONG_BASE + (int)index};
            if (!flag->letter)
                continue;
            *letter++ = flag->letter;
            if (has_value)
                *letter++ = ':';
        }
}

static const struct flag *find_flag(const struct parse *parse, int answer)
{
    if (answer >= LONG_BASE)
        return parse->flags[answer - LONG_BASE];
    for (uint32_t i = 0; i < parse->flag_count; i++)
        if (parse->flags[i]->letter == answer)
            return parse->flags[i];
    return NULL;
}

static bool words_add(struct parse *parse, struct words *words, const char *word)
{
    if (words->count == WORDS_MAX)
        return err_set(parse->err, ERR_INVALID, "more than %d words", WORDS_MAX);
    if ((words->count & (words->count - 1)) == 0) { /* a power of two: it is full */
        const char **more =
            arena_array(parse->arena, words->count ? 2 * words->count : 1, sizeof(*more));
        if (words->count)
            memcpy(more, words->at, words->count * sizeof(*more));
        words->at = more;
    }
    words->at[words->count++] = word;
    return true;
}

static bool read_number(const struct flag *flag, const char *value, int64_t *ret)
{
    struct str text = str_of(value);

    switch (flag->kind) {
    case FLAG_DURATION:
        return duration_parse(text, ret);
    case FLAG_CPU:
        return quantity_read_milli(text, ret);
    case FLAG_BYTES:
        return quantity_read_bytes(text, ret);
    case FLAG_INT:
    case FLAG_SWITCH:
    case FLAG_TEXT:
    case FLAG_LIST:
        break;
    }
    return str_to_int(text, ret);
}

static const char *example_of(enum flag_kind kind)
{
    switch (kind) {
    case FLAG_DURATION:
        return "a duration like 60 (seconds), 90s or 2m";
    case FLAG_CPU:
        return "a quantity like 500m or 2";
    case FLAG_BYTES:
        return "a quantity like 512Mi or 2Gi";
    case FLAG_INT:
    case FLAG_SWITCH:
    case FLAG_TEXT:
    case FLAG_LIST:
        break;
    }
    return "a whole number";
}

static bool take_value(struct parse *parse, const struct flag *flag, const char *value)
{
    char *place = (char *)parse->options + flag->at;
    int64_t number;

    if (flag->kind == FLAG_SWITCH) {
        *(bool *)(void *)place = true;
        return true;
    }
    if (flag->kind == FLAG_TEXT) {
        *(const char **)(void *)place = value;
        return true;
    }
    if (flag->kind == FLAG_LIST)
        return words_add(parse, (struct words *)(void *)place, value);
    if (!read_number(flag, value, &number))
        return err_set(parse->err, ERR_INVALID, "--%s: \"%s\" is not %s", flag->name, value,
                       example_of(flag->kind));
    *(int64_t *)(void *)place = number;
    return true;
}

/* The flag's name as it was typed, without the dashes and the value. */
static struct str typed_name(const char *arg)
{
    struct str name = str_skip(str_of(arg), 2), tail;

    (void)str_cut(name, '=', &name, &tail); /* no '=': all of it is the name */
    return name;
}

static bool refuse_unknown(struct parse *parse, const char *arg)
{
    const char *best = NULL, *name;

    if (!str_starts(str_of(arg), "--"))
        return err_set(parse->err, ERR_INVALID, "unknown flag -%c in %s", optopt, arg);
    name = arena_text(parse->arena, typed_name(arg));
    for (uint32_t i = 0; i < parse->flag_count; i++) {
        if (str_starts(str_of(parse->flags[i]->name), name))
            best = best ? best : parse->flags[i]->name; /* cut short is the likeliest slip */
        else
            nearest_word(name, parse->flags[i]->name, &best);
    }
    if (best)
        return err_set(parse->err, ERR_INVALID, "unknown flag --%s (did you mean --%s?)", name,
                       best);
    return err_set(parse->err, ERR_INVALID, "unknown flag --%s", name);
}

/* One flag, as getopt answered it; `arg` is the argument it was found in. */
static bool take_flag(struct parse *parse, int answer, const char *arg)
{
    const struct flag *flag;

    if (answer == '?' && optopt >= LONG_BASE)
        return err_set(parse->err, ERR_INVALID, "--%s takes no value",
                       find_flag(parse, optopt)->name);
    if (answer == '?')
        return refuse_unknown(parse, arg);
    flag = find_flag(parse, answer == ':' ? optopt : answer);
    if (!flag)
        return refuse_unknown(parse, arg);
    if (str_starts(str_of(arg), "--") && !str_is(typed_name(arg), flag->name))
        return refuse_unknown(parse, arg); /* getopt took an abbreviation */
    if (answer == ':')
        return err_set(parse->err, ERR_INVALID, "--%s needs a value", flag->name);
    return take_value(parse, flag, optarg);
}

static bool take_rest(struct parse *parse, int from, int argc, char **argv)
{
    for (int i = from; i < argc; i++)
        if (!words_add(parse, &parse->operands->words, argv[i]))
            return false;
    return true;
}

static bool take_all(struct parse *parse, enum flag_order order, int argc, char **argv)
{
    for (;;) {
        int before = optind ? optind : 1;
        int answer = getopt_long(argc, argv, parse->letters, parse->longs, NULL);
        bool is_dashes = answer == -1 && optind == before + 1;

        if (answer != -1) {
            if (!take_flag(parse, answer, argv[before]))
                return false;
            continue;
        }
        if (is_dashes)
            parse->operands->dashes = parse->operands->words.count;
        if (is_dashes || order == FLAGS_FIRST || optind >= argc)
            return take_rest(parse, optind, argc, argv);
        if (!words_add(parse, &parse->operands->words, argv[optind++]))
            return false;
    }
}

bool flags_parse(struct arena *arena, const struct flag_table *tables, uint32_t table_count,
                 enum flag_order order, int argc, char **argv, void *options, struct operands *ret,
                 struct err *err)
{
    struct operands operands = {.dashes = UINT32_MAX};
    struct parse *parse = arena_alloc(arena, sizeof(*parse));

    *parse = (struct parse){.arena = arena, .options = options, .operands = &operands, .err = err};
    collect_flags(parse, tables, table_count);
    optind = 0; /* getopt starts anew */
    if (!take_all(parse, order, argc, argv))
        return false;
    if (operands.dashes == UINT32_MAX)
        operands.dashes = operands.words.count;
    *ret = operands;
    return true;
}
