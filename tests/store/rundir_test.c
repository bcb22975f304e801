// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "scratch.h"
#include "store/rundir.h"
#include "sys/file.h"

#define UID  "01234567-89ab-4cde-8f01-23456789abcd"
#define UID2 "11111111-2222-4333-8444-555555555555"

static struct rundir create(const char *state, const char *uid)
{
    struct rundir dir = {.fd = -1};
    struct err err = {0};

    if (!rundir_create(state, str_of(uid), &dir, &err))
        fail_msg("%s", err.text);
    return dir;
}

static void path_in(const char *state, const char *name, char ret[256])
{
    assert_true(snprintf(ret, 256, "%s/%s", state, name) < 256);
}

static bool exists(const char *state, const char *name)
{
    char path[256];
    struct stat found;

    path_in(state, name, path);
    return lstat(path, &found) == 0;
}

static mode_t mode_of(const char *state, const char *name)
{
    char path[256];
    struct stat found;

    path_in(state, name, path);
    assert_int_equal(lstat(path, &found), 0);
    return found.st_mode & 0777;
}

/* -- the directory ------------------------------------------------------------------------------
 */

static void a_run_has_a_directory_for_its_owner_alone(void **state)
{
    auto_end(rundir_close) struct rundir dir = create(*state, UID);
    auto_end(rundir_close) struct rundir again = create(*state, UID);
    auto_end(rundir_close) struct rundir opened = {.fd = -1};
    struct err err = {0};

    assert_int_equal(mode_of(*state, "runs"), 0700);
    assert_int_equal(mode_of(*state, "runs/" UID), 0700);
    assert_true(dir.fd >= 0 && again.fd >= 0);
    assert_true(rundir_open(*state, STR_LIT(UID), &opened, &err));
    assert_true(fcntl(opened.fd, F_GETFD) & FD_CLOEXEC);
    assert_false(rundir_open(*state, STR_LIT(UID2), &again, &err));
    assert_int_equal(err.kind, ERR_ABSENT);
}

static void a_uid_is_a_uuid_before_it_is_a_path(void **state)
{
    const struct str rows[] = {
        STR_LIT(""),
        STR_LIT(".."),
        STR_LIT("../../../../../../../../etc/important"),
        STR_LIT("01234567-89ab-4cde-8f01-23456789abc"),
        STR_LIT("01234567-89ab-4cde-8f01-23456789abcde"),
        STR_LIT("01234567-89AB-4cde-8f01-23456789abcd"),
        STR_LIT("0123456789ab4cde8f0123456789abcd----"),
        STR_LIT("01234567-89ab-4cde-8f01-23456789ab/d"),
        STR_LIT("01234567-89ab-4cde-8f01-23456789ab\0d"),
    };

    for (size_t i = 0; i < countof(rows); i++) {
        struct rundir dir;
        struct err errs[4] = {{0}};
        assert_false(rundir_create(*state, rows[i], &dir, &errs[0]));
        assert_false(rundir_open(*state, rows[i], &dir, &errs[1]));
        assert_false(rundir_remove(*state, rows[i], &errs[2]));
        assert_false(rundir_is_locked(*state, rows[i]));
        assert_false(rundir_wake(*state, rows[i], &errs[3]));
        for (size_t j = 0; j < 3; j++)
            assert_int_equal(errs[j].kind, ERR_INVALID);
        assert_int_equal(errs[3].kind, ERR_ABSENT);
    }
    assert_false(exists(*state, "runs"));
}

static void a_link_is_never_followed(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    auto_end(rundir_close) struct rundir dir = create(*state, UID2);
    char target[256], link[256];
    struct err errs[4] = {{0}};
    struct rundir linked;
    struct str bytes;
    int fd;

    path_in(*state, "outside", target);
    path_in(*state, "runs/" UID, link);
    assert_int_equal(mkdir(target, 0700), 0);
    assert_int_equal(symlink(target, link), 0);
    assert_false(rundir_open(*state, STR_LIT(UID), &linked, &errs[0]));
    assert_false(rundir_create(*state, STR_LIT(UID), &linked, &errs[1]));
    assert_int_equal(symlinkat("/etc/passwd", dir.fd, "result"), 0);
    assert_false(rundir_read(&dir, "result", &arena, 1 << 20, &bytes, &errs[2]));
    assert_int_equal(symlinkat("/etc/passwd", dir.fd, "lock"), 0);
    assert_false(rundir_lock(&dir, &fd, &errs[3]));
}

/* -- removal ------------------------------------------------------------------------------------
 */

static void removal_takes_all_of_it_and_nothing_else(void **state)
{
    struct rundir dir = create(*state, UID);
    char outside[256];
    struct err err = {0};

    path_in(*state, "outside", outside);
    assert_int_equal(mkdir(outside, 0700), 0);
    assert_true(rundir_write(&dir, "result", STR_LIT("42"), &err));
    assert_int_equal(mkdirat(dir.fd, "sub", 0700), 0);
    assert_int_equal(mkdirat(dir.fd, "sub/sub", 0700), 0);
    assert_int_equal(symlinkat(outside, dir.fd, "sub/link"), 0);
    assert_int_equal(mkfifoat(dir.fd, "pipe", 0600), 0);
    rundir_close(&dir);
    assert_true(rundir_remove(*state, STR_LIT(UID), &err));
    assert_false(exists(*state, "runs/" UID));
    assert_true(exists(*state, "outside"));
    assert_true(rundir_remove(*state, STR_LIT(UID), &err)); /* gone already is success */
}

