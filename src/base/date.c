// SPDX-License-Identifier: Apache-2.0
#include "base/date.h"

#include <stdio.h>

enum {
    SECOND = 1000,
    MINUTE = 60 * SECOND,
    HOUR = 60 * MINUTE,
    DAY = 24 * HOUR
};

struct civil {
    int64_t year;
    unsigned month, day;
};

/* Days since 1970-01-01 <-> civil date, proleptic Gregorian; years begin in March so that the leap
 * day is the last. */
static struct civil civil_of(int64_t days)
{
    int64_t shifted = days + 719468; /* since 0000-03-01 */
    int64_t era = shifted / 146097;
    unsigned in_era = (unsigned)(shifted % 146097);
    unsigned year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    unsigned in_year = in_era - (365 * year + year / 4 - year / 100);
    unsigned month = (5 * in_year + 2) / 153; /* 0: March */

    return (struct civil){
        .year = era * 400 + year + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = in_year - (153 * month + 2) / 5 + 1,
    };
}

static int64_t days_of(struct civil civil)
{
    int64_t year = civil.year - (civil.month <= 2);
    unsigned month = civil.month > 2 ? civil.month - 3 : civil.month + 9;
    unsigned in_year = (153 * month + 2) / 5 + civil.day - 1;
    int64_t in_era = year % 400 * 365 + year % 400 / 4 - year % 400 / 100 + in_year;

    return year / 400 * 146097 + in_era - 719468;
}

static int print_seconds(int64_t ms, char ret[DATE_TEXT])
{
    int64_t seconds = ms < 0 ? 0 : ms / SECOND;
    struct civil civil = civil_of(seconds / 86400);
    unsigned in_day = (unsigned)(seconds % 86400);

    return snprintf(ret, DATE_TEXT, "%04d-%02u-%02uT%02u:%02u:%02u", (int)(civil.year % 10000),
                    civil.month, civil.day, in_day / 3600, in_day / 60 % 60, in_day % 60);
}

void date_print(int64_t ms, char ret[DATE_TEXT])
{
    int size = print_seconds(ms, ret);
    snprintf(ret + size, DATE_TEXT - (size_t)size, "Z");
}

static void print_fraction(int64_t ms, const char *rest, char ret[DATE_TEXT])
{
    int size = print_seconds(ms, ret);
    snprintf(ret + size, DATE_TEXT - (size_t)size, ".%03u%sZ", (unsigned)(ms < 0 ? 0 : ms % SECOND),
             rest);
}

void date_print_nano(int64_t ms, char ret[DATE_TEXT])
{
    print_fraction(ms, "000000", ret);
}

void date_print_micro(int64_t ms, char ret[DATE_TEXT])
{
    print_fraction(ms, "000", ret);
}

/* Takes exactly `digits` digits off the front of *s; false if they are not there. */
static bool take_number(struct str *s, size_t digits, unsigned *ret)
{
    unsigned value = 0;

    if (s->size < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (s->at[i] < '0' || s->at[i] > '9')
            return false;
        value = value * 10 + (unsigned)(s->at[i] - '0');
    }
    *s = str_skip(*s, digits);
    *ret = value;
    return true;
}

static bool take_char(struct str *s, char c)
{
    if (s->size == 0 || s->at[0] != c)
        return false;
    *s = str_skip(*s, 1);
    return true;
}

static bool take_civil(struct str *s, struct civil *ret)
{
    static const unsigned char lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year, month, day;
    bool is_leap;

    if (!take_number(s, 4, &year) || !take_char(s, '-') || !take_number(s, 2, &month) ||
        !take_char(s, '-') || !take_number(s, 2, &day))
        return false;
    is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > lengths[month - 1] ||
        (month == 2 && day == 29 && !is_leap))
        return false;
    *ret = (struct civil){year, month, day};
    return true;
}

