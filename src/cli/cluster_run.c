// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <stdnoreturn.h>
#include <unistd.h>

#include "api/agenttask.h"
#include "base/date.h"
#include "base/sha256.h"
#include "cli/cluster.h"
#include "cli/ending.h"
#include "cli/escape.h"
#include "cli/exitcode.h"
#include "kube/resource.h"

#define ANNOTATION_KEY "execution.agenttask.io/idempotency-key"

enum {
    LOOK_MS = 30000,
    TICK_MS = 1000, /* of the line of progress */
    KEY_DIGITS = 10,
    NAME_STEM_SIZE = 40,
};

struct cluster_view {
    struct cluster *cluster;
    const struct run_options *options;
    const struct output *output;
    struct seen seen; /* the task */
    struct escape escape;
    bool shows_output, is_present;
    bool has_canceled, is_asking, is_leaving; /* Ctrl-C, and again */
    /* the line of progress */
    bool has_progress, is_shown;
    int64_t begun_ms; /* monotonic */
    struct alarm tick;
};

/* -- progress ---------------------------------------------------------------- */

static void progress_hide(struct cluster_view *view)
{
    if (view->is_shown)
        fputs("\r\033[K", view->cluster->session->err);
    view->is_shown = false;
}

static struct str progress_text(struct cluster_view *view)
{
    const struct task_status *status = &view->seen.task.status;
    struct arena *arena = &view->cluster->session->arena;

    if (status->queue.position > 0)
        return arena_print(arena, "%s, position %lld", reason_word(status->reason),
                           (long long)status->queue.position);
    if (status->reason == REASON_IMAGE_PULLING)
        return STR_LIT("pulling the image");
    if (status->reason != REASON_NONE)
        return str_of(reason_word(status->reason));
    return str_of(status->phase == PHASE_NONE ? "accepted" : phase_word(status->phase));
}

static int64_t now_of(const struct cluster_view *view)
{
    return view->cluster->reactor.monotonic_ms(view->cluster->reactor.self);
}

static void progress_show(void *ctx)
{
    struct cluster_view *view = ctx;
    const struct reactor *reactor = &view->cluster->reactor;
    char elapsed[DURATION_TEXT];
    struct str text = progress_text(view);

    duration_print(now_of(view) - view->begun_ms, elapsed);
    fprintf(view->cluster->session->err, "\r\033[K%.*s %s", STR_ARG(text), elapsed);
    fflush(view->cluster->session->err);
    view->is_shown = true;
    reactor->arm(reactor->self, &view->tick, now_of(view) + TICK_MS);
}

static void progress_stop(struct cluster_view *view)
{
    const struct reactor *reactor = &view->cluster->reactor;

    reactor->disarm(reactor->self, &view->tick);
    progress_hide(view);
}

/* -- output ------------------------------------------------------------------ */

static void show_piece(void *ctx, int64_t time_ms, enum log_stream stream, struct str bytes,
                       bool ends_line)
{
    struct cluster_view *view = ctx;
    auto_end(buf_fini) struct buf text = {0};

    (void)time_ms;
    (void)stream; /* a Pod's log does not tell stdout from stderr */
    progress_stop(view);
    buf_init(&text, 16 * bytes.size + 64);
    if (view->options->raw)
        buf_add(&text, bytes);
    else
        escape_feed(&view->escape, ESCAPE_TEXT, bytes, &text);
    if (ends_line) {
        escape_end(&view->escape, ESCAPE_TEXT, &text);
        buf_add_char(&text, '\n');
    }
    fwrite(text.at, 1, text.size, view->cluster->session->out);
}

static bool show_page(void *ctx)
{
    struct cluster_view *view = ctx;

    return fflush(view->cluster->session->out) == 0;
}

/* -- Ctrl-C ------------------------------------------------------------------ */

static noreturn void leave(const struct cluster_view *view)
{
    if (!view->options->quiet)
        fprintf(view->cluster->session->err, "%.*s is left to itself; see agentctl get %.*s\n",
                STR_ARG(view->seen.task.name), STR_ARG(view->seen.task.name));
    _exit(EXIT_INTERRUPTED);
}

