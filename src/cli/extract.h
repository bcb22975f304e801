// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The artifacts of a run, from the frames in its directory (core/frame.h): listed, or written below
 * a directory of the caller's. The frames are foreign: a file is written only when it is whole and
 * its digest is right, never outside the directory, never through a link, never over a file that
 * stands there. Directories get mode 0700, files 0600. */
#include "base/arena.h"
#include "base/err.h"
#include "base/sha256.h"

enum {
    EXTRACT_FRAMES_MAX = 4 * 1024 * 1024, /* bytes of frames that are read */
    EXTRACT_FILES_MAX = 16 * 1024,
};

struct extract_file {
    struct str path, bytes;
    char sha256[SHA256_HEX + 1];
};

struct extract {
    struct extract_file *files;
    uint32_t count;
    bool is_broken; /* something did not arrive whole; it is not among the files */
};

/* All whole files, in the order of the frames. ERR_LIMIT: more files than we take. */
must_use bool extract_read(struct arena *arena, struct str frames, struct extract *ret,
                           struct err *err);
/* ERR_PRESENT: a file of this name stands there. */
must_use bool extract_write(const struct extract_file *file, int directory_fd, struct err *err);
