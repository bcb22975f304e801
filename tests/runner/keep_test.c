// SPDX-License-Identifier: Apache-2.0
#include "runner/keep.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "core/frame.h"
#include "runner/timer.h"

/* One artifacts directory, kept, and what came out. */
struct kept {
    char path[64];
    int fd;
    struct outlet outlet, beside;
    struct keeper *keeper;
    struct report report;
    size_t files, whole, broken;
    bool has_end;
};

static void kept_init(struct kept *kept)
{
    *kept = (struct kept){.path = "/tmp/keep-test-XXXXXX"};
    assert_non_null(mkdtemp(kept->path));
    kept->fd = open(kept->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    kept->outlet.fd = memfd_create("frames", MFD_CLOEXEC);
    kept->beside.fd = memfd_create("beside", MFD_CLOEXEC);
    kept->keeper = calloc(1, sizeof(*kept->keeper));
    assert_true(kept->fd >= 0 && kept->outlet.fd >= 0 && kept->keeper);
    kept->keeper->directory_fd = kept->fd;
    kept->keeper->outlet = &kept->outlet;
    kept->keeper->deadline_ms = timer_now() + 5000;
}

static void kept_fini(struct kept *kept)
{
    char command[256];

    snprintf(command, sizeof(command), "chmod -R u+rwx %s; rm -rf %s", kept->path, kept->path);
    assert_int_equal(system(command), 0);
    close(kept->fd);
    close(kept->outlet.fd);
    close(kept->beside.fd);
    free(kept->keeper);
}

static void file_put(struct kept *kept, const char *name, size_t size)
{
    int fd = openat(kept->fd, name, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);

    assert_true(fd >= 0 && ftruncate(fd, (off_t)size) == 0);
    close(fd);
}

static void count(void *ctx, enum frame_event event, const struct frame_reader *reader,
                  struct str bytes)
{
    struct kept *kept = ctx;

    (void)reader;
    (void)bytes;
    kept->files += event == FRAME_FILE;
    kept->whole += event == FRAME_WHOLE;
    kept->broken += event == FRAME_BROKEN || event == FRAME_TEXT;
    kept->has_end |= event == FRAME_END;
}

static void keep(struct kept *kept)
{
    struct frame_reader *reader = calloc(1, sizeof(*reader));
    off_t size;
    char *bytes;

    keep_all(kept->keeper, &kept->report);
    keep_end(kept->keeper);
    size = lseek(kept->outlet.fd, 0, SEEK_END);
    if (size > 0) {
        bytes = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, kept->outlet.fd, 0);
        assert_true(bytes != MAP_FAILED && reader);
        frame_reader_init(reader);
        frame_read(reader, (struct str){bytes, (size_t)size}, count, kept);
        munmap(bytes, (size_t)size);
    }
    free(reader);
    assert_int_equal(kept->broken, 0);
    assert_int_equal(kept->files, kept->whole);
}

static void artifacts_up_to_the_bound_are_kept(void **state)
{
    static const struct {
        size_t size;
        bool is_too_large;
    } rows[] = {
        {ARTIFACTS_SIZE_MAX - 4,  false}, /* the names are "a" and "b/c" */
        {ARTIFACTS_SIZE_MAX - 3,  true },
        {ARTIFACTS_SIZE_MAX,      true },
        {ARTIFACTS_SIZE_MAX + 10, true },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct kept kept;
        kept_init(&kept);
        mkdirat(kept.fd, "b", 0755);
        file_put(&kept, "b/c", 0);
        file_put(&kept, "a", rows[i].size);
        keep(&kept);
        assert_int_equal(kept.report.artifacts_too_large, rows[i].is_too_large);
        assert_int_equal(kept.whole, rows[i].is_too_large ? 0 : 2);
        assert_int_equal(kept.report.artifacts_bytes, rows[i].is_too_large ? 0 : rows[i].size);
        assert_true(kept.has_end);
        kept_fini(&kept);
    }
}

