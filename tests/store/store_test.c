// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scratch.h"
#include "store/store.h"

static void store_end(struct store **store)
{
    *store = store_close(*store);
}

static struct store *open_store(const char *directory, enum store_mode mode)
{
    struct store *store = NULL;
    struct err err = {0};

    if (!store_open(directory, mode, &store, &err))
        fail_msg("%s", err.text);
    return store;
}

static void create(struct store *store, const struct task *task, const char *key)
{
    char holder[NAME_SIZE_MAX + 1];
    struct err err = {0};

    if (!store_create(store, task, str_of(key), holder, &err))
        fail_msg("%s", err.text);
}

static struct task read_task(struct store *store, const char *name, struct arena *arena)
{
    struct task task = {0};
    struct err err = {0};

    if (!store_read(store, str_of(name), arena, &task, &err))
        fail_msg("%s", err.text);
    return task;
}

static int64_t put(struct store *store, const struct task *task)
{
    struct err err = {0};
    int64_t version = 0;

    if (!store_put_status(store, task, false, &version, &err))
        fail_msg("%s", err.text);
    return version;
}

/* Moves a stored task to an ending. */
static void end_task(struct store *store, const char *name, enum phase phase, int64_t finished_ms)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct task task = read_task(store, name, &arena);

    task.status.phase = phase;
    task.status.finished_ms = finished_ms;
    put(store, &task);
}

static void assert_str(struct str s, const char *text)
{
    assert_int_equal(s.size, strlen(text));
    assert_memory_equal(s.at ? s.at : "", text, s.size);
}

/* -- creating and reading --------------------------------------------------------------------- */

static void what_was_created_is_read_back(void **state)
{
    static const char code[] = "print('\xc3\xa9\\n\t\x01')\n";
    auto_end(store_end) struct store *store = open_store(*state, STORE_WRITE);
    auto_end(arena_fini) struct arena arena = {0};
    const struct str args[] = {STR_LIT("-v"), STR_LIT("")};
    const struct pair env[] = {
        {STR_LIT("A"), STR_LIT("1")}
    };
    const struct pair labels[] = {
        {STR_LIT("team"), STR_LIT("x")}
    };
    struct task task = scratch_task("one", "u-1"), got;

    task.spec.source = (struct str){code, sizeof(code) - 1};
    task.spec.args = (struct strs){args, 2};
    task.spec.env = (struct pairs){env, 1};
    task.labels = (struct pairs){labels, 1};
    task.spec.ttl_ms = 5000;
    create(store, &task, "");
    store_end(&store);
    store = open_store(*state, STORE_READ);
    got = read_task(store, "one", &arena);
    assert_str(got.name, "one");
    assert_str(got.uid, "u-1");
    assert_str(got.version, "1");
    assert_int_equal(got.created_ms, task.created_ms);
    assert_int_equal(got.generation, 1);
    assert_true(str_equal(got.spec.source, task.spec.source));
    assert_int_equal(got.spec.args.count, 2);
    assert_str(got.spec.args.at[0], "-v");
    assert_str(got.spec.env.at[0].value, "1");
    assert_str(got.labels.at[0].name, "team");
    assert_int_equal(got.spec.timeout_ms, 60000);
    assert_int_equal(got.spec.ttl_ms, 5000);
    assert_int_equal(got.status.phase, PHASE_PENDING);
    assert_int_equal(got.status.exit_code, EXIT_UNKNOWN);
    assert_int_equal(got.status.queued_ms, task.status.queued_ms);
}

static void the_largest_code_is_kept_whole(void **state)
{
    auto_end(store_end) struct store *store = open_store(*state, STORE_WRITE);
    auto_end(arena_fini) struct arena arena = {0};
    struct task task = scratch_task("large", "u-1");
    char *code = arena_alloc(&arena, CODE_SIZE_MAX);

    memset(code, 1, CODE_SIZE_MAX); /* six bytes of JSON each */
    task.spec.source = (struct str){code, CODE_SIZE_MAX};
    create(store, &task, "");
    assert_true(str_equal(read_task(store, "large", &arena).spec.source, task.spec.source));
}