static void cancel_main(struct fiber *fiber, void *ctx)
{
    struct cluster_view *view = ctx;
    struct arena *arena = &view->cluster->session->arena;
    struct kube_client client = cluster_client(view->cluster, fiber);
    struct kube_request request = cluster_cancel_request(arena, &view->seen.task);
    struct json_value value;
    struct err err = {0};

    view->is_asking = true;
    if (!kube_call(&client, arena, &request, "cancel agenttask", &value, &err))
        session_warn(view->cluster->session, "%s", err.text);
    view->is_asking = false;
    if (view->is_leaving)
        leave(view);
}

/* The first cancels the task, the second leaves it to itself: as soon as the server knows that it
 * is canceled, the third at once. */
static void interrupted(void *ctx)
{
    const struct cluster *cluster = ctx;
    struct cluster_view *view = cluster->running;

    progress_stop(view);
    fflush(cluster->session->out);
    if (view->has_canceled && (!view->is_asking || view->is_leaving))
        leave(view);
    view->is_leaving = view->has_canceled;
    if (view->has_canceled)
        return;
    view->has_canceled = true;
    if (!view->options->quiet)
        fprintf(cluster->session->err, "canceling %.*s (again: leave it to itself)\n",
                STR_ARG(view->seen.task.name));
    if (!fiber_start(cluster->fibers, cancel_main, view))
        session_warn(cluster->session, "too much at once: try again");
}

static void hung_up(void *ctx)
{
    const struct cluster *cluster = ctx;

    fflush(cluster->session->out);
    _exit(EXIT_SIGNAL + SIGHUP); /* nobody is there to be told */
}

/* Once, for all tasks of this command. */
static bool signals_take(struct cluster_view *view, struct err *err)
{
    struct cluster *cluster = view->cluster;
    bool is_first = !cluster->running;

    cluster->running = view;
    return !is_first || (loop_signal(cluster->loop, SIGINT, interrupted, cluster, err) &&
                         loop_signal(cluster->loop, SIGTERM, interrupted, cluster, err) &&
                         loop_signal(cluster->loop, SIGHUP, hung_up, cluster, err));
}

/* -- creating ----------------------------------------------------------------- */

static struct str key_digest(struct arena *arena, const char *key)
{
    char digits[SHA256_HEX + 1];

    sha256_of(str_of(key), digits);
    return arena_copy(arena, str_of(digits));
}

/* The same key gives the same name, so that the server itself refuses a second task. */
static void key_apply(struct cluster_view *view)
{
    struct arena *arena = &view->cluster->session->arena;
    struct task *task = &view->seen.task;
    struct pair *pairs = arena_array(arena, task->annotations.count + 1, sizeof(*pairs));
    struct str digest = key_digest(arena, view->options->key);
    struct str stem = task->name;

    if (!view->options->name) {
        stem.size = stem.size > NAME_STEM_SIZE ? NAME_STEM_SIZE : stem.size;
        while (stem.size > 0 && stem.at[stem.size - 1] != '-') /* its end is chance */
            stem.size--;
        task->name = arena_print(arena, "%.*s%.*s", STR_ARG(stem), KEY_DIGITS, digest.at);
    }
    for (uint32_t i = 0; i < task->annotations.count; i++)
        pairs[i] = task->annotations.at[i];
    pairs[task->annotations.count] = (struct pair){STR_LIT(ANNOTATION_KEY), digest};
    task->annotations = (struct pairs){pairs, task->annotations.count + 1};
}

static bool has_key(struct arena *arena, const struct task *task, const char *key)
{
    struct str digest = key_digest(arena, key);

    for (uint32_t i = 0; i < task->annotations.count; i++)
        if (str_is(task->annotations.at[i].name, ANNOTATION_KEY))
            return str_equal(task->annotations.at[i].value, digest);
    return false;
}

/* The one that holds the name has our key: nothing is run again. */
static bool task_replay(struct cluster_view *view, struct err *err)
{
    struct session *session = view->cluster->session;
    struct task asked = view->seen.task;

    if (!cluster_task(view->cluster, asked.space, asked.name, &session->arena, &view->seen.task,
                      err))
        return false;
    session->exit_code = STATUS_ERROR;
    if (!has_key(&session->arena, &view->seen.task, view->options->key))
        return err_set(err, ERR_PRESENT, "a task named %.*s is here already, without this key",
                       STR_ARG(asked.name));
    if (!str_equal(asked.spec.source, view->seen.task.spec.source) ||
        !str_equal(asked.spec.profile, view->seen.task.spec.profile))
        return err_set(err, ERR_REFUSED,
                       "--idempotency-key %s was used for another program, by task %.*s",
                       view->options->key, STR_ARG(asked.name));
    session->exit_code = STATUS_OK;
    view->is_present = true;
    if (!view->options->quiet)
        fprintf(session->err, "%.*s has this idempotency key: nothing is run again\n",
                STR_ARG(asked.name));
    return true;
}

