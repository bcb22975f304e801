// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <time.h>

#include "base/date.h"

static void dates_as_kubernetes_writes_them(void **state)
{
    const struct {
        int64_t ms;
        const char *seconds, *nano;
    } rows[] = {
        {0,               "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000000Z"},
        {999,             "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.999000000Z"},
        {951782399001,    "2000-02-28T23:59:59Z", "2000-02-28T23:59:59.001000000Z"},
        {951782400000,    "2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000000000Z"},
        {1709164800000,   "2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000000Z"},
        {1795505940123,   "2026-11-24T07:39:00Z", "2026-11-24T07:39:00.123000000Z"},
        {4107542400000,   "2100-03-01T00:00:00Z", "2100-03-01T00:00:00.000000000Z"},
        {253402300799999, "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999000000Z"},
        {-1,              "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000000Z"},
    };
    char text[DATE_TEXT];

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        date_print(rows[i].ms, text);
        assert_string_equal(text, rows[i].seconds);
        date_print_nano(rows[i].ms, text);
        assert_string_equal(text, rows[i].nano);
        date_print_micro(rows[i].ms, text);
        assert_int_equal(strlen(text), strlen(rows[i].nano) - 3);
        assert_memory_equal(text, rows[i].nano, strlen("2026-11-24T12:00:00.123"));
    }
}

/* Any number at all fits into DATE_TEXT. */
static void no_time_is_too_far(void **state)
{
    const int64_t rows[] = {INT64_MIN, INT64_MAX, DATE_NEVER - 1, 253402300800000};
    char text[DATE_TEXT];

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        date_print(rows[i], text);
        assert_int_equal(strlen(text), 20);
        date_print_nano(rows[i], text);
        assert_int_equal(strlen(text), 30);
    }
}

/* The calendar against the C library's, day by day for 300 years, there and back. */
static void the_calendar_is_the_known_one(void **state)
{
    (void)state;
    for (int64_t day = 0; day < 110000; day++) {
        int64_t ms = (day * 86400 + day % 86400) * 1000, back = -1;
        time_t seconds = (time_t)(ms / 1000);
        char ours[DATE_TEXT], theirs[DATE_TEXT];
        struct tm tm;
        strftime(theirs, sizeof(theirs), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &tm));
        date_print(ms, ours);
        assert_string_equal(ours, theirs);
        assert_true(date_parse(str_of(ours), &back));
        assert_int_equal(back, ms);
    }
}

static void dates_are_read_as_rfc_3339(void **state)
{
    const struct {
        const char *in;
        int64_t ms; /* -1: refused */
    } rows[] = {
        {"1970-01-01T00:00:00Z",            0              },
        {"2024-02-29T12:00:00Z",            1709208000000  },
        {"2024-02-29T12:00:00.5Z",          1709208000500  },
        {"2024-02-29T12:00:00.123456789Z",  1709208000123  },
        {"2024-02-29T12:00:00.0009Z",       1709208000000  },
        {"2024-02-29T13:30:00+01:30",       1709208000000  },
        {"2024-02-29T06:30:00-05:30",       1709208000000  },
        {"9999-12-31T23:59:59.999Z",        253402300799999},
        {"2023-02-29T12:00:00Z",            -1             },
        {"2100-02-29T12:00:00Z",            -1             },
        {"2024-02-30T12:00:00Z",            -1             },
        {"2024-04-31T12:00:00Z",            -1             },
        {"2024-00-01T12:00:00Z",            -1             },
        {"2024-13-01T12:00:00Z",            -1             },
        {"2024-01-00T12:00:00Z",            -1             },
        {"1969-12-31T23:59:59Z",            -1             },
        {"2024-01-01T24:00:00Z",            -1             },
        {"2024-01-01T12:60:00Z",            -1             },
        {"2024-01-01T12:00:60Z",            -1             },
        {"2024-01-01T12:00:00",             -1             },
        {"2024-01-01 12:00:00Z",            -1             },
        {"2024-01-01T12:00:00z",            -1             },
        {"2024-01-01T12:00:00.Z",           -1             },
        {"2024-01-01T12:00:00.1234567890Z", -1             },
        {"2024-01-01T12:00:00Zx",           -1             },
        {"2024-01-01T12:00:00+24:00",       -1             },
        {"2024-01-01T12:00:00+01:60",       -1             },
        {"2024-01-01T12:00:00+0100",        -1             },
        {"2024-1-1T12:00:00Z",              -1             },
        {"+024-01-01T12:00:00Z",            -1             },
        {"2024-01-01T12:00",                -1             },
        {"",                                -1             },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        int64_t ms = -1;
        bool is_read = date_parse(str_of(rows[i].in), &ms);
        if (is_read != (rows[i].ms >= 0) || ms != rows[i].ms)
            fail_msg("%s: %lld", rows[i].in, (long long)ms);
    }
}

