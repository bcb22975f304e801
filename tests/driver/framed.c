// SPDX-License-Identifier: Apache-2.0
#include "framed.h"

void framed_add(struct buf *ret, enum frame_kind kind, const char *path, struct str bytes)
{
    char line[FRAME_LINE_MAX], sha256[SHA256_HEX + 1];

    sha256_of(bytes, sha256);
    buf_add(ret, (struct str){line, frame_write_file(kind, str_of(path), (int64_t)bytes.size,
                                                     sha256, line)});
    for (; bytes.size > 0; bytes = str_skip(bytes, FRAME_CHUNK)) {
        struct str chunk = {bytes.at, bytes.size < FRAME_CHUNK ? bytes.size : FRAME_CHUNK};
        buf_add(ret, (struct str){line, frame_write_bytes(chunk, line)});
    }
    buf_add(ret, (struct str){line, frame_write_whole(line)});
}
