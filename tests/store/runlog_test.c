// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "scratch.h"
#include "store/runlog.h"

#define UID "01234567-89ab-4cde-8f01-23456789abcd"

enum {
    NOW = 1000,
    SEEN_MAX = 4 << 20,
    KEPT = LOG_HEAD_SIZE + LOG_TAIL_SIZE,
};

struct bench { /* a run with a log, and what was read of it, as it was written */
    struct rundir dir;
    struct runlog log;
    struct buf seen; /* "o:" or "e:", the bytes, and "\n" where the line ends, else "!" */
    uint32_t pieces;
    int64_t output;      /* bytes of output, but for our note */
    int64_t omitted;     /* what our note says; 0: there was none */
    int64_t output_then; /* bytes of output before it */
    int64_t last_ms;
};

static const struct runlog_filter all = {.tail_lines = -1};

static void bench_end(struct bench *bench)
{
    runlog_fini(&bench->log);
    rundir_close(&bench->dir);
    buf_fini(&bench->seen);
}

static struct bench bench_open(const char *state)
{
    struct bench bench = {.dir.fd = -1, .log.fd = -1};
    struct err err = {0};

    if (!rundir_create(state, STR_LIT(UID), &bench.dir, &err) ||
        !runlog_create(&bench.dir, &bench.log, &err))
        fail_msg("%s", err.text);
    buf_init(&bench.seen, SEEN_MAX);
    return bench;
}

static void see_note(struct bench *bench, struct str text)
{
    struct str number, rest;

    assert_int_equal(bench->omitted, 0); /* there is one at most */
    assert_true(str_cut(str_skip(text, 11), ' ', &number, &rest));
    assert_true(str_to_int(number, &bench->omitted));
    assert_true(str_is(rest, "bytes of output are not kept here"));
    bench->output_then = bench->output;
}

static void see(void *ctx, int64_t time_ms, enum log_stream stream, struct str bytes,
                bool ends_line)
{
    struct bench *bench = ctx;

    bench->pieces++;
    bench->last_ms = time_ms;
    if (stream == LOG_STDERR && str_starts(bytes, "agenttask: ")) {
        see_note(bench, bytes);
        return;
    }
    bench->output += (int64_t)bytes.size + ends_line;
    buf_add(&bench->seen, stream == LOG_STDOUT ? STR_LIT("o:") : STR_LIT("e:"));
    buf_add(&bench->seen, bytes);
    buf_add_char(&bench->seen, ends_line ? '\n' : '!');
    assert_false(bench->seen.is_full);
}

static void read_from(struct bench *bench, struct runlog_filter filter, int64_t *offset)
{
    struct err err = {0};

    buf_drop(&bench->seen, bench->seen.size);
    bench->pieces = 0;
    bench->output = bench->omitted = bench->output_then = 0;
    if (!runlog_read(&bench->dir, &filter, offset, see, bench, &err))
        fail_msg("%s", err.text);
}

static void assert_seen(struct bench *bench, struct runlog_filter filter, const char *text)
{
    int64_t offset = 0;

    read_from(bench, filter, &offset);
    buf_add_char(&bench->seen, 0);
    assert_string_equal(bench->seen.at, text);
}

static void add(struct bench *bench, const char *text, enum log_stream stream)
{
    runlog_add(&bench->log, stream, str_of(text), NOW);
}

static bool finish(struct bench *bench)
{
    struct err err = {0};
    bool is_truncated = false;

    if (!runlog_finish(&bench->dir, &bench->log, &is_truncated, &err))
        fail_msg("%s", err.text);
    return is_truncated;
}

static int64_t disk_of(const struct bench *bench)
{
    struct stat found;

    assert_int_equal(fstatat(bench->dir.fd, "log", &found, 0), 0);
    return (int64_t)found.st_blocks * 512;
}

/* Lines of eight bytes each, numbered: "0000001\n". */
static void add_numbers(struct bench *bench, int first, int count)
{
    char text[8 * 1000 + 1];

    for (int done = 0; done < count;) {
        int part = count - done < 1000 ? count - done : 1000;
        for (int i = 0; i < part; i++)
            snprintf(text + 8 * i, sizeof(text) - 8 * (size_t)i, "%07d\n", first + done + i);
        runlog_add(&bench->log, LOG_STDOUT, (struct str){text, 8 * (size_t)part}, NOW);
        done += part;
    }
}