static bool task_create(struct cluster_view *view, struct err *err)
{
    struct session *session = view->cluster->session;
    struct arena *arena = &session->arena;
    struct json_value value = agenttask_value(arena, &view->seen.task);
    struct kube_request request = request_create(arena, &resource_agenttasks, view->seen.task.space,
                                                 json_compact(arena, &value));

    if (view->options->dry_run)
        request = request_dry(arena, request);
    if (cluster_call(view->cluster, arena, &request, "create agenttask", &value, err))
        return agenttask_read(arena, &value, NULL, API_LENIENT, &view->seen.task, err);
    if (err->kind == ERR_PRESENT && view->options->key) {
        *err = (struct err){0};
        return task_replay(view, err);
    }
    session->exit_code = err->kind == ERR_INVALID   ? STATUS_USAGE
                         : err->kind == ERR_PRESENT ? STATUS_ERROR
                                                    : EXIT_PLATFORM;
    if (err->kind == ERR_PRESENT)
        session->hint = "choose another --name, or agentctl delete it";
    if (err->kind == ERR_ABSENT)
        session->hint = "kubectl create namespace makes it";
    return false;
}

/* -- waiting for its end ------------------------------------------------------ */

static bool attend(struct cluster *cluster, struct fiber *fiber, void *ctx, struct err *err)
{
    struct cluster_view *view = ctx;
    struct place_log log = {
        .tail_lines = -1,
        .follow = true,
        .visit = show_piece,
        .shown = show_page,
        .ctx = view,
    };

    if (view->has_progress)
        progress_show(view);
    if (view->shows_output)
        return cluster_log_whole(cluster, fiber, &view->seen, &log, err);
    while (!phase_is_terminal(view->seen.task.status.phase))
        if (!cluster_watch(cluster, fiber, LOOK_MS, &view->seen, err))
            return false;
    return true;
}

static bool task_finish(struct cluster_view *view, struct err *err)
{
    struct session *session = view->cluster->session;
    const struct run_options *options = view->options;
    const struct task *task = &view->seen.task;

    session->exit_code = exitcode_of(&task->status);
    ending_say(session, options, task);
    if ((options->wait || view->output->kind != OUTPUT_TABLE) &&
        !ending_show(session, view->output, task, phase_word(task->status.phase), err))
        return false;
    return !options->remove || cluster_remove(view->cluster, task, err);
}

static bool task_attend(struct cluster_view *view, struct err *err)
{
    bool is_over = signals_take(view, err) && cluster_do(view->cluster, attend, view, err);

    progress_stop(view);
    if (is_over)
        return task_finish(view, err);
    view->cluster->session->exit_code = EXIT_PLATFORM;
    return false;
}

bool cluster_run(void *self, const struct run_options *options, const struct output *output,
                 const struct run_request *request, struct err *err)
{
    struct cluster *cluster = self;
    struct cluster_view *view = arena_alloc(&cluster->session->arena, sizeof(*view));
    bool is_done;

    *view = (struct cluster_view){
        .cluster = cluster,
        .options = options,
        .output = output,
        .shows_output = !options->wait && output->kind == OUTPUT_TABLE,
        .has_progress = ending_has_progress(cluster->session, options),
        .tick = {.ring = progress_show, .ctx = view},
    };
    seen_init(&view->seen, &request->task);
    view->begun_ms = now_of(view);
    if (options->key)
        key_apply(view);
    if (!task_create(view, err))
        return false;
    if (options->dry_run || options->detach)
        return ending_show(cluster->session, output, &view->seen.task,
                           options->dry_run   ? "created (dry run)"
                           : view->is_present ? "unchanged"
                                              : "created",
                           err);
    is_done = task_attend(view, err);
    seen_fini(&view->seen);
    return is_done;
}
