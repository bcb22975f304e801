// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/exitcode.h"

static void every_ending_has_its_code(void **state)
{
    static const struct {
        enum phase phase;
        enum reason reason;
        int32_t exit_code, signal;
        int code;
    } rows[] = {
        {PHASE_SUCCEEDED, REASON_NONE,              0,            0,  0  },
        {PHASE_SUCCEEDED, REASON_NONE,              EXIT_UNKNOWN, 0,  0  },
        {PHASE_FAILED,    REASON_POD_FAILED,        7,            0,  7  },
        {PHASE_FAILED,    REASON_POD_FAILED,        124,          0,  124},
        {PHASE_FAILED,    REASON_POD_FAILED,        EXIT_UNKNOWN, 11, 139},
        {PHASE_FAILED,    REASON_POD_FAILED,        EXIT_UNKNOWN, 0,  1  },
        {PHASE_FAILED,    REASON_POD_FAILED,        0,            0,  1  },
        {PHASE_FAILED,    REASON_TIMEOUT,           0,            0,  124},
        {PHASE_FAILED,    REASON_TIMEOUT,           EXIT_UNKNOWN, 9,  124},
        {PHASE_FAILED,    REASON_OOM_KILLED,        EXIT_UNKNOWN, 9,  137},
        {PHASE_FAILED,    REASON_DISK_LIMIT,        EXIT_UNKNOWN, 0,  137},
        {PHASE_FAILED,    REASON_PROCESS_LIMIT,     EXIT_UNKNOWN, 0,  137},
        {PHASE_FAILED,    REASON_START_FAILED,      EXIT_UNKNOWN, 0,  125},
        {PHASE_FAILED,    REASON_QUEUE_TIMEOUT,     EXIT_UNKNOWN, 0,  125},
        {PHASE_FAILED,    REASON_SUPERVISOR_LOST,   EXIT_UNKNOWN, 0,  125},
        {PHASE_FAILED,    REASON_PROFILE_NOT_FOUND, EXIT_UNKNOWN, 0,  125},
        {PHASE_CANCELED,  REASON_CANCELED,          143,          0,  130},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct task_status status = {.phase = rows[i].phase,
                                     .reason = rows[i].reason,
                                     .exit_code = rows[i].exit_code,
                                     .signal = rows[i].signal};

        assert_int_equal(exitcode_of(&status), rows[i].code);
    }
}

/* Nothing that failed ever looks as if it had not. */
static void no_failure_exits_with_zero(void **state)
{
    (void)state;
    for (int reason = REASON_NONE; reason < REASON_COUNT; reason++)
        for (int exit_code = EXIT_UNKNOWN; exit_code < 256; exit_code++) {
            struct task_status status = {
                .phase = PHASE_FAILED, .reason = (enum reason)reason, .exit_code = exit_code};

            assert_in_range(exitcode_of(&status), 1, 255);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_ending_has_its_code),
        cmocka_unit_test(no_failure_exits_with_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
