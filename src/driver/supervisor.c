// SPDX-License-Identifier: Apache-2.0
#include "driver/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/backoff.h"
#include "driver/local.h"
#include "driver/local_job.h"
#include "driver/local_run.h"
#include "driver/reconcile.h"
#include "sys/clock.h"
#include "sys/entropy.h"
#include "sys/file.h"

enum {
    WATCH_MS = 100, /* polled limits, out-of-memory kills */
    PROGRESS_MS = 1000,
    RETRY_MAX_MS = 4000,   /* a verdict does not wait for client-go's 1000 s */
    RECORD_TRIES_MAX = 40, /* about two minutes of a full disk */
    SETTLE_MAX = 20,       /* promise L2 */
    DRAIN_MS = 500,        /* for pipes whose writers are dead: never reached */
};

struct supervisor {
    const struct supervisor_spec *spec;
    struct arena *arena;
    struct local_run run;
    struct sandbox sandbox;
    struct capture capture;
    int signal_fd, lock_fd;
    bool is_output_open, is_errors_open, is_frames_open;
    bool is_news;       /* something happened: reconcile */
    bool is_over;       /* the verdict is recorded and nothing is left to do */
    int64_t wake_at_ms; /* wall clock, as plans have it */
    uint32_t failures;
    int64_t progress_at_ms;
};

/* -- reconcile -------------------------------------------------------------- */

/* Until there is nothing to do now. False: an error; the kind says whether to try again. */
static bool supervisor_settle(struct supervisor *s, struct err *err)
{
    struct driver driver = local_driver(&s->run);
    struct reconcile_result result;

    for (unsigned i = 0; i < SETTLE_MAX; i++) {
        if (!reconcile_task(&driver, s->arena, &result, err)) /* what it sees becomes our status */
            return false;
        s->failures = 0;
        s->wake_at_ms = result.wake_at_ms;
        if (result.action_count > 0 && !result.is_gone)
            continue;
        s->is_over = result.is_gone || (phase_is_terminal(s->run.task.status.phase) &&
                                        s->run.run_state == RUN_ABSENT);
        return true;
    }
    return true;
}

/* Old news and a flaky disk are tried again, ever more slowly; anything else is final. */
static bool supervisor_reconcile(struct supervisor *s, struct err *err)
{
    struct err failed = {0};
    int64_t wait_ms;

    s->is_news = false;
    if (supervisor_settle(s, &failed))
        return true;
    if ((failed.kind != ERR_RETRY && failed.kind != ERR_STALE) || !s->run.is_stored ||
        s->failures >= RECORD_TRIES_MAX) {
        *err = failed;
        return false;
    }
    wait_ms = backoff_ms(s->failures, entropy_u32());
    s->wake_at_ms = clock_now_ms() + (wait_ms < RETRY_MAX_MS ? wait_ms : RETRY_MAX_MS);
    s->failures++;
    return true;
}

/* -- events ----------------------------------------------------------------- */

static bool supervisor_cancel(struct supervisor *s)
{
    struct err refused = {0}; /* over already: then there is nothing to cancel */

    return store_cancel(s->run.store, s->run.task.name, &refused) || refused.kind == ERR_REFUSED;
}

static void supervisor_signal(struct supervisor *s)
{
    struct signalfd_siginfo info;

    while (read(s->signal_fd, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo == SIGHUP) {
            capture_copy_stop(&s->capture);
            continue;
        }
        if (info.ssi_signo != SIGUSR1 && !supervisor_cancel(s))
            sandbox_stop(&s->sandbox); /* the store does not take it, the code still must end */
        s->run.is_outdated = true;
        s->is_news = true;
    }
}

static void supervisor_hide_progress(struct supervisor *s)
{
    if (s->spec->progress)
        s->spec->progress(s->spec->ctx, PHASE_NONE, 0);
    s->progress_at_ms = clock_monotonic_ms() + PROGRESS_MS;
}

static void supervisor_take(struct supervisor *s, enum log_stream stream, int fd, bool *is_open)
{
    supervisor_hide_progress(s);
    *is_open = capture_output(&s->capture, fd, stream, clock_now_ms());
}

static bool is_any_open(const struct supervisor *s)
{
    return s->is_output_open || s->is_errors_open || s->is_frames_open;
}

