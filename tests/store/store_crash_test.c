// SPDX-License-Identifier: Apache-2.0
/* Several processes at one store, and processes that die in the middle of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <time.h>

#include "scratch.h"
#include "store/store.h"

enum {
    KILLS = 200,
    TASKS_PER_LIFE = 50,
    RACERS = 4,
    ROUNDS = 20,
};

static void store_end(struct store **store)
{
    *store = store_close(*store);
}

/* -- death ------------------------------------------------------------------------------------- */

struct acknowledged { /* sent only after the store said so */
    int task;
    int64_t version;
};

static void name_of(int life, int task, char ret[32])
{
    snprintf(ret, 32, "t-%d-%d", life, task);
}

/* Creates tasks and ends them, telling each success, until it is killed. */
static void live(const char *directory, int life, int fd)
{
    struct store *store = NULL;
    char name[32], holder[NAME_SIZE_MAX + 1];
    struct err err = {0};

    if (!store_open(directory, STORE_WRITE, &store, &err))
        return;
    for (int i = 0; i < TASKS_PER_LIFE; i++) {
        struct acknowledged told = {i, 1};
        name_of(life, i, name);
        struct task task = scratch_task(name, name);
        if (!store_create(store, &task, (struct str){0}, holder, &err) ||
            write(fd, &told, sizeof(told)) < 0)
            return;
        task.version = STR_LIT("1");
        task.status.phase = PHASE_SUCCEEDED;
        task.status.finished_ms = task.created_ms + 1;
        if (!store_put_status(store, &task, true, &told.version, &err) ||
            write(fd, &told, sizeof(told)) < 0)
            return;
    }
    store_close(store);
}

static void check_told(struct store *store, int life, struct acknowledged told)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct task task;
    struct err err = {0};
    char name[32];
    int64_t version;

    name_of(life, told.task, name);
    if (!store_read(store, str_of(name), &arena, &task, &err))
        fail_msg("acknowledged, but: %s", err.text);
    assert_true(str_to_int(task.version, &version));
    assert_true(version >= told.version);
    assert_int_equal(task.status.phase, version == 2 ? PHASE_SUCCEEDED : PHASE_PENDING);
}

