// SPDX-License-Identifier: Apache-2.0
#include "api/agenttask.h"
#include "api/configmap.h"
#include "base/date.h"
#include "cli/cluster.h"
#include "core/frame.h"
#include "kube/resource.h"

enum {
    LOOK_MS = 10000,
};

/* -- the stream of a Pod ---------------------------------------------------- */

enum {
    TIME_TEXT = 40
};

struct stream {
    const struct place_log *log;
    struct frame_reader frames;
    bool is_inside_line;  /* behind its time */
    char time[TIME_TEXT]; /* as far as it has come */
    size_t time_size;
    int64_t time_ms;
    int64_t *shown;
    bool has_stopped;
};

static void show_text(void *ctx, enum frame_event event, const struct frame_reader *reader,
                      struct str bytes)
{
    struct stream *stream = ctx;
    const struct place_log *log = stream->log;
    struct str line;

    (void)reader;
    if (event != FRAME_TEXT) /* results and artifacts have other ways to be looked at */
        return;
    *stream->shown += (int64_t)bytes.size;
    while (str_cut(bytes, '\n', &line, &bytes))
        log->visit(log->ctx, stream->time_ms, LOG_STDOUT, line, true);
    if (bytes.size > 0)
        log->visit(log->ctx, stream->time_ms, LOG_STDOUT, bytes, false);
}

/* "2026-11-24T12:00:00.000000000Z text": the kubelet's time, which stands before every line. */
static struct str take_time(struct stream *stream, struct str bytes)
{
    while (bytes.size > 0 && !stream->is_inside_line) {
        char c = bytes.at[0];
        bytes = str_skip(bytes, 1);
        stream->is_inside_line = c == ' ' || stream->time_size == TIME_TEXT;
        if (!stream->is_inside_line)
            stream->time[stream->time_size++] = c;
    }
    if (stream->is_inside_line && stream->time_size > 0) {
        struct str time = {stream->time, stream->time_size};
        if (!date_parse(time, &stream->time_ms))
            stream->time_ms = 0;
        stream->time_size = 0;
    }
    return bytes;
}

static void take_timed(struct stream *stream, struct str bytes)
{
    while (bytes.size > 0) {
        const char *end;
        size_t size;

        bytes = take_time(stream, bytes);
        if (bytes.size == 0)
            return;
        end = memchr(bytes.at, '\n', bytes.size);
        size = end ? (size_t)(end - bytes.at) + 1 : bytes.size;
        frame_read(&stream->frames, (struct str){bytes.at, size}, show_text, stream);
        stream->is_inside_line = !end;
        bytes = str_skip(bytes, size);
    }
}

static bool take_output(void *ctx, struct str bytes)
{
    struct stream *stream = ctx;

    if (stream->log->timestamps)
        take_timed(stream, bytes);
    else
        frame_read(&stream->frames, bytes, show_text, stream);
    stream->has_stopped = !stream->log->shown(stream->log->ctx);
    return !stream->has_stopped;
}

static bool log_follow(struct cluster *cluster, struct fiber *fiber, const struct task *task,
                       const struct place_log *log, int64_t *ret_shown, struct err *err)
{
    struct arena *arena = &cluster->session->arena;
    struct kube_client client = cluster_client(cluster, fiber);
    int64_t age_ms = cluster->session->now_ms() - log->since_ms;
    struct log_query query = {
        .container = "task",
        .follow = log->follow,
        .timestamps = log->timestamps,
        .tail_lines = log->tail_lines,
        .since_s = log->since_ms == 0 ? 0 : age_ms / 1000 + 1,
    };
    struct kube_request request = request_log(arena, task->space, task->status.run.name, &query);
    struct stream stream = {.log = log, .shown = ret_shown};

    frame_reader_init(&stream.frames);
    return kube_stream(&client, &request, "read the Pod's log", 0, take_output, &stream, err);
}

/* -- what was kept ---------------------------------------------------------- */

static void show_kept(const struct place_log *log, struct str text)
{
    struct str line;

    while (str_cut(text, '\n', &line, &text))
        log->visit(log->ctx, 0, LOG_STDOUT, line, true);
    if (text.size > 0)
        log->visit(log->ctx, 0, LOG_STDOUT, text, true);
}

/* The last so many lines of it; -1: all. */
static struct str last_lines(struct str text, int64_t count)
{
    size_t at = text.size;

    if (count < 0)
        return text;
    for (int64_t lines = 0; at > 0; at--)
        if (text.at[at - 1] == '\n' && at != text.size && ++lines == count)
            break;
    return count == 0 ? (struct str){0} : str_skip(text, at);
}

