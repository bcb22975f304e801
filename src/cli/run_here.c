// SPDX-License-Identifier: Apache-2.0
#include "cli/run_here.h"

#include <limits.h>
#include <unistd.h>

#include "base/date.h"
#include "cli/ending.h"
#include "cli/escape.h"
#include "cli/exitcode.h"
#include "cli/front.h"
#include "cli/kept_output.h"
#include "driver/catalog.h"
#include "driver/local.h"
#include "driver/local_job.h"
#include "store/store.h"
#include "sys/file.h"

enum {
    PLAN_SIZE_MAX = 2 * 1024 * 1024,
    WAIT_LOOK_MS = 50,
};

/* -- controls left out ------------------------------------------------------ */

static bool controls_parse(const struct words *words, uint32_t *ret, struct err *err)
{
    for (uint32_t i = 0; i < words->count; i++) {
        struct str rest = str_of(words->at[i]), word;
        bool is_last = false;
        while (!is_last) {
            enum control control;
            is_last = !str_cut(rest, ',', &word, &rest);
            if (!control_parse(is_last ? rest : word, &control))
                return err_set(err, ERR_INVALID,
                               "--insecure-without: \"%.*s\" is no control; agentctl help run "
                               "lists them",
                               STR_ARG(is_last ? rest : word));
            *ret |= CONTROL_BIT(control);
        }
    }
    return true;
}

/* -- profile ---------------------------------------------------------------- */

static bool profile_choose(struct session *session, const struct run_options *options,
                           struct run_request *request, struct err *err)
{
    struct arena *arena = &session->arena;
    struct catalog catalog =
        catalog_of(arena, session_env(session, "XDG_CONFIG_HOME"),
                   session_env(session, "XDG_CACHE_HOME"), session_env(session, "HOME"));
    struct task_spec *spec = &request->task.spec;

    if (spec->profile.size == 0 && !options->manifest) {
        request->is_guessed = true;
        if (!catalog_guess(&catalog, arena, str_of(options->global.operands.words.at[0]),
                           &request->profile, &request->interpreter, err))
            return false;
        spec->profile = request->profile.name;
        return true;
    }
    return catalog_find(&catalog, arena, spec->profile, &request->profile, err) &&
           catalog_interpreter(&catalog, arena, &request->profile, &request->interpreter, err);
}

/* -- runner and probe -------------------------------------------------------- */

bool run_here_program(struct arena *arena, const char *name, const char **ret, struct err *err)
{
    char self[PATH_MAX] = "";
    ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash = size > 0 ? strrchr(self, '/') : NULL;
    const char *beside;

    if (slash)
        *slash = 0;
    beside = arena_print(arena, "%s/%s", self, name).at;
    *ret = arena_print(arena, "/usr/libexec/agenttask/%s", name).at;
    if (slash && access(beside, X_OK) == 0)
        *ret = beside;
    if (access(*ret, X_OK) == 0)
        return true;
    return err_set(err, ERR_REFUSED, "the %s is missing: neither %s nor %s is there", name, beside,
                   *ret);
}

bool run_here_prepare(void *self, const struct run_options *options, struct run_request *request,
                      struct err *err)
{
    struct session *session = self;
    const struct task_spec *spec = &request->task.spec;

    if (!controls_parse(&options->without, &request->switched_off, err))
        return false;
    if (spec->config_map.at)
        return err_set(err, ERR_INVALID,
                       "spec.code.configMapRef: there are no ConfigMaps on one machine; use "
                       "spec.code.source");
    return profile_choose(session, options, request, err) &&
           run_here_program(&session->arena, "runner", &request->runner_path, err);
}

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

/* -- the end ---------------------------------------------------------------- */

static bool task_finish(struct session *session, const struct run_options *options,
                        const struct output *output, const struct task *task, struct err *err)
{
    struct store *store;

    session->exit_code = exitcode_of(&task->status);
    ending_say(session, options, task);
    if ((options->wait || output->kind != OUTPUT_TABLE) &&
        !ending_show(session, output, task, phase_word(task->status.phase), err))
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
        return ending_show(session, output, &task, "unchanged", err);
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
           ending_show(view->session, output, &request->task, "created", err);
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
        return ending_show(view->session, output, &request->task, "created (dry run)", err);
    steps_print(steps, &text);
    fwrite(text.at, 1, text.size, view->session->out);
    return true;
}

/* -- running one -------------------------------------------------------------- */

bool run_here(void *self, const struct run_options *options, const struct output *output,
              const struct run_request *request, struct err *err)
{
    struct session *session = self;
    struct view view = {
        .session = session,
        .options = options,
        .stored_fd = -1,
        .has_progress = ending_has_progress(session, options),
    };
    const char *state;

    if (!session_state(session, &state, err))
        return false;
    if (options->dry_run)
        return show_plan(&view, output, request, err);
    say_beginning(session, options, request);
    fflush(session->out); /* what is buffered must not be written by two processes */
    if (options->detach)
        return run_detached(&view, output, request, err);
    return run_attached(&view, output, request, err);
}