static void check_file(const char *directory)
{
    sqlite3 *sqlite = NULL;
    sqlite3_stmt *statement = NULL;
    char path[256];

    snprintf(path, sizeof(path), "%s/store.db", directory);
    assert_int_equal(sqlite3_open(path, &sqlite), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(sqlite, "PRAGMA integrity_check", -1, &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(statement, 0), "ok");
    sqlite3_finalize(statement);
    assert_int_equal(sqlite3_prepare_v2(sqlite,
                                        "SELECT (SELECT count(*) FROM task) = (SELECT count(*) FROM"
                                        " spec JOIN task USING (id) JOIN status USING (id))",
                                        -1, &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(statement, 0), 1);
    sqlite3_finalize(statement);
    sqlite3_close(sqlite);
}

static void kill_a_life(const char *directory, int life, uint32_t *count)
{
    const struct timespec moment = {.tv_nsec = (rand() % 20000) * 1000L};
    auto_end(store_end) struct store *store = NULL;
    struct acknowledged told;
    struct err err = {0};
    int ends[2];
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        live(directory, life, ends[1]);
        _exit(0);
    }
    close(ends[1]);
    nanosleep(&moment, NULL);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    if (!store_open(directory, STORE_WRITE, &store, &err))
        fail_msg("%s", err.text);
    for (; read(ends[0], &told, sizeof(told)) == sizeof(told); ++*count)
        check_told(store, life, told);
    close(ends[0]);
}

static void e1_what_was_acknowledged_survives_kill_9(void **state)
{
    uint32_t count = 0;

    srand(1);
    for (int life = 0; life < KILLS; life++) {
        kill_a_life(*state, life, &count);
        if (life % 20 == 0)
            check_file(*state);
    }
    check_file(*state);
    print_message("%u acknowledged writes in %d lives\n", count, KILLS);
    assert_true(count > KILLS / 10);
}

/* -- races ------------------------------------------------------------------------------------- */

/* Runs `body` in several processes that start together; returns the sum of what they returned. */
static int race(const char *directory, int round, int (*body)(const char *directory, int round))
{
    pid_t racers[RACERS];
    int ends[2], sum = 0, status;
    char go;

    assert_int_equal(pipe(ends), 0);
    for (int i = 0; i < RACERS; i++) {
        racers[i] = fork();
        assert_true(racers[i] >= 0);
        if (racers[i] == 0) {
            close(ends[1]);
            _exit(read(ends[0], &go, 1) == 0 ? body(directory, round) : 100);
        }
    }
    close(ends[0]);
    close(ends[1]); /* go */
    for (int i = 0; i < RACERS; i++) {
        assert_int_equal(waitpid(racers[i], &status, 0), racers[i]);
        assert_true(WIFEXITED(status));
        sum += WEXITSTATUS(status);
    }
    return sum;
}

static int open_first(const char *directory, int round)
{
    struct store *store = NULL;
    struct err err = {0};
    char path[256];

    snprintf(path, sizeof(path), "%s/%d/state", directory, round);
    if (!store_open(path, STORE_WRITE, &store, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 100;
    }
    store_close(store);
    return 1;
}

static void all_may_be_the_first_to_open(void **state)
{
    for (int round = 0; round < ROUNDS; round++)
        assert_int_equal(race(*state, round, open_first), RACERS);
}

/* 1: it won; 0: it was told who did; else wrong. */
static int create_same(const char *directory, int round)
{
    auto_end(store_end) struct store *store = NULL;
    char name[32], uid[32], holder[NAME_SIZE_MAX + 1] = "";
    struct err err = {0};
    struct task task;

    name_of(round, 0, name);
    snprintf(uid, sizeof(uid), "u-%d", (int)getpid());
    task = scratch_task(name, uid);
    if (!store_open(directory, STORE_WRITE, &store, &err))
        return 100;
    if (store_create(store, &task, str_of(round % 2 ? name : ""), holder, &err))
        return 1;
    return err.kind == ERR_PRESENT && strcmp(holder, name) == 0 ? 0 : 100;
}

static void a_name_and_a_key_are_won_by_one(void **state)
{
    for (int round = 0; round < ROUNDS; round++)
        assert_int_equal(race(*state, round, create_same), 1);
}

static int count_up(const char *directory, int round)
{
    auto_end(store_end) struct store *store = NULL;
    struct err err = {0};

    (void)round;
    if (!store_open(directory, STORE_WRITE, &store, &err))
        return 100;
    for (int done = 0; done < ROUNDS;) {
        auto_end(arena_fini) struct arena arena = {0};
        struct task task;
        int64_t version;
        struct err stale = {0};
        if (!store_read(store, STR_LIT("one"), &arena, &task, &err))
            return 100;
        task.status.observed_generation++;
        if (store_put_status(store, &task, false, &version, &stale))
            done++;
        else if (stale.kind != ERR_STALE)
            return 100;
    }
    return 1;
}

static void no_change_is_lost_to_another(void **state)
{
    auto_end(store_end) struct store *store = NULL;
    auto_end(arena_fini) struct arena arena = {0};
    struct task task = scratch_task("one", "u-1");
    char holder[NAME_SIZE_MAX + 1];
    struct err err = {0};

    assert_true(store_open(*state, STORE_WRITE, &store, &err));
    assert_true(store_create(store, &task, (struct str){0}, holder, &err));
    store_end(&store);
    assert_int_equal(race(*state, 0, count_up), RACERS);
    assert_true(store_open(*state, STORE_READ, &store, &err));
    assert_true(store_read(store, STR_LIT("one"), &arena, &task, &err));
    assert_int_equal(task.status.observed_generation, RACERS * ROUNDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(e1_what_was_acknowledged_survives_kill_9, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(all_may_be_the_first_to_open, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(a_name_and_a_key_are_won_by_one, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(no_change_is_lost_to_another, scratch_make, scratch_remove),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