/* What is kept of the output from that byte of it on: its head and its tail. */
static struct str kept_text(struct arena *arena, const struct json_value *map,
                            const struct task *task, int64_t from)
{
    struct str head = {0}, tail = {0};
    int64_t tail_from, missing;

    if (!configmap_bytes(arena, map, KEY_HEAD, &head))
        return head;
    if (!configmap_bytes(arena, map, KEY_TAIL, &tail))
        return str_skip(head, (size_t)from);
    tail_from = task->status.logs.bytes - (int64_t)tail.size;
    if (from >= tail_from)
        return str_skip(tail, (size_t)(from - tail_from));
    missing = tail_from - (from > (int64_t)head.size ? from : (int64_t)head.size);
    head = str_skip(head, (size_t)from);
    return arena_print(arena, "%.*s%s[%lld bytes are not kept]\n%.*s", STR_ARG(head),
                       head.size == 0 || str_ends(head, "\n") ? "" : "\n",
                       (long long)(missing > 0 ? missing : 0), STR_ARG(tail));
}

static bool log_kept(struct cluster *cluster, struct fiber *fiber, const struct task *task,
                     const struct place_log *log, int64_t from, struct err *err)
{
    struct arena *arena = &cluster->session->arena;
    struct kube_request request;
    struct json_value map;

    if (task->status.logs.config_map.size == 0) { /* short, or nothing was written or kept */
        show_kept(log, last_lines(str_skip(task->status.logs.text, (size_t)from), log->tail_lines));
        (void)log->shown(log->ctx);
        return true;
    }
    request = request_get(arena, &resource_configmaps, task->space, task->status.logs.config_map);
    if (!cluster_ask(cluster, fiber, arena, &request, "get the kept output", &map, err))
        return false;
    show_kept(log, last_lines(kept_text(arena, &map, task, from), log->tail_lines));
    (void)log->shown(log->ctx);
    return true;
}

/* -- the place's log -------------------------------------------------------- */

struct log_errand {
    const struct task *task;
    const struct place_log *log;
};

/* Not there yet, or not any more: the task says which. */
static bool is_passing(const struct err *err)
{
    return err->kind == ERR_ABSENT || err->kind == ERR_INVALID || err->kind == ERR_RETRY;
}

static bool has_code_begun(const struct task *task)
{
    return task->status.phase == PHASE_RUNNING && task->status.run.name.size > 0;
}

/* The Pod's stream broke off: what is missing is in what will be kept, if it can be told. */
static bool may_be_completed(const struct place_log *log, const struct task *task, struct err *err)
{
    if (log->tail_lines < 0 && log->since_ms == 0 && !log->timestamps)
        return true;
    return err_set(err, ERR_RETRY, "the Pod's log broke off: agentctl logs %.*s has all of it",
                   STR_ARG(task->name));
}

bool cluster_log_whole(struct cluster *cluster, struct fiber *fiber, struct seen *seen,
                       const struct place_log *log, struct err *err)
{
    int64_t shown = 0;
    bool is_read = false, is_broken = false;

    while (!phase_is_terminal(seen->task.status.phase)) {
        struct err broken = {0};
        if (has_code_begun(&seen->task) && !is_read && !is_broken) {
            is_read = log_follow(cluster, fiber, &seen->task, log, &shown, &broken);
            if (!is_read && !is_passing(&broken))
                return err_set(err, broken.kind, "%s", broken.text);
            is_broken = !is_read && shown > 0;
            if (is_broken && !may_be_completed(log, &seen->task, err))
                return false;
        }
        if (!cluster_watch(cluster, fiber, LOOK_MS, seen, err))
            return false;
    }
    return is_read || log_kept(cluster, fiber, &seen->task, log, shown, err);
}

static bool log_now(struct cluster *cluster, struct fiber *fiber, const struct log_errand *errand,
                    struct err *err)
{
    struct err broken = {0};
    int64_t shown = 0;

    if (!has_code_begun(errand->task) ||
        log_follow(cluster, fiber, errand->task, errand->log, &shown, &broken) ||
        is_passing(&broken))
        return true;
    return err_set(err, broken.kind, "%s", broken.text);
}

static bool log_work(struct cluster *cluster, struct fiber *fiber, void *ctx, struct err *err)
{
    const struct log_errand *errand = ctx;
    auto_end(seen_fini) struct seen seen;

    seen_init(&seen, errand->task);
    if (phase_is_terminal(seen.task.status.phase))
        return log_kept(cluster, fiber, &seen.task, errand->log, 0, err);
    return errand->log->follow ? cluster_log_whole(cluster, fiber, &seen, errand->log, err)
                               : log_now(cluster, fiber, errand, err);
}

bool cluster_log(void *self, const struct task *task, const struct place_log *log, struct err *err)
{
    struct log_errand errand = {task, log};

    if (phase_is_terminal(task->status.phase) && (log->timestamps || log->since_ms != 0))
        return err_set(err, ERR_REFUSED,
                       "the kept output of %.*s has no times: leave out --timestamps and --since",
                       STR_ARG(task->name));
    return cluster_do(self, log_work, &errand, err);
}