/* -- writing --------------------------------------------------------------------------------------
 */

static void lines_are_in_the_format_of_the_kubelet(void **state)
{
    auto_end(bench_end) struct bench bench = bench_open(*state);
    auto_end(arena_fini) struct arena arena = {0};
    struct err err = {0};
    struct str text;

    add(&bench, "hello\nworld", LOG_STDOUT);
    runlog_add(&bench.log, LOG_STDERR, STR_LIT("oh\n"), 61001);
    assert_true(rundir_read(&bench.dir, "log", &arena, 1000, &text, &err));
    assert_true(str_is(text, "1970-01-01T00:00:01.000000000Z stdout F hello\n"
                             "1970-01-01T00:01:01.001000000Z stderr F oh\n"));
    assert_int_equal(bench.log.bytes, 14);
}

static void a_line_in_pieces_is_one_line(void **state)
{
    auto_end(bench_end) struct bench bench = bench_open(*state);

    add(&bench, "a", LOG_STDOUT);
    add(&bench, "1", LOG_STDERR);
    add(&bench, "b", LOG_STDOUT);
    assert_seen(&bench, all, "");
    add(&bench, "\nc", LOG_STDOUT);
    add(&bench, "2\n\n", LOG_STDERR);
    assert_seen(&bench, all, "o:ab\ne:12\ne:\n");
    runlog_flush(&bench.log, NOW);
    assert_seen(&bench, all, "o:ab\ne:12\ne:\no:c!"); /* it never ended */
    add(&bench, "d\n", LOG_STDOUT);
    runlog_flush(&bench.log, NOW);
    assert_seen(&bench, all, "o:ab\ne:12\ne:\no:c!o:d\n");
    assert_int_equal(bench.log.bytes, 10);
}

static void every_byte_passes_as_it_is(void **state)
{
    auto_end(bench_end) struct bench bench = bench_open(*state);
    char bytes[256];
    int64_t offset = 0;

    for (int i = 0; i < 256; i++)
        bytes[i] = (char)(i == '\n' ? 'n' : i);
    runlog_add(&bench.log, LOG_STDOUT, (struct str){bytes, 256}, NOW);
    add(&bench, "\n", LOG_STDOUT);
    read_from(&bench, all, &offset);
    assert_int_equal(bench.seen.size, 259);
    assert_memory_equal(bench.seen.at + 2, bytes, 256);
}

static void a_long_line_is_split_at_the_bound(void **state)
{
    const struct {
        size_t size;
        uint32_t pieces;
    } rows[] = {
        {LOG_LINE_MAX - 1,     1},
        {LOG_LINE_MAX,         1},
        {LOG_LINE_MAX + 1,     2},
        {2 * LOG_LINE_MAX,     2},
        {3 * LOG_LINE_MAX + 5, 4},
    };
    static const char newline = '\n';
    auto_end(bench_end) struct bench bench = bench_open(*state);
    auto_end(arena_fini) struct arena arena = {0};
    int64_t offset = 0;

    for (size_t i = 0; i < countof(rows); i++) {
        char *line = arena_alloc(&arena, rows[i].size + 1);
        memset(line, 'x', rows[i].size);
        line[rows[i].size] = newline;
        runlog_add(&bench.log, LOG_STDOUT, (struct str){line, rows[i].size + 1}, NOW);
        read_from(&bench, all, &offset);
        assert_int_equal(bench.pieces, rows[i].pieces);
        assert_int_equal(bench.output, rows[i].size + 1);
    }
}

static void a_line_without_end_does_not_wait(void **state)
{
    auto_end(bench_end) struct bench bench = bench_open(*state);
    int64_t offset = 0;

    for (int i = 0; i < LOG_LINE_MAX; i++)
        add(&bench, "y", LOG_STDERR);
    read_from(&bench, all, &offset);
    assert_int_equal(bench.pieces, 1);
    assert_int_equal(bench.output, LOG_LINE_MAX);
    assert_int_equal(bench.log.pending[LOG_STDERR].size, 0);
}

