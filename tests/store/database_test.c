// SPDX-License-Identifier: Apache-2.0
/* Opening the store where it cannot be opened, and writing to it where nothing can be written: one
 * clear error each, nothing stored by halves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "scratch.h"
#include "store/schema.h"
#include "store/store.h"

enum {
    NOBODY = 65534,
    WAL_SIZE_MAX = 1024 * 1024,
};

struct outcome {
    bool is_done;
    struct err err;
};

static struct outcome try_open(const char *directory, enum store_mode mode)
{
    struct outcome outcome = {0};
    struct store *store = NULL;

    outcome.is_done = store_open(directory, mode, &store, &outcome.err);
    store_close(store);
    return outcome;
}

static struct outcome try_create(const char *directory, const char *name, size_t code_size)
{
    auto_end(arena_fini) struct arena arena = {0};
    char holder[NAME_SIZE_MAX + 1], *code = arena_alloc(&arena, code_size);
    struct task task = scratch_task(name, name);
    struct outcome outcome = {0};
    struct store *store = NULL;

    memset(code, 'x', code_size);
    task.spec.source = (struct str){code, code_size};
    outcome.is_done = store_open(directory, STORE_WRITE, &store, &outcome.err) &&
                      store_create(store, &task, (struct str){0}, holder, &outcome.err);
    store_close(store);
    return outcome;
}

static bool count_row(void *ctx, const struct store_row *row)
{
    (void)row;
    ++*(uint32_t *)ctx;
    return true;
}

static uint32_t count_tasks(const char *directory)
{
    struct store *store = NULL;
    struct err err = {0};
    uint32_t count = 0;

    if (!store_open(directory, STORE_READ, &store, &err) ||
        !store_list(store, count_row, &count, &err))
        fail_msg("%s", err.text);
    store_close(store);
    return count;
}

static void assert_done(struct outcome outcome)
{
    if (!outcome.is_done)
        fail_msg("%s", outcome.err.text);
}

/* Says what, where, and what to do. */
static void assert_refused(struct outcome outcome, enum err_kind kind, const char *path,
                           const char *words)
{
    assert_false(outcome.is_done);
    if (outcome.err.kind != kind || !strstr(outcome.err.text, path) ||
        !strstr(outcome.err.text, words) || strchr(outcome.err.text, '\n'))
        fail_msg("kind %d, not %d: %s", (int)outcome.err.kind, (int)kind, outcome.err.text);
}

static void path_in(const void *directory, const char *name, char ret[256])
{
    assert_true(snprintf(ret, 256, "%s/%s", (const char *)directory, name) < 256);
}

static void write_file(const char *path, const void *bytes, size_t size, off_t at)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, size, at), size);
    close(fd);
}

