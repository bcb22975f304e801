// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Times are int64_t milliseconds since 1970-01-01 UTC (0: not set), durations int64_t
 * milliseconds. This file turns them into text and back; it never asks a clock (sys/clock.h). */
#include "base/str.h"

#define DATE_NEVER INT64_MAX

enum {
    DATE_TEXT = 32,
    DURATION_TEXT = 24
};

/* "2026-11-24T07:39:00Z" as Kubernetes writes metav1.Time: whole seconds, rounded down. */
void date_print(int64_t ms, char ret[DATE_TEXT]);
/* With nine fractional digits, as the kubelet's log files have it (RFC 3339 nano). */
void date_print_nano(int64_t ms, char ret[DATE_TEXT]);
/* With six, as Kubernetes writes metav1.MicroTime. */
void date_print_micro(int64_t ms, char ret[DATE_TEXT]);

/* RFC 3339 with 0 to 9 fractional digits and "Z" or an offset; years 1970 to 9999. */
must_use bool date_parse(struct str s, int64_t *ret_ms);

/* As kubectl's AGE: "7s", "3m5s", "12m", "2h3m", "5h", "2d3h", "8d", "2y10d". */
void duration_print(int64_t ms, char ret[DURATION_TEXT]);

/* "90" (seconds), "1h30m", "2m", "10s", "500ms": Go's notation, without fractions and signs. */
must_use bool duration_parse(struct str s, int64_t *ret_ms);