static void latest_is_the_one_created_last(void **state)
{
    auto_end(store_end) struct store *store = open_store(*state, STORE_WRITE);
    auto_end(arena_fini) struct arena arena = {0};
    struct task first = scratch_task("z", "u-1"), second = scratch_task("a", "u-2");
    struct err err = {0};
    struct task got;

    assert_false(store_read(store, STR_LIT("@latest"), &arena, &got, &err));
    assert_int_equal(err.kind, ERR_ABSENT);
    create(store, &first, "");
    create(store, &second, "");
    assert_str(read_task(store, "@latest", &arena).name, "a");
    err = (struct err){0};
    assert_true(store_drop(store, STR_LIT("u-2"), &err));
    assert_str(read_task(store, "@latest", &arena).name, "z");
}

static void an_absent_task_is_said_to_be_absent(void **state)
{
    auto_end(store_end) struct store *store = open_store(*state, STORE_WRITE);
    auto_end(arena_fini) struct arena arena = {0};
    struct task got, task = scratch_task("nobody", "u-1");
    struct err errs[5] = {{0}};
    int64_t version;

    task.version = STR_LIT("1");
    assert_false(store_read(store, task.name, &arena, &got, &errs[0]));
    assert_false(store_read_key(store, STR_LIT("k"), &arena, &got, &errs[1]));
    assert_false(store_put_status(store, &task, true, &version, &errs[2]));
    assert_false(store_cancel(store, task.name, &errs[3]));
    assert_false(store_drop(store, task.uid, &errs[4]));
    for (size_t i = 0; i < countof(errs); i++)
        assert_int_equal(errs[i].kind, ERR_ABSENT);
    assert_string_equal(errs[0].text, "there is no task \"nobody\"");
}

static void a_name_or_key_is_given_once(void **state)
{
    auto_end(store_end) struct store *store = open_store(*state, STORE_WRITE);
    auto_end(arena_fini) struct arena arena = {0};
    struct task first = scratch_task("first", "u-1"), other = scratch_task("other", "u-2"), got;
    const struct {
        const char *name, *uid, *key, *holder;
    } rows[] = {
        {"first", "u-3", "",   "first"},
        {"third", "u-3", "k1", "first"},
        {"third", "u-1", "",   "first"},
        {"first", "u-3", "k2", "other"}, /* the key tells what the caller wants to know */
    };

    create(store, &first, "k1");
    create(store, &other, "k2");
    for (size_t i = 0; i < countof(rows); i++) {
        struct task task = scratch_task(rows[i].name, rows[i].uid);
        char holder[NAME_SIZE_MAX + 1] = "";
        struct err err = {0};
        assert_false(store_create(store, &task, str_of(rows[i].key), holder, &err));
        assert_int_equal(err.kind, ERR_PRESENT);
        assert_string_equal(holder, rows[i].holder);
    }
    struct err err = {0};
    assert_true(store_read_key(store, STR_LIT("k2"), &arena, &got, &err));
    assert_str(got.name, "other");
    assert_str(read_task(store, "@latest", &arena).name, "other"); /* nothing stored by halves */
}

static void many_tasks_may_have_no_key(void **state)
{
    auto_end(store_end) struct store *store = open_store(*state, STORE_WRITE);
    struct task a = scratch_task("a", "u-1"), b = scratch_task("b", "u-2");

    create(store, &a, "");
    create(store, &b, "");
}

