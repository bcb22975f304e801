// SPDX-License-Identifier: Apache-2.0
#include "core/report.h"

#include <assert.h>
#include <stdio.h>

#include "base/base64.h"
#include "core/task.h"

enum {
    MESSAGE_MAX = 200,
    EXIT_MAX = 255,
    SIGNAL_MAX = 64,
};

enum fact_kind {
    FACT_INT,    /* int32_t */
    FACT_COUNT,  /* int64_t, >= 0 */
    FACT_FLAG,   /* bool */
    FACT_MASK,   /* uint32_t of CONTROL_BIT */
    FACT_CAUSE,  /* word */
    FACT_RESULT, /* word */
    FACT_DIGEST, /* 64 hex digits or nothing */
    FACT_TEXT,   /* struct str */
};

#define AT(member) offsetof(struct report, member)

static const struct fact { /* the lines, in this order, each exactly once. One that is added after
                            * the first release must not be asked for: Pods outlive an upgrade */
    const char *key;
    enum fact_kind kind;
    size_t offset;
} facts[] = {
    {"cause",               FACT_CAUSE,  AT(cause)              },
    {"exit",                FACT_INT,    AT(exit_code)          },
    {"signal",              FACT_INT,    AT(signal)             },
    {"run-ms",              FACT_COUNT,  AT(run_ms)             },
    {"cpu-us",              FACT_COUNT,  AT(cpu_us)             },
    {"memory-peak",         FACT_COUNT,  AT(memory_peak_bytes)  },
    {"output",              FACT_COUNT,  AT(output_bytes)       },
    {"output-sent",         FACT_COUNT,  AT(output_sent)        },
    {"output-truncated",    FACT_FLAG,   AT(output_truncated)   },
    {"landlock-abi",        FACT_INT,    AT(landlock_abi)       },
    {"controls",            FACT_MASK,   AT(controls)           },
    {"result",              FACT_RESULT, AT(result)             },
    {"result-bytes",        FACT_COUNT,  AT(result_bytes)       },
    {"result-sha256",       FACT_DIGEST, AT(result_sha256)      },
    {"artifacts-bytes",     FACT_COUNT,  AT(artifacts_bytes)    },
    {"artifacts",           FACT_COUNT,  AT(artifacts_count)    },
    {"artifacts-too-large", FACT_FLAG,   AT(artifacts_too_large)},
    {"message",             FACT_TEXT,   AT(message)            },
    {"text",                FACT_TEXT,   AT(result_text)        },
};

static const char *const cause_words[] = {
    [CAUSE_NONE] = "none",         [CAUSE_EXITED] = "exited",
    [CAUSE_SIGNALED] = "signaled", [CAUSE_TIMEOUT] = "timeout",
    [CAUSE_STOPPED] = "stopped",   [CAUSE_START_FAILED] = "start-failed",
    [CAUSE_UNPROVEN] = "unproven",
};

static const char *const result_words[] = {
    [REPORT_RESULT_NONE] = "none",           [REPORT_RESULT_INLINE] = "inline",
    [REPORT_RESULT_FRAMED] = "framed",       [REPORT_RESULT_REFUSED] = "refused",
    [REPORT_RESULT_TOO_LARGE] = "too-large",
};

static int fact_print(const struct fact *fact, const struct report *report, char *ret, size_t room)
{
    const void *field = (const char *)report + fact->offset;
    const struct str *text = field;

    switch (fact->kind) {
    case FACT_INT:
        return snprintf(ret, room, "%s=%d\n", fact->key, *(const int32_t *)field);
    case FACT_COUNT:
        return snprintf(ret, room, "%s=%lld\n", fact->key, (long long)*(const int64_t *)field);
    case FACT_FLAG:
        return snprintf(ret, room, "%s=%d\n", fact->key, *(const bool *)field);
    case FACT_MASK:
        return snprintf(ret, room, "%s=%u\n", fact->key, *(const uint32_t *)field);
    case FACT_CAUSE:
        return snprintf(ret, room, "%s=%s\n", fact->key, cause_words[report->cause]);
    case FACT_RESULT:
        return snprintf(ret, room, "%s=%s\n", fact->key, result_words[report->result]);
    case FACT_DIGEST:
        return snprintf(ret, room, "%s=%s\n", fact->key, report->result_sha256);
    case FACT_TEXT:
        return snprintf(ret, room, "%s=%.*s\n", fact->key, STR_ARG(*text));
    }
    return -1;
}

static bool is_printable(char c)
{
    return c >= 0x20 && c < 0x7f;
}

size_t report_encode(const struct report *report, char ret[REPORT_SIZE_MAX])
{
    char line[REPORT_SIZE_MAX], message[MESSAGE_MAX];
    struct report clean = *report;
    size_t size = 0;

    if (clean.message.size > MESSAGE_MAX)
        clean.message.size = MESSAGE_MAX;
    for (size_t i = 0; i < clean.message.size; i++)
        message[i] = is_printable(clean.message.at[i]) ? clean.message.at[i] : '?';
    clean.message.at = message;
    for (size_t i = 0; i < countof(facts); i++) {
        int got = fact_print(&facts[i], &clean, line, sizeof(line)); /* its NUL needs room */
        assert(got > 0 && (size_t)got < sizeof(line) && size + (size_t)got <= REPORT_SIZE_MAX);
        memcpy(ret + size, line, (size_t)got);
        size += (size_t)got;
    }
    assert(size - report->result_text.size <= REPORT_FACTS_MAX);
    return size;
}

