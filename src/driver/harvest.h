// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What a run hands over besides its output: frames with a large result and the artifacts. And what
 * is to be thought of a result, in whatever way it travelled. Bounded: what does not fit is not
 * there. */
#include "base/arena.h"
#include "base/buf.h"
#include "core/frame.h"
#include "core/report.h"

struct harvest {
    struct frame_reader reader;
    struct buf result; /* of the frames */
    bool has_result;   /* it came whole */
    char result_sha256[SHA256_HEX + 1];
    struct buf artifacts;  /* whole ones only, as frames again; none if they are too many */
    size_t artifact_start; /* of the one under way */
    int64_t artifacts_bytes, artifacts_count;
    bool has_artifacts_end;                    /* the runner said that no more will come */
    void (*text)(void *ctx, struct str bytes); /* what is no frame; NULL: noise */
    void *ctx;
};

/* artifacts_max: bytes of their frames. */
void harvest_init(struct harvest *harvest, size_t artifacts_max);
void harvest_fini(struct harvest *harvest);
void harvest_read(struct harvest *harvest, struct str bytes);

/* The verdict on a result, its size and digest, and if it is valid its minified text. NULL: the run
 * left no report, no harvest. */
struct task_result harvest_result(struct arena *arena, const struct harvest *harvest,
                                  const struct report *report, struct str *ret_json);
