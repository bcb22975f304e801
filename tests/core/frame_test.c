// SPDX-License-Identifier: Apache-2.0
#include "core/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"

#define DIGEST_OF_HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define DIGEST_OF_EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define RS              "\x1e"

/* What the reader told, one word an event: "text:a\n " "file:result/5 " "bytes:hello " ... */
struct told {
    struct buf words;
    bool is_in_text; /* neighbouring text is told as one, however it was cut */
};

static void tell(void *ctx, enum frame_event event, const struct frame_reader *reader,
                 struct str bytes)
{
    static const char *const words[] = {
        [FRAME_TEXT] = "text:",   [FRAME_FILE] = "file:",     [FRAME_BYTES] = "bytes:",
        [FRAME_WHOLE] = "whole ", [FRAME_BROKEN] = "broken ", [FRAME_END] = "end ",
    };
    struct told *told = ctx;

    if (event != FRAME_TEXT || !told->is_in_text)
        buf_add(&told->words, str_of(words[event]));
    told->is_in_text = event == FRAME_TEXT;
    if (event == FRAME_FILE)
        buf_print(&told->words, "%s%s/%lld ",
                  reader->kind == FRAME_RESULT ? "result" : "artifact:", reader->path,
                  (long long)reader->size);
    if (event == FRAME_TEXT || event == FRAME_BYTES)
        buf_add(&told->words, bytes);
    if (event == FRAME_BYTES)
        buf_add_char(&told->words, ' ');
}

static void told_of(struct str bytes, size_t piece, struct told *ret)
{
    struct frame_reader reader;

    *ret = (struct told){0};
    buf_init(&ret->words, 4 << 20);
    frame_reader_init(&reader);
    while (bytes.size > 0) {
        size_t size = bytes.size < piece ? bytes.size : piece;
        frame_read(&reader, (struct str){bytes.at, size}, tell, ret);
        bytes = str_skip(bytes, size);
    }
}

