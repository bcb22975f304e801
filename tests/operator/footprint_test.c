// SPDX-License-Identifier: Apache-2.0
#include "operator/footprint.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static void what_is_taken_is_seen(void **state)
{
    struct process_facts before, after;
    size_t size = 16 << 20;
    char *memory;
    int fd;

    (void)state;
    footprint_read(5, &before);
    assert_int_equal(before.started_ms, 5);
    assert_true(before.resident_bytes > 100000 && before.virtual_bytes > before.resident_bytes);
    assert_true(before.open_fds >= 3 && before.max_fds >= before.open_fds);
    memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    footprint_read(5, &after);
    assert_int_equal(after.open_fds, before.open_fds + 1);
    /* not all of it: meanwhile the kernel may take back what was resident before */
    assert_true(after.resident_bytes - before.resident_bytes > (int64_t)size / 2);
    assert_true(after.cpu_ms >= before.cpu_ms);
    munmap(memory, size);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken_is_seen),
    };

    return cmocka_run_group_tests_name("footprint", tests, NULL, NULL);
}