static void run_sql(const char *path, const char *text)
{
    sqlite3 *sqlite = NULL;

    assert_int_equal(sqlite3_open(path, &sqlite), SQLITE_OK);
    assert_int_equal(sqlite3_exec(sqlite, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(sqlite);
}

/* In a process that may become somebody else, or live in mounts of its own. */
static void in_child(void (*body)(void *ctx, struct outcome *ret), void *ctx, struct outcome *ret)
{
    int ends[2], status = -1;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct outcome outcome = {0};
        body(ctx, &outcome);
        _exit(write(ends[1], &outcome, sizeof(outcome)) == sizeof(outcome) ? 0 : 1);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], ret, sizeof(*ret)), sizeof(*ret));
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static bool become_nobody(void)
{
    return geteuid() != 0 || (setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
}

/* -- making ------------------------------------------------------------------------------------ */

static void reading_makes_nothing(void **state)
{
    char path[256];

    path_in(*state, "none", path);
    assert_refused(try_open(path, STORE_READ), ERR_ABSENT, path, "no store");
    assert_int_equal(access(path, F_OK), -1);
}

static void writing_makes_it_for_its_owner_alone(void **state)
{
    static const char *const names[] = {"store.db", "store.db-wal", "store.db-shm"};
    char directory[256], path[256];
    struct stat found;
    mode_t mask = umask(0);

    path_in(*state, "a/b/c", directory);
    assert_done(try_create(directory, "t", 10));
    umask(mask);
    assert_int_equal(stat(directory, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0700);
    for (size_t i = 0; i < countof(names); i++) {
        path_in(directory, names[i], path);
        assert_int_equal(stat(path, &found), 0);
        assert_int_equal(found.st_mode & 0777, 0600);
    }
}

static void an_empty_file_is_a_store_not_made_yet(void **state)
{
    char path[256];

    path_in(*state, "store.db", path);
    write_file(path, "", 0, 0);
    assert_refused(try_open(*state, STORE_READ), ERR_ABSENT, path, "no store");
    assert_done(try_open(*state, STORE_WRITE));
    assert_done(try_open(*state, STORE_READ));
}

static void the_file_says_whose_it_is(void **state)
{
    char path[256];
    unsigned char header[100];
    int fd;

    assert_done(try_open(*state, STORE_WRITE));
    path_in(*state, "store.db", path);
    run_sql(path, "PRAGMA wal_checkpoint(TRUNCATE)");
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, header, sizeof(header)), sizeof(header));
    close(fd);
    assert_int_equal(header[63], SCHEMA_VERSION);
    assert_memory_equal(header + 68, "AgTa", 4);
    assert_int_equal(SCHEMA_APPLICATION_ID, 0x41675461);
}

/* Short commands open and close it, each with a few pages: none of them grows for ever. */
static void the_log_ahead_is_written_back_in_time(void **state)
{
    char path[256], name[16];
    struct stat found;
    off_t largest = 0;

    path_in(*state, "store.db-wal", path);
    for (int i = 0; i < 60; i++) {
        snprintf(name, sizeof(name), "t-%d", i);
        assert_done(try_create(*state, name, 100));
        assert_int_equal(stat(path, &found), 0);
        if (found.st_size > largest)
            largest = found.st_size;
    }
    assert_in_range(largest, 100 * 1024, WAL_SIZE_MAX);
    assert_int_equal(count_tasks(*state), 60);
}

/* -- what is not ours ---------------------------------------------------------------------------
 */

static void a_file_where_the_directory_should_be(void **state)
{
    char path[256];

    path_in(*state, "file", path);
    write_file(path, "x", 1, 0);
    assert_refused(try_open(path, STORE_WRITE), ERR_REFUSED, path, "XDG_STATE_HOME");
    assert_refused(try_open(path, STORE_READ), ERR_REFUSED, path, "Not a directory");
}

static void a_directory_where_the_file_should_be(void **state)
{
    char path[256];

    path_in(*state, "store.db", path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_refused(try_open(*state, STORE_WRITE), ERR_REFUSED, path, "XDG_STATE_HOME");
}

static void a_path_that_is_too_long(void **state)
{
    char path[600] = "";

    (void)state;
    memset(path, 'x', sizeof(path) - 1);
    memcpy(path, "/tmp/", 5);
    assert_refused(try_open(path, STORE_WRITE), ERR_REFUSED, "/tmp/xxx", "longer than");
}

static void a_file_that_is_no_database(void **state)
{
    static const char text[] =
        "this is a diary, and it must not be touched in any way at all, thanks";
    char path[256], after[sizeof(text)] = "";
    int fd;

    path_in(*state, "store.db", path);
    write_file(path, text, sizeof(text), 0);
    assert_refused(try_open(*state, STORE_WRITE), ERR_REFUSED, path, "move it away");
    assert_refused(try_open(*state, STORE_READ), ERR_REFUSED, path, "no SQLite file");
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, after, sizeof(after)), sizeof(text));
    close(fd);
    assert_string_equal(after, text);
}

static void the_database_of_another_program(void **state)
{
    char path[256];

    path_in(*state, "store.db", path);
    run_sql(path, "CREATE TABLE photos (name TEXT)");
    assert_refused(try_open(*state, STORE_WRITE), ERR_REFUSED, path, "another program");
    run_sql(path, "INSERT INTO photos VALUES ('still there'); PRAGMA application_id = 7");
    assert_refused(try_open(*state, STORE_WRITE), ERR_REFUSED, path, "another program");
}

