// SPDX-License-Identifier: Apache-2.0
#include "api/admission_review.h"

#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "given.h"

#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED true
#elif defined(__has_feature)
#define IS_SANITIZED __has_feature(address_sanitizer)
#else
#define IS_SANITIZED false
#endif

#define HEAD "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"request\":"

static void a_review_is_read(void **state)
{
    static const char text[] = HEAD
        "{\"uid\":\"u-1\",\"kind\":{\"group\":\"g\",\"version\":\"v\",\"kind\":\"K\"},"
        "\"resource\":{\"group\":\"g\",\"version\":\"v1\",\"resource\":\"ks\"},\"subResource\":"
        "\"status\",\"requestKind\":{},\"name\":\"n\",\"namespace\":\"s\",\"operation\":\"UPDATE\","
        "\"userInfo\":{\"username\":\"ann\",\"uid\":\"7\",\"groups\":[\"x\"],\"extra\":{\"k\":[]}},"
        "\"object\":{\"spec\":{\"a\":1}},\"oldObject\":{\"spec\":{\"a\":2}},\"dryRun\":true,"
        "\"options\":{\"kind\":\"UpdateOptions\"}}}";
    auto_end(arena_fini) struct arena arena = {0};
    struct review review;
    struct err err = {0};

    (void)state;
    assert_true(review_read(&arena, str_of(text), &review, &err));
    assert_true(str_is(review.uid, "u-1") && str_is(review.group, "g"));
    assert_true(str_is(review.version, "v1") && str_is(review.resource, "ks"));
    assert_true(str_is(review.part, "status") && str_is(review.name, "n"));
    assert_true(str_is(review.space, "s") && str_is(review.user.name, "ann"));
    assert_int_equal(review.user.extra_count, 1);
    assert_int_equal(review.operation, REVIEW_UPDATE);
    assert_true(review.is_dry_run);
    assert_json(json_get(review.old, "spec"), "{\"a\":2}");
    assert_true(review_changes_spec(&arena, &review));
    assert_false(review_is_leaving(&review));
    review.old = review.object;
    assert_false(review_changes_spec(&arena, &review));
}

static void what_is_no_review_is_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"",                                                                              "1:1: no JSON: it is empty"                        },
        {"{",                                                                             NULL                                               },
        {"[]",                                                                            "this is no AdmissionReview of admission.k8s.io/v1"},
        {"{\"kind\":\"AdmissionReview\"}",                                                "this is no AdmissionReview of admission.k8s.io/v1"},
        {"{\"apiVersion\":\"admission.k8s.io/v1beta1\",\"kind\":\"AdmissionReview\"}",
         "this is no AdmissionReview of admission.k8s.io/v1"                                                                                 },
        {"{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\"}",
         "request: is required"                                                                                                              },
        {HEAD "null}",                                                                    "request: is required"                             },
        {HEAD "[]}",                                                                      "request: an object is expected, found a list"     },
        {HEAD "{\"operation\":\"CREATE\"}}",                                              "request.uid: 1 to 253 bytes are expected, found 0"},
        {HEAD "{\"uid\":\"\",\"operation\":\"CREATE\"}}",
         "request.uid: 1 to 253 bytes are expected, found 0"                                                                                 },
        {HEAD "{\"uid\":1,\"operation\":\"CREATE\"}}",
         "request.uid: a text is expected, found a number; put it in quotes"                                                                 },
        {HEAD "{\"uid\":\"u\"}}",                                                         "request.operation: is required, as a text"        },
        {HEAD "{\"uid\":\"u\",\"operation\":7}}",                                         "request.operation: is required, as a text"        },
        {HEAD "{\"uid\":\"u\",\"operation\":\"CREATE\",\"object\":[]}}",
         "request.object: an object is expected, found a list"                                                                               },
        {HEAD "{\"uid\":\"u\",\"operation\":\"CREATE\",\"oldObject\":\"\"}}",
         "request.oldObject: an object is expected, found a text"                                                                            },
        {HEAD "{\"uid\":\"u\",\"operation\":\"CREATE\",\"userInfo\":[]}}",
         "request.userInfo: an object is expected, found a list"                                                                             },
        {HEAD "{\"uid\":\"u\",\"operation\":\"CREATE\",\"userInfo\":{\"groups\":[[]]}}}",
         "request.userInfo.groups[0]: a text is expected, found a list"                                                                      },
        {HEAD "{\"uid\":\"u\",\"uid\":\"v\",\"operation\":\"CREATE\"}}",
         "the key \"uid\" stands twice in one object"                                                                                        },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct review review;
        struct err err = {0};
        assert_false(review_read(&arena, str_of(rows[i].text), &review, &err));
        assert_int_equal(err.kind, ERR_INVALID);
        if (rows[i].message)
            assert_string_equal(err.text, rows[i].message);
    }
}