static void a_log_is_made_once(void **state)
{
    auto_end(bench_end) struct bench bench = bench_open(*state);
    struct runlog second = {.fd = -1};
    struct err err = {0};

    assert_false(runlog_create(&bench.dir, &second, &err));
    assert_int_equal(err.kind, ERR_PRESENT);
}

/* -- reading --------------------------------------------------------------------------------------
 */

static void a_reader_can_follow(void **state)
{
    auto_end(bench_end) struct bench bench = bench_open(*state);
    int64_t offset = 0;

    read_from(&bench, all, &offset);
    assert_int_equal(bench.pieces, 0);
    add(&bench, "a\nb\n", LOG_STDOUT);
    read_from(&bench, all, &offset);
    assert_int_equal(bench.pieces, 2);
    read_from(&bench, all, &offset);
    assert_int_equal(bench.pieces, 0);
    add(&bench, "c\n", LOG_STDOUT);
    read_from(&bench, all, &offset);
    assert_int_equal(bench.pieces, 1);
    assert_memory_equal(bench.seen.at, "o:c\n", 4);
}

static void tail_counts_lines_not_pieces(void **state)
{
    auto_end(bench_end) struct bench bench = bench_open(*state);

    add(&bench, "a\nb\n", LOG_STDOUT);
    add(&bench, "c", LOG_STDERR);
    runlog_flush(&bench.log, NOW);
    add(&bench, "d\n", LOG_STDERR);
    assert_seen(&bench, (struct runlog_filter){.tail_lines = 0}, "");
    assert_seen(&bench, (struct runlog_filter){.tail_lines = 1}, "e:c!e:d\n");
    assert_seen(&bench, (struct runlog_filter){.tail_lines = 2}, "o:b\ne:c!e:d\n");
    assert_seen(&bench, (struct runlog_filter){.tail_lines = 9}, "o:a\no:b\ne:c!e:d\n");
    add(&bench, "f", LOG_STDOUT);
    runlog_flush(&bench.log, NOW);
    assert_seen(&bench, (struct runlog_filter){.tail_lines = 1}, "o:f!");
    assert_seen(&bench, (struct runlog_filter){.tail_lines = 2}, "e:c!e:d\no:f!");
}

static void tail_is_for_the_first_look(void **state)
{
    auto_end(bench_end) struct bench bench = bench_open(*state);
    const struct runlog_filter none = {.tail_lines = 0};
    int64_t offset = 0;

    add(&bench, "a\nb\n", LOG_STDOUT);
    read_from(&bench, none, &offset);
    assert_int_equal(bench.pieces, 0);
    add(&bench, "c\n", LOG_STDOUT);
    read_from(&bench, none, &offset);
    assert_int_equal(bench.pieces, 1);
}

static void since_leaves_out_what_is_older(void **state)
{
    auto_end(bench_end) struct bench bench = bench_open(*state);

    runlog_add(&bench.log, LOG_STDOUT, STR_LIT("a\n"), 1000);
    runlog_add(&bench.log, LOG_STDOUT, STR_LIT("b\n"), 2000);
    assert_seen(&bench, (struct runlog_filter){-1, 1000}, "o:a\no:b\n");
    assert_seen(&bench, (struct runlog_filter){-1, 1001}, "o:b\n");
    assert_seen(&bench, (struct runlog_filter){1, 1000}, "o:b\n");
    assert_seen(&bench, (struct runlog_filter){-1, 2001}, "");
    assert_int_equal(bench.last_ms, 2000);
}

static void what_is_no_line_is_passed_over(void **state)
{
    static const struct str damage = {"garbage\n\n1970-01-01T00:00:01Z stdout X y\n", 41};
    static const struct str cut = {"1970-01-01T00:00:01Z stdout F cut", 33};
    auto_end(bench_end) struct bench bench = bench_open(*state);
    auto_end(arena_fini) struct arena arena = {0};
    char *flood = arena_alloc(&arena, 300000);

    memset(flood, 'z', 299999);
    flood[299999] = '\n';
    add(&bench, "a\n", LOG_STDOUT);
    assert_int_equal(write(bench.log.fd, damage.at, damage.size), damage.size);
    assert_int_equal(write(bench.log.fd, flood, 300000), 300000);
    add(&bench, "b\n", LOG_STDOUT);
    assert_int_equal(write(bench.log.fd, cut.at, cut.size), cut.size);
    assert_seen(&bench, all, "o:a\no:b\n");
}

