// SPDX-License-Identifier: Apache-2.0
#include "core/validate_rule.h"

#include <stdio.h>

#include "core/validate.h"

const char *quote(struct str s, char ret[QUOTE_TEXT])
{
    size_t size = s.size <= QUOTE_MAX ? s.size : QUOTE_MAX;

    while (size < s.size && size > 0 && ((unsigned char)s.at[size] & 0xc0) == 0x80)
        size--; /* not within a character */
    ret[0] = '"';
    for (size_t i = 0; i < size; i++)
        ret[1 + i] = (unsigned char)s.at[i] < 0x20 || s.at[i] == 0x7f ? '?' : s.at[i];
    memcpy(ret + 1 + size, size < s.size ? "…\"" : "\"", size < s.size ? 5 : 2);
    return ret;
}

/* CPU and bytes as people write them: "1500m", "2", "512Mi", "1000". */
static const char *cpu_text(int64_t milli, char ret[32])
{
    bool is_whole = milli % 1000 == 0;

    snprintf(ret, 32, "%lld%s", (long long)(is_whole ? milli / 1000 : milli), is_whole ? "" : "m");
    return ret;
}

static const char *bytes_text(int64_t bytes, char ret[32])
{
    static const char *const units[] = {"", "Ki", "Mi", "Gi", "Ti"};
    unsigned unit = 0;

    for (; bytes != 0 && bytes % 1024 == 0 && unit + 1 < countof(units); unit++)
        bytes /= 1024;
    snprintf(ret, 32, "%lld%s", (long long)bytes, units[unit]);
    return ret;
}

bool check_name(const char *field, struct str name, struct err *err)
{
    char shown[QUOTE_TEXT];

    if (name.size == 0)
        return err_set(err, ERR_INVALID, "%s: is required", field);
    if (name.size > NAME_SIZE_MAX)
        return err_set(err, ERR_INVALID, "%s: %s is too long: %zu bytes, at most %d", field,
                       quote(name, shown), name.size, NAME_SIZE_MAX);
    if (!name_is_valid(name))
        return err_set(err, ERR_INVALID,
                       "%s: %s is no name: it must be lower-case letters, digits, '-' and '.', a "
                       "letter or digit at both ends of each part",
                       field, quote(name, shown));
    return true;
}

bool check_count(const char *field, uint32_t count, uint32_t count_max, struct err *err)
{
    if (count <= count_max)
        return true;
    return err_set(err, ERR_INVALID, "%s: %u are too many: at most %u", field, count, count_max);
}

bool check_size(const char *field, size_t size, size_t size_max, struct err *err)
{
    if (size <= size_max)
        return true;
    return err_set(err, ERR_INVALID, "%s: %zu bytes are too many: at most %zu", field, size,
                   size_max);
}

bool check_text(const char *field, struct str text, struct err *err)
{
    bool has_nul = text.size > 0 && memchr(text.at, 0, text.size);

    if (!has_nul && str_is_utf8(text))
        return true;
    return err_set(err, ERR_INVALID, "%s: is not text: %s", field,
                   has_nul ? "it holds a zero byte" : "it is not UTF-8");
}

bool check_range(const char *field, int64_t value, int64_t min, int64_t max, struct err *err)
{
    if (value >= min && value <= max)
        return true;
    return err_set(err, ERR_INVALID, "%s: %lld is too %s: %lld to %lld", field, (long long)value,
                   value < min ? "small" : "large", (long long)min, (long long)max);
}

bool check_seconds(const char *field, int64_t ms, int64_t max_ms, struct err *err)
{
    if (ms == 0)
        return true;
    return check_range(field, ms > 0 && ms < 1000 ? 0 : ms / 1000, 1, max_ms / 1000, err);
}

static bool check_variable(const char *field, const struct pairs *env, uint32_t at, struct err *err)
{
    const struct pair *pair = &env->at[at];
    char shown[QUOTE_TEXT];
    bool is_text = pair->value.size == 0 || !memchr(pair->value.at, 0, pair->value.size);

    if (pair->name.size > NAME_SIZE_MAX || !env_name_is_valid(pair->name))
        return err_set(err, ERR_INVALID,
                       "%s: %s is no name of a variable: letters, digits, '_', '-' and '.', not "
                       "first a digit",
                       field, quote(pair->name, shown));
    if (!is_text || !str_is_utf8(pair->value))
        return err_set(err, ERR_INVALID, "%s: the value of %s is not text", field,
                       quote(pair->name, shown));
    for (uint32_t i = 0; i < at; i++)
        if (str_equal(env->at[i].name, pair->name))
            return err_set(err, ERR_INVALID, "%s: %s is there twice", field,
                           quote(pair->name, shown));
    return true;
}

bool check_env(const char *field, const struct pairs *env, struct err *err)
{
    if (!check_count(field, env->count, ENV_MAX, err))
        return false;
    for (uint32_t i = 0; i < env->count; i++)
        if (!check_variable(field, env, i, err))
            return false;
    return true;
}

/* -- resources -------------------------------------------------------------- */

static bool check_amount(const char *field, const char *what, int64_t amount, int64_t amount_max,
                         struct err *err)
{
    if (amount >= 0 && amount <= amount_max)
        return true;
    return err_set(err, ERR_INVALID, "%s.%s: %s", field, what,
                   amount < 0 ? "must not be negative" : "is more than any machine has");
}

bool check_resources(const char *field, const struct resources *resources, struct err *err)
{
    return check_amount(field, "cpu", resources->cpu_milli, CPU_MILLI_MAX, err) &&
           check_amount(field, "memory", resources->memory_bytes, RESOURCE_BYTES_MAX, err) &&
           check_amount(field, "ephemeral-storage", resources->storage_bytes, RESOURCE_BYTES_MAX,
                        err);
}

static bool check_bound(const char *field, const char *what, int64_t amount,
                        const char *bound_field, int64_t bound,
                        const char *(*text)(int64_t amount, char ret[32]), struct err *err)
{
    char shown[32], allowed[32];

    if (amount == 0 || bound == 0 || amount <= bound)
        return true;
    return err_set(err, ERR_INVALID, "%s.%s: %s is too much: at most %s, %s", field, what,
                   text(amount, shown), text(bound, allowed), bound_field);
}

bool check_within(const char *field, const struct resources *resources, const char *bound_field,
                  const struct resources *bound, struct err *err)
{
    return check_bound(field, "cpu", resources->cpu_milli, bound_field, bound->cpu_milli, cpu_text,
                       err) &&
           check_bound(field, "memory", resources->memory_bytes, bound_field, bound->memory_bytes,
                       bytes_text, err) &&
           check_bound(field, "ephemeral-storage", resources->storage_bytes, bound_field,
                       bound->storage_bytes, bytes_text, err);
}