static void an_answer_repeats_the_question(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    const struct review_answer yes = {.is_allowed = true};
    const struct review_answer no = {
        .code = 403, .reason = "Forbidden", .message = STR_LIT("a \"b\"\n\x1b[31m")};

    (void)state;
    assert_string_equal(review_answer_text(&arena, STR_LIT("u"), &yes).at,
                        "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\","
                        "\"response\":{\"allowed\":true,\"uid\":\"u\"}}");
    assert_string_equal(review_answer_text(&arena, STR_LIT("\"u"), &no).at,
                        "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\","
                        "\"response\":{\"allowed\":false,\"status\":{\"code\":403,\"message\":"
                        "\"a \\\"b\\\"\\n\\u001b[31m\",\"reason\":\"Forbidden\",\"status\":"
                        "\"Failure\"},\"uid\":\"\\\"u\"}}");
}

/* -- what one may cost ----------------------------------------------------------------- */

/* Texts that are dear in different ways: `unit` again and again within an object. */
static const struct {
    const char *open, *unit, *close;
} shapes[] = {
    {"\"x\":[",                                "1,",                    "1]"     },
    {"\"x\":[",                                "[],",                   "[]]"    },
    {"\"x\":[",                                "{},",                   "{}]"    },
    {"\"x\":[",                                "\"\",",                 "1]"     },
    {"\"x\":[",                                "{\"a\":1},",            "1]"     },
    {"\"x\":[",                                "\"0123456789abcdef\",", "1]"     },
    {"\"x\":\"",                               "a",                     "\""     },
    {"\"x\":\"",                               "\\u00e9",               "\""     },
    {"\"object\":{\"metadata\":{\"labels\":[", "\"k\",",                "1]}}"   },
    {"\"userInfo\":{\"groups\":[",             "\"g\",",                "\"g\"]}"},
};

static struct str shaped(struct buf *buf, size_t shape, size_t size)
{
    struct str unit = str_of(shapes[shape].unit);

    buf_init(buf, (size_t)16 << 20);
    buf_add(buf, STR_LIT(HEAD "{\"uid\":\"u\",\"operation\":\"CREATE\","));
    buf_add(buf, str_of(shapes[shape].open));
    while (buf->size + unit.size + 64 < size)
        buf_add(buf, unit);
    buf_add(buf, str_of(shapes[shape].close));
    buf_add(buf, STR_LIT("}}"));
    return buf_str(buf);
}

/* Different keys, each of them dear. */
static struct str keyed(struct buf *buf, size_t count)
{
    buf_init(buf, (size_t)16 << 20);
    buf_add(buf, STR_LIT(HEAD "{\"uid\":\"u\",\"operation\":\"CREATE\",\"x\":{"));
    for (size_t i = 0; i < count; i++)
        buf_print(buf, "%s\"%zx\":%zu", i ? "," : "", i, i % 10);
    buf_add(buf, STR_LIT("}}}"));
    return buf_str(buf);
}

static struct str large_texts(struct buf *buf, size_t text_size, size_t size)
{
    buf_init(buf, (size_t)16 << 20);
    buf_add(buf, STR_LIT(HEAD "{\"uid\":\"u\",\"operation\":\"CREATE\",\"x\":["));
    while (buf->size + text_size + 64 < size)
        buf_print(buf, "\"%0*d\",", (int)text_size, 0);
    buf_add(buf, STR_LIT("1]}}"));
    return buf_str(buf);
}