static bool word_parse(struct str word, const char *const *words, size_t count, size_t *ret)
{
    for (size_t i = 0; i < count; i++) {
        if (!str_is(word, words[i]))
            continue;
        *ret = i;
        return true;
    }
    return false;
}

static bool digest_parse(struct str value, char ret[SHA256_HEX + 1])
{
    if (value.size != 0 && value.size != SHA256_HEX)
        return false;
    for (size_t i = 0; i < value.size; i++)
        if (!strchr("0123456789abcdef", value.at[i]) || value.at[i] == '\0')
            return false;
    if (value.size)
        memcpy(ret, value.at, value.size);
    ret[value.size] = '\0';
    return true;
}

static bool text_parse(struct str value, struct str *ret)
{
    for (size_t i = 0; i < value.size; i++)
        if (!is_printable(value.at[i]))
            return false;
    *ret = value;
    return true;
}

static bool number_parse(struct str value, int64_t least, int64_t most, int64_t *ret)
{
    return str_to_int(value, ret) && *ret >= least && *ret <= most;
}

static bool fact_parse(const struct fact *fact, struct str value, struct report *report)
{
    void *field = (char *)report + fact->offset;
    int64_t number = 0;
    size_t word = 0;
    bool is_good = false;

    switch (fact->kind) {
    case FACT_INT:
        is_good = number_parse(value, EXIT_UNKNOWN, INT32_MAX, &number);
        *(int32_t *)field = (int32_t)number;
        break;
    case FACT_COUNT:
        is_good = number_parse(value, 0, INT64_MAX, field);
        break;
    case FACT_FLAG:
        is_good = number_parse(value, 0, 1, &number);
        *(bool *)field = number == 1;
        break;
    case FACT_MASK:
        is_good = number_parse(value, 0, CONTROLS_ALL, &number);
        *(uint32_t *)field = (uint32_t)number;
        break;
    case FACT_CAUSE:
        is_good = word_parse(value, cause_words, countof(cause_words), &word);
        report->cause = (enum run_cause)word;
        break;
    case FACT_RESULT:
        is_good = word_parse(value, result_words, countof(result_words), &word);
        report->result = (enum report_result)word;
        break;
    case FACT_DIGEST:
        is_good = digest_parse(value, report->result_sha256);
        break;
    case FACT_TEXT:
        is_good = text_parse(value, field);
        break;
    }
    return is_good;
}

static bool cause_is_sound(const struct report *report)
{
    bool has_exit = report->cause == CAUSE_EXITED;
    bool has_signal = report->cause == CAUSE_SIGNALED;

    if (report->cause == CAUSE_NONE || report->message.size > MESSAGE_MAX)
        return false;
    if (has_exit ? report->exit_code < 0 || report->exit_code > EXIT_MAX
                 : report->exit_code != EXIT_UNKNOWN)
        return false;
    return has_signal ? report->signal > 0 && report->signal <= SIGNAL_MAX : report->signal == 0;
}

/* An inline result is what its own length and digest say. */
static bool text_is_sound(const struct report *report)
{
    char bytes[REPORT_RESULT_MAX + 3], sha256[SHA256_HEX + 1];
    size_t size;

    if (report->result_text.size > BASE64_SIZE(REPORT_RESULT_MAX) ||
        !base64_decode(report->result_text, bytes, &size) || (int64_t)size != report->result_bytes)
        return false;
    sha256_of((struct str){bytes, size}, sha256);
    return strcmp(sha256, report->result_sha256) == 0;
}

static bool result_is_sound(const struct report *report)
{
    bool is_carried =
        report->result == REPORT_RESULT_INLINE || report->result == REPORT_RESULT_FRAMED;

    if (is_carried != (report->result_sha256[0] != '\0'))
        return false;
    if (report->result == REPORT_RESULT_INLINE)
        return text_is_sound(report);
    return report->result_text.size == 0 &&
           (report->result != REPORT_RESULT_FRAMED || report->result_bytes <= RESULT_SIZE_MAX);
}

static bool is_known(struct str key)
{
    for (size_t i = 0; i < countof(facts); i++)
        if (str_is(key, facts[i].key))
            return true;
    return false;
}

/* The next line whose key we know; what a newer runner says beside is passed over. */
static bool line_take(struct str *text, struct str *ret_key, struct str *ret_value)
{
    struct str line;

    do
        if (!str_cut(*text, '\n', &line, text) || !str_cut(line, '=', ret_key, ret_value))
            return false;
    while (!is_known(*ret_key));
    return true;
}

bool report_decode(struct str text, struct report *ret)
{
    struct str key, value;

    if (text.size > REPORT_SIZE_MAX)
        return false;
    memset(ret, 0, sizeof(*ret));
    for (size_t i = 0; i < countof(facts); i++) {
        if (!line_take(&text, &key, &value) || !str_is(key, facts[i].key) ||
            !fact_parse(&facts[i], value, ret))
            return false;
    }
    while (text.size > 0)
        if (!str_cut(text, '\n', &key, &text) || !str_cut(key, '=', &key, &value) || is_known(key))
            return false;
    return cause_is_sound(ret) && result_is_sound(ret) && ret->landlock_abi >= 0;
}
