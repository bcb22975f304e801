// SPDX-License-Identifier: Apache-2.0
#include "cage.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define MIB (INT64_C(1024) * 1024)

enum {
    FD_JOB = 10,
    FD_REPORT,
    FD_FRAMES,
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void demand(bool is_true, const char *what)
{
    if (is_true)
        return;
    perror(what);
    _exit(99);
}

static void text_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    demand(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), path);
    close(fd);
}

static void world_enter(void)
{
    char map[64];
    uid_t uid = getuid();
    gid_t gid = getgid();

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    demand(unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC) == 0,
           "unshare");
    snprintf(map, sizeof(map), "1000 %u 1", uid);
    text_write("/proc/self/uid_map", map);
    text_write("/proc/self/setgroups", "deny");
    snprintf(map, sizeof(map), "1000 %u 1", gid);
    text_write("/proc/self/gid_map", map);
}

static void bind_at(const char *source, const char *target, bool is_directory)
{
    if (access(source, F_OK) != 0)
        return;
    if (is_directory)
        mkdir(target, 0755);
    else
        close(open(target, O_CREAT | O_WRONLY | O_CLOEXEC, 0755));
    demand(mount(source, target, NULL, MS_BIND | MS_REC, NULL) == 0, source);
}

static void root_make(const char *root, const char *runner)
{
    static const char *const trees[] = {"usr", "bin", "sbin", "lib", "lib64", "etc"};
    static const char *const made[] = {"workspace", "workspace/artifacts", "tmp", "dev", "dev/shm",
                                       "proc"};
    static const char *const devices[] = {"null", "zero", "full", "urandom"};
    char source[512], target[512];

    demand(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
               mount("cage", root, "tmpfs", 0, "size=256m,mode=755") == 0,
           "mount the root");
    for (size_t i = 0; i < countof(made); i++) {
        snprintf(target, sizeof(target), "%s/%s", root, made[i]);
        demand(mkdir(target, 0755) == 0, target);
    }
    for (size_t i = 0; i < countof(trees) + countof(devices); i++) {
        bool is_tree = i < countof(trees);
        const char *name = is_tree ? trees[i] : devices[i - countof(trees)];
        snprintf(source, sizeof(source), "%s/%s", is_tree ? "" : "/dev", name);
        snprintf(target, sizeof(target), "%s%s/%s", root, is_tree ? "" : "/dev", name);
        bind_at(source, target, is_tree);
    }
    snprintf(target, sizeof(target), "%s/runner", root);
    bind_at(runner, target, false);
}

/* As the control group of a container looks from within. */
static void group_make(const char *root, const struct cage *cage)
{
    static const char *const made[] = {"sys", "sys/fs", "sys/fs/cgroup"};
    const char *const files[][2] = {
        {"memory.peak", cage->memory_peak},
        {"pids.max",    cage->pids_max   }
    };
    char path[512];

    for (size_t i = 0; i < countof(made); i++) {
        snprintf(path, sizeof(path), "%s/%s", root, made[i]);
        demand(mkdir(path, 0755) == 0, path);
    }
    for (size_t i = 0; i < countof(files); i++) {
        snprintf(path, sizeof(path), "%s/sys/fs/cgroup/%s", root, files[i][0]);
        if (!files[i][1])
            continue;
        close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
        text_write(path, files[i][1]);
    }
}

struct ends {
    int input, out, errors, frames, job, report;
};

static void process_1(const char *root, const struct ends *ends)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    demand(chroot(root) == 0 && chdir("/") == 0 && mount("proc", "/proc", "proc", 0, NULL) == 0,
           "enter the root");
    demand(dup2(ends->input, 0) == 0 && dup2(ends->out, 1) == 1 && dup2(ends->errors, 2) == 2 &&
               dup2(ends->job, FD_JOB) >= 0 && dup2(ends->report, FD_REPORT) >= 0 &&
               dup2(ends->frames, FD_FRAMES) >= 0,
           "descriptors");
    for (unsigned long cap = 0; cap < 64; cap++) /* as the launcher does */
        prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
    execl("/runner", "runner", "fd:10", NULL);
    demand(false, "execute the runner");
}