/* In a process of its own, in KiB: what it had at most, less what it had with the text alone. */
static long cost_of(struct str text, bool *ret_is_read)
{
    int fds[2], status;
    struct {
        long cost;
        bool is_read;
    } told = {0};
    pid_t pid;

    assert_int_equal(pipe(fds), 0);
    pid = fork();
    if (pid == 0) {
        struct arena arena = {0};
        struct rusage before, after;
        struct review review;
        struct err err = {0};
        mallopt(M_PERTURB, 0); /* meson has all memory written to */
        malloc_trim(0);        /* what was used before is not there for nothing */
        FILE *reset = fopen("/proc/self/clear_refs", "w");
        if (!reset || fputs("5", reset) < 0 || fclose(reset) != 0)
            _exit(1);
        getrusage(RUSAGE_SELF, &before);
        told.is_read = review_read(&arena, text, &review, &err);
        if (told.is_read)
            (void)review_changes_spec(&arena, &review);
        getrusage(RUSAGE_SELF, &after);
        told.cost = after.ru_maxrss - before.ru_maxrss;
        _exit(write(fds[1], &told, sizeof(told)) != sizeof(told));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(read(fds[0], &told, sizeof(told)), sizeof(told));
    close(fds[0]);
    close(fds[1]);
    *ret_is_read = told.is_read;
    return told.cost;
}

struct dearest {
    uint32_t read, refused;
    long kib; /* of those that were read, their own text included */
};

static void weigh(struct str text, struct dearest *ret)
{
    bool is_read;
    long kib = LONG_MAX;

    /* Kernels count pages by the batch, and now and then map more than was touched. */
    for (int i = 0; i < 3 && kib > REVIEW_MEMORY_MAX / 1024; i++)
        kib = cost_of(text, &is_read) + (long)(text.size / 1024);
    assert_in_range(kib, 0, REVIEW_MEMORY_MAX / 1024);
    ret->read += is_read;
    ret->refused += !is_read;
    if (is_read && kib > ret->kib)
        ret->kib = kib;
}

static void tell(const struct dearest *dearest, const char *what)
{
    print_message("%-20.20s %3u read, %3u refused, at most %5ld KiB\n", what, dearest->read,
                  dearest->refused, dearest->kib);
    assert_true(dearest->read > 0);
}

/* Promise X13. The sizes rise up to beyond what is read at all. */
static void x13_no_review_costs_more_than_8_mib(void **state)
{
    struct dearest keys = {0}, texts = {0};

    (void)state;
    if (IS_SANITIZED) /* it needs memory of its own */
        skip();
    for (size_t shape = 0; shape < countof(shapes); shape++) {
        struct dearest shaped_ones = {0};
        for (size_t size = 64 * 1024; size <= (size_t)7 << 20; size += size / 3) {
            auto_end(buf_fini) struct buf buf = {0};
            weigh(shaped(&buf, shape, size), &shaped_ones);
        }
        tell(&shaped_ones, shapes[shape].unit);
        assert_true(shaped_ones.refused > 0);
    }
    for (size_t count = 1000; count < 200000; count += count / 4) {
        auto_end(buf_fini) struct buf buf = {0};
        weigh(keyed(&buf, count), &keys);
    }
    tell(&keys, "keys");
    for (size_t size = 1000; size < 40000; size += 1000) {
        auto_end(buf_fini) struct buf buf = {0};
        weigh(large_texts(&buf, size, REVIEW_SIZE_MAX), &texts);
    }
    tell(&texts, "texts");
}

/* The largest task that is valid, as an update: twice, with its status. */
static void the_largest_task_is_read(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    auto_end(buf_fini) struct buf object = {0}, text = {0};
    struct review review;
    struct err err = {0};

    (void)state;
    buf_init(&object, (size_t)4 << 20);
    buf_add(&object, STR_LIT("{\"metadata\":{\"annotations\":{\"a\":\""));
    for (int i = 0; i < 256 * 1024; i++)
        buf_add_char(&object, 'a');
    buf_add(&object, STR_LIT("\"}},\"spec\":{\"env\":["));
    for (int i = 0; i < 1024; i++)
        buf_print(&object, "{\"name\":\"A%d\",\"value\":\"%0100d\"},", i, 0);
    buf_add(&object, STR_LIT("{}],\"source\":\""));
    for (int i = 0; i < 512 * 1024 / 16; i++)
        buf_add(&object, STR_LIT("    print(\\\"x\\\")\\n")); /* as it is printed */
    buf_add(&object, STR_LIT("\"}}"));
    buf_init(&text, (size_t)8 << 20);
    buf_add(&text, STR_LIT(HEAD "{\"uid\":\"u\",\"operation\":\"UPDATE\",\"object\":"));
    buf_add(&text, buf_str(&object));
    buf_add(&text, STR_LIT(",\"oldObject\":"));
    buf_add(&text, buf_str(&object));
    buf_add(&text, STR_LIT("}}"));
    assert_true(review_read(&arena, buf_str(&text), &review, &err));
    assert_false(review_changes_spec(&arena, &review));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_review_is_read),
        cmocka_unit_test(what_is_no_review_is_refused),
        cmocka_unit_test(an_answer_repeats_the_question),
        cmocka_unit_test(x13_no_review_costs_more_than_8_mib),
        cmocka_unit_test(the_largest_task_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
