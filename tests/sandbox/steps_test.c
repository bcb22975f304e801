// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sandbox/sandbox.h"

static struct sandbox_spec *spec_make(void)
{
    static struct sandbox_spec spec;

    spec = (struct sandbox_spec){
        .runner_path = "/usr/lib/agenttask/runner",
        .code = STR_LIT("print(42)\n"),
        .code_name = "agent.py",
        .interpreter = "/bin/sh",
        .limits = {.cpu_milli = 1000, .memory_bytes = 1 << 28, .storage_bytes = 64 << 20},
        .cgroup_name = "agenttask-1",
        .input_fd = -1,
    };
    return &spec;
}

static const char *text_of(const struct sandbox_spec *spec, struct arena *arena)
{
    static struct steps steps;
    struct err err = {0};
    struct buf buf;

    buf_init(&buf, 64 * 1024);
    if (!steps_make(spec, arena, &steps, &err))
        fail_msg("%s", err.text);
    steps_print(&steps, &buf);
    const char *text = arena_text(arena, buf_str(&buf));
    buf_fini(&buf);
    return text;
}

/* The lines must be there, in this order; others may stand between them. */
static void assert_in_order(const char *text, const char *const lines[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *at = strstr(text, lines[i]);
        if (!at)
            fail_msg("no line \"%s\" (or not there) in:\n%s", lines[i], text);
        text = at + strlen(lines[i]) - 1;
    }
}

static void steps_are_in_the_order_that_makes_them_safe(void **state)
{
    static const char *const lines[] = {
        "namespaces\n",
        "identity\n",
        "root / from /proc mode 0755 size ",
        "\nbind /usr\n",
        "\nfile /etc/passwd mode 0444 bytes ",
        "\ndevice /dev/null\n",
        "\nlink /dev/stdin -> /proc/self/fd/0\n",
        "\nfile /workspace/agent.py mode 0444 bytes 10\n",
        "\nfile /agenttask/job mode 0400 bytes ",
        "\nrunner /agenttask/runner from /usr/lib/agenttask/runner mode 0555 ",
        "\nproc /proc\n",
        "\nscratch /workspace/artifacts mode 0755 size 67108864 inodes 16384\n",
        "\nscratch-bind /tmp from /workspace/artifacts/tmp\n",
        "\nscratch-bind /dev/shm from /workspace/artifacts/shm\n",
        "\nscratch-bind /workspace/artifacts from /workspace/artifacts/artifacts\n",
        "\nseal /\n",
        "\npivot /\n",
        "\nhostname from agenttask\n",
        "\ndrop-capabilities\n",
        "\ncheck /bin/sh\n",
        "\ngate\n",
        "\nexec /agenttask/runner\n",
    };
    auto_end(arena_fini) struct arena arena = {0};
    (void)state;

    assert_in_order(text_of(spec_make(), &arena), lines, countof(lines));
}

static void inodes_follow_the_quota_within_bounds(void **state)
{
    static const struct {
        int64_t bytes;
        const char *inodes;
    } rows[] = {
        {1024,               " inodes 1024\n" },
        {INT64_C(8) << 20,   " inodes 2048\n" },
        {INT64_C(256) << 20, " inodes 65536\n"},
        {INT64_C(1) << 40,   " inodes 65536\n"},
    };
    auto_end(arena_fini) struct arena arena = {0};
    (void)state;

    for (size_t i = 0; i < countof(rows); i++) {
        struct sandbox_spec *spec = spec_make();
        spec->limits.storage_bytes = rows[i].bytes;
        assert_non_null(strstr(text_of(spec, &arena), rows[i].inodes));
    }
}

static void a_control_switched_off_leaves_its_step_out(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct sandbox_spec *spec = spec_make();
    (void)state;

    spec->switched_off = CONTROL_BIT(CONTROL_READ_ONLY);
    assert_null(strstr(text_of(spec, &arena), "\nseal /\n"));
    spec->switched_off = CONTROL_BIT(CONTROL_STORAGE_LIMIT);
    assert_non_null(strstr(text_of(spec, &arena), "\nscratch /workspace/artifacts mode 0755\n"));
    spec->switched_off = CONTROL_BIT(CONTROL_MOUNT_NAMESPACE);
    assert_non_null(strstr(text_of(spec, &arena), "\nbind /etc\n"));
    assert_null(strstr(text_of(spec, &arena), "\nfile /etc/passwd"));
}

static void names_that_are_not_one_file_are_refused(void **state)
{
    static const char *const names[] = {"", ".", "..", ".hidden", "a/b", "/agent.py", "artifacts"};
    auto_end(arena_fini) struct arena arena = {0};
    static struct steps steps;
    (void)state;

    for (size_t i = 0; i < countof(names); i++) {
        struct sandbox_spec *spec = spec_make();
        struct err err = {0};
        spec->code_name = names[i];
        assert_false(steps_make(spec, &arena, &steps, &err));
        assert_int_equal(err.kind, ERR_INVALID);
    }
}

static void a_job_beyond_its_bound_is_refused(void **state)
{
    static char large[JOB_SIZE_MAX + 1];
    auto_end(arena_fini) struct arena arena = {0};
    struct sandbox_spec *spec = spec_make();
    static struct steps steps;
    struct err err = {0};
    (void)state;

    spec->job.input = (struct str){large, sizeof(large)};
    assert_false(steps_make(spec, &arena, &steps, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_in_the_order_that_makes_them_safe),
        cmocka_unit_test(inodes_follow_the_quota_within_bounds),
        cmocka_unit_test(a_control_switched_off_leaves_its_step_out),
        cmocka_unit_test(names_that_are_not_one_file_are_refused),
        cmocka_unit_test(a_job_beyond_its_bound_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
