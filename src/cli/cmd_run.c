// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "api/agenttask.h"
#include "base/date.h"
#include "cli/escape.h"
#include "cli/exitcode.h"
#include "cli/front.h"
#include "cli/kept_output.h"
#include "cli/output.h"
#include "cli/run_options.h"
#include "driver/local.h"
#include "driver/local_job.h"
#include "store/store.h"

enum {
    PLAN_SIZE_MAX = 2 * 1024 * 1024,
    WAIT_LOOK_MS = 50,
};

/* -- what the person sees meanwhile ----------------------------------------- */

struct view {
    struct session *session;
    const struct run_options *options;
    struct escape escapes[2]; /* by enum log_stream */
    int stored_fd;            /* --detach; -1 otherwise */
    bool has_progress, is_shown;
};

static void view_output(void *ctx, enum log_stream stream, struct str bytes, struct buf *ret)
{
    struct view *view = ctx;

    if (view->options->raw)
        buf_add(ret, bytes);
    else if (bytes.size > 0)
        escape_feed(&view->escapes[stream], ESCAPE_TEXT, bytes, ret);
    else
        escape_end(&view->escapes[stream], ESCAPE_TEXT, ret);
}

static void view_stored(void *ctx)
{
    struct view *view = ctx;

    if (view->stored_fd >= 0)
        front_stored(view->stored_fd);
    view->stored_fd = -1;
}

static void view_progress(void *ctx, enum phase phase, int64_t elapsed_ms)
{
    struct view *view = ctx;
    char elapsed[DURATION_TEXT];

    if (phase == PHASE_NONE && view->is_shown)
        fputs("\r\033[K", view->session->err);
    if (phase != PHASE_NONE) {
        duration_print(elapsed_ms, elapsed);
        fprintf(view->session->err, "\r\033[K%s %s", phase_word(phase), elapsed);
    }
    view->is_shown = phase != PHASE_NONE;
    fflush(view->session->err);
}

static bool has_progress(const struct session *session, const struct run_options *options)
{
    const char *term = session_env(session, "TERM");

    return session->err_is_terminal && !options->quiet && !options->detach &&
           !session_env(session, "CI") && term && strcmp(term, "dumb") != 0;
}

/* -- the end ---------------------------------------------------------------- */

/* One line on stderr when there is something to say that the code did not say itself. */
static void say_ending(struct session *session, const struct run_options *options,
                       const struct task *task)
{
    const struct task_status *status = &task->status;
    bool is_own = status->reason == REASON_NONE || status->reason == REASON_POD_FAILED;
    struct str message = escape_text(&session->arena, ESCAPE_LINE, status->message);

    if (options->quiet || (is_own && !session->err_is_terminal))
        return;
    fprintf(session->err, "%.*s: %s%s%s%s%.*s\n", STR_ARG(task->name), phase_word(status->phase),
            status->reason ? ": " : "", reason_word(status->reason), message.size ? ": " : "",
            STR_ARG(message));
    if (status->result.verdict == RESULT_VALID && !options->remove)
        fprintf(session->err, "result: agentctl result %.*s\n", STR_ARG(task->name));
}

static bool show_task(struct session *session, const struct output *output, const struct task *task,
                      const char *what, struct err *err)
{
    struct json_value value;

    if (output_is_document(output)) {
        value = agenttask_value(&session->arena, task);
        return output_print(output, &value, session->out, err);
    }
    fprintf(session->out, "agenttask.execution.agenttask.io/%.*s%s%s\n", STR_ARG(task->name),
            output->kind == OUTPUT_NAME ? "" : " ", output->kind == OUTPUT_NAME ? "" : what);
    return true;
}

static bool task_finish(struct session *session, const struct run_options *options,
                        const struct output *output, const struct task *task, struct err *err)
{
    struct store *store;

    session->exit_code = exitcode_of(&task->status);
    say_ending(session, options, task);
    if ((options->wait || output->kind != OUTPUT_TABLE) &&
        !show_task(session, output, task, phase_word(task->status.phase), err))
        return false;
    return !options->remove || (session_store(session, SESSION_WRITE, &store, err) &&
                                local_delete(store, session->state, task->name, err));
}

/* -- a key that was used before --------------------------------------------- */

static bool is_same_request(const struct task *a, const struct task *b)
{
    return str_equal(a->spec.source, b->spec.source) && str_equal(a->spec.profile, b->spec.profile);
}

/* The task of that key ran, or runs: waits for its end and shows what it left. Nothing runs again.
 */
