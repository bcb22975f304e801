// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base64.h"

static void the_vectors_of_rfc_4648(void **state)
{
    const struct {
        struct str raw;
        const char *text;
    } rows[] = {
        {STR_LIT(""),             ""        },
        {STR_LIT("f"),            "Zg=="    },
        {STR_LIT("fo"),           "Zm8="    },
        {STR_LIT("foo"),          "Zm9v"    },
        {STR_LIT("foob"),         "Zm9vYg=="},
        {STR_LIT("fooba"),        "Zm9vYmE="},
        {STR_LIT("foobar"),       "Zm9vYmFy"},
        {STR_LIT("\xfb\xff\xbf"), "+/+/"    },
        {STR_LIT("\0\0"),         "AAA="    },
    };
    char out[16];
    size_t size;

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct str text = str_of(rows[i].text);
        assert_int_equal(BASE64_SIZE(rows[i].raw.size), text.size);
        base64_encode(rows[i].raw, out);
        assert_memory_equal(out, text.at, text.size);
        assert_true(base64_decode(text, out, &size));
        assert_true(str_equal((struct str){out, size}, rows[i].raw));
    }
}

static void every_byte_survives(void **state)
{
    char raw[256], text[BASE64_SIZE(256)], back[256];

    (void)state;
    for (size_t i = 0; i < sizeof(raw); i++)
        raw[i] = (char)i;
    for (size_t size = 0; size <= sizeof(raw); size++) {
        size_t got = 0;
        base64_encode((struct str){raw, size}, text);
        assert_true(base64_decode((struct str){text, BASE64_SIZE(size)}, back, &got));
        assert_int_equal(got, size);
        assert_memory_equal(back, raw, size);
    }
}

static void what_no_encoder_writes_is_refused(void **state)
{
    const char *const rows[] = {
        "A",        "AA",       "AAA",     "AAAAA",   "====",   "A===",     "=AAA", "AA=A",
        "Zm9v=",    "Zm9vZg",   "Zh==",    "Zm9=",    "Zm9v\n", "Zm 9",     "Zm-_", "Zg==Zg==",
        "Zg==AAAA", "Zm8=Zm8=", "\200AAA", "AAA\xff", "AA\0A",  "Zm9v Zg=", "[AAA", "@AAA",
    };
    char out[16];

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        size_t size = 77;
        assert_false(base64_decode(str_of(rows[i]), out, &size));
        assert_int_equal(size, 77);
    }
    size_t size = 77;
    assert_false(base64_decode(STR_LIT("AA\0A"), out, &size));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_rfc_4648),
        cmocka_unit_test(every_byte_survives),
        cmocka_unit_test(what_no_encoder_writes_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
