// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What the doctor says: one row per thing that was tried, with a verdict, what was seen, and what
 * to do. What the probe printed (probe/finding.h) comes from inside a sandbox and is foreign:
 * bounded, read strictly, lines that are no finding are passed over. */
#include "base/arena.h"
#include "base/err.h"
#include "cli/output.h"

enum {
    DOCTOR_ROWS_MAX = 64,
    FINDINGS_MAX = 64,
    FINDINGS_SIZE_MAX = 64 * 1024,
};

enum doctor_verdict {
    DOCTOR_OK,
    DOCTOR_WEAK,    /* it holds, but less than elsewhere; or what depends on it is refused */
    DOCTOR_FAILED,  /* isolation rests on it, and it does not hold */
    DOCTOR_UNKNOWN, /* it could not be tried */
};

struct doctor_row {
    const char *check;
    enum doctor_verdict verdict;
    struct str seen;
    const char *remedy; /* "": nothing to do */
};

struct doctor {
    struct arena *arena;
    struct doctor_row rows[DOCTOR_ROWS_MAX];
    uint32_t count;
};

struct doctor_options;

void doctor_add(struct doctor *doctor, const char *check, enum doctor_verdict verdict,
                const char *remedy, const char *seen, ...) printf_like(5, 6);
bool doctor_has_failed(const struct doctor *doctor);
must_use bool doctor_print(const struct doctor *doctor, const char *place,
                           const struct output *output, FILE *out, struct err *err);

/* -- what the probe found -------------------------------------------------------- */

struct finding {
    struct str check, text;
    int64_t value;
    int64_t tries, first_ms, last_ms; /* of connect; else 0 */
};

struct findings {
    struct finding at[FINDINGS_MAX];
    uint32_t count;
};

void findings_read(struct arena *arena, struct str output, struct findings *ret);
/* The one of that name and that place among them, from 0; NULL: there is none. */
const struct finding *findings_nth(const struct findings *findings, const char *check, uint32_t n);
/* The last one of that name; NULL: there is none. */
const struct finding *findings_get(const struct findings *findings, const char *check);

/* Rows of what `probe facts` says, which is the same in every sandbox of ours. has_filter: with the
 * runner's call filter, which denies more than a container runtime's. */
void doctor_judge_facts(struct doctor *doctor, const struct findings *findings, bool has_filter);