/* An offset may lead to before 1970, where 0 means "not set". */
static void a_time_before_1970_is_refused(void **state)
{
    int64_t ms = -1;

    (void)state;
    assert_false(date_parse(STR_LIT("1970-01-01T00:00:00+00:01"), &ms));
    assert_int_equal(ms, -1);
    assert_true(date_parse(STR_LIT("1970-01-01T01:00:00+01:00"), &ms));
    assert_int_equal(ms, 0);
}

static void durations_as_kubectl_writes_them(void **state)
{
    const struct {
        int64_t seconds;
        const char *out;
    } rows[] = {
        {-5,        "0s"    },
        {0,         "0s"    },
        {7,         "7s"    },
        {119,       "119s"  },
        {120,       "2m"    },
        {185,       "3m5s"  },
        {599,       "9m59s" },
        {600,       "10m"   },
        {10799,     "179m"  },
        {10800,     "3h"    },
        {11220,     "3h7m"  },
        {28799,     "7h59m" },
        {28800,     "8h"    },
        {172799,    "47h"   },
        {172800,    "2d"    },
        {183600,    "2d3h"  },
        {691199,    "7d23h" },
        {691200,    "8d"    },
        {63071999,  "729d"  },
        {63072000,  "2y"    },
        {63936000,  "2y10d" },
        {252287999, "7y364d"},
        {252288000, "8y"    },
    };
    char text[DURATION_TEXT];

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        duration_print(rows[i].seconds * 1000, text);
        assert_string_equal(text, rows[i].out);
    }
    duration_print(7999, text);
    assert_string_equal(text, "7s");
    duration_print(INT64_MAX, text);
    assert_string_equal(text, "292471208y");
}

static void durations_are_read_as_go_writes_them(void **state)
{
    const struct {
        const char *in;
        int64_t ms; /* -1: refused */
    } rows[] = {
        {"0",                        0                  },
        {"90",                       90000              },
        {"10s",                      10000              },
        {"2m",                       120000             },
        {"1h30m",                    5400000            },
        {"1h2m3s4ms",                3723004            },
        {"500ms",                    500                },
        {"0s",                       0                  },
        {"9223372036854775",         9223372036854775000},
        {"9223372036854776",         -1                 },
        {"9223372036854775807ms",    INT64_MAX          },
        {"9223372036854775808ms",    -1                 },
        {"9223372036854775807ms1ms", -1                 },
        {"2562047788015216h",        -1                 },
        {"",                         -1                 },
        {"s",                        -1                 },
        {"1x",                       -1                 },
        {"1.5h",                     -1                 },
        {"-1",                       -1                 },
        {"-1s",                      -1                 },
        {"1h-1m",                    -1                 },
        {"1h 1m",                    -1                 },
        {"1h30",                     -1                 },
        {"1d",                       -1                 },
        {" 1s",                      -1                 },
        {"1s ",                      -1                 },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        int64_t ms = -1;
        bool is_read = duration_parse(str_of(rows[i].in), &ms);
        if (is_read != (rows[i].ms >= 0) || ms != rows[i].ms)
            fail_msg("%s: %lld", rows[i].in, (long long)ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_as_kubernetes_writes_them),
        cmocka_unit_test(no_time_is_too_far),
        cmocka_unit_test(the_calendar_is_the_known_one),
        cmocka_unit_test(dates_are_read_as_rfc_3339),
        cmocka_unit_test(a_time_before_1970_is_refused),
        cmocka_unit_test(durations_as_kubectl_writes_them),
        cmocka_unit_test(durations_are_read_as_go_writes_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