static bool task_replay(struct session *session, const struct run_options *options,
                        const struct output *output, const struct task *asked, struct err *err)
{
    struct store *store;
    struct task task;

    if (!session_store(session, SESSION_WRITE, &store, err) ||
        !store_read_key(store, str_of(options->key), &session->arena, &task, err))
        return false;
    if (!is_same_request(asked, &task))
        return err_set(err, ERR_REFUSED,
                       "--idempotency-key %s was used for another program, by task %.*s",
                       options->key, STR_ARG(task.name));
    if (!options->quiet)
        fprintf(session->err, "%.*s has this idempotency key: nothing is run again\n",
                STR_ARG(task.name));
    if (options->detach)
        return show_task(session, output, &task, "unchanged", err);
    while (!phase_is_terminal(task.status.phase)) {
        session->pause(WAIT_LOOK_MS);
        session_sweep(session);
        if (!store_read(store, task.name, &session->arena, &task, err))
            return false;
    }
    if (output->kind == OUTPUT_TABLE && !options->wait &&
        !kept_output_show(session, &task, options->raw, err))
        return false;
    return task_finish(session, options, output, &task, err);
}

/* -- running ---------------------------------------------------------------- */

static bool say_present(struct session *session, const struct run_options *options,
                        const struct output *output, const struct task *asked, const char *holder,
                        struct err *err)
{
    if (options->key && !str_is(asked->name, holder)) {
        *err = (struct err){0};
        return task_replay(session, options, output, asked, err);
    }
    *err = (struct err){0};
    session->exit_code = STATUS_ERROR;
    return err_set(err, ERR_PRESENT,
                   "a task named %s is here already: choose another --name, or agentctl delete %s",
                   holder, holder);
}

static struct supervisor_spec supervisor_spec_of(struct view *view,
                                                 const struct run_request *request)
{
    const struct run_options *options = view->options;
    bool is_shown = !options->detach && !options->wait && !options->global.output;

    return (struct supervisor_spec){
        .state = view->session->state,
        .runner_path = request->runner_path,
        .task = &request->task,
        .idempotency_key = str_of(options->key),
        .profile = &request->profile,
        .interpreter = request->interpreter,
        .switched_off = request->switched_off,
        .input_fd = options->input ? STDIN_FILENO : -1,
        .copies = {is_shown ? STDOUT_FILENO : -1, is_shown ? STDERR_FILENO : -1, view_output, view},
        .stored = view_stored,
        .progress = view->has_progress ? view_progress : NULL,
        .ctx = view,
    };
}

/* In the supervisor's process, from here to its end. */
static bool supervise(struct view *view, const struct output *output,
                      const struct run_request *request, struct err *err)
{
    struct session *session = view->session;
    struct supervisor_spec spec = supervisor_spec_of(view, request);
    char holder[NAME_SIZE_MAX + 1];
    struct task task;

    if (!supervisor_run(&spec, &session->arena, holder, &task, err)) {
        if (err->kind == ERR_PRESENT)
            return say_present(session, view->options, output, &request->task, holder, err);
        session->exit_code = err->kind == ERR_INVALID ? STATUS_USAGE : EXIT_PLATFORM;
        return false;
    }
    return task_finish(session, view->options, output, &task, err);
}

static bool run_detached(struct view *view, const struct output *output,
                         const struct run_request *request, struct err *err)
{
    enum front_role role;

    if (!front_detach(&view->stored_fd, &role, &view->session->exit_code, err))
        return false;
    if (role == FRONT_SUPERVISOR)
        return supervise(view, output, request, err);
    return view->session->exit_code != STATUS_OK ||
           show_task(view->session, output, &request->task, "created", err);
}

static bool run_attached(struct view *view, const struct output *output,
                         const struct run_request *request, struct err *err)
{
    const char *name = arena_text(&view->session->arena, request->task.name);
    enum front_role role;

    if (!front_split(name, view->options->quiet, &role, &view->session->exit_code, err))
        return false;
    return role == FRONT_PARENT || supervise(view, output, request, err);
}

static void say_beginning(struct session *session, const struct run_options *options,
                          const struct run_request *request)
{
    if (options->quiet || !session->err_is_terminal)
        return;
    fprintf(session->err, "%.*s runs %swith profile %.*s (%s)\n", STR_ARG(request->task.name),
            session->is_implied ? "on this machine (there is no kubeconfig) " : "",
            STR_ARG(request->profile.name), request->interpreter);
}

/* -- --dry-run --------------------------------------------------------------- */

static bool show_plan(struct view *view, const struct output *output,
                      const struct run_request *request, struct err *err)
{
    struct arena *arena = &view->session->arena;
    struct supervisor_spec spec = supervisor_spec_of(view, request);
    struct task_effective effective;
    struct sandbox_spec *sandbox = arena_alloc(arena, sizeof(*sandbox));
    struct steps *steps = arena_alloc(arena, sizeof(*steps));
    auto_end(buf_fini) struct buf text = {0};

    buf_init(&text, PLAN_SIZE_MAX);
    if (!local_job_make(&spec, arena, &effective, sandbox, err) ||
        !steps_make(sandbox, arena, steps, err))
        return false;
    if (output->kind != OUTPUT_TABLE)
        return show_task(view->session, output, &request->task, "created (dry run)", err);
    steps_print(steps, &text);
    fwrite(text.at, 1, text.size, view->session->out);
    return true;
}

/* -- command ---------------------------------------------------------------- */

