// SPDX-License-Identifier: Apache-2.0
#include "core/frame.h"

#include <assert.h>
#include <stdio.h>

#include "base/base64.h"

void frame_reader_init(struct frame_reader *reader)
{
    memset(reader, 0, sizeof(*reader));
    reader->at_line_start = true;
}

bool frame_path_is_safe(struct str path)
{
    struct str part, rest = path;
    bool has_more = true;

    if (path.size == 0 || path.size > FRAME_PATH_MAX || memchr(path.at, '\0', path.size))
        return false;
    while (has_more) {
        has_more = str_cut(rest, '/', &part, &rest);
        if (!has_more)
            part = rest;
        if (part.size == 0 || str_is(part, ".") || str_is(part, ".."))
            return false;
    }
    return true;
}

static enum frame_event file_breaks(struct frame_reader *reader)
{
    reader->has_file = false;
    return FRAME_BROKEN;
}

static bool digest_take(struct str text, char ret[SHA256_HEX + 1])
{
    if (text.size != SHA256_HEX)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        bool is_hex =
            (text.at[i] >= '0' && text.at[i] <= '9') || (text.at[i] >= 'a' && text.at[i] <= 'f');
        if (!is_hex)
            return false;
    }
    memcpy(ret, text.at, SHA256_HEX);
    ret[SHA256_HEX] = '\0';
    return true;
}

static bool path_take(struct frame_reader *reader, struct str text)
{
    char path[FRAME_PATH_MAX + 3];
    size_t size;

    if (text.size > BASE64_SIZE(FRAME_PATH_MAX) || !base64_decode(text, path, &size) ||
        !frame_path_is_safe((struct str){path, size}))
        return false;
    memcpy(reader->path, path, size);
    reader->path[size] = '\0';
    return true;
}

/* Names count, or a million empty files would be free. */
static bool total_add(struct frame_reader *reader)
{
    int64_t total = reader->total + reader->size + (int64_t)strlen(reader->path);

    if (total > ARTIFACTS_SIZE_MAX)
        return false;
    reader->total = total;
    return true;
}

/* What follows "result " or "artifact ". */
static bool file_take(struct frame_reader *reader, enum frame_kind kind, struct str words)
{
    struct str size_text, sha256, path = {0}, rest;
    int64_t size_max = kind == FRAME_RESULT ? RESULT_SIZE_MAX : ARTIFACTS_SIZE_MAX;

    if (!str_cut(words, ' ', &size_text, &rest))
        return false;
    sha256 = rest;
    if (kind == FRAME_ARTIFACT && !str_cut(rest, ' ', &sha256, &path))
        return false;
    if (!str_to_int(size_text, &reader->size) || reader->size < 0 || reader->size > size_max ||
        !digest_take(sha256, reader->sha256))
        return false;
    reader->path[0] = '\0';
    if (kind == FRAME_ARTIFACT && (!path_take(reader, path) || !total_add(reader)))
        return false;
    reader->kind = kind;
    reader->got = 0;
    reader->has_file = true;
    sha256_init(&reader->sha);
    return true;
}

static enum frame_event bytes_take(struct frame_reader *reader, struct str text, struct str *ret)
{
    size_t size;

    if (!reader->has_file || text.size == 0 || text.size > BASE64_SIZE(FRAME_CHUNK) ||
        !base64_decode(text, reader->chunk, &size) || reader->got + (int64_t)size > reader->size)
        return file_breaks(reader);
    *ret = (struct str){reader->chunk, size};
    sha256_add(&reader->sha, *ret);
    reader->got += (int64_t)size;
    return FRAME_BYTES;
}

static enum frame_event whole_take(struct frame_reader *reader)
{
    char sha256[SHA256_HEX + 1];

    if (!reader->has_file || reader->got != reader->size)
        return file_breaks(reader);
    sha256_hex(&reader->sha, sha256);
    reader->has_file = false;
    return strcmp(sha256, reader->sha256) == 0 ? FRAME_WHOLE : FRAME_BROKEN;
}

/* One line without its mark and newline. */
static enum frame_event line_take(struct frame_reader *reader, struct str line, struct str *ret)
{
    bool is_file = true;

