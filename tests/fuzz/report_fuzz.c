// SPDX-License-Identifier: Apache-2.0
/* Whatever is taken for a report is sound, and the same after writing and reading it. */
#include <stdlib.h>

#include "core/report.h"
#include "core/task.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_met)
{
    if (!is_met)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char first[REPORT_SIZE_MAX], second[REPORT_SIZE_MAX];
    struct report report, again;
    size_t encoded;

    if (!report_decode((struct str){(const char *)data, size}, &report))
        return 0;
    demand(report.cause != CAUSE_NONE);
    demand((report.cause == CAUSE_EXITED) == (report.exit_code != EXIT_UNKNOWN));
    demand((report.cause == CAUSE_SIGNALED) == (report.signal != 0));
    demand((report.controls & ~CONTROLS_ALL) == 0);
    encoded = report_encode(&report, first);
    demand(report_decode((struct str){first, encoded}, &again));
    demand(report_encode(&again, second) == encoded && memcmp(first, second, encoded) == 0);
    return 0;
}