/* "hh:mm:ss" with an optional fraction. */
static bool take_clock(struct str *s, int64_t *ret_ms)
{
    unsigned hour, minute, second, digit, scale = 100, ms = 0;

    if (!take_number(s, 2, &hour) || !take_char(s, ':') || !take_number(s, 2, &minute) ||
        !take_char(s, ':') || !take_number(s, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    if (take_char(s, '.')) {
        unsigned digits = 0;
        for (; digits < 9 && take_number(s, 1, &digit); digits++, scale /= 10)
            ms += digit * scale;
        if (digits == 0)
            return false;
    }
    *ret_ms = (int64_t)hour * HOUR + (int64_t)minute * MINUTE + (int64_t)second * SECOND + ms;
    return true;
}

static bool take_offset(struct str *s, int64_t *ret_ms)
{
    unsigned hour, minute;
    bool is_east = s->size > 0 && s->at[0] == '+';

    if (take_char(s, 'Z')) {
        *ret_ms = 0;
        return true;
    }
    if ((!take_char(s, '+') && !take_char(s, '-')) || !take_number(s, 2, &hour) ||
        !take_char(s, ':') || !take_number(s, 2, &minute) || hour > 23 || minute > 59)
        return false;
    *ret_ms = ((int64_t)hour * HOUR + (int64_t)minute * MINUTE) * (is_east ? -1 : 1);
    return true;
}

bool date_parse(struct str s, int64_t *ret_ms)
{
    struct civil civil;
    int64_t clock, offset, ms;

    if (!take_civil(&s, &civil) || !take_char(&s, 'T') || !take_clock(&s, &clock) ||
        !take_offset(&s, &offset) || s.size > 0)
        return false;
    ms = days_of(civil) * DAY + clock + offset;
    if (ms < 0) /* the offset leads to before 1970 */
        return false;
    *ret_ms = ms;
    return true;
}

void duration_print(int64_t ms, char ret[DURATION_TEXT])
{
    int64_t seconds = ms < 0 ? 0 : ms / 1000;
    int64_t minutes = seconds / 60, hours = minutes / 60, days = hours / 24, years = days / 365;
    const struct {
        bool fits;
        int64_t much;
        char unit;
        int64_t rest; /* 0: not shown */
        char rest_unit;
    } forms[] = {
        {seconds < 120, seconds, 's', 0,            0  },
        {minutes < 10,  minutes, 'm', seconds % 60, 's'},
        {hours < 3,     minutes, 'm', 0,            0  },
        {hours < 8,     hours,   'h', minutes % 60, 'm'},
        {hours < 48,    hours,   'h', 0,            0  },
        {days < 8,      days,    'd', hours % 24,   'h'},
        {days < 730,    days,    'd', 0,            0  },
        {years < 8,     years,   'y', days % 365,   'd'},
        {true,          years,   'y', 0,            0  },
    };
    unsigned i = 0;

    while (!forms[i].fits)
        i++;
    if (forms[i].rest)
        snprintf(ret, DURATION_TEXT, "%lld%c%lld%c", (long long)forms[i].much, forms[i].unit,
                 (long long)forms[i].rest, forms[i].rest_unit);
    else
        snprintf(ret, DURATION_TEXT, "%lld%c", (long long)forms[i].much, forms[i].unit);
}

/* Takes a unit off the front; bare digits are seconds. */
static bool take_unit(struct str *s, int64_t *ret_ms)
{
    if (s->size >= 2 && s->at[0] == 'm' && s->at[1] == 's') {
        *s = str_skip(*s, 2);
        *ret_ms = 1;
        return true;
    }
    *ret_ms = take_char(s, 'h')   ? HOUR
              : take_char(s, 'm') ? MINUTE
              : take_char(s, 's') ? SECOND
                                  : 0;
    return *ret_ms != 0;
}

bool duration_parse(struct str s, int64_t *ret_ms)
{
    int64_t total = 0, number, unit;

    if (str_to_int(s, &number)) {
        if (number < 0 || __builtin_mul_overflow(number, SECOND, &total))
            return false;
        *ret_ms = total;
        return true;
    }
    if (s.size == 0)
        return false;
    while (s.size > 0) {
        size_t digits = 0;
        while (digits < s.size && s.at[digits] >= '0' && s.at[digits] <= '9')
            digits++;
        if (!str_to_int((struct str){s.at, digits}, &number))
            return false;
        s = str_skip(s, digits);
        if (!take_unit(&s, &unit) || __builtin_mul_overflow(number, unit, &number) ||
            __builtin_add_overflow(total, number, &total))
            return false;
    }
    *ret_ms = total;
    return true;
}
