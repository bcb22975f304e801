// SPDX-License-Identifier: Apache-2.0
#include "store/runlog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/date.h"
#include "core/task.h"
#include "store/logline.h"
#include "sys/file.h"

enum {
    LINES_SIZE_MAX = 96 * 1024,
    LINES_WRITE_SIZE = 64 * 1024, /* a write in the middle of a very large addition */
    HOLE_MIN = 4096,              /* of output; less is not worth a hole */
    NOTE_MAX = 192,
};

#define NOTE_WORDS "agenttask: " /* and the number, and: */
#define NOTE_REST  " bytes of output are not kept here"

static int log_open(struct rundir *dir, int flags)
{
    return openat(dir->fd, "log", flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
}

bool runlog_create(struct rundir *dir, struct runlog *ret, struct err *err)
{
    int fd = log_open(dir, O_RDWR | O_CREAT | O_EXCL);

    if (fd < 0)
        return err_sys(err, errno, "make the log of the run");
    *ret = (struct runlog){.fd = fd, .shrink_at = LOG_FILE_MAX};
    buf_init(&ret->pending[LOG_STDOUT], LOG_LINE_MAX);
    buf_init(&ret->pending[LOG_STDERR], LOG_LINE_MAX);
    buf_init(&ret->lines, LINES_SIZE_MAX);
    return true;
}

void runlog_fini(struct runlog *log)
{
    fd_end(&log->fd);
    buf_fini(&log->pending[LOG_STDOUT]);
    buf_fini(&log->pending[LOG_STDERR]);
    buf_fini(&log->lines);
}

/* -- giving the middle back ------------------------------------------------------------------ */

/* In place of what is gone, at the end of the head: the hole is always longer. */
static bool write_note(struct runlog *log, struct err *err)
{
    char note[NOTE_MAX];
    int size;

    logline_prefix(log->time_ms, LOG_STDERR, true, note);
    size = snprintf(note + LOGLINE_PREFIX, sizeof(note) - LOGLINE_PREFIX, NOTE_WORDS "%lld%s\n",
                    (long long)log->omitted, NOTE_REST);
    return pwrite(log->fd, note, LOGLINE_PREFIX + (size_t)size, log->head_end) >= 0 ||
           err_sys(err, errno, "write the log of the run");
}

/* Moves the start of the tail over as many whole lines as hold at most `excess` bytes of output. */
static bool find_tail(const struct runlog *log, int64_t excess, int64_t *ret_start,
                      int64_t *ret_output, struct err *err)
{
    auto_end(logline_reader_fini) struct logline_reader reader = {0};
    struct logline line;

    if (!logline_reader_init(&reader, log->fd, log->tail_start, err))
        return false;
    *ret_output = 0;
    *ret_start = log->tail_start;
    while (logline_read(&reader, &line, err)) {
        if (*ret_output + logline_output(&line) > excess)
            break;
        *ret_output += logline_output(&line);
        *ret_start = reader.offset;
    }
    return err->kind == ERR_NONE;
}

static bool shrink(struct runlog *log, struct err *err)
{
    int64_t behind = log->output - log->head_output - log->omitted;
    int64_t excess = behind - LOG_TAIL_SIZE, start, output;

    log->shrink_at = log->size + LOG_FILE_MAX;
    if (log->head_end == 0 || excess < HOLE_MIN)
        return true;
    if (!find_tail(log, excess, &start, &output, err))
        return false;
    if (start - log->head_end < NOTE_MAX)
        return true;
    if (fallocate(log->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, log->head_end,
                  start - log->head_end) < 0)
        return errno == EOPNOTSUPP || err_sys(err, errno, "cut the log of the run");
    log->tail_start = start;
    log->omitted += output;
    return write_note(log, err);
}

/* -- adding ---------------------------------------------------------------------------------- */

/* A line written by half must not stay: the next would not be found. */
static void lose_lines(struct runlog *log)
{
    log->has_failed = true;
    if (ftruncate(log->fd, log->size) < 0)
        return; /* readers pass over what is no line */
}

static void write_lines(struct runlog *log)
{
    struct str lines = buf_str(&log->lines);
    struct err err = {0};

    if (!log->has_failed && !fd_write_all(log->fd, lines, &err)) {
        lose_lines(log);
    } else if (!log->has_failed) {
        log->size += (int64_t)lines.size;
        log->output += log->lines_output;
    }
    buf_drop(&log->lines, lines.size);
    log->lines_output = 0;
    if (log->head_end == 0 && log->output >= LOG_HEAD_SIZE) {
        log->head_end = log->tail_start = log->size;
        log->head_output = log->output;
    }
    if (log->size >= log->shrink_at && !shrink(log, &err))
        log->has_failed = true;
}

/* One line or piece of a line: what is pending, then `rest`. The head ends with a write. */
static void put_line(struct runlog *log, enum log_stream stream, struct str rest, bool ends_line,
                     char prefix[LOGLINE_PREFIX])
{
    struct buf *pending = &log->pending[stream];

    prefix[LOGLINE_PREFIX - 2] = ends_line ? 'F' : 'P';
    buf_add(&log->lines, (struct str){prefix, LOGLINE_PREFIX});
    buf_add(&log->lines, buf_str(pending));
    buf_add(&log->lines, rest);
    buf_add_char(&log->lines, '\n');
    log->lines_output += (int64_t)(pending->size + rest.size) + ends_line;
    buf_drop(pending, pending->size);
    if (log->lines.size >= LINES_WRITE_SIZE ||
        (log->head_end == 0 && log->output + log->lines_output >= LOG_HEAD_SIZE))
        write_lines(log);
}

void runlog_add(struct runlog *log, enum log_stream stream, struct str bytes, int64_t now_ms)
{
    struct buf *pending = &log->pending[stream];
    char prefix[LOGLINE_PREFIX];
    struct str line, rest;

    log->bytes += (int64_t)bytes.size;
    log->time_ms = now_ms;
    logline_prefix(now_ms, stream, true, prefix);
    while (bytes.size > 0 && !log->has_failed) {
        bool is_whole = str_cut(bytes, '\n', &line, &rest);
        size_t room = LOG_LINE_MAX - pending->size;
        if (is_whole && line.size <= room) {
            put_line(log, stream, line, true, prefix);
            bytes = rest;
        } else if (bytes.size >= room) {
            put_line(log, stream, (struct str){bytes.at, room}, false, prefix);
            bytes = str_skip(bytes, room);
        } else {
            buf_add(pending, bytes);
            bytes.size = 0;
        }
    }
    if (log->lines.size > 0)
        write_lines(log);
}

void runlog_flush(struct runlog *log, int64_t now_ms)
{
    char prefix[LOGLINE_PREFIX];

    log->time_ms = now_ms;
    for (enum log_stream stream = LOG_STDOUT; stream <= LOG_STDERR; stream++) {
        if (log->pending[stream].size == 0)
            continue;
        logline_prefix(now_ms, stream, false, prefix);
        put_line(log, stream, (struct str){0}, false, prefix);
    }
    if (log->lines.size > 0)
        write_lines(log);
}

/* -- ending ---------------------------------------------------------------------------------- */

/* The number in our note, which stands before a hole; 0 if it was not written any more. */
static int64_t read_note(const struct logline *line)
{
    struct str text = line->bytes;
    int64_t omitted = 0;

    if (!str_starts(text, NOTE_WORDS) || !str_ends(text, NOTE_REST))
        return 0;
    text = str_skip(text, strlen(NOTE_WORDS));
    text.size -= strlen(NOTE_REST);
    return str_to_int(text, &omitted) && omitted > 0 ? omitted : 0;
}

static void count_line(struct runlog *log, const struct logline *line,
                       const struct logline_reader *reader)
{
    log->output += logline_output(line);
    log->time_ms = line->time_ms;
    log->size = reader->offset;
    if (log->head_end == 0 && log->output >= LOG_HEAD_SIZE) {
        log->head_end = log->tail_start = log->size;
        log->head_output = log->output;
    }
}

/* What its supervisor knew when it died. */
static bool recover(struct runlog *log, struct err *err)
{
    auto_end(logline_reader_fini) struct logline_reader reader = {0};
    struct logline line;
    int64_t omitted = 0, note_start = 0, note_output = 0;

    if (!logline_reader_init(&reader, log->fd, 0, err))
        return false;
    while (logline_read(&reader, &line, err)) {
        if (reader.hole >= 0) { /* so the line before was the note */
            log->output += omitted - note_output;
            log->omitted = omitted;
            log->head_end = note_start;
            log->tail_start = reader.start;
        }
        omitted = read_note(&line);
        note_output = logline_output(&line);
        note_start = reader.start;
        count_line(log, &line, &reader);
    }
    log->bytes = log->output;
    return err->kind == ERR_NONE;
}

static bool finish_orphan(struct rundir *dir, struct runlog *log, bool *ret_truncated,
                          struct err *err)
{
    auto_end(fd_end) int fd = log_open(dir, O_RDWR);
    bool is_done;

    *ret_truncated = false;
    if (fd < 0)
        return errno == ENOENT || err_sys(err, errno, "open the log of the run");
    log->fd = fd;
    is_done = recover(log, err) && shrink(log, err);
    log->fd = -1;
    *ret_truncated = log->omitted > 0;
    return is_done;
}

bool runlog_finish(struct rundir *dir, struct runlog *log, bool *ret_truncated, struct err *err)
{
    if (log->fd < 0)
        return finish_orphan(dir, log, ret_truncated, err);
    runlog_flush(log, log->time_ms);
    if (!shrink(log, err))
        return false;
    *ret_truncated = log->omitted > 0;
    return true;
}

/* -- reading --------------------------------------------------------------------------------- */

/* How many lines there are, the last one whole or not. */
static bool count_lines(int fd, int64_t *ret, struct err *err)
{
    auto_end(logline_reader_fini) struct logline_reader reader = {0};
    struct logline line = {.ends_line = true};

    if (!logline_reader_init(&reader, fd, 0, err))
        return false;
    for (*ret = 0; logline_read(&reader, &line, err);)
        *ret += line.ends_line;
    *ret += !line.ends_line;
    return err->kind == ERR_NONE;
}

bool runlog_read(struct rundir *dir, const struct runlog_filter *filter, int64_t *offset,
                 void (*visit)(void *ctx, int64_t time_ms, enum log_stream stream, struct str bytes,
                               bool ends_line),
                 void *ctx, struct err *err)
{
    auto_end(logline_reader_fini) struct logline_reader reader = {0};
    auto_end(fd_end) int fd = log_open(dir, O_RDONLY);
    struct logline line;
    int64_t skipped = 0;

    if (fd < 0)
        return err_sys(err, errno, "open the log of the run");
    if (*offset == 0 && filter->tail_lines >= 0) {
        if (!count_lines(fd, &skipped, err))
            return false;
        skipped -= filter->tail_lines;
    }
    if (!logline_reader_init(&reader, fd, *offset, err))
        return false;
    while (logline_read(&reader, &line, err)) {
        if (skipped <= 0 && line.time_ms >= filter->since_ms)
            visit(ctx, line.time_ms, line.stream, line.bytes, line.ends_line);
        skipped -= line.ends_line;
        *offset = reader.offset;
    }
    return err->kind == ERR_NONE;
}