static void removal_does_not_descend_for_ever(void **state)
{
    auto_end(rundir_close) struct rundir dir = create(*state, UID);
    struct err err = {0};
    int fd = dup(dir.fd);

    for (int i = 0; i < 20; i++) {
        int deeper;
        assert_int_equal(mkdirat(fd, "d", 0700), 0);
        deeper = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        close(fd);
        fd = deeper;
    }
    close(fd);
    assert_false(rundir_remove(*state, STR_LIT(UID), &err));
    assert_int_equal(err.kind, ERR_LIMIT);
}

struct sweeping {
    uint32_t asked, forgotten;
};

static bool knows_second(void *ctx, struct str uid)
{
    ((struct sweeping *)ctx)->asked++;
    return str_is(uid, UID2);
}

static void forget(void *ctx, struct str uid)
{
    ((struct sweeping *)ctx)->forgotten++;
    assert_true(str_is(uid, UID));
}

static void make_old(const char *state, const char *name)
{
    const struct timespec times[2] = {{.tv_sec = 1700000000}, {.tv_sec = 1700000000}};
    char path[256];

    path_in(state, name, path);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void sweep(const char *state, uint32_t asked, uint32_t forgotten)
{
    struct sweeping sweeping = {0};
    struct err err = {0};

    if (!rundir_sweep(state, knows_second, forget, &sweeping, &err))
        fail_msg("%s", err.text);
    assert_int_equal(sweeping.asked, asked);
    assert_int_equal(sweeping.forgotten, forgotten);
}

static void a_sweep_takes_what_belongs_to_nobody(void **state)
{
    auto_end(rundir_close) struct rundir first = {.fd = -1};
    auto_end(rundir_close) struct rundir second = {.fd = -1};
    struct err err = {0};
    char path[256];
    int lock = -1;

    sweep(*state, 0, 0); /* no runs at all */
    first = create(*state, UID);
    second = create(*state, UID2);
    path_in(*state, "runs/mine", path);
    assert_int_equal(mkdir(path, 0700), 0);
    sweep(*state, 2, 0); /* fresh: somebody may be about to store it */
    make_old(*state, "runs/" UID2);
    assert_true(rundir_lock(&first, &lock, &err));
    make_old(*state, "runs/" UID);
    sweep(*state, 2, 0); /* locked */
    fd_end(&lock);
    sweep(*state, 2, 1);
    assert_false(exists(*state, "runs/" UID));
    assert_true(exists(*state, "runs/" UID2)); /* known */
    assert_true(exists(*state, "runs/mine"));  /* not ours */
}

/* -- the lock ------------------------------------------------------------------------------------
 */

struct keeper { /* a process that holds the lock of a run */
    pid_t pid;
    int tells; /* one byte when it has the lock, one when it was woken */
};

/* Forks a child of its own, as a supervisor does, and lets it live on without executing. Whatever
 * becomes of the test, none of them outlives it for long. */
static void keep(struct rundir *dir, int fd)
{
    struct err err = {0};
    sigset_t signals;
    int lock, signal;

    alarm(20);
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    if (!rundir_lock(dir, &lock, &err))
        _exit(1);
    if (fork() == 0) {
        alarm(20);
        pause();
        _exit(0);
    }
    if (write(fd, "l", 1) != 1)
        _exit(1);
    for (;;)
        if (sigwait(&signals, &signal) != 0 || write(fd, "w", 1) != 1)
            _exit(1);
}

static struct keeper keeper_start(struct rundir *dir)
{
    struct keeper keeper;
    char told = 0;
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    keeper.pid = fork();
    assert_true(keeper.pid >= 0);
    if (keeper.pid == 0) {
        setpgid(0, 0);
        keep(dir, ends[1]);
    }
    close(ends[1]);
    keeper.tells = ends[0];
    assert_int_equal(read(keeper.tells, &told, 1), 1);
    assert_int_equal(told, 'l');
    return keeper;
}

static void keeper_kill(struct keeper *keeper) /* not the child that it forked */
{
    kill(keeper->pid, SIGKILL);
    waitpid(keeper->pid, NULL, 0);
}

static void keeper_end(struct keeper *keeper)
{
    kill(-keeper->pid, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0)
        ;
    close(keeper->tells);
}

static void e4_one_run_has_one_supervisor(void **state)
{
    auto_end(rundir_close) struct rundir dir = create(*state, UID);
    struct keeper keeper = keeper_start(&dir);
    struct err err = {0};
    int lock = -1;

    assert_true(rundir_is_locked(*state, STR_LIT(UID)));
    assert_false(rundir_lock(&dir, &lock, &err));
    assert_int_equal(err.kind, ERR_PRESENT);
    assert_int_equal(lock, -1);
    keeper_end(&keeper);
}

static void a_lock_is_gone_with_its_holder_not_with_its_children(void **state)
{
    auto_end(rundir_close) struct rundir dir = create(*state, UID);
    struct keeper keeper = keeper_start(&dir);
    struct err err = {0};
    int lock = -1;

    keeper_kill(&keeper);
    assert_false(rundir_is_locked(*state, STR_LIT(UID)));
    assert_true(rundir_lock(&dir, &lock, &err));
    assert_true(rundir_is_locked(*state, STR_LIT(UID)));
    fd_end(&lock);
    keeper_end(&keeper);
}

static void a_holder_that_asks_about_itself_keeps_its_lock(void **state)
{
    auto_end(rundir_close) struct rundir dir = create(*state, UID);
    struct err err = {0};
    int lock = -1, second = -1, status = -1;
    pid_t other;

    assert_true(rundir_lock(&dir, &lock, &err));
    assert_true(rundir_is_locked(*state, STR_LIT(UID)));
    assert_false(rundir_lock(&dir, &second, &err));
    assert_int_equal(err.kind, ERR_PRESENT);
    other = fork();
    if (other == 0)
        _exit(rundir_is_locked(*state, STR_LIT(UID)) ? 0 : 1);
    assert_int_equal(waitpid(other, &status, 0), other);
    assert_int_equal(status, 0);
    fd_end(&lock);
    assert_false(rundir_is_locked(*state, STR_LIT(UID)));
}

static void the_text_of_the_lock_is_the_pid(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    auto_end(rundir_close) struct rundir dir = create(*state, UID);
    struct err err = {0};
    struct str text;
    char pid[16];
    int lock = -1;

    assert_true(rundir_lock(&dir, &lock, &err));
    fd_end(&lock);
    assert_true(rundir_read(&dir, "lock", &arena, 100, &text, &err));
    snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
    assert_true(str_is(text, pid));
    assert_int_equal(mode_of(*state, "runs/" UID "/lock"), 0600);
}

static void a_living_supervisor_is_woken(void **state)
{
    auto_end(rundir_close) struct rundir dir = create(*state, UID);
    struct keeper keeper = keeper_start(&dir);
    struct err err = {0};
    char told = 0;

    assert_true(rundir_wake(*state, STR_LIT(UID), &err));
    assert_int_equal(read(keeper.tells, &told, 1), 1);
    assert_int_equal(told, 'w');
    keeper_kill(&keeper);
    assert_false(rundir_wake(*state, STR_LIT(UID), &err));
    assert_int_equal(err.kind, ERR_ABSENT);
    keeper_end(&keeper);
}

/* -- its files -----------------------------------------------------------------------------------
 */

static void a_file_is_replaced_whole(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    auto_end(rundir_close) struct rundir dir = create(*state, UID);
    struct err err = {0};
    struct str bytes;

    assert_false(rundir_read(&dir, "result", &arena, 10, &bytes, &err));
    assert_int_equal(err.kind, ERR_ABSENT);
    err = (struct err){0};
    assert_true(rundir_write(&dir, "result", STR_LIT("a long first text"), &err));
    assert_true(rundir_write(&dir, "result", STR_LIT("a\0b"), &err));
    assert_true(rundir_read(&dir, "result", &arena, 3, &bytes, &err));
    assert_true(str_equal(bytes, STR_LIT("a\0b")));
    assert_int_equal(mode_of(*state, "runs/" UID "/result"), 0600);
    assert_false(exists(*state, "runs/" UID "/.result.new"));
    assert_false(rundir_read(&dir, "result", &arena, 2, &bytes, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
}

static void a_file_that_is_none_is_not_read(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    auto_end(rundir_close) struct rundir dir = create(*state, UID);
    struct err err = {0};
    struct str bytes;

    assert_int_equal(mkfifoat(dir.fd, "result", 0600), 0);
    assert_false(rundir_read(&dir, "result", &arena, 10, &bytes, &err)); /* and does not wait */
    assert_int_equal(err.kind, ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_run_has_a_directory_for_its_owner_alone, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(a_uid_is_a_uuid_before_it_is_a_path, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(a_link_is_never_followed, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(removal_takes_all_of_it_and_nothing_else, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(removal_does_not_descend_for_ever, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(a_sweep_takes_what_belongs_to_nobody, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(e4_one_run_has_one_supervisor, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(a_lock_is_gone_with_its_holder_not_with_its_children,
                                        scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(a_holder_that_asks_about_itself_keeps_its_lock,
                                        scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(the_text_of_the_lock_is_the_pid, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(a_living_supervisor_is_woken, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(a_file_is_replaced_whole, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(a_file_that_is_none_is_not_read, scratch_make,
                                        scratch_remove),
    };

    prctl(PR_SET_CHILD_SUBREAPER, 1); /* the children of killed keepers are ours to wait for */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
