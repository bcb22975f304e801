// SPDX-License-Identifier: Apache-2.0
#include "core/job.h"

#include <stdio.h>

#include "base/buf.h"

enum entry_kind {
    ENTRY_TEXT,
    ENTRY_NUMBER, /* int64_t, >= 0 */
    ENTRY_FLAG,
    ENTRY_CONTROLS,
    ENTRY_INPUT_KIND,
};

#define AT(member) offsetof(struct job, member)

static const struct entry { /* each exactly once, in any order; "arg" and "env" repeat */
    const char *key;
    enum entry_kind kind;
    size_t offset;
} entries[] = {
    {"input-kind",      ENTRY_INPUT_KIND, AT(input_kind)        },
    {"input",           ENTRY_TEXT,       AT(input)             },
    {"timeout-ms",      ENTRY_NUMBER,     AT(timeout_ms)        },
    {"grace-ms",        ENTRY_NUMBER,     AT(grace_ms)          },
    {"file-size-max",   ENTRY_NUMBER,     AT(file_size_max)     },
    {"open-files-max",  ENTRY_NUMBER,     AT(open_files_max)    },
    {"processes-max",   ENTRY_NUMBER,     AT(processes_max)     },
    {"output-size-max", ENTRY_NUMBER,     AT(output_size_max)   },
    {"report",          ENTRY_TEXT,       AT(report_path)       },
    {"frames",          ENTRY_TEXT,       AT(frames_path)       },
    {"network-allowed", ENTRY_FLAG,       AT(network_allowed)   },
    {"switched-off",    ENTRY_CONTROLS,   AT(switched_off)      },
    {"canary",          ENTRY_TEXT,       AT(canary)            },
    {"canary-open",     ENTRY_NUMBER,     AT(canary_open_port)  },
    {"canary-closed",   ENTRY_NUMBER,     AT(canary_closed_port)},
    {"proof-ms",        ENTRY_NUMBER,     AT(proof_ms)          },
};

enum {
    ENTRIES_ALWAYS = 12, /* the first ones; the rest only with a canary */
};
#define SEEN_ALWAYS ((UINT32_C(1) << ENTRIES_ALWAYS) - 1)
#define SEEN_ALL    ((UINT32_C(1) << countof(entries)) - 1)

static const char *const input_words[] = {
    [JOB_INPUT_NONE] = "none",
    [JOB_INPUT_TEXT] = "text",
    [JOB_INPUT_STREAM] = "stream",
};

static void entry_add(struct buf *buf, const char *key, struct str value)
{
    buf_print(buf, "%s %zu\n", key, value.size);
    buf_add(buf, value);
    buf_add_char(buf, '\n');
}

static void number_add(struct buf *buf, const char *key, int64_t number)
{
    char digits[24];

    snprintf(digits, sizeof(digits), "%lld", (long long)number);
    entry_add(buf, key, str_of(digits));
}

static void field_add(struct buf *buf, const struct entry *entry, const struct job *job)
{
    const void *field = (const char *)job + entry->offset;

    switch (entry->kind) {
    case ENTRY_TEXT:
        entry_add(buf, entry->key, *(const struct str *)field);
        break;
    case ENTRY_NUMBER:
        number_add(buf, entry->key, *(const int64_t *)field);
        break;
    case ENTRY_FLAG:
        number_add(buf, entry->key, *(const bool *)field);
        break;
    case ENTRY_CONTROLS:
        number_add(buf, entry->key, *(const uint32_t *)field);
        break;
    case ENTRY_INPUT_KIND:
        entry_add(buf, entry->key, str_of(input_words[job->input_kind]));
        break;
    }
}

void job_encode(const struct job *job, struct buf *ret)
{
    for (size_t i = 0; i < (job->canary.size > 0 ? countof(entries) : ENTRIES_ALWAYS); i++)
        field_add(ret, &entries[i], job);
    for (uint32_t i = 0; i < job->arg_count; i++)
        entry_add(ret, "arg", job->args[i]);
    for (uint32_t i = 0; i < job->env_count; i++)
        entry_add(ret, "env", job->env[i]);
}

