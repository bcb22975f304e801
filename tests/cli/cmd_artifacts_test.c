// SPDX-License-Identifier: Apache-2.0
#include "stage.h"

#include <string.h>

#include "core/frame.h"
#include "store/rundir.h"
#include <sys/stat.h>

static int setup(void **state)
{
    static struct stage stage;

    stage_init(&stage);
    *state = &stage;
    return 0;
}

static int teardown(void **state)
{
    stage_fini(*state);
    return 0;
}

static void add_file(struct buf *frames, const char *path, const char *text)
{
    char line[FRAME_LINE_MAX], sha256[SHA256_HEX + 1];
    size_t size;

    sha256_of(str_of(text), sha256);
    size = frame_write_file(FRAME_ARTIFACT, str_of(path), (int64_t)strlen(text), sha256, line);
    buf_add(frames, (struct str){line, size});
    buf_add(frames, (struct str){line, frame_write_bytes(str_of(text), line)});
    buf_add(frames, (struct str){line, frame_write_whole(line)});
}

static void put(struct stage *stage, const struct buf *frames)
{
    struct task task = stage_task(stage, "a", PHASE_SUCCEEDED, REASON_NONE);
    struct rundir dir;
    struct err err = {0};

    stage_put(stage, &task);
    if (!rundir_create(stage->state, task.uid, &dir, &err) ||
        !rundir_write(&dir, "artifacts", buf_str(frames), &err))
        fail_msg("%s", err.text);
    rundir_close(&dir);
}

static void put_two(struct stage *stage)
{
    auto_end(buf_fini) struct buf frames = {0};

    buf_init(&frames, 65536);
    add_file(&frames, "result.json", "{}");
    add_file(&frames, "dir/\x1b[31m.txt", "hello");
    put(stage, &frames);
}

static const char table[] =
    "SIZE   SHA256                                                             PATH\n"
    "2      44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a   result.json\n"
    "5      2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824   "
    "dir/\\x1b[31m.txt\n";

static void files_are_listed(void **state)
{
    struct stage *stage = *state;

    put_two(stage);
    stage_run(stage, "artifacts a");
    assert_err(stage, "");
    assert_out(stage, table);
    assert_int_equal(stage->code, 0);
}

static void files_are_fetched_and_never_overwrite(void **state)
{
    struct stage *stage = *state;
    struct str line = arena_print(&stage->arena, "artifacts a -o %s/new/out", stage->directory);
    struct str file = arena_print(&stage->arena, "%s/new/out/dir/\x1b[31m.txt", stage->directory);
    struct stat found;

    put_two(stage);
    stage_run(stage, line.at);
    assert_err(stage, "");
    assert_out(stage, table);
    assert_int_equal(stat(file.at, &found), 0);
    assert_int_equal(found.st_size, 5);
    assert_int_equal(found.st_mode & 07777, 0600);
    stage_run(stage, line.at);
    assert_contains(stage->err, "result.json: File exists");
    assert_int_equal(stage->code, STATUS_ERROR);
}

static void none_and_too_many_are_told_apart(void **state)
{
    struct stage *stage = *state;
    struct task none = stage_task(stage, "none", PHASE_SUCCEEDED, REASON_NONE);
    struct task large = stage_task(stage, "large", PHASE_SUCCEEDED, REASON_NONE);

    large.status.artifacts_too_large = true;
    stage_put(stage, &none);
    stage_put(stage, &large);
    stage_run(stage, "artifacts none");
    assert_out(stage, "");
    assert_err(stage, "No artifacts.\n");
    assert_int_equal(stage->code, 0);
    stage_run(stage, "artifacts large");
    assert_err(stage, "error: agenttask \"large\": the artifacts were too large, none is kept\n");
    assert_int_equal(stage->code, STATUS_ERROR);
}

static void damaged_frames_are_told(void **state)
{
    auto_end(buf_fini) struct buf frames = {0};
    struct stage *stage = *state;

    buf_init(&frames, 65536);
    add_file(&frames, "good", "x");
    add_file(&frames, "cut", "x");
    frames.size -= 3;
    put(stage, &frames);
    stage_run(stage, "artifacts a");
    assert_contains(stage->out, "good\n");
    assert_null(strstr(stage->out, "cut"));
    assert_err(stage, "error: artifacts of a: some are damaged and left out\n");
    assert_int_equal(stage->code, STATUS_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_are_listed, setup, teardown),
        cmocka_unit_test_setup_teardown(files_are_fetched_and_never_overwrite, setup, teardown),
        cmocka_unit_test_setup_teardown(none_and_too_many_are_told_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_frames_are_told, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