static bool run_one(struct session *session, const struct run_options *options,
                    const struct output *output, const struct run_request *request, struct err *err)
{
    struct view view = {
        .session = session,
        .options = options,
        .stored_fd = -1,
        .has_progress = has_progress(session, options),
    };

    if (options->dry_run)
        return show_plan(&view, output, request, err);
    say_beginning(session, options, request);
    fflush(session->out); /* what is buffered must not be written by two processes */
    if (options->detach)
        return run_detached(&view, output, request, err);
    return run_attached(&view, output, request, err);
}

/* Several tasks run one after the other; the first that fails decides the exit code. */
static bool run_all(struct session *session, const struct run_options *options,
                    const struct output *output, const struct run_request *requests, uint32_t count,
                    struct err *err)
{
    int first = STATUS_OK;

    for (uint32_t i = 0; i < count; i++) {
        session->exit_code = STATUS_OK;
        if (!run_one(session, options, output, &requests[i], err))
            return false;
        if (first == STATUS_OK)
            first = session->exit_code;
    }
    session->exit_code = first;
    return true;
}

static bool run_run(struct session *session, const void *options_at, struct err *err)
{
    const struct run_options *options = options_at;
    struct run_request *requests;
    struct output output;
    const char *state;
    uint32_t count;

    if (!output_parse(options->global.output, &output, err))
        return false;
    if (options->raw && session->out_is_terminal)
        return err_set(err, ERR_INVALID, "--raw is not for a terminal");
    if (!run_requests_make(session, options, &requests, &count, err)) {
        session->exit_code = err->kind == ERR_REFUSED ? EXIT_PLATFORM : STATUS_USAGE;
        return false;
    }
    return session_state(session, &state, err) &&
           run_all(session, options, &output, requests, count, err);
}

#define AT(member) offsetof(struct run_options, member)
/* In aligned columns the help would not fit a line. */
/* clang-format off */
static const struct flag flags[] = {
    {"filename", 'f', FLAG_TEXT, AT(manifest), "PATH", "a manifest, a directory of them, or -"},
    {"profile", 'p', FLAG_TEXT, AT(profile), "NAME", "default: by the file's name"},
    {"timeout", 't', FLAG_DURATION, AT(timeout_ms), "TIME", "stop the code then: 60, 90s, 5m"},
    {"ttl", 0, FLAG_DURATION, AT(ttl_ms), "TIME", "delete the task so long after its end"},
    {"env", 'e', FLAG_LIST, AT(env), "NAME[=VALUE]", "a variable for the code; may be repeated"},
    {"stdin", 'i', FLAG_SWITCH, AT(input), NULL, "give our stdin to the code"},
    {"cpu", 0, FLAG_CPU, AT(cpu_milli), "CPUS", "limit: 500m, 2"},
    {"memory", 'm', FLAG_BYTES, AT(memory_bytes), "BYTES", "limit: 256Mi, 1Gi"},
    {"ephemeral-storage", 0, FLAG_BYTES, AT(storage_bytes), "BYTES", "limit of what it writes"},
    {"name", 0, FLAG_TEXT, AT(name), "NAME", "default: made from the file's name"},
    {"idempotency-key", 0, FLAG_TEXT, AT(key), "KEY", "never run twice for the same key"},
    {"detach", 'd', FLAG_SWITCH, AT(detach), NULL, "return as soon as the task is stored"},
    {"rm", 0, FLAG_SWITCH, AT(remove), NULL, "delete the task when it is over"},
    {"wait", 0, FLAG_SWITCH, AT(wait), NULL, "show the ending instead of the output"},
    {"quiet", 'q', FLAG_SWITCH, AT(quiet), NULL, "no progress and no remarks on stderr"},
    {"raw", 0, FLAG_SWITCH, AT(raw), NULL, "the output's own bytes; not on a terminal"},
    {"dry-run", 0, FLAG_SWITCH, AT(dry_run), NULL, "show the sandbox's steps, run nothing"},
    {"insecure-without", 0, FLAG_LIST, AT(without), "CONTROL,...", "leave controls out: a test"},
    FLAG_OUTPUT(OUTPUT_WORDS),
};
/* clang-format on */
static const struct run_options defaults = {
    .timeout_ms = NOT_GIVEN,
    .ttl_ms = NOT_GIVEN,
    .cpu_milli = NOT_GIVEN,
    .memory_bytes = NOT_GIVEN,
    .storage_bytes = NOT_GIVEN,
};

const struct command command_run = {
    .name = "run",
    .summary = "run a file as a task and wait for its end",
    .usage = "FILE|- [flags] [-- ARG...]  |  -f MANIFEST|DIR|- [flags]",
    .details = "The code gets /workspace/artifacts to write to; result.json there is the task's "
               "result. The exit code is the code's own; 124 its time was up, 125 it could not "
               "run, 130 canceled, 137 killed at a limit. Ctrl-C cancels; a second Ctrl-C leaves "
               "the task to itself.",
    .flags = flags,
    .flag_count = countof(flags),
    .options_size = sizeof(struct run_options),
    .defaults = &defaults,
    .operands_max = WORDS_MAX,
    .operand = OPERAND_FILE,
    .run = run_run,
};