static bool entry_take(struct str *text, struct str *ret_key, struct str *ret_value)
{
    struct str head, size_text, rest;
    int64_t size;

    if (!str_cut(*text, '\n', &head, &rest) || !str_cut(head, ' ', ret_key, &size_text))
        return false;
    if (!str_to_int(size_text, &size) || size < 0 || (uint64_t)size >= rest.size)
        return false;
    if (rest.at[size] != '\n')
        return false;
    *ret_value = (struct str){rest.at, (size_t)size};
    *text = str_skip(rest, (size_t)size + 1);
    return true;
}

static bool number_take(struct str value, int64_t number_max, int64_t *ret)
{
    return str_to_int(value, ret) && *ret >= 0 && *ret <= number_max;
}

static bool input_kind_take(struct str value, enum job_input *ret)
{
    for (size_t i = 0; i < countof(input_words); i++) {
        if (!str_is(value, input_words[i]))
            continue;
        *ret = (enum job_input)i;
        return true;
    }
    return false;
}

static bool field_take(const struct entry *entry, struct str value, struct job *job)
{
    void *field = (char *)job + entry->offset;
    int64_t number;

    switch (entry->kind) {
    case ENTRY_TEXT:
        *(struct str *)field = value;
        return true;
    case ENTRY_NUMBER:
        return number_take(value, INT64_MAX / 4, field); /* deadlines are sums of such */
    case ENTRY_FLAG:
        if (!number_take(value, 1, &number))
            return false;
        *(bool *)field = number == 1;
        return true;
    case ENTRY_CONTROLS:
        if (!number_take(value, CONTROLS_ALL, &number))
            return false;
        *(uint32_t *)field = (uint32_t)number;
        return true;
    case ENTRY_INPUT_KIND:
        return input_kind_take(value, &job->input_kind);
    }
    return false;
}

/* Arguments and variables become C strings: a NUL inside would cut them silently. */
static bool item_take(struct str value, struct str *items, uint32_t items_max, uint32_t *count)
{
    if (*count >= items_max || (value.size && memchr(value.at, '\0', value.size)))
        return false;
    items[(*count)++] = value;
    return true;
}

static bool entry_store(struct str key, struct str value, uint32_t *seen, struct job *job)
{
    if (str_is(key, "arg"))
        return item_take(value, job->args, JOB_ARGS_MAX, &job->arg_count);
    if (str_is(key, "env"))
        return value.size && value.at[0] != '=' && memchr(value.at, '=', value.size) &&
               item_take(value, job->env, JOB_ENV_MAX, &job->env_count);
    for (size_t i = 0; i < countof(entries); i++) {
        if (!str_is(key, entries[i].key))
            continue;
        if (*seen & UINT32_C(1) << i)
            return false;
        *seen |= UINT32_C(1) << i;
        return field_take(&entries[i], value, job);
    }
    return false;
}

static bool path_is_sound(struct str path)
{
    return path.size > 0 && !memchr(path.at, '\0', path.size);
}

static bool program_is_sound(struct str program)
{
    return path_is_sound(program) &&
           (program.at[0] == '/' || !memchr(program.at, '/', program.size));
}

static bool port_is_sound(int64_t port)
{
    return port > 0 && port <= UINT16_MAX;
}

static bool canary_is_sound(const struct job *job, uint32_t seen)
{
    if (seen == SEEN_ALWAYS)
        return true;
    return seen == SEEN_ALL && path_is_sound(job->canary) && job->proof_ms > 0 &&
           port_is_sound(job->canary_open_port) && port_is_sound(job->canary_closed_port);
}

bool job_decode(struct str text, struct job *ret)
{
    uint32_t seen = 0;
    struct str key, value;

    if (text.size > JOB_SIZE_MAX)
        return false;
    memset(ret, 0, sizeof(*ret));
    while (text.size > 0)
        if (!entry_take(&text, &key, &value) || !entry_store(key, value, &seen, ret))
            return false;
    return canary_is_sound(ret, seen) && ret->arg_count > 0 && program_is_sound(ret->args[0]) &&
           path_is_sound(ret->report_path) && path_is_sound(ret->frames_path) &&
           (ret->input_kind == JOB_INPUT_TEXT || ret->input.size == 0);
}