static void a_newer_schema_is_refused(void **state)
{
    char path[256];

    assert_done(try_create(*state, "t", 10));
    path_in(*state, "store.db", path);
    run_sql(path, "PRAGMA user_version = 2");
    assert_refused(try_open(*state, STORE_WRITE), ERR_REFUSED, path, "newer version");
    assert_refused(try_open(*state, STORE_READ), ERR_REFUSED, path, "schema 2");
    run_sql(path, "PRAGMA user_version = 1");
    assert_int_equal(count_tasks(*state), 1);
}

static void a_damaged_file_is_said_to_be_damaged(void **state)
{
    char path[256], garbage[4096];
    struct outcome outcome;

    assert_done(try_create(*state, "t", 10));
    path_in(*state, "store.db", path);
    run_sql(path, "PRAGMA wal_checkpoint(TRUNCATE)");
    memset(garbage, 0xa5, sizeof(garbage));
    for (int page = 1; page < 6; page++)
        write_file(path, garbage, sizeof(garbage), page * 4096);
    outcome = try_create(*state, "u", 10);
    assert_refused(outcome, ERR_REFUSED, path, "damaged");
}

/* -- what may not be written ---------------------------------------------------------------------
 */

static void open_as_nobody(void *ctx, struct outcome *ret)
{
    if (become_nobody())
        *ret = try_open(ctx, STORE_WRITE);
}

static void create_as_nobody(void *ctx, struct outcome *ret)
{
    if (become_nobody())
        *ret = try_create(ctx, "second", 10);
}

static void read_as_nobody(void *ctx, struct outcome *ret)
{
    ret->is_done = become_nobody() && count_tasks(ctx) == 1;
}

static void a_directory_that_may_not_be_entered(void **state)
{
    struct outcome outcome;

    assert_int_equal(chmod(*state, 0), 0);
    in_child(open_as_nobody, *state, &outcome);
    assert_int_equal(chmod(*state, 0700), 0);
    assert_refused(outcome, ERR_REFUSED, *state, "Permission denied");
}

static void a_directory_that_may_not_be_written(void **state)
{
    char path[256];
    struct outcome outcome;

    path_in(*state, "store.db", path);
    assert_int_equal(chmod(*state, 0555), 0);
    in_child(open_as_nobody, *state, &outcome);
    assert_int_equal(chmod(*state, 0700), 0);
    assert_refused(outcome, ERR_REFUSED, path, "Permission denied");
    assert_int_equal(access(path, F_OK), -1);
}

/* E5: no new task, and what is there can be read. */
static void e5_a_store_that_may_only_be_read(void **state)
{
    static const char *const names[] = {"store.db", "store.db-wal", "store.db-shm"};
    char path[256];
    struct outcome outcome, reading;

    assert_done(try_create(*state, "first", 10));
    for (size_t i = 0; i < countof(names); i++) {
        path_in(*state, names[i], path);
        assert_int_equal(chmod(path, 0444), 0);
    }
    assert_int_equal(chmod(*state, 0555), 0);
    in_child(create_as_nobody, *state, &outcome);
    in_child(read_as_nobody, *state, &reading);
    assert_int_equal(chmod(*state, 0700), 0);
    path_in(*state, "store.db", path);
    assert_refused(outcome, ERR_REFUSED, path, "XDG_STATE_HOME");
    assert_true(reading.is_done);
}

/* -- no room -------------------------------------------------------------------------------------
 */

static bool write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool is_written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    close(fd);
    return is_written;
}

