// SPDX-License-Identifier: Apache-2.0
#include "cli/kept_output.h"

#include "cli/escape.h"
#include "store/runlog.h"

struct replay {
    struct session *session;
    struct escape escapes[2]; /* by enum log_stream */
    bool is_raw;
};

static void replay_piece(void *ctx, int64_t time_ms, enum log_stream stream, struct str bytes,
                         bool ends_line)
{
    struct replay *replay = ctx;
    FILE *out = stream == LOG_STDOUT ? replay->session->out : replay->session->err;
    auto_end(buf_fini) struct buf text = {0};

    (void)time_ms;
    buf_init(&text, 8 * LOG_LINE_MAX);
    if (replay->is_raw)
        buf_add(&text, bytes);
    else
        escape_feed(&replay->escapes[stream], ESCAPE_TEXT, bytes, &text);
    if (ends_line)
        buf_add_char(&text, '\n');
    fwrite(text.at, 1, text.size, out);
}

bool kept_output_show(struct session *session, const struct task *task, bool is_raw,
                      struct err *err)
{
    const struct runlog_filter all = {.tail_lines = -1};
    struct replay replay = {.session = session, .is_raw = is_raw};
    struct rundir dir;
    int64_t offset = 0;
    bool is_read;

    if (!rundir_open(session->state, task->uid, &dir, err))
        return false;
    is_read = runlog_read(&dir, &all, &offset, replay_piece, &replay, err);
    rundir_close(&dir);
    return is_read;
}
