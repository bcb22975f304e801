// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/sha256.h"

static void the_digests_of_fips_180_4(void **state)
{
    const struct {
        const char *in, *out;
    } rows[] = {
        {"",                                                         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc",                                                      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"                                                            },
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrl"
         "mnopqrsmnopqrstnopqrstu",                         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    };
    char hex[SHA256_HEX + 1];

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        sha256_of(str_of(rows[i].in), hex);
        assert_string_equal(hex, rows[i].out);
    }
}

static void a_million_letters(void **state)
{
    struct str letters = STR_LIT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    struct sha256 sha;
    char hex[SHA256_HEX + 1];

    (void)state;
    sha256_init(&sha);
    for (int i = 0; i < 20000; i++)
        sha256_add(&sha, letters);
    sha256_hex(&sha, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* Every size around the ends of blocks, cut at every place: the same as in one piece. */
static void pieces_make_no_difference(void **state)
{
    char bytes[130], whole[SHA256_HEX + 1], pieces[SHA256_HEX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i * 7);
    for (size_t size = 0; size <= sizeof(bytes); size++) {
        sha256_of((struct str){bytes, size}, whole);
        for (size_t cut = 0; cut <= size; cut++) {
            struct sha256 sha;
            sha256_init(&sha);
            sha256_add(&sha, (struct str){bytes, cut});
            sha256_add(&sha, (struct str){0});
            sha256_add(&sha, (struct str){bytes + cut, size - cut});
            sha256_hex(&sha, pieces);
            assert_string_equal(pieces, whole);
        }
    }
}

/* The padding changes its form at 55, 56 and 64 bytes. */
static void sizes_at_the_ends_of_blocks(void **state)
{
    static const char letters[65] =
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const struct {
        size_t size;
        const char *out;
    } rows[] = {
        {55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
        {56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
        {63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"},
        {64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
        {65, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"},
    };
    char hex[SHA256_HEX + 1];

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        sha256_of((struct str){letters, rows[i].size}, hex);
        assert_string_equal(hex, rows[i].out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_digests_of_fips_180_4),
        cmocka_unit_test(a_million_letters),
        cmocka_unit_test(pieces_make_no_difference),
        cmocka_unit_test(sizes_at_the_ends_of_blocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
