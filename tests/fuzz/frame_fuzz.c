// SPDX-License-Identifier: Apache-2.0
/* Frames, however they are cut, tell the same; bytes come only within a file and never more than
 * it said; a file is whole only with as many bytes as it said, their digest right; all artifacts
 * together are bounded; no text is lost or made up. */
#include <stdlib.h>

#include "core/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_met)
{
    if (!is_met)
        abort();
}

struct told {
    struct sha256 all, file; /* of everything told; of the file under way */
    bool has_file;
    int64_t got, artifacts, text;
};

static void check(void *ctx, enum frame_event event, const struct frame_reader *reader,
                  struct str bytes)
{
    struct told *told = ctx;
    char mark = (char)('A' + (int)event), sha256[SHA256_HEX + 1];

    if (event != FRAME_TEXT)
        sha256_add(&told->all, (struct str){&mark, 1});
    sha256_add(&told->all, bytes);
    switch (event) {
    case FRAME_TEXT:
        demand(bytes.size > 0);
        told->text += (int64_t)bytes.size;
        break;
    case FRAME_FILE:
        demand(!told->has_file && reader->size >= 0 && reader->size <= RESULT_SIZE_MAX);
        if (reader->kind == FRAME_ARTIFACT) {
            demand(frame_path_is_safe(str_of(reader->path)));
            told->artifacts += reader->size + (int64_t)strlen(reader->path);
        }
        told->has_file = true;
        told->got = 0;
        sha256_init(&told->file);
        break;
    case FRAME_BYTES:
        told->got += (int64_t)bytes.size;
        sha256_add(&told->file, bytes);
        demand(told->has_file && told->got <= reader->size);
        break;
    case FRAME_WHOLE:
        sha256_hex(&told->file, sha256);
        demand(told->has_file && told->got == reader->size && !strcmp(sha256, reader->sha256));
        told->has_file = false;
        break;
    case FRAME_BROKEN:
        told->has_file = false;
        break;
    case FRAME_END:
        demand(!told->has_file);
        break;
    }
    demand(told->artifacts <= ARTIFACTS_SIZE_MAX);
}

static void read_in_pieces(struct str bytes, size_t piece, char ret[SHA256_HEX + 1])
{
    struct frame_reader reader;
    struct told told = {0};
    int64_t size = (int64_t)bytes.size;

    sha256_init(&told.all);
    frame_reader_init(&reader);
    while (bytes.size > 0) {
        size_t now = bytes.size < piece ? bytes.size : piece;
        frame_read(&reader, (struct str){bytes.at, now}, check, &told);
        bytes = str_skip(bytes, now);
    }
    demand(told.text <= size);
    sha256_hex(&told.all, ret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char whole[SHA256_HEX + 1], pieces[SHA256_HEX + 1];
    struct str bytes = {(const char *)data + 1, size - 1};

    if (size < 2)
        return 0;
    read_in_pieces(bytes, bytes.size, whole);
    read_in_pieces(bytes, 1 + data[0] % 61, pieces);
    demand(strcmp(whole, pieces) == 0);
    return 0;
}
