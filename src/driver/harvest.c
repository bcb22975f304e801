// SPDX-License-Identifier: Apache-2.0
#include "driver/harvest.h"

#include "base/base64.h"
#include "json/json.h"

/* -- frames ------------------------------------------------------------------- */

static void take_result(struct harvest *harvest, enum frame_event event, struct str bytes)
{
    if (event == FRAME_BYTES) {
        buf_add(&harvest->result, bytes);
        return;
    }
    harvest->has_result = event == FRAME_WHOLE && !harvest->result.is_full;
    memcpy(harvest->result_sha256, harvest->reader.sha256, sizeof(harvest->result_sha256));
    if (event != FRAME_WHOLE)
        buf_drop(&harvest->result, harvest->result.size); /* it begins, or what came is void */
}

static void take_artifact(struct harvest *harvest, enum frame_event event, struct str bytes)
{
    const struct frame_reader *reader = &harvest->reader;
    struct buf *kept = &harvest->artifacts;
    char line[FRAME_LINE_MAX];

    if (event == FRAME_FILE) {
        harvest->artifact_start = kept->size;
        buf_add(kept, (struct str){line, frame_write_file(FRAME_ARTIFACT, str_of(reader->path),
                                                          reader->size, reader->sha256, line)});
    } else if (event == FRAME_BYTES) {
        buf_add(kept, (struct str){line, frame_write_bytes(bytes, line)});
    } else if (event == FRAME_WHOLE) {
        buf_add(kept, (struct str){line, frame_write_whole(line)});
        harvest->artifacts_bytes += reader->size;
        harvest->artifacts_count++;
    } else {
        kept->size = harvest->artifact_start;
    }
    if (!kept->is_full)
        return;
    kept->size = harvest->artifact_start = 0; /* some of them would be taken for all */
    harvest->artifacts_bytes = harvest->artifacts_count = 0;
}

static void take_frame(void *ctx, enum frame_event event, const struct frame_reader *reader,
                       struct str bytes)
{
    struct harvest *harvest = ctx;

    if (event == FRAME_TEXT && harvest->text)
        harvest->text(harvest->ctx, bytes);
    else if (event == FRAME_END)
        harvest->has_artifacts_end = true;
    else if (event != FRAME_TEXT && reader->kind == FRAME_RESULT)
        take_result(harvest, event, bytes);
    else if (event != FRAME_TEXT)
        take_artifact(harvest, event, bytes);
}

void harvest_init(struct harvest *harvest, size_t artifacts_max)
{
    *harvest = (struct harvest){0};
    buf_init(&harvest->result, RESULT_SIZE_MAX);
    buf_init(&harvest->artifacts, artifacts_max);
    frame_reader_init(&harvest->reader);
}

void harvest_fini(struct harvest *harvest)
{
    buf_fini(&harvest->result);
    buf_fini(&harvest->artifacts);
}

void harvest_read(struct harvest *harvest, struct str bytes)
{
    frame_read(&harvest->reader, bytes, take_frame, harvest);
}

/* -- the result ---------------------------------------------------------------- */

/* The raw bytes, wherever they travelled; false: there are none. */
static bool result_bytes(struct arena *arena, const struct harvest *harvest,
                         const struct report *report, struct str *ret)
{
    char *bytes;

    if (report->result == REPORT_RESULT_FRAMED && harvest) {
        *ret = buf_str(&harvest->result);
        return harvest->has_result &&
               str_equal(str_of(harvest->result_sha256), str_of(report->result_sha256));
    }
    if (report->result != REPORT_RESULT_INLINE)
        return false;
    bytes = arena_alloc(arena, report->result_text.size);
    ret->at = bytes;
    return base64_decode(report->result_text, bytes, &ret->size);
}

static enum result_verdict verdict_without(const struct report *report)
{
    if (report && report->result == REPORT_RESULT_TOO_LARGE)
        return RESULT_TOO_LARGE;
    if (report && report->result == REPORT_RESULT_REFUSED)
        return RESULT_INVALID;
    return RESULT_MISSING;
}

struct task_result harvest_result(struct arena *arena, const struct harvest *harvest,
                                  const struct report *report, struct str *ret_json)
{
    struct task_result ret = {.verdict = verdict_without(report)};
    char sha256[SHA256_HEX + 1];
    struct err why = {0};
    struct str raw;

    if (!report || !result_bytes(arena, harvest, report, &raw))
        return ret;
    sha256_of(raw, sha256);
    ret.bytes = (int64_t)raw.size;
    ret.sha256 = arena_copy(arena, str_of(sha256));
    ret.verdict =
        json_minify(arena, raw, RESULT_DEPTH_MAX, ret_json, &why) ? RESULT_VALID : RESULT_INVALID;
    return ret;
}