static void no_log_is_absent(void **state)
{
    auto_end(bench_end) struct bench bench = bench_open(*state);
    struct err err = {0};
    int64_t offset = 0;

    assert_int_equal(unlinkat(bench.dir.fd, "log", 0), 0);
    assert_false(runlog_read(&bench.dir, &all, &offset, see, &bench, &err));
    assert_int_equal(err.kind, ERR_ABSENT);
    err = (struct err){0};
    assert_int_equal(mkfifoat(bench.dir.fd, "log", 0600), 0);
    assert_false(runlog_read(&bench.dir, &all, &offset, see, &bench, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

/* -- head and tail
 * --------------------------------------------------------------------------------- */

static void a_short_log_is_kept_whole(void **state)
{
    auto_end(bench_end) struct bench bench = bench_open(*state);
    int64_t offset = 0;

    add_numbers(&bench, 0, KEPT / 8);
    add(&bench, "unended", LOG_STDERR);
    assert_false(finish(&bench));
    read_from(&bench, all, &offset);
    assert_int_equal(bench.omitted, 0);
    assert_int_equal(bench.output, KEPT + 7);
    assert_int_equal(bench.log.bytes, KEPT + 7);
}

/* Everything is there or counted; the first and the last bytes are there. */
static void check_ends(struct bench *bench, int count)
{
    int64_t offset = 0;
    char last[16];

    read_from(bench, all, &offset);
    assert_int_equal(bench->output + bench->omitted, 8 * (int64_t)count);
    assert_in_range(bench->output_then, LOG_HEAD_SIZE, LOG_HEAD_SIZE + LOG_LINE_MAX);
    assert_in_range(bench->output - bench->output_then, LOG_TAIL_SIZE,
                    LOG_TAIL_SIZE + LOG_LINE_MAX);
    assert_memory_equal(bench->seen.at, "o:0000000\no:0000001\n", 20);
    snprintf(last, sizeof(last), "o:%07d\n", count - 1);
    assert_memory_equal(bench->seen.at + bench->seen.size - 10, last, 10);
}

static void a_long_log_keeps_head_and_tail(void **state)
{
    auto_end(bench_end) struct bench bench = bench_open(*state);
    int64_t before;

    add_numbers(&bench, 0, 300000);
    before = disk_of(&bench);
    assert_true(finish(&bench));
    check_ends(&bench, 300000);
    assert_in_range(disk_of(&bench), 1, before / 8);
    assert_true(finish(&bench)); /* again: nothing more to do */
    check_ends(&bench, 300000);
    assert_int_equal(bench.log.bytes, 2400000);
}

static void a_follower_keeps_its_place_when_the_log_is_cut(void **state)
{
    auto_end(bench_end) struct bench bench = bench_open(*state);
    int64_t offset = 0, late = 0;

    add_numbers(&bench, 0, 20000);
    read_from(&bench, all, &late);
    add_numbers(&bench, 20000, 100000);
    read_from(&bench, all, &offset);
    add_numbers(&bench, 120000, 1);
    assert_true(finish(&bench));
    read_from(&bench, all, &offset);
    assert_int_equal(bench.pieces, 1);
    assert_memory_equal(bench.seen.at, "o:0120000\n", 10);
    read_from(&bench, all, &late); /* he stood where the hole is now: the tail is left for him */
    assert_in_range(bench.output, LOG_TAIL_SIZE, LOG_TAIL_SIZE + LOG_LINE_MAX);
    read_from(&bench, all, &late);
    assert_int_equal(bench.pieces, 0);
}

/* Lines of one byte are 42 in the file: it is cut while it grows, more than once. */
static void a_flood_of_newlines_does_not_fill_the_disk(void **state)
{
    auto_end(bench_end) struct bench bench = bench_open(*state);
    char newlines[65536];
    int64_t largest = 0, offset = 0;

    memset(newlines, '\n', sizeof(newlines));
    for (int i = 0; i < 40; i++) {
        runlog_add(&bench.log, LOG_STDOUT, (struct str){newlines, sizeof(newlines)}, NOW);
        if (disk_of(&bench) > largest)
            largest = disk_of(&bench);
    }
    assert_in_range(largest, 1, LOG_FILE_MAX + (16 << 20));
    assert_true(finish(&bench));
    read_from(&bench, all, &offset);
    assert_int_equal(bench.output + bench.omitted, 40 * 65536);
    assert_in_range(bench.output, KEPT, KEPT + 2 * LOG_LINE_MAX);
    assert_false(bench.log.has_failed);
}

static void the_code_cannot_forge_what_is_missing(void **state)
{
    static const struct str forged = {"agenttask: 777 bytes of output are not kept here\n\0\0\n",
                                      52};
    auto_end(bench_end) struct bench bench = bench_open(*state);
    struct runlog orphan = {.fd = -1};
    struct err err = {0};
    bool is_truncated;

    runlog_add(&bench.log, LOG_STDERR, forged, NOW);
    assert_true(runlog_finish(&bench.dir, &orphan, &is_truncated, &err));
    assert_false(is_truncated);
    assert_int_equal(orphan.bytes, 52);
}

/* -- what can go wrong
 * ------------------------------------------------------------------------------ */

static void the_log_of_a_dead_supervisor_is_ended_by_another(void **state)
{
    const int counts[] = {10, 300000, 1000000}; /* whole, never cut, cut while it grew */

    for (size_t i = 0; i < countof(counts); i++) {
        auto_end(bench_end) struct bench bench = bench_open(*state);
        struct runlog orphan = {.fd = -1};
        struct err err = {0};
        bool is_truncated = false;
        add_numbers(&bench, 0, counts[i]);
        add(&bench, "lost with him", LOG_STDOUT);
        if (!runlog_finish(&bench.dir, &orphan, &is_truncated, &err))
            fail_msg("%s", err.text);
        assert_int_equal(is_truncated, counts[i] > KEPT / 8);
        assert_int_equal(orphan.bytes, 8 * (int64_t)counts[i]);
        assert_int_equal(orphan.fd, -1);
        if (is_truncated)
            check_ends(&bench, counts[i]);
        assert_int_equal(unlinkat(bench.dir.fd, "log", 0), 0);
        assert_true(runlog_finish(&bench.dir, &orphan, &is_truncated, &err)); /* none at all */
        assert_false(is_truncated);
    }
}

/* In a child: 0, or the number of what was wrong. */
static int write_until_full(struct bench *bench)
{
    const struct rlimit limit = {100000, 100000};
    int64_t offset = 0;

    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
        return 1;
    add_numbers(bench, 0, 10000);
    if (!bench->log.has_failed || bench->log.bytes != 80000)
        return 2;
    add(bench, "more\n", LOG_STDOUT);
    if (bench->log.bytes != 80005)
        return 3;
    read_from(bench, all, &offset); /* whole lines only, from the first on */
    return bench->output % 8 == 0 && bench->output > 0 && bench->log.size == offset ? 0 : 4;
}

static void e5_a_full_disk_is_noticed_and_output_is_counted(void **state)
{
    auto_end(bench_end) struct bench bench = bench_open(*state);
    int status = -1;
    pid_t child = fork();

    if (child == 0)
        _exit(write_until_full(&bench));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_are_in_the_format_of_the_kubelet, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(a_line_in_pieces_is_one_line, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(every_byte_passes_as_it_is, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(a_long_line_is_split_at_the_bound, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(a_line_without_end_does_not_wait, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(a_log_is_made_once, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(a_reader_can_follow, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(tail_counts_lines_not_pieces, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(tail_is_for_the_first_look, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(since_leaves_out_what_is_older, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(what_is_no_line_is_passed_over, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(no_log_is_absent, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(a_short_log_is_kept_whole, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(a_long_log_keeps_head_and_tail, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(a_follower_keeps_its_place_when_the_log_is_cut,
                                        scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(a_flood_of_newlines_does_not_fill_the_disk, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(the_code_cannot_forge_what_is_missing, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(the_log_of_a_dead_supervisor_is_ended_by_another,
                                        scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(e5_a_full_disk_is_noticed_and_output_is_counted,
                                        scratch_make, scratch_remove),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