/* False: there is nothing more to take within that time. */
static bool supervisor_take_all(struct supervisor *s, int patience_ms)
{
    struct pollfd fds[] = {
        {.fd = s->is_output_open ? s->sandbox.output_fd : -1, .events = POLLIN},
        {.fd = s->is_errors_open ? s->sandbox.errors_fd : -1, .events = POLLIN},
        {.fd = s->is_frames_open ? s->sandbox.frames_fd : -1, .events = POLLIN},
    };

    if (!is_any_open(s) || poll(fds, countof(fds), patience_ms) <= 0)
        return false;
    if (fds[0].revents)
        supervisor_take(s, LOG_STDOUT, s->sandbox.output_fd, &s->is_output_open);
    if (fds[1].revents)
        supervisor_take(s, LOG_STDERR, s->sandbox.errors_fd, &s->is_errors_open);
    if (fds[2].revents)
        s->is_frames_open = capture_frames(&s->capture, s->sandbox.frames_fd);
    return true;
}

/* The runner is dead, so all writers are: what is in the pipes is all there will ever be. */
static void supervisor_drain(struct supervisor *s)
{
    while (supervisor_take_all(s, DRAIN_MS))
        ;
    runlog_flush(&s->capture.log, clock_now_ms());
}

static void supervisor_end(struct supervisor *s)
{
    struct local_run *run = &s->run;
    struct err lost = {0};
    struct str text;

    supervisor_drain(s);
    if (!sandbox_reap(&s->sandbox, &run->wait_status, &lost))
        run->wait_status = -1;
    text = sandbox_report(&s->sandbox, s->arena);
    run->has_report = report_decode(text, &run->report);
    if (run->has_report && run->report.cause == CAUSE_START_FAILED) {
        run->fault = FAULT_START;
        run->message = run->report.message;
    }
    if (s->sandbox.is_oom_killed && !(run->has_report && run->report.cause == CAUSE_EXITED))
        run->fault = FAULT_OOM_KILLED;
    run->run_state = RUN_ENDED;
    run->ended_ms = clock_now_ms();
    s->is_news = true;
}

static int supervisor_patience_ms(const struct supervisor *s)
{
    int64_t left = s->wake_at_ms - clock_now_ms();

    if (s->is_news || left < 0)
        return 0;
    return left < WATCH_MS ? (int)left : WATCH_MS;
}

static struct pollfd watch_copy(const struct capture_copy *copy)
{
    return (struct pollfd){.fd = copy->pending.size > 0 ? copy->fd : -1, .events = POLLOUT};
}

static void supervisor_turn(struct supervisor *s)
{
    bool is_alive = s->run.run_state == RUN_ACTIVE;
    struct pollfd fds[] = {
        {.fd = s->signal_fd,                                              .events = POLLIN},
        {.fd = is_alive ? s->sandbox.pid_fd : -1,                         .events = POLLIN},
        {.fd = is_alive && s->is_output_open ? s->sandbox.output_fd : -1, .events = POLLIN},
        {.fd = is_alive && s->is_errors_open ? s->sandbox.errors_fd : -1, .events = POLLIN},
        {.fd = is_alive && s->is_frames_open ? s->sandbox.frames_fd : -1, .events = POLLIN},
        watch_copy(&s->capture.copies[LOG_STDOUT]),
        watch_copy(&s->capture.copies[LOG_STDERR]),
    };

    if (poll(fds, countof(fds), supervisor_patience_ms(s)) < 0)
        return;
    if (fds[0].revents)
        supervisor_signal(s);
    if (fds[2].revents || fds[3].revents || fds[4].revents)
        supervisor_take_all(s, 0);
    if (fds[5].revents)
        capture_copy_some(&s->capture.copies[LOG_STDOUT]);
    if (fds[6].revents)
        capture_copy_some(&s->capture.copies[LOG_STDERR]);
    if (is_alive)
        sandbox_watch(&s->sandbox);
    if (fds[1].revents)
        supervisor_end(s);
}

static void supervisor_show_progress(struct supervisor *s)
{
    int64_t now_ms = clock_monotonic_ms();

    if (!s->spec->progress || now_ms < s->progress_at_ms)
        return;
    s->progress_at_ms = now_ms + PROGRESS_MS;
    s->spec->progress(s->spec->ctx, s->run.task.status.phase,
                      clock_now_ms() - s->run.task.created_ms);
}

/* -- life ------------------------------------------------------------------- */

