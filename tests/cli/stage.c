// SPDX-License-Identifier: Apache-2.0
#include "stage.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/dispatch.h"
#include "store/rundir.h"
#include "store/store.h"

/* The hooks of a session have no context: the clock and the pause of the stage stand still here. */
static int64_t stage_clock_ms = STAGE_NOW_MS;
static int64_t stage_monotonic_ms;
static int stage_pauses_left;
static void (*stage_hook)(void);

static int64_t stage_now_ms(void)
{
    return stage_clock_ms;
}

static int64_t stage_tick_ms(void)
{
    return stage_monotonic_ms;
}

static bool stage_pause(int64_t ms)
{
    void (*hook)(void) = stage_hook;

    stage_hook = NULL;
    if (hook)
        hook();
    stage_monotonic_ms += ms;
    return stage_pauses_left-- > 0;
}

void stage_pauses(int count)
{
    stage_pauses_left = count;
}

void stage_on_pause(void (*hook)(void))
{
    stage_hook = hook;
}

void stage_init(struct stage *stage)
{
    *stage = (struct stage){.directory = "/tmp/agenttask-cli-XXXXXX"};
    assert_non_null(mkdtemp(stage->directory));
    stage->state = arena_print(&stage->arena, "%s/agenttask", stage->directory).at;
    stage->environment[0] = arena_print(&stage->arena, "XDG_STATE_HOME=%s", stage->directory).at;
    stage->environment[1] = arena_print(&stage->arena, "HOME=%s", stage->directory).at;
    stage_pauses_left = 0;
    stage_hook = NULL;
}

void stage_fini(struct stage *stage)
{
    struct str command = arena_print(&stage->arena, "rm -rf %s", stage->directory);

    assert_int_equal(system(command.at), 0);
    free(stage->out);
    free(stage->err);
    arena_fini(&stage->arena);
}

void stage_run_words(struct stage *stage, int argc, char **argv)
{
    struct session session = {
        .in = stdin,
        .out_is_terminal = stage->out_is_terminal,
        .err_is_terminal = stage->err_is_terminal,
        .environment = (char *const *)stage->environment,
        .now_ms = stage_now_ms,
        .monotonic_ms = stage_tick_ms,
        .pause = stage_pause,
    };
    size_t out_size, err_size;

    free(stage->out);
    free(stage->err);
    session.out = open_memstream(&stage->out, &out_size);
    session.err = open_memstream(&stage->err, &err_size);
    assert_true(session.out && session.err);
    stage->code = dispatch(&session, argc, argv);
    session_fini(&session);
    fclose(session.out);
    fclose(session.err);
}

void stage_run(struct stage *stage, const char *line)
{
    char *argv[32], *rest, *word;
    int argc = 0;

    rest = (char *)arena_print(&stage->arena, "agentctl%s%s", *line ? " " : "", line).at;
    while ((word = strsep(&rest, " ")))
        argv[argc++] = word;
    argv[argc] = NULL;
    stage_run_words(stage, argc, argv);
}

void stage_put(struct stage *stage, const struct task *task)
{
    char holder[NAME_SIZE_MAX + 1];
    struct task stored = *task;
    struct store *store;
    struct err err = {0};
    int64_t version;

    if (!store_open(stage->state, STORE_WRITE, &store, &err) ||
        !store_create(store, task, (struct str){0}, holder, &err) ||
        !store_read(store, task->name, &stage->arena, &stored, &err))
        fail_msg("%s", err.text);
    stored.status = task->status;
    if (!store_put_status(store, &stored, true, &version, &err))
        fail_msg("%s", err.text);
    store_close(store);
}

struct task stage_task(struct stage *stage, const char *name, enum phase phase, enum reason reason)
{
    static const char base[] = "00000000-0000-4000-8000-000000000000";
    char *uid = (char *)arena_text(&stage->arena, str_of(base));
    struct task task = {
        .name = arena_copy(&stage->arena, str_of(name)),
        .space = STR_LIT("default"),
        .created_ms = STAGE_NOW_MS - 60000,
        .generation = 1,
        .spec = {.profile = STR_LIT("python3.11"),
                 .source = STR_LIT("print(42)"),
                 .timeout_ms = 60000,
                 .ttl_ms = TTL_KEEP},
    };

    for (size_t i = 0; name[i] && i < 8; i++)
        uid[i] = "0123456789abcdef"[(unsigned char)name[i] % 16];
    task.uid = str_of(uid);
    task_status_init(&task.status);
    task.status.phase = phase;
    task.status.reason = reason;
    task.status.queued_ms = STAGE_NOW_MS - 60000;
    if (phase == PHASE_PENDING)
        return task;
    task.status.attempt = 1;
    task.status.run = (struct run_ref){STR_LIT("Local"), arena_print(&stage->arena, "%s-pod", name),
                                       task.uid, STR_LIT("host")};
    task.status.created_ms = STAGE_NOW_MS - 59000;
    task.status.started_ms = STAGE_NOW_MS - 58000;
    if (phase_is_terminal(phase))
        task.status.finished_ms = STAGE_NOW_MS - 48000;
    return task;
}

/* In the child: the lock is held until the parent kills us. */
static void play_supervisor(struct stage *stage, struct str uid, int told_fd)
{
    struct rundir dir;
    struct err err = {0};
    int fd;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGUSR1, SIG_IGN); /* "look again": nothing changes here */
    if (!rundir_create(stage->state, uid, &dir, &err) || !rundir_lock(&dir, &fd, &err) ||
        write(told_fd, "", 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

void stage_hold(struct stage *stage, const char *name)
{
    struct task task = stage_task(stage, name, PHASE_RUNNING, REASON_NONE);
    int told[2];
    char byte;

    stage_put(stage, &task);
    assert_int_equal(pipe(told), 0);
    stage->holder = fork();
    assert_true(stage->holder >= 0);
    if (stage->holder == 0)
        play_supervisor(stage, task.uid, told[1]);
    close(told[1]);
    assert_int_equal(read(told[0], &byte, 1), 1);
    close(told[0]);
}

void stage_release(struct stage *stage)
{
    kill(stage->holder, SIGKILL);
    waitpid(stage->holder, NULL, 0);
    stage->holder = 0;
}

void stage_end(struct stage *stage, const char *name, enum phase phase, enum reason reason,
               int32_t exit_code)
{
    struct store *store;
    struct task task;
    struct err err = {0};
    int64_t version;

    if (!store_open(stage->state, STORE_WRITE, &store, &err) ||
        !store_read(store, str_of(name), &stage->arena, &task, &err))
        fail_msg("%s", err.text);
    task.status.phase = phase;
    task.status.reason = reason;
    task.status.exit_code = exit_code;
    task.status.finished_ms = STAGE_NOW_MS;
    if (!store_put_status(store, &task, true, &version, &err))
        fail_msg("%s", err.text);
    store_close(store);
}
