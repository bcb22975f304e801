// SPDX-License-Identifier: Apache-2.0
#include "operator/log.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/date.h"
#include "sys/file.h"
#include "json/json.h"

static const char *const levels[] = {
    [LEVEL_DEBUG] = "debug",
    [LEVEL_INFO] = "info",
    [LEVEL_WARN] = "warn",
    [LEVEL_ERROR] = "error",
};

static const char *const formats[] = {
    [FORMAT_JSON] = "json",
    [FORMAT_CONSOLE] = "console",
};

bool log_level_parse(struct str word, enum log_level *ret)
{
    for (uint32_t i = 0; i < countof(levels); i++)
        if (str_is(word, levels[i])) {
            *ret = (enum log_level)i;
            return true;
        }
    return false;
}

bool log_format_parse(struct str word, enum log_format *ret)
{
    for (uint32_t i = 0; i < countof(formats); i++)
        if (str_is(word, formats[i])) {
            *ret = (enum log_format)i;
            return true;
        }
    return false;
}

struct entry {
    const char *key;
    struct str text;
};

enum {
    ENTRIES_MAX = 10,
    TEXT_MAX = 512, /* of one entry: escaped (by six at most), all of them fit into a line */
};

/* In the order in which they are printed. */
static uint32_t entries_of(const struct log_line *line, struct entry ret[ENTRIES_MAX])
{
    const struct entry all[] = {
        {"controller", str_of(line->controller)               },
        {"namespace",  line->space                            },
        {"name",       line->name                             },
        {"because",    str_of(line->because)                  },
        {"phase",      str_of(line->phase)                    },
        {"reason",     str_of(line->reason)                   },
        {"detail",     line->detail                           },
        {"error",      str_of(line->err ? line->err->text : 0)},
    };
    uint32_t count = 0;

    static_assert(countof(all) <= ENTRIES_MAX, "all have their place");
    for (uint32_t i = 0; i < countof(all); i++)
        if (all[i].text.size > 0) {
            ret[count] = all[i];
            if (ret[count].text.size > TEXT_MAX)
                ret[count].text.size = TEXT_MAX;
            count++;
        }
    return count;
}

static void add_json(struct buf *ret, const char *key, struct str text)
{
    buf_print(ret, "%s\"%s\":", ret->size > 1 ? "," : "", key);
    json_print_text(text, ret);
}

static void print_json(const struct log_line *line, const char *when, struct buf *ret)
{
    struct entry entries[ENTRIES_MAX];
    uint32_t count = entries_of(line, entries);

    buf_add_char(ret, '{');
    add_json(ret, "ts", str_of(when));
    add_json(ret, "level", str_of(levels[line->level]));
    add_json(ret, "logger", str_of(line->logger));
    add_json(ret, "msg", str_of(line->message));
    for (uint32_t i = 0; i < count; i++)
        add_json(ret, entries[i].key, entries[i].text);
    if (line->reconcile_id != 0)
        buf_print(ret, ",\"reconcileID\":\"%" PRIu64 "\"", line->reconcile_id);
    buf_add(ret, STR_LIT("}\n"));
}

static void print_console(const struct log_line *line, const char *when, struct buf *ret)
{
    struct entry entries[ENTRIES_MAX];
    uint32_t count = entries_of(line, entries);

    buf_print(ret, "%s %-5s %s: %s", when, levels[line->level], line->logger, line->message);
    for (uint32_t i = 0; i < count; i++) {
        buf_print(ret, " %s=", entries[i].key);
        json_print_text(entries[i].text, ret);
    }
    buf_add_char(ret, '\n');
}

static void emit(struct log *log, const struct log_line *line, int64_t now_ms)
{
    auto_end(buf_fini) struct buf text = {0};
    struct err ignored = {0};
    char when[DATE_TEXT];

    date_print_nano(now_ms, when);
    buf_init(&text, LOG_LINE_MAX);
    if (log->format == FORMAT_JSON)
        print_json(line, when, &text);
    else
        print_console(line, when, &text);
    assert(!text.is_full);
    (void)!fd_write_all(log->fd, buf_str(&text), &ignored); /* whom should we tell? */
}

static void tell_dropped(struct log *log, int64_t now_ms)
{
    char text[64];
    struct log_line line = {.level = LEVEL_WARN, .logger = "log", .message = "lines left out"};

    snprintf(text, sizeof(text), "%" PRIu64, log->dropped);
    line.detail = str_of(text);
    log->dropped = 0;
    emit(log, &line, now_ms);
}

void log_write(struct log *log, const struct log_line *line)
{
    int64_t now_ms = log->reactor->now_ms(log->reactor->self);

    assert(line->logger && line->message && line->level < countof(levels));
    if (line->level < log->level)
        return;
    if (now_ms / 1000 != log->second) {
        log->second = now_ms / 1000;
        log->count = 0;
        if (log->dropped > 0)
            tell_dropped(log, now_ms);
    }
    if (line->level < LEVEL_ERROR && log->count >= LOG_BURST) {
        log->dropped++;
        return;
    }
    log->count++;
    emit(log, line, now_ms);
}
