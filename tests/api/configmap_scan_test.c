// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "api/configmap_scan.h"

#define NO_KEY    "the ConfigMap has no key main.py: it must be one of its data"
#define ARTIFACTS "the ConfigMap cannot have a key artifacts: there the code writes its artifacts"

static bool scan(struct str text, size_t piece, struct err *err)
{
    struct configmap_scan scan;

    configmap_scan_init(&scan, STR_LIT("main.py"));
    for (size_t i = 0; i < text.size; i += piece) {
        struct str rest = str_skip(text, i);
        configmap_scan_add(&scan, (struct str){rest.at, rest.size < piece ? rest.size : piece});
    }
    return configmap_scan_end(&scan, err);
}

static void h44_configmap_unchecked(void **state)
{
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"{\"data\":{\"main.py\":\"\",\"lib.py\":\"\"}}",                      NULL     },
        {"{\"data\":{\"lib.py\":\"\",\"main.py\":\"\"}}",                      NULL     },
        {" { \"data\" : { \"main.py\" : \"x\" } }\n",                          NULL     },
        {"{\"binaryData\":{\"main.py\":\"\"}}",                                NULL     },
        {"{\"data\":{\"a\":\"\"},\"binaryData\":{\"main.py\":\"\"}}",          NULL     },
        {"{\"metadata\":{\"name\":\"c\"},\"data\":{\"main.py\":\"\"}}",        NULL     },
        {"{\"data\":{\"main.py\":\"artifacts\"}}",                             NULL     },
        {"{\"data\":{\"main.py\":\"\"},\"metadata\":{\"artifacts\":\"\"}}",    NULL     },
        {"{\"data\":{\"lib.py\":\"\"}}",                                       NO_KEY   },
        {"{\"data\":{\"lib.py\":\"main.py\"}}",                                NO_KEY   },
        {"{\"data\":{\"lib.py\":\"\\\",\\\"main.py\\\":\\\"\"}}",              NO_KEY   },
        {"{\"data\":{\"lib.py\":\"\\\\\"},\"main.py\":\"\"}",                  NO_KEY   },
        {"{\"data\":{\"main.py2\":\"\",\"main.p\":\"\"}}",                     NO_KEY   },
        {"{\"metadata\":{\"main.py\":\"\"},\"main.py\":\"data\"}",             NO_KEY   },
        {"{\"metadata\":{\"data\":{\"main.py\":\"\"}}}",                       NO_KEY   },
        {"{\"metadata\":{\"managedFields\":[{\"data\":{\"main.py\":\"\"}}]}}", NO_KEY   },
        {"{\"data\":[\"main.py\"],\"binaryData\":null}",                       NO_KEY   },
        {"{}",                                                                 NO_KEY   },
        {"",                                                                   NO_KEY   },
        {"{\"data\":{\"main.py\":\"\",\"artifacts\":\"\"}}",                   ARTIFACTS},
        {"{\"data\":{\"main.py\":\"\"},\"binaryData\":{\"artifacts\":\"\"}}",  ARTIFACTS},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        for (size_t piece = 1; piece < 90; piece += piece < 10 ? 1 : 40) {
            struct err err = {0};
            assert_int_equal(scan(str_of(rows[i].text), piece, &err), !rows[i].error);
            assert_string_equal(err.text, rows[i].error ? rows[i].error : "");
        }
}

static void what_is_no_configmap_has_no_key(void **state)
{
    static const char signs[] = "{}[],:\"\\ax\n";
    uint32_t dice = 1;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        char text[24];
        struct err err = {0};
        for (size_t j = 0; j < sizeof(text); j++) {
            dice = dice * 1664525 + 1013904223;
            text[j] = signs[(dice >> 16) % (sizeof(signs) - 1)];
        }
        assert_false(scan((struct str){text, sizeof(text)}, 5, &err));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(h44_configmap_unchecked),
        cmocka_unit_test(what_is_no_configmap_has_no_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
