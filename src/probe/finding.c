// SPDX-License-Identifier: Apache-2.0
#include "probe/finding.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    LINE_MAX_SIZE = 1024,
};

/* In one write: lines of several processes do not mix. */
static void say(const char *line, int size)
{
    if (size > 0 && size < LINE_MAX_SIZE)
        (void)!write(STDOUT_FILENO, line, (size_t)size);
}

static void clean(const char *text, char *ret, size_t size)
{
    size_t used = 0;

    for (; *text && used + 1 < size; text++)
        if (*text >= ' ' && *text < 0x7f && *text != '"' && *text != '\\')
            ret[used++] = *text;
    ret[used] = '\0';
}

void finding_print(const char *check, int64_t value, const char *text)
{
    char line[LINE_MAX_SIZE], shown[512];

    clean(text, shown, sizeof(shown));
    say(line, snprintf(line, sizeof(line), "{\"check\":\"%s\",\"value\":%lld,\"text\":\"%s\"}\n",
                       check, (long long)value, shown));
}

void finding_try(const char *check, bool has_worked, int error)
{
    finding_print(check, has_worked, has_worked ? "it worked" : strerror(error));
}

void finding_tries_print(const char *check, const struct finding_tries *tries)
{
    char line[LINE_MAX_SIZE], shown[128] = "";

    if (tries->successes < tries->tries)
        clean(strerror(tries->error), shown, sizeof(shown));
    say(line, snprintf(line, sizeof(line),
                       "{\"check\":\"%s\",\"value\":%lld,\"tries\":%lld,\"firstMs\":%lld,"
                       "\"lastMs\":%lld,\"text\":\"%s\"}\n",
                       check, (long long)tries->successes, (long long)tries->tries,
                       (long long)tries->first_ms, (long long)tries->last_ms, shown));
}