static void stream_is_told_however_it_is_cut(void **state)
{
    static const struct {
        const char *stream, *told;
    } rows[] = {
        {"",                                                                               ""                            },
        {"plain\ntext",                                                                    "text:plain\ntext"            },
        {"a" RS "end\n",                                                                   "text:a" RS "end\n"           }, /* not at the start of a line */
        {"a\n" RS "end\n",                                                                 "text:a\nend "                },
        {RS "end\nrest",                                                                   "end text:rest"               },
        {RS "result 5 " DIGEST_OF_HELLO "\n" RS "+aGVsbG8=\n" RS ".\n" RS "end\n",
         "file:result/5 bytes:hello whole end "                                                                          },
        {RS "result 5 " DIGEST_OF_HELLO "\n" RS "+aGVs\n" RS "+bG8=\n" RS ".\n",
         "file:result/5 bytes:hel bytes:lo whole "                                                                       },
        {RS "artifact 0 " DIGEST_OF_EMPTY " YS9i\n" RS ".\n",                              "file:artifact:a/b/0 whole "  },
        {RS "result 5 " DIGEST_OF_HELLO "\n" RS "+aGVsbG8=\ntext\n" RS ".\n",
         "file:result/5 bytes:hello text:text\nwhole "                                                                   },
 /* damage */
        {RS "result 5 " DIGEST_OF_HELLO "\n" RS "+aGVsbG9v\n" RS ".\n",
         "file:result/5 broken broken "                                                                                  }, /* more than it said */
        {RS "result 5 " DIGEST_OF_HELLO "\n" RS "+aGVs\n" RS ".\n",
         "file:result/5 bytes:hel broken "                                                                               },
        {RS "result 5 " DIGEST_OF_EMPTY "\n" RS "+aGVsbG8=\n" RS ".\n",
         "file:result/5 bytes:hello broken "                                                                             },
        {RS "result 5 " DIGEST_OF_HELLO "\n" RS "+aGV!\n" RS ".\n",                        "file:result/5 broken broken "},
        {RS "result 5 " DIGEST_OF_HELLO "\n" RS "+\n",                                     "file:result/5 broken "       },
        {RS "result 5 " DIGEST_OF_HELLO "\n" RS "end\n",                                   "file:result/5 broken end "   },
        {RS "result 5 " DIGEST_OF_HELLO "\n" RS "result 0 " DIGEST_OF_EMPTY "\n" RS ".\n",
         "file:result/5 broken file:result/0 whole "                                                                     },
        {RS ".\n",                                                                         "broken "                     },
        {RS "+aGVs\n",                                                                     "broken "                     },
        {RS "\n",                                                                          "broken "                     },
        {RS "end \n",                                                                      "broken "                     },
        {RS "result -1 " DIGEST_OF_HELLO "\n",                                             "broken "                     },
        {RS "result 1048577 " DIGEST_OF_HELLO "\n",                                        "broken "                     },
        {RS "result 5 2CF2\n",                                                             "broken "                     },
        {RS "result 5 " DIGEST_OF_HELLO " YQ==\n",                                         "broken "                     },
        {RS "result  5 " DIGEST_OF_HELLO "\n",                                             "broken "                     },
        {RS "artifact 0 " DIGEST_OF_EMPTY "\n",                                            "broken "                     },
        {RS "artifact 0 " DIGEST_OF_EMPTY " Li4=\n",                                       "broken "                     }, /* ".." */
        {RS "artifact 0 " DIGEST_OF_EMPTY " L2E=\n",                                       "broken "                     }, /* "/a" */
        {RS "artifact 524289 " DIGEST_OF_EMPTY " YQ==\n",                                  "broken "                     },
        {RS "artifact 524288 " DIGEST_OF_EMPTY " YQ==\n",                                  "broken "                     }, /* the name counts */
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        for (size_t piece = 1; piece <= 64; piece++) {
            struct told told;
            told_of(str_of(rows[i].stream), piece, &told);
            if (!str_is(buf_str(&told.words), rows[i].told))
                print_error("row %zu in pieces of %zu: <%.*s>\n", i, piece, (int)told.words.size,
                            told.words.at);
            assert_true(str_is(buf_str(&told.words), rows[i].told));
            buf_fini(&told.words);
        }
}

static void overlong_line_is_skipped_whole(void **state)
{
    static char stream[3 * FRAME_LINE_MAX];
    struct told told;

    (void)state;
    memset(stream, 'A', sizeof(stream));
    stream[0] = FRAME_MARK;
    stream[1] = '+';
    memcpy(stream + sizeof(stream) - 8,
           "\n\x1e"
           "end\nx",
           7);
    told_of((struct str){stream, sizeof(stream) - 1}, 1000, &told);
    assert_true(str_is(buf_str(&told.words), "broken end text:x"));
    buf_fini(&told.words);
}

static void artifacts_are_bounded_together(void **state)
{
    auto_end(buf_fini) struct buf stream = {0};
    char path[FRAME_PATH_MAX], line[FRAME_LINE_MAX];
    struct told told;
    size_t broken = 0, files = 0;

    (void)state;
    buf_init(&stream, 8 << 20);
    memset(path, 'p', sizeof(path));
    for (int i = 0; i < 600; i++) {
        size_t size = frame_write_file(FRAME_ARTIFACT, (struct str){path, sizeof(path)}, 0,
                                       DIGEST_OF_EMPTY, line);
        buf_add(&stream, (struct str){line, size});
        buf_add(&stream, (struct str){line, frame_write_whole(line)});
    }
    told_of(buf_str(&stream), 4096, &told);
    for (size_t i = 0; i + 6 <= told.words.size; i++) {
        broken += memcmp(told.words.at + i, "broken", 6) == 0;
        files += memcmp(told.words.at + i, "file:a", 6) == 0;
    }
    assert_int_equal(files, ARTIFACTS_SIZE_MAX / FRAME_PATH_MAX);
    assert_int_equal(broken, 2 * (600 - files));
    buf_fini(&told.words);
}

static void what_is_written_is_read(void **state)
{
    static char bytes[3 * FRAME_CHUNK + 1];
    auto_end(buf_fini) struct buf stream = {0}, expected = {0};
    char sha256[SHA256_HEX + 1], line[FRAME_LINE_MAX];
    struct str left = {bytes, sizeof(bytes)};
    struct told told;

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)('a' + i % 26);
    buf_init(&stream, 1 << 20);
    buf_init(&expected, 1 << 20);
    sha256_of(left, sha256);
    buf_add(&stream, (struct str){line, frame_write_file(FRAME_ARTIFACT, STR_LIT("a b/\n"),
                                                         (int64_t)left.size, sha256, line)});
    buf_print(&expected, "file:artifact:a b/\n/%zu ", sizeof(bytes));
    while (left.size > 0) {
        struct str chunk = {left.at, left.size < FRAME_CHUNK ? left.size : FRAME_CHUNK};
        buf_add(&stream, (struct str){line, frame_write_bytes(chunk, line)});
        buf_print(&expected, "bytes:%.*s ", STR_ARG(chunk));
        left = str_skip(left, chunk.size);
    }
    buf_add(&stream, (struct str){line, frame_write_whole(line)});
    buf_add(&stream, (struct str){line, frame_write_end(line)});
    buf_print(&expected, "whole end ");
    told_of(buf_str(&stream), 777, &told);
    assert_true(str_equal(buf_str(&told.words), buf_str(&expected)));
    buf_fini(&told.words);
}

static void path_is_safe_or_not(void **state)
{
    static const struct {
        const char *path;
        bool is_safe;
    } rows[] = {
        {"a",       true },
        {"a/b.c",   true },
        {"..a/b..", true },
        {"",        false},
        {"/a",      false},
        {"a/",      false},
        {"a//b",    false},
        {".",       false},
        {"a/./b",   false},
        {"..",      false},
        {"a/../b",  false},
    };
    static char path[FRAME_PATH_MAX + 1];

    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_int_equal(frame_path_is_safe(str_of(rows[i].path)), rows[i].is_safe);
    assert_false(frame_path_is_safe(STR_LIT("a\0b")));
    memset(path, 'a', sizeof(path));
    assert_true(frame_path_is_safe((struct str){path, FRAME_PATH_MAX}));
    assert_false(frame_path_is_safe((struct str){path, FRAME_PATH_MAX + 1}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stream_is_told_however_it_is_cut),
        cmocka_unit_test(overlong_line_is_skipped_whole),
        cmocka_unit_test(artifacts_are_bounded_together),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(path_is_safe_or_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
