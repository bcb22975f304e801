// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Frames: how a result above REPORT_RESULT_MAX and the artifacts travel, as lines that begin with
 * a record separator (0x1e), which the runner never lets through from the code.
 *
 *   0x1e "result" SP bytes SP sha256 LF                  a file begins
 *   0x1e "artifact" SP bytes SP sha256 SP base64(path) LF
 *   0x1e "+" base64(at most FRAME_CHUNK bytes) LF        its bytes, in order
 *   0x1e "." LF                                          it is whole
 *   0x1e "end" LF                                        no more frames
 *
 * The reader is a state machine over bytes cut anywhere. It allocates nothing and believes
 * nothing: sizes are bounded, digests are checked, a damaged file is FRAME_BROKEN and never
 * delivered as whole. */
#include "base/sha256.h"
#include "base/str.h"
#include "core/task.h"

enum {
    FRAME_MARK = 0x1e,
    FRAME_CHUNK = 6 * 1024, /* raw bytes; 8 KiB of base64 */
    FRAME_LINE_MAX = 8 * 1024 + 256,
    FRAME_PATH_MAX = 1024, /* relative path below the artifacts directory */
};

enum frame_kind {
    FRAME_RESULT,
    FRAME_ARTIFACT,
};

enum frame_event {
    FRAME_TEXT,   /* bytes that are no frame: output (`bytes`) */
    FRAME_FILE,   /* a file begins: kind, path, size */
    FRAME_BYTES,  /* bytes of the file (`bytes`) */
    FRAME_WHOLE,  /* the file is complete, its digest is right */
    FRAME_BROKEN, /* the file or frame was damaged; what came of it is void */
    FRAME_END,    /* no more frames will come */
};

struct frame_reader {
    char line[FRAME_LINE_MAX];
    size_t line_size;
    bool in_frame, at_line_start, is_skipping;
    /* of the file under way */
    bool has_file;
    enum frame_kind kind;
    char path[FRAME_PATH_MAX + 1];
    int64_t size, got;
    char sha256[SHA256_HEX + 1];
    struct sha256 sha;
    char chunk[FRAME_CHUNK + 3];
    int64_t total; /* of all artifacts; bounded by ARTIFACTS_SIZE_MAX */
};

typedef void frame_sink(void *ctx, enum frame_event event, const struct frame_reader *reader,
                        struct str bytes);

void frame_reader_init(struct frame_reader *reader);
void frame_read(struct frame_reader *reader, struct str bytes, frame_sink *sink, void *ctx);

/* Writing: one line each into `ret`, returns its size. */
size_t frame_write_file(enum frame_kind kind, struct str path, int64_t size, const char *sha256,
                        char ret[FRAME_LINE_MAX]);
size_t frame_write_bytes(struct str bytes, char ret[FRAME_LINE_MAX]); /* <= FRAME_CHUNK */
size_t frame_write_whole(char ret[FRAME_LINE_MAX]);
size_t frame_write_end(char ret[FRAME_LINE_MAX]);

/* A path an artifact may have: relative, no "." or ".." or empty part, no NUL, <= FRAME_PATH_MAX.
 */
bool frame_path_is_safe(struct str path);