static void labels_past_the_bound_are_refused(void **state)
{
    auto_end(store_end) struct store *store = open_store(*state, STORE_WRITE);
    struct task task = scratch_task("a", "u-1");
    struct pair labels[LABELS_MAX + 1];
    char holder[NAME_SIZE_MAX + 1];
    struct err err = {0};

    for (size_t i = 0; i < countof(labels); i++)
        labels[i] = (struct pair){STR_LIT("n"), STR_LIT("v")};
    task.labels = (struct pairs){labels, LABELS_MAX + 1};
    assert_false(store_create(store, &task, STR_LIT(""), holder, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    labels[0].value = STR_LIT("a\0b");
    task.labels.count = 1;
    err = (struct err){0};
    assert_false(store_create(store, &task, STR_LIT(""), holder, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

/* -- status ------------------------------------------------------------------------------------ */

static void a_status_is_kept_whole(void **state)
{
    auto_end(store_end) struct store *store = open_store(*state, STORE_WRITE);
    auto_end(arena_fini) struct arena arena = {0};
    struct task task = scratch_task("one", "u-1"), got;

    create(store, &task, "");
    task = read_task(store, "one", &arena);
    task.status.phase = PHASE_FAILED;
    task.status.reason = REASON_TIMEOUT;
    task.status.message = STR_LIT("ran longer than 60s");
    task.status.exit_code = 143;
    task.status.signal = 15;
    task.status.attempt = 1;
    task.status.run =
        (struct run_ref){STR_LIT("Sandbox"), STR_LIT("one-run"), STR_LIT("u-1"), STR_LIT("here")};
    task.status.created_ms = 1790000001000;
    task.status.started_ms = 1790000002000;
    task.status.finished_ms = 1790000062000;
    task.status.result.verdict = RESULT_MISSING;
    assert_int_equal(put(store, &task), 2);
    got = read_task(store, "one", &arena);
    assert_str(got.version, "2");
    assert_int_equal(got.generation, 1);
    assert_int_equal(got.status.phase, PHASE_FAILED);
    assert_int_equal(got.status.reason, REASON_TIMEOUT);
    assert_str(got.status.message, "ran longer than 60s");
    assert_int_equal(got.status.exit_code, 143);
    assert_str(got.status.run.name, "one-run");
    assert_int_equal(got.status.finished_ms, task.status.finished_ms);
    assert_int_equal(got.status.result.verdict, RESULT_MISSING);
    assert_str(got.spec.source, "print(42)\n");
}

static void an_old_version_is_stale(void **state)
{
    auto_end(store_end) struct store *ours = open_store(*state, STORE_WRITE);
    auto_end(store_end) struct store *theirs = open_store(*state, STORE_WRITE);
    auto_end(arena_fini) struct arena arena = {0};
    struct task task = scratch_task("one", "u-1");
    struct err err = {0};
    int64_t version = 0;

    create(ours, &task, "");
    task = read_task(ours, "one", &arena);
    put(theirs, &task);
    task.status.phase = PHASE_RUNNING;
    assert_false(store_put_status(ours, &task, true, &version, &err));
    assert_int_equal(err.kind, ERR_STALE);
    assert_int_equal(version, 0);
    assert_int_equal(read_task(ours, "one", &arena).status.phase, PHASE_PENDING);
    task.version = STR_LIT("");
    err = (struct err){0};
    assert_false(store_put_status(ours, &task, true, &version, &err));
    assert_int_equal(err.kind, ERR_STALE);
}

static void a_task_of_the_same_name_is_another_task(void **state)
{
    auto_end(store_end) struct store *store = open_store(*state, STORE_WRITE);
    auto_end(arena_fini) struct arena arena = {0};
    struct task old = scratch_task("one", "u-1"), young = scratch_task("one", "u-2");
    struct err err = {0};
    int64_t version;

    create(store, &old, "");
    old = read_task(store, "one", &arena);
    assert_true(store_drop(store, old.uid, &err));
    create(store, &young, "");
    assert_false(store_put_status(store, &old, true, &version, &err));
    assert_int_equal(err.kind, ERR_ABSENT);
}

static void h02_terminal_rewritten(void **state)
{
    const enum phase endings[] = {PHASE_SUCCEEDED, PHASE_FAILED, PHASE_CANCELED};
    auto_end(store_end) struct store *store = open_store(*state, STORE_WRITE);
    auto_end(arena_fini) struct arena arena = {0};
    const char *const names[] = {"s", "f", "c"};
    int64_t version;

    for (size_t i = 0; i < countof(endings); i++) {
        struct task task = scratch_task(names[i], names[i]);
        struct err err = {0};
        create(store, &task, "");
        end_task(store, names[i], endings[i], 1790000009000);
        task = read_task(store, names[i], &arena);
        task.status.phase = endings[i] == PHASE_FAILED ? PHASE_SUCCEEDED : PHASE_FAILED;
        assert_false(store_put_status(store, &task, true, &version, &err));
        assert_int_equal(err.kind, ERR_REFUSED);
        assert_int_equal(read_task(store, names[i], &arena).status.phase, endings[i]);
    }
}

/* -- the mutable fields ------------------------------------------------------------------------ */

static void cancel_is_recorded_once(void **state)
{
    auto_end(store_end) struct store *store = open_store(*state, STORE_WRITE);
    auto_end(arena_fini) struct arena arena = {0};
    struct task task = scratch_task("one", "u-1");
    struct err err = {0};

    create(store, &task, "");
    assert_true(store_cancel(store, task.name, &err));
    assert_true(store_cancel(store, task.name, &err));
    task = read_task(store, "one", &arena);
    assert_true(task.spec.canceled);
    assert_str(task.version, "2");
    assert_int_equal(task.generation, 2);
}

static void h05_cancel_over_finished(void **state)
{
    auto_end(store_end) struct store *store = open_store(*state, STORE_WRITE);
    auto_end(arena_fini) struct arena arena = {0};
    struct task task = scratch_task("one", "u-1");
    struct err err = {0};

    create(store, &task, "");
    end_task(store, "one", PHASE_SUCCEEDED, 1790000009000);
    assert_false(store_cancel(store, task.name, &err));
    assert_int_equal(err.kind, ERR_REFUSED);
    assert_string_equal(err.text, "task \"one\" is over already (Succeeded)");
    assert_false(read_task(store, "one", &arena).spec.canceled);
}

/* -- listing ----------------------------------------------------------------------------------- */

struct seen {
    char names[256]; /* "a b c" */
    struct store_row last;
    uint32_t labels, stop_after, count;
};

static bool see(void *ctx, const struct store_row *row)
{
    struct seen *seen = ctx;
    size_t size = strlen(seen->names);

    snprintf(seen->names + size, sizeof(seen->names) - size, "%s%.*s", size ? " " : "",
             STR_ARG(row->name));
    seen->last = *row;
    seen->labels = row->labels.count;
    if (row->labels.count > 0)
        assert_str(row->labels.at[row->labels.count - 1].value, "");
    return ++seen->count != seen->stop_after;
}

static void a_list_is_in_order_of_name(void **state)
{
    auto_end(store_end) struct store *store = open_store(*state, STORE_WRITE);
    const char *const names[] = {"m", "b", "z", "a-1", "a"};
    struct seen seen = {0}, few = {.stop_after = 2};
    struct err err = {0};

    for (size_t i = 0; i < countof(names); i++) {
        struct task task = scratch_task(names[i], names[i]);
        create(store, &task, "");
    }
    assert_true(store_list(store, see, &seen, &err));
    assert_string_equal(seen.names, "a a-1 b m z");
    assert_true(store_list(store, see, &few, &err));
    assert_string_equal(few.names, "a a-1");
}

static void a_row_says_what_the_columns_need(void **state)
{
    auto_end(store_end) struct store *store = open_store(*state, STORE_WRITE);
    auto_end(arena_fini) struct arena arena = {0};
    const struct pair labels[] = {
        {STR_LIT("a"), STR_LIT("b")},
        {STR_LIT("c"), STR_LIT("") },
    };
    struct task task = scratch_task("one", "u-1");
    struct seen seen = {0};
    struct err err = {0};

    task.labels = (struct pairs){labels, 2};
    task.spec.ttl_ms = 1000;
    create(store, &task, "");
    task = read_task(store, "one", &arena);
    task.status.phase = PHASE_FAILED;
    task.status.reason = REASON_POD_FAILED;
    task.status.exit_code = 3;
    task.status.attempt = 1;
    task.status.started_ms = 1790000002000;
    task.status.finished_ms = 1790000009000;
    put(store, &task);
    assert_true(store_list(store, see, &seen, &err));
    assert_int_equal(seen.labels, 2);
    assert_int_equal(seen.last.phase, PHASE_FAILED);
    assert_int_equal(seen.last.reason, REASON_POD_FAILED);
    assert_int_equal(seen.last.exit_code, 3);
    assert_int_equal(seen.last.attempt, 1);
    assert_int_equal(seen.last.created_ms, 1790000000000);
    assert_int_equal(seen.last.started_ms, 1790000002000);
    assert_int_equal(seen.last.finished_ms, 1790000009000);
    assert_int_equal(seen.last.expires_ms, 1790000010000);
    assert_int_equal(seen.last.version, 2);
}

static void check_due(struct store *store, int64_t now_ms, const char *names)
{
    struct seen seen = {0};
    struct err err = {0};

    assert_true(store_list_due(store, now_ms, see, &seen, &err));
    assert_string_equal(seen.names, names);
}

/* H4 canceled_never_expires and H3 timed_out_never_expires: every ending has its due time. */
static void h04_canceled_never_expires(void **state)
{
    const struct {
        const char *name;
        enum phase phase;
        int64_t ttl_ms;
    } rows[] = {
        {"open",    PHASE_RUNNING,   0                      },
        {"done",    PHASE_SUCCEEDED, 1000                   },
        {"late",    PHASE_FAILED,    2000                   },
        {"stopped", PHASE_CANCELED,  3000                   },
        {"kept",    PHASE_SUCCEEDED, TTL_KEEP               },
        {"forever", PHASE_SUCCEEDED, INT64_MAX / 1000 * 1000},
    };
    auto_end(store_end) struct store *store = open_store(*state, STORE_WRITE);

    for (size_t i = 0; i < countof(rows); i++) {
        struct task task = scratch_task(rows[i].name, rows[i].name);
        task.spec.ttl_ms = rows[i].ttl_ms;
        create(store, &task, "");
        end_task(store, rows[i].name, rows[i].phase, 1790000000000);
    }
    check_due(store, 1790000000999, "open");
    check_due(store, 1790000001000, "open done");
    check_due(store, 1790000003000, "open done late stopped");
    check_due(store, INT64_MAX, "open done late stopped");
}

static void a_task_is_due_at_its_ttl(void **state)
{
    auto_end(store_end) struct store *store = open_store(*state, STORE_WRITE);
    struct task task = scratch_task("one", "u-1");

    task.spec.ttl_ms = 7000;
    create(store, &task, "");
    check_due(store, 0, "one"); /* not over: always due */
    end_task(store, "one", PHASE_SUCCEEDED, 1790000000000);
    check_due(store, 1790000006999, "");
    check_due(store, 1790000007000, "one");
}

static void what_others_change_is_read_without_the_documents(void **state)
{
    auto_end(store_end) struct store *store = open_store(*state, STORE_WRITE);
    struct task task = scratch_task("one", "u-1");
    struct store_mutable before, after;
    struct err errs[2] = {{0}};

    task.spec.ttl_ms = 7000;
    create(store, &task, "");
    assert_true(store_read_mutable(store, task.uid, &before, &errs[0]));
    assert_true(store_cancel(store, task.name, &errs[0]));
    assert_true(store_read_mutable(store, task.uid, &after, &errs[0]));
    assert_false(before.canceled);
    assert_true(after.canceled && after.version > before.version && after.ttl_ms == 7000);
    assert_false(store_read_mutable(store, STR_LIT("u-2"), &after, &errs[1]));
    assert_int_equal(errs[1].kind, ERR_ABSENT);
}

static void a_dropped_task_leaves_nothing(void **state)
{
    auto_end(store_end) struct store *store = open_store(*state, STORE_WRITE);
    struct task task = scratch_task("one", "u-1");
    struct seen seen = {0};
    struct err err = {0};

    create(store, &task, "key");
    assert_true(store_drop(store, task.uid, &err));
    assert_true(store_list(store, see, &seen, &err));
    assert_string_equal(seen.names, "");
    create(store, &task, "key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_created_is_read_back, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(the_largest_code_is_kept_whole, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(latest_is_the_one_created_last, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(an_absent_task_is_said_to_be_absent, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(a_name_or_key_is_given_once, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(many_tasks_may_have_no_key, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(labels_past_the_bound_are_refused, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(a_status_is_kept_whole, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(an_old_version_is_stale, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(a_task_of_the_same_name_is_another_task, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(h02_terminal_rewritten, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(cancel_is_recorded_once, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(h05_cancel_over_finished, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(a_list_is_in_order_of_name, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(a_row_says_what_the_columns_need, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(h04_canceled_never_expires, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(a_task_is_due_at_its_ttl, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(what_others_change_is_read_without_the_documents,
                                        scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(a_dropped_task_leaves_nothing, scratch_make,
                                        scratch_remove),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
