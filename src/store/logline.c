// SPDX-License-Identifier: Apache-2.0
#include "store/logline.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/date.h"

enum {
    WINDOW = 4 * LOGLINE_MAX,
};

static const struct str words[] = {
    [LOG_STDOUT] = {"stdout", 6},
    [LOG_STDERR] = {"stderr", 6},
};

void logline_prefix(int64_t time_ms, enum log_stream stream, bool ends_line,
                    char ret[LOGLINE_PREFIX])
{
    char date[DATE_TEXT];
    size_t size;

    date_print_nano(time_ms, date);
    size = strlen(date);
    assert(size + 10 == LOGLINE_PREFIX);
    memcpy(ret, date, size);
    ret[size] = ' ';
    memcpy(ret + size + 1, words[stream].at, words[stream].size);
    memcpy(ret + size + 7, ends_line ? " F " : " P ", 3);
}

bool logline_parse(struct str text, struct logline *ret)
{
    struct str date, stream, tag, rest;

    if (!str_cut(text, ' ', &date, &rest) || !str_cut(rest, ' ', &stream, &rest) ||
        !str_cut(rest, ' ', &tag, &rest) || !date_parse(date, &ret->time_ms))
        return false;
    if (!str_equal(stream, words[LOG_STDOUT]) && !str_equal(stream, words[LOG_STDERR]))
        return false;
    if (!str_is(tag, "F") && !str_is(tag, "P"))
        return false;
    ret->stream = str_equal(stream, words[LOG_STDERR]) ? LOG_STDERR : LOG_STDOUT;
    ret->ends_line = tag.at[0] == 'F';
    ret->bytes = rest;
    return true;
}

int64_t logline_output(const struct logline *line)
{
    return (int64_t)line->bytes.size + line->ends_line;
}

bool logline_reader_init(struct logline_reader *reader, int fd, int64_t offset, struct err *err)
{
    struct stat found;

    if (fstat(fd, &found) < 0)
        return err_sys(err, errno, "stat the log");
    if (!S_ISREG(found.st_mode))
        return err_set(err, ERR_INVALID, "the log of the run is no regular file");
    *reader = (struct logline_reader){.fd = fd, .end = found.st_size, .offset = offset, .hole = -1};
    buf_init(&reader->bytes, WINDOW);
    return true;
}

void logline_reader_fini(struct logline_reader *reader)
{
    buf_fini(&reader->bytes);
}

static struct str left_of(const struct logline_reader *reader)
{
    return str_skip(buf_str(&reader->bytes), reader->taken);
}

static void take(struct logline_reader *reader, size_t count)
{
    reader->taken += count;
    reader->offset += (int64_t)count;
}

/* More bytes behind those that are left; false at the end, on an error and if the window is full.
 */
static bool fill(struct logline_reader *reader, struct err *err)
{
    int64_t at, room;
    ssize_t got;

    buf_drop(&reader->bytes, reader->taken);
    reader->taken = 0;
    at = reader->offset + (int64_t)reader->bytes.size;
    room = WINDOW - (int64_t)reader->bytes.size;
    if (room > reader->end - at)
        room = reader->end - at;
    if (room <= 0)
        return false;
    do
        got = pread(reader->fd, buf_reserve(&reader->bytes, (size_t)room), (size_t)room, at);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return err_sys(err, errno, "read the log");
    buf_added(&reader->bytes, (size_t)got);
    return got > 0;
}

/* Lines begin with a digit: a zero byte there is a hole, or what is left of its last block. */
static void pass_hole(struct logline_reader *reader)
{
    struct str left = left_of(reader);
    size_t zeros = 0;
    off_t data;

    if (reader->hole < 0)
        reader->hole = reader->offset;
    while (zeros < left.size && left.at[zeros] == 0)
        zeros++;
    take(reader, zeros);
    if (zeros < left.size)
        return;
    data = lseek(reader->fd, reader->offset, SEEK_DATA);
    if (data > reader->offset) {
        buf_drop(&reader->bytes, reader->bytes.size);
        reader->taken = 0;
        reader->offset = data;
    }
}

/* What is neither a line nor the beginning of one goes; false if no more bytes can be had. */
static bool make_progress(struct logline_reader *reader, bool *is_cut, struct err *err)
{
    struct str left = left_of(reader);

    if (left.size > LOGLINE_MAX) { /* too long for a line: what follows is its rest */
        take(reader, left.size);
        *is_cut = true;
        left.size = 0;
    }
    return fill(reader, err);
}

bool logline_read(struct logline_reader *reader, struct logline *ret, struct err *err)
{
    bool is_cut = false;
    struct str text, rest;

    reader->hole = -1;
    for (;;) {
        if (!is_cut && left_of(reader).size > 0 && left_of(reader).at[0] == 0) {
            pass_hole(reader);
        } else if (str_cut(left_of(reader), '\n', &text, &rest)) {
            bool is_line = !is_cut && text.size <= LOGLINE_MAX && logline_parse(text, ret);
            reader->start = reader->offset;
            take(reader, text.size + 1);
            is_cut = false;
            if (is_line)
                return true;
        } else if (!make_progress(reader, &is_cut, err)) {
            return false;
        }
    }
}