/* `depth` directories within each other, a file in the last. */
static void check_depth(unsigned depth, bool is_too_large)
{
    char path[512] = "";
    struct kept kept;

    kept_init(&kept);
    for (unsigned i = 0; i < depth; i++) {
        snprintf(path + strlen(path), sizeof(path) - strlen(path), "%sd", i ? "/" : "");
        assert_int_equal(mkdirat(kept.fd, path, 0755), 0);
    }
    strcat(path, "/f");
    file_put(&kept, path, 1);
    keep(&kept);
    assert_int_equal(kept.report.artifacts_too_large, is_too_large);
    assert_int_equal(kept.whole, is_too_large ? 0 : 1);
    kept_fini(&kept);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    check_depth(1, false);
    check_depth(32, false);
    check_depth(33, true);
}

static void number_is_bounded(void **state)
{
    (void)state;
    for (int more = 0; more <= 1; more++) {
        struct kept kept;
        kept_init(&kept);
        for (int i = 0; i < 10000 + more; i++) { /* links count, though they are left out */
            char name[16];
            snprintf(name, sizeof(name), "l%d", i);
            assert_int_equal(symlinkat("/etc/passwd", kept.fd, name), 0);
        }
        keep(&kept);
        assert_int_equal(kept.report.artifacts_too_large, more);
        assert_int_equal(kept.files, 0);
        kept_fini(&kept);
    }
}

static void reader_that_does_not_read_costs_its_deadline_only(void **state)
{
    int ends[2];
    struct kept kept;
    int64_t start_ms = timer_now();

    (void)state;
    kept_init(&kept);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    close(kept.outlet.fd);
    kept.outlet.fd = ends[1];
    kept.keeper->deadline_ms = start_ms + 200;
    file_put(&kept, "result.json", 500000);
    keep_all(kept.keeper, &kept.report);
    keep_end(kept.keeper);
    assert_in_range(timer_now() - start_ms, 200, 2000);
    assert_int_equal(kept.report.result,
                     REPORT_RESULT_FRAMED); /* its digest tells that it is lost */
    assert_int_equal(kept.report.result_bytes, 500000);
    close(ends[0]);
    kept_fini(&kept);
}

static void what_the_report_carries_is_not_repeated_behind_output(void **state)
{
    (void)state;
    for (int behind = 0; behind <= 1; behind++) {
        struct kept kept;
        kept_init(&kept);
        kept.keeper->beside = behind ? &kept.beside : NULL;
        file_put(&kept, "result.json", 20);
        keep(&kept);
        assert_int_equal(kept.report.result, REPORT_RESULT_INLINE);
        assert_int_equal(kept.files, behind ? 0 : 1);
        assert_int_equal(kept.has_end, !behind);
        assert_int_equal(kept.report.artifacts_count, behind ? 0 : 1);
        kept_fini(&kept);
    }
}

static void frames_start_on_a_line_of_their_own(void **state)
{
    struct kept kept;
    char first[2] = "";

    (void)state;
    kept_init(&kept);
    kept.outlet.is_mid_line = true;
    file_put(&kept, "a", 1);
    keep_all(kept.keeper, &kept.report);
    assert_int_equal(pread(kept.outlet.fd, first, 2, 0), 2);
    assert_memory_equal(first, "\n\x1e", 2);
    kept_fini(&kept);
}

static void both_streams_of_a_log_end_their_lines(void **state)
{
    struct kept kept;
    char first[2] = "";

    (void)state;
    kept_init(&kept);
    kept.keeper->beside = &kept.beside;
    kept.beside.is_mid_line = true;
    file_put(&kept, "a", 1);
    keep_all(kept.keeper, &kept.report);
    assert_int_equal(pread(kept.outlet.fd, first, 2, 0), 2);
    assert_memory_equal(first, "\n\x1e", 2);
    assert_int_equal(pread(kept.beside.fd, first, 2, 0), 1);
    assert_int_equal(first[0], '\n');
    kept_fini(&kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(artifacts_up_to_the_bound_are_kept),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(number_is_bounded),
        cmocka_unit_test(reader_that_does_not_read_costs_its_deadline_only),
        cmocka_unit_test(what_the_report_carries_is_not_repeated_behind_output),
        cmocka_unit_test(frames_start_on_a_line_of_their_own),
        cmocka_unit_test(both_streams_of_a_log_end_their_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
