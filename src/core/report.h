// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The report: what the runner says of a finished run, in one write of at most REPORT_SIZE_MAX
 * bytes (a termination message holds 4096). Lines "key=value\n"; the result, if it is small, as
 * base64 in the last. The code cannot write it (ARCHITECTURE.md, "The report"). Decoding is
 * strict and bounded, and needs no allocation: views point into the text. Only lines of keys that
 * it does not know are passed over: a Pod may have a newer runner than whoever reads it. */
#include "base/sha256.h"
#include "base/str.h"
#include "core/isolation.h"
#include "core/reason.h"

enum {
    REPORT_SIZE_MAX = 4000,
    REPORT_FACTS_MAX = 900,
    REPORT_RESULT_MAX = 2250, /* raw bytes of a result that travels inside */
};

enum run_cause { /* why the code is over; decides the verdict, not the runner's exit status */
    CAUSE_NONE,
    CAUSE_EXITED,       /* by itself, exit_code is its own */
    CAUSE_SIGNALED,     /* by a signal that was not ours */
    CAUSE_TIMEOUT,      /* we stopped it: its time was up */
    CAUSE_STOPPED,      /* we stopped it: somebody asked */
    CAUSE_START_FAILED, /* the code never ran; `message` says why */
    CAUSE_UNPROVEN,     /* the same: its network policy was not seen to be in force */
};

enum report_result { /* how the result travels */
    REPORT_RESULT_NONE,
    REPORT_RESULT_INLINE,
    REPORT_RESULT_FRAMED,
    REPORT_RESULT_REFUSED, /* not a regular file, more than one link, could not be read */
    REPORT_RESULT_TOO_LARGE,
};

struct report {
    enum run_cause cause;
    int32_t exit_code; /* EXIT_UNKNOWN unless CAUSE_EXITED */
    int32_t signal;
    int64_t run_ms;            /* from the start of the code to its end */
    int64_t cpu_us;            /* code and all its reaped descendants */
    int64_t memory_peak_bytes; /* the largest process; the cgroup knows better */
    int64_t output_bytes;      /* all that the code wrote to stdout and stderr */
    int64_t output_sent;       /* what went out of it, with words of the runner between */
    bool output_truncated;
    int32_t landlock_abi;
    uint32_t controls; /* CONTROL_BIT of what the runner put in force */
    enum report_result result;
    int64_t result_bytes;
    char result_sha256[SHA256_HEX + 1]; /* "" if there is none */
    int64_t artifacts_bytes;
    int64_t artifacts_count;
    bool artifacts_too_large;
    struct str message;     /* ours, <= 200 bytes of printable ASCII; of code that never ran */
    struct str result_text; /* base64, REPORT_RESULT_INLINE */
};

/* Returns the bytes written to `ret`, always <= REPORT_SIZE_MAX. */
size_t report_encode(const struct report *report, char ret[REPORT_SIZE_MAX]);
must_use bool report_decode(struct str text, struct report *ret);