    if (str_starts(line, "+"))
        return bytes_take(reader, str_skip(line, 1), ret);
    if (str_is(line, "."))
        return whole_take(reader);
    if (str_is(line, "end"))
        return FRAME_END;
    if (str_starts(line, "result "))
        is_file = file_take(reader, FRAME_RESULT, str_skip(line, 7));
    else if (str_starts(line, "artifact "))
        is_file = file_take(reader, FRAME_ARTIFACT, str_skip(line, 9));
    else
        is_file = false;
    return is_file ? FRAME_FILE : file_breaks(reader);
}

static void line_end(struct frame_reader *reader, frame_sink *sink, void *ctx)
{
    struct str line = {reader->line, reader->line_size}, bytes = {0};
    bool goes_on = str_starts(line, "+") || str_is(line, ".");
    bool was_skipping = reader->is_skipping;
    enum frame_event event;

    reader->in_frame = reader->is_skipping = false;
    reader->line_size = 0;
    if (was_skipping) {
        sink(ctx, file_breaks(reader), reader, bytes);
        return;
    }
    if (reader->has_file && !goes_on) /* something else begins: the file under way is void */
        sink(ctx, file_breaks(reader), reader, bytes);
    event = line_take(reader, line, &bytes);
    sink(ctx, event, reader, bytes);
}

/* Takes bytes of a frame up to and with its newline; returns how many. */
static size_t frame_take(struct frame_reader *reader, struct str bytes, frame_sink *sink, void *ctx)
{
    const char *newline = memchr(bytes.at, '\n', bytes.size);
    size_t size = newline ? (size_t)(newline - bytes.at) : bytes.size;

    if (reader->is_skipping || size > sizeof(reader->line) - reader->line_size) {
        reader->is_skipping = true;
    } else {
        memcpy(reader->line + reader->line_size, bytes.at, size);
        reader->line_size += size;
    }
    if (!newline)
        return size;
    line_end(reader, sink, ctx);
    reader->at_line_start = true;
    return size + 1;
}

/* How many bytes come before the next frame. */
static size_t text_size(bool at_line_start, struct str bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        if (at_line_start && bytes.at[i] == FRAME_MARK)
            return i;
        at_line_start = bytes.at[i] == '\n';
    }
    return bytes.size;
}

void frame_read(struct frame_reader *reader, struct str bytes, frame_sink *sink, void *ctx)
{
    while (bytes.size > 0) {
        if (reader->in_frame) {
            bytes = str_skip(bytes, frame_take(reader, bytes, sink, ctx));
            continue;
        }
        size_t size = text_size(reader->at_line_start, bytes);
        if (size > 0) {
            reader->at_line_start = bytes.at[size - 1] == '\n';
            sink(ctx, FRAME_TEXT, reader, (struct str){bytes.at, size});
        }
        reader->in_frame = size < bytes.size;
        bytes = str_skip(bytes, size + 1);
    }
}

size_t frame_write_file(enum frame_kind kind, struct str path, int64_t size, const char *sha256,
                        char ret[FRAME_LINE_MAX])
{
    int got;

    if (kind == FRAME_RESULT)
        got = snprintf(ret, FRAME_LINE_MAX, "%cresult %lld %s\n", FRAME_MARK, (long long)size,
                       sha256);
    else
        got = snprintf(ret, FRAME_LINE_MAX, "%cartifact %lld %s ", FRAME_MARK, (long long)size,
                       sha256);
    assert(got > 0 && got < FRAME_LINE_MAX);
    if (kind == FRAME_RESULT)
        return (size_t)got;
    assert(frame_path_is_safe(path));
    base64_encode(path, ret + got);
    ret[(size_t)got + BASE64_SIZE(path.size)] = '\n';
    return (size_t)got + BASE64_SIZE(path.size) + 1;
}

size_t frame_write_bytes(struct str bytes, char ret[FRAME_LINE_MAX])
{
    assert(bytes.size > 0 && bytes.size <= FRAME_CHUNK);
    ret[0] = FRAME_MARK;
    ret[1] = '+';
    base64_encode(bytes, ret + 2);
    ret[2 + BASE64_SIZE(bytes.size)] = '\n';
    return 3 + BASE64_SIZE(bytes.size);
}

size_t frame_write_whole(char ret[FRAME_LINE_MAX])
{
    ret[0] = FRAME_MARK;
    ret[1] = '.';
    ret[2] = '\n';
    return 3;
}

size_t frame_write_end(char ret[FRAME_LINE_MAX])
{
    ret[0] = FRAME_MARK;
    memcpy(ret + 1, "end\n", 4);
    return 5;
}
