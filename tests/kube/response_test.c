// SPDX-License-Identifier: Apache-2.0
#include "kube/response.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void every_code_says_what_to_do(void **state)
{
    static const struct {
        int32_t status;
        enum err_kind kind;
        const char *reason; /* of a Status; NULL: no body */
    } cases[] = {
        {200, ERR_NONE,    NULL                   },
        {201, ERR_NONE,    NULL                   },
        {202, ERR_NONE,    NULL                   },
        {299, ERR_NONE,    NULL                   },
        {0,   ERR_REFUSED, NULL                   },
        {101, ERR_REFUSED, NULL                   },
        {301, ERR_REFUSED, NULL                   },
        {304, ERR_REFUSED, NULL                   },
        {400, ERR_INVALID, "BadRequest"           },
        {401, ERR_REFUSED, "Unauthorized"         },
        {402, ERR_REFUSED, NULL                   },
        {403, ERR_REFUSED, "Forbidden"            },
        {404, ERR_ABSENT,  "NotFound"             },
        {404, ERR_ABSENT,  NULL                   },
        {405, ERR_REFUSED, "MethodNotAllowed"     },
        {406, ERR_REFUSED, "NotAcceptable"        },
        {408, ERR_RETRY,   NULL                   },
        {409, ERR_PRESENT, "AlreadyExists"        },
        {409, ERR_STALE,   "Conflict"             },
        {409, ERR_STALE,   "alreadyexists"        },
        {409, ERR_STALE,   NULL                   },
        {410, ERR_STALE,   "Expired"              },
        {410, ERR_STALE,   "Gone"                 },
        {412, ERR_STALE,   NULL                   },
        {413, ERR_LIMIT,   "RequestEntityTooLarge"},
        {415, ERR_REFUSED, "UnsupportedMediaType" },
        {418, ERR_REFUSED, NULL                   },
        {422, ERR_INVALID, "Invalid"              },
        {429, ERR_RETRY,   "TooManyRequests"      },
        {499, ERR_REFUSED, NULL                   },
        {500, ERR_RETRY,   "InternalError"        },
        {501, ERR_RETRY,   NULL                   },
        {502, ERR_RETRY,   NULL                   },
        {503, ERR_RETRY,   "ServiceUnavailable"   },
        {504, ERR_RETRY,   "Timeout"              },
        {599, ERR_RETRY,   NULL                   },
    };

    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        char body[256] = "";
        struct err err = {0};
        if (cases[i].reason)
            snprintf(body, sizeof(body),
                     "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":"
                     "\"Failure\",\"message\":\"the words\",\"reason\":\"%s\",\"code\":%d}",
                     cases[i].reason, cases[i].status);
        struct kube_response response = {.status = cases[i].status, .body = str_of(body)};
        bool is_well = response_check(&response, "get pod a/b", &err);
        if (err.kind != cases[i].kind)
            fail_msg("%d %s: kind %d", cases[i].status, cases[i].reason, (int)err.kind);
        assert_int_equal(is_well, cases[i].kind == ERR_NONE);
        if (is_well)
            continue;
        assert_ptr_equal(strstr(err.text, "get pod a/b: HTTP "), err.text);
        if (cases[i].reason) {
            assert_non_null(strstr(err.text, "the words"));
            assert_non_null(strstr(err.text, cases[i].reason));
        }
    }
}

#define SAYS "{\"kind\":\"Status\",\"message\":"

static void the_words_of_the_server_are_shown(void **state)
{
    static const struct {
        int32_t status;
        const char *body, *text;
        enum err_kind kind;
    } cases[] = {
        {403, SAYS "\"ended\",\"reason\":\"Forbidden\"}", " Forbidden: ended",         ERR_REFUSED},
        {404, "404 page not found\n",                     ": 404 page not found\\x0a", ERR_REFUSED},
        {502, "<html>\x1b[31m</html>",                    ": <html>\\x1b[31m</html>",  ERR_RETRY  },
        {409, "{\"reason\":\"x\"}",                       ": {\"reason\":\"x\"}",      ERR_STALE  },
        {409, SAYS "[],\"reason\":{}}",                   "",                          ERR_STALE  },
        {404, SAYS "\"a\\u0000b\\u009b\"}",               ": a\\x00b\\xc2\\x9b",       ERR_ABSENT },
        {500, "",                                         "",                          ERR_RETRY  },
    };

    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        struct kube_response response = {cases[i].status, -1, str_of(cases[i].body)};
        struct err err = {0};
        char wanted[128];
        assert_false(response_check(&response, "do it", &err));
        snprintf(wanted, sizeof(wanted), "do it: HTTP %d%s", cases[i].status, cases[i].text);
        assert_string_equal(err.text, wanted);
        assert_int_equal(err.kind, cases[i].kind);
    }
}

static void long_words_are_cut(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    char *body = arena_alloc(&arena, 200001);
    char what[400];

    (void)state;
    memset(what, 'w', sizeof(what) - 1);
    what[sizeof(what) - 1] = 0;
    for (size_t size = 100; size <= 200000; size *= 10) {
        struct err err = {0};
        memset(body, 1, size);
        assert_false(response_check(
            &(struct kube_response){
                500, -1, {body, size}
        },
            what, &err));
        assert_true(strlen(err.text) < sizeof(err.text));
        assert_null(memchr(err.text, 1, strlen(err.text)));
    }
}

static void objects_and_lists_say_who_they_are(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value value;
    struct object_meta meta;
    struct err err = {0};

    (void)state;
    assert_true(json_read(&arena,
                          STR_LIT("{\"metadata\":{\"namespace\":\"s\",\"name\":\"n\",\"uid\":\"u\","
                                  "\"resourceVersion\":\"7\",\"continue\":\"c\"}}"),
                          &value, &err));
    meta = object_meta(&value);
    assert_true(str_is(meta.space, "s"));
    assert_true(str_is(meta.name, "n"));
    assert_true(str_is(meta.uid, "u"));
    assert_true(str_is(meta.version, "7"));
    assert_true(str_is(meta.resume, "c"));
    assert_true(
        json_read(&arena, STR_LIT("{\"metadata\":{\"name\":7,\"uid\":null}}"), &value, &err));
    meta = object_meta(&value);
    assert_int_equal(
        meta.space.size + meta.name.size + meta.uid.size + meta.version.size + meta.resume.size, 0);
    meta = object_meta(&(struct json_value){0});
    assert_int_equal(meta.name.size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_says_what_to_do),
        cmocka_unit_test(the_words_of_the_server_are_shown),
        cmocka_unit_test(long_words_are_cut),
        cmocka_unit_test(objects_and_lists_say_who_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