/* A file system of one megabyte, seen by this process alone, also for an ordinary user. */
static bool mount_small(const char *directory)
{
    char users[32], groups[32];
    uid_t uid = getuid();

    snprintf(users, sizeof(users), "0 %u 1", uid);
    snprintf(groups, sizeof(groups), "0 %u 1", getgid());
    if (unshare(CLONE_NEWNS | (uid == 0 ? 0 : CLONE_NEWUSER)) < 0)
        return false;
    if (uid != 0 &&
        (!write_text("/proc/self/setgroups", "deny") || !write_text("/proc/self/uid_map", users) ||
         !write_text("/proc/self/gid_map", groups)))
        return false;
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", directory, "tmpfs", 0, "size=1m,mode=700") == 0;
}

/* Creates until it fails; then everything acknowledged is there, and nothing else. */
static void fill_up(void *ctx, struct outcome *ret)
{
    char name[16], text[sizeof(ret->err.text)];
    uint32_t created = 0;

    do {
        snprintf(name, sizeof(name), "t-%u", created);
        *ret = try_create(ctx, name, 50 * 1024);
        created += ret->is_done;
    } while (ret->is_done && created < 1000);
    memcpy(text, ret->err.text, sizeof(text));
    if (created < 3)
        snprintf(ret->err.text, sizeof(ret->err.text), "only %u: %.200s", created, text);
    else if (count_tasks(ctx) != created)
        snprintf(ret->err.text, sizeof(ret->err.text), "not %u any more", created);
}

static void fill_small_disk(void *ctx, struct outcome *ret)
{
    if (mount_small(ctx))
        fill_up(ctx, ret);
}

static void e5_a_full_disk(void **state)
{
    struct outcome outcome;

    in_child(fill_small_disk, *state, &outcome);
    if (!outcome.is_done && outcome.err.kind == ERR_NONE)
        skip(); /* no mounts of its own here */
    assert_refused(outcome, ERR_RETRY, *state, "No space left on device; free some space");
}

static void fill_within_limit(void *ctx, struct outcome *ret)
{
    const struct rlimit limit = {400 * 1024, 400 * 1024};

    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) == 0)
        fill_up(ctx, ret);
}

static void e5_a_write_that_fails(void **state)
{
    struct outcome outcome;

    in_child(fill_within_limit, *state, &outcome);
    assert_refused(outcome, ERR_RETRY, *state, "check the disk");
}

/* Another process writes for a while. */
static void a_writer_waits_and_a_reader_does_not(void **state)
{
    const struct timespec moment = {.tv_nsec = 300 * 1000 * 1000};
    char path[256], go = 0;
    int ends[2];
    pid_t child;

    assert_done(try_create(*state, "first", 10));
    path_in(*state, "store.db", path);
    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        sqlite3 *sqlite = NULL;
        bool is_held = sqlite3_open(path, &sqlite) == SQLITE_OK &&
                       sqlite3_exec(sqlite, "BEGIN IMMEDIATE; DELETE FROM status", NULL, NULL,
                                    NULL) == SQLITE_OK &&
                       write(ends[1], &go, 1) == 1;
        nanosleep(&moment, NULL);
        _exit(is_held ? 0 : 1); /* its changes go with it */
    }
    assert_int_equal(read(ends[0], &go, 1), 1);
    assert_int_equal(count_tasks(*state), 1);
    assert_int_equal(waitpid(child, NULL, WNOHANG), 0); /* we did not wait for its end */
    assert_done(try_create(*state, "second", 10));
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(count_tasks(*state), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reading_makes_nothing, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(writing_makes_it_for_its_owner_alone, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(an_empty_file_is_a_store_not_made_yet, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(the_file_says_whose_it_is, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(the_log_ahead_is_written_back_in_time, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(a_file_where_the_directory_should_be, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(a_directory_where_the_file_should_be, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(a_path_that_is_too_long, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(a_file_that_is_no_database, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(the_database_of_another_program, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(a_newer_schema_is_refused, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(a_damaged_file_is_said_to_be_damaged, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(a_directory_that_may_not_be_entered, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(a_directory_that_may_not_be_written, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(e5_a_store_that_may_only_be_read, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(e5_a_full_disk, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(e5_a_write_that_fails, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(a_writer_waits_and_a_reader_does_not, scratch_make,
                                        scratch_remove),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