/* The process between: makes the world, tells process 1's pid, passes on its status. */
static void keeper_run(const struct cage *cage, const char *root, const struct ends *ends,
                       int told_fd)
{
    int pid, status = 0;

    world_enter();
    root_make(root, cage->runner);
    group_make(root, cage);
    pid = fork();
    if (pid == 0)
        process_1(root, ends);
    demand(pid > 0 && write(told_fd, &pid, sizeof(pid)) == sizeof(pid), "tell the pid");
    for (int fd = 0; fd < 64; fd++)
        if (fd != 2 && fd != told_fd)
            close(fd);
    close(2);
    waitpid(pid, &status, 0);
    if (write(told_fd, &status, sizeof(status)) != sizeof(status))
        _exit(99);
    _exit(0);
}

static void frame_sink_of_cage(void *ctx, enum frame_event event, const struct frame_reader *reader,
                               struct str bytes)
{
    struct cage *cage = ctx;
    struct cage_file *file = cage->file_count ? &cage->files[cage->file_count - 1] : NULL;

    cage->broken += event == FRAME_BROKEN;
    cage->has_end |= event == FRAME_END;
    if (event == FRAME_TEXT)
        buf_add(&cage->text, bytes);
    if (event == FRAME_BYTES && file)
        buf_add(&file->bytes, bytes);
    if (event == FRAME_WHOLE && file)
        file->is_whole = true;
    if (event != FRAME_FILE || cage->file_count == CAGE_FILES_MAX)
        return;
    file = &cage->files[cage->file_count++];
    file->kind = reader->kind;
    snprintf(file->path, sizeof(file->path), "%s", reader->path);
    buf_init(&file->bytes, 4 * MIB);
}

static bool stream_read(int fd, struct buf *buf)
{
    char bytes[64 * 1024];
    ssize_t got = read(fd, bytes, sizeof(bytes));

    if (got > 0)
        buf_add(buf, (struct str){bytes, (size_t)got});
    return got > 0;
}

struct outside {
    int out, errors, frames, told;
    int pid;
    bool has_status;
};

static void told_read(struct cage *cage, struct outside *outside)
{
    int word;

    if (read(outside->told, &word, sizeof(word)) != sizeof(word)) {
        outside->told = -1;
        return;
    }
    if (outside->pid == 0) {
        outside->pid = word;
        return;
    }
    cage->status = word;
    outside->has_status = true;
}

static void outside_watch(struct cage *cage, struct outside *outside)
{
    int64_t started = now_ms();
    bool is_stopped = false;

    while (outside->told >= 0 || outside->out >= 0 || outside->errors >= 0 ||
           outside->frames >= 0) {
        int64_t past = now_ms() - started;
        bool reads = past >= cage->read_after_ms || outside->has_status;
        struct pollfd polls[] = {
            {reads ? outside->out : -1,    POLLIN, 0},
            {reads ? outside->errors : -1, POLLIN, 0},
            {reads ? outside->frames : -1, POLLIN, 0},
            {outside->told,                POLLIN, 0},
        };
        demand(past < 120000, "the runner does not end");
        poll(polls, countof(polls), 20);
        if (cage->stop_after_ms && past >= cage->stop_after_ms && outside->pid && !is_stopped) {
            kill(outside->pid, SIGTERM);
            is_stopped = true;
        }
        if (polls[0].revents && !stream_read(outside->out, &cage->out))
            outside->out = -1;
        if (polls[1].revents && !stream_read(outside->errors, &cage->errors))
            outside->errors = -1;
        if (polls[2].revents && !stream_read(outside->frames, &cage->frames))
            outside->frames = -1;
        if (polls[3].revents)
            told_read(cage, outside);
        if (outside->has_status && cage->ms == 0)
            cage->ms = now_ms() - started;
    }
}

static int bytes_fd(const char *name, struct str bytes)
{
    int fd = memfd_create(name, 0);

    demand(fd >= 0 && write(fd, bytes.at, bytes.size) == (ssize_t)bytes.size, name);
    return fd;
}

static void output_decode(struct cage *cage, int report_fd)
{
    ssize_t size = pread(report_fd, cage->report_text, REPORT_SIZE_MAX, 0);
    struct str report = {cage->report_text, size > 0 ? (size_t)size : 0};

    if (!report_decode(report, &cage->report))
        cage->report.cause = CAUSE_NONE;
    frame_reader_init(&cage->reader);
    frame_read(&cage->reader, buf_str(cage->is_behind_output ? &cage->out : &cage->frames),
               frame_sink_of_cage, cage);
}