static bool supervisor_loop(struct supervisor *s, struct err *err)
{
    while (!s->is_over) {
        supervisor_turn(s);
        supervisor_show_progress(s);
        if ((s->is_news || clock_now_ms() >= s->wake_at_ms) && !supervisor_reconcile(s, err))
            return false;
    }
    return true;
}

static void sandbox_end(struct sandbox **sandbox)
{
    sandbox_fini(*sandbox);
}

static void capture_end(struct capture **capture)
{
    capture_fini(*capture);
}

static bool signals_open(int *ret, struct err *err)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return err_sys(err, errno, "block signals");
    signal(SIGPIPE, SIG_IGN); /* a reader of the copies that went away is no reason to stop */
    *ret = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return *ret >= 0 || err_sys(err, errno, "watch signals");
}

/* From the open gate to the recorded verdict. */
static bool supervisor_live(struct supervisor *s, struct err *err)
{
    if (!supervisor_settle(s, err))
        return false;
    if (s->spec->stored)
        s->spec->stored(s->spec->ctx);
    if (!supervisor_loop(s, err))
        return false;
    supervisor_hide_progress(s);
    capture_copy_all(&s->capture);
    return true;
}

/* The sandbox sets itself up while the task is being committed: both take about as long. */
static bool supervisor_prepare(struct supervisor *s, struct err *err)
{
    const struct supervisor_spec *spec = s->spec;
    struct sandbox_spec sandbox;

    if (!local_job_make(spec, s->arena, &s->run.effective, &sandbox, err) ||
        !sandbox_prepare(&sandbox, &s->sandbox, err))
        return false;
    s->run.sandbox = &s->sandbox;
    s->run.run_state = RUN_ABSENT; /* behind its gate nothing of it runs: it does not exist yet */
    s->is_output_open = s->is_errors_open = s->is_frames_open = true;
    auto_end(sandbox_end) struct sandbox *prepared = &s->sandbox;
    if (!capture_init(&s->run.dir, &spec->copies, &s->capture, err))
        return false;
    s->run.capture = &s->capture;
    auto_end(capture_end) struct capture *open = &s->capture;
    if (!signals_open(&s->signal_fd, err))
        return false;
    (void)prepared, (void)open;
    return supervisor_live(s, err);
}

static void store_end(struct store **store)
{
    *store = store_close(*store);
}

static bool supervisor_open(struct supervisor *s, struct err *err)
{
    auto_end(store_end) struct store *store = NULL;
    bool is_done;

    if (!store_open(s->spec->state, STORE_WRITE, &store, err))
        return false;
    s->run.store = store;
    if (!rundir_create(s->spec->state, s->run.task.uid, &s->run.dir, err))
        return false;
    auto_end(rundir_close) struct rundir dir = s->run.dir;
    if (!rundir_lock(&dir, &s->lock_fd, err))
        return false;
    is_done = supervisor_prepare(s, err);
    if (is_done) { /* every command sweeps; this one while its store is open */
        struct err ignored = {0};
        (void)!local_sweep(store, s->spec->state, &ignored);
    }
    if (!is_done && !s->run.is_stored) {
        struct err ignored = {0}; /* the next sweep removes it */
        (void)!rundir_remove(s->spec->state, s->run.task.uid, &ignored);
    }
    return is_done;
}

bool supervisor_run(const struct supervisor_spec *spec, struct arena *arena,
                    char ret_present[NAME_SIZE_MAX + 1], struct task *ret, struct err *err)
{
    struct supervisor s = {
        .spec = spec,
        .arena = arena,
        .signal_fd = -1,
        .lock_fd = -1,
        .wake_at_ms = WAKE_NEVER,
        .progress_at_ms = clock_monotonic_ms() + PROGRESS_MS,
        .run =
            {
                  .arena = arena,
                  .state = spec->state,
                  .task = *spec->task,
                  .idempotency_key = spec->idempotency_key,
                  .wait_status = -1,
                  .artifacts_bytes = -1,
                  .dir = {.fd = -1},
                  },
    };
    bool is_done = supervisor_open(&s, err);

    fd_end(&s.signal_fd);
    fd_end(&s.lock_fd);
    memcpy(ret_present, s.run.present, NAME_SIZE_MAX + 1);
    if (is_done)
        *ret = s.run.task;
    return is_done;
}