void cage_run(struct cage *cage)
{
    char root[] = "/tmp/runner-cage-XXXXXX";
    int out[2], errors[2], frames[2], told[2], input[2], pid;
    struct buf job;
    struct ends ends;

    cage->job.frames_path = cage->is_behind_output ? STR_LIT("fd:1") : STR_LIT("fd:12");
    buf_init(&job, JOB_SIZE_MAX);
    job_encode(&cage->job, &job);
    demand(!job.is_full && mkdtemp(root) && !pipe2(out, O_CLOEXEC) && !pipe2(errors, O_CLOEXEC) &&
               !pipe2(frames, O_CLOEXEC) && !pipe2(told, O_CLOEXEC) && !pipe2(input, O_CLOEXEC),
           "prepare");
    ends = (struct ends){input[0],
                         out[1],
                         errors[1],
                         frames[1],
                         bytes_fd("job", buf_str(&job)),
                         bytes_fd("report", STR_LIT("the code wrote this"))};
    buf_fini(&job);
    if (cage->input && write(input[1], cage->input, strlen(cage->input)) < 0)
        demand(false, "input");
    close(input[1]);
    pid = fork();
    if (pid == 0)
        keeper_run(cage, root, &ends, told[1]);
    close(input[0]);
    close(out[1]);
    close(errors[1]);
    close(frames[1]);
    close(told[1]);
    outside_watch(cage, &(struct outside){out[0], errors[0], frames[0], told[0], 0, false});
    waitpid(pid, NULL, 0);
    output_decode(cage, ends.report);
    close(out[0]);
    close(errors[0]);
    close(frames[0]);
    close(told[0]);
    close(ends.job);
    close(ends.report);
    rmdir(root);
}

static bool cage_is_possible(void)
{
    int status = 0, pid = fork();

    if (pid == 0) {
        if (freopen("/dev/null", "w", stderr))
            world_enter();
        _exit(0);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

struct cage *cage_new(const char *program, const char *first, const char *second)
{
    struct cage *cage = calloc(1, sizeof(*cage));

    demand(cage != NULL, "memory");
    cage->runner = getenv("RUNNER");
    demand(cage->runner != NULL, "RUNNER must name the program under test");
    cage->job = (struct job){
        .args = {str_of(program), str_of(first),  str_of(second)},
        .arg_count = second  ? 3
                     : first ? 2
                             : 1,
        .env = {STR_LIT("PATH=/usr/bin:/bin"),               STR_LIT("HOME=/tmp")},
        .env_count = 2,
        .timeout_ms = 20000,
        .grace_ms = 500,
        .file_size_max = 64 * MIB,
        .open_files_max = 256,
        .output_size_max = MIB,
        .report_path = STR_LIT("fd:11"),
    };
    buf_init(&cage->out, 16 * MIB);
    buf_init(&cage->errors, 16 * MIB);
    buf_init(&cage->frames, 16 * MIB);
    buf_init(&cage->text, 16 * MIB);
    return cage;
}

const struct cage_file *cage_find(const struct cage *cage, enum frame_kind kind, const char *path)
{
    for (size_t i = 0; i < cage->file_count; i++)
        if (cage->files[i].kind == kind && strcmp(cage->files[i].path, path) == 0)
            return &cage->files[i];
    return NULL;
}

struct cage *cage_free(struct cage *cage)
{
    buf_fini(&cage->out);
    buf_fini(&cage->errors);
    buf_fini(&cage->frames);
    buf_fini(&cage->text);
    for (size_t i = 0; i < cage->file_count; i++)
        buf_fini(&cage->files[i].bytes);
    free(cage);
    return NULL;
}

struct cage *cage_shell(const char *script)
{
    return cage_new("/bin/sh", "-c", script);
}

struct cage *cage_python(const char *script)
{
    return cage_new("/usr/bin/python3", "-c", script);
}

void assert_exit(const struct cage *cage, int code)
{
    if (!WIFEXITED(cage->status) || WEXITSTATUS(cage->status) != code)
        fprintf(stderr, "status %x, output <%.*s> errors <%.*s> report <%s>\n", cage->status,
                (int)cage->out.size, cage->out.at, (int)cage->errors.size, cage->errors.at,
                cage->report_text);
    assert_true(WIFEXITED(cage->status));
    assert_int_equal(WEXITSTATUS(cage->status), code);
}

void assert_text(struct str got, const char *expected)
{
    if (!str_is(got, expected))
        fprintf(stderr, "got <%.*s>\nnot <%s>\n", STR_ARG(got), expected ? expected : "(null)");
    assert_true(str_is(got, expected));
}

int cage_tests_run(const struct CMUnitTest *tests, size_t count)
{
    if (!cage_is_possible()) {
        puts("skipped: this place allows no user namespaces");
        return 77;
    }
    return _cmocka_run_group_tests("runner", tests, count, NULL, NULL);
}
