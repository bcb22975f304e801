// SPDX-License-Identifier: Apache-2.0
#include "driver/interpreter.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
    struct arena arena;
    char directory[64];
};

static int place_open(void **state)
{
    struct place *place = calloc(1, sizeof(*place));

    assert_non_null(place);
    strcpy(place->directory, "/tmp/agenttask-interpreter-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    *state = place;
    return 0;
}

static int place_close(void **state)
{
    struct place *place = *state;
    const char *remove = arena_print(&place->arena, "rm -rf %s", place->directory).at;
    int status = system(remove);

    arena_fini(&place->arena);
    free(place);
    return status;
}

/* A program that says `version`, and counts how often it was asked. */
static const char *program_write(struct place *place, const char *version)
{
    const char *path = arena_print(&place->arena, "%s/interpreter", place->directory).at;
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fprintf(file, "#!/bin/sh\necho asked >>%s/count\necho 'Thing %s (x)'\n", place->directory,
            version);
    fclose(file);
    assert_int_equal(chmod(path, 0755), 0);
    return path;
}

static int times_asked(struct place *place)
{
    const char *path = arena_print(&place->arena, "%s/count", place->directory).at;
    struct stat file;

    return stat(path, &file) < 0 ? 0 : (int)(file.st_size / 6);
}

static void a_version_is_the_first_dotted_number(void **state)
{
    static const char *const rows[][2] = {
        {"Python 3.11.2\n",                              "3.11.2" },
        {"v18.19.0\n",                                   "18.19.0"},
        {"GNU bash, version 5.2.15(1)-release (x86_64)", "5.2.15" },
        {"3.",                                           "3"      },
        {"no number",                                    ""       },
        {"",                                             ""       },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_true(str_is(interpreter_version(str_of(rows[i][0])), rows[i][1]));
}

static void a_version_fits_by_whole_parts(void **state)
{
    (void)state;
    assert_true(interpreter_version_fits(str_of("3.11"), str_of("3.11")));
    assert_true(interpreter_version_fits(str_of("3.11.2"), str_of("3.11")));
    assert_true(interpreter_version_fits(str_of("18.19.0"), str_of("18")));
    assert_false(interpreter_version_fits(str_of("3.1"), str_of("3.11")));
    assert_false(interpreter_version_fits(str_of("3.111"), str_of("3.11")));
    assert_false(interpreter_version_fits(str_of("180.1"), str_of("18")));
    assert_false(interpreter_version_fits(str_of(""), str_of("18")));
}

static void h14_profile_wrong(void **state)
{
    struct place *place = *state;
    const char *path = program_write(place, "3.11.9"), *found;
    struct profile profile = {
        .name = STR_LIT("python3.10"),
        .interpreter = str_of(path),
        .version_prefix = STR_LIT("3.10"),
    };
    struct err err = {0};

    assert_false(interpreter_find(&place->arena, &profile, NULL, &found, &err));
    assert_int_equal(err.kind, ERR_REFUSED);
    assert_non_null(strstr(err.text, "3.10"));
    assert_non_null(strstr(err.text, "3.11.9"));
}

static void an_answer_is_remembered_until_the_program_changes(void **state)
{
    struct place *place = *state;
    const char *cache = arena_print(&place->arena, "%s/cache/versions", place->directory).at;
    const char *path = program_write(place, "3.11.9"), *found;
    struct profile profile = {
        .name = STR_LIT("p"),
        .interpreter = str_of(path),
        .version_prefix = STR_LIT("3.11"),
    };
    struct err err = {0};

    for (int i = 0; i < 3; i++)
        assert_true(interpreter_find(&place->arena, &profile, cache, &found, &err));
    assert_string_equal(found, path);
    assert_int_equal(times_asked(place), 1);
    program_write(place, "3.12.0.1");
    assert_false(interpreter_find(&place->arena, &profile, cache, &found, &err));
    assert_int_equal(times_asked(place), 2);
}

static void a_program_that_is_not_here_is_refused(void **state)
{
    struct place *place = *state;
    struct profile profile = {.name = STR_LIT("p"), .interpreter = STR_LIT("no-such-interpreter")};
    struct err err = {0};
    const char *found;

    assert_false(interpreter_find(&place->arena, &profile, NULL, &found, &err));
    assert_int_equal(err.kind, ERR_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_version_is_the_first_dotted_number),
        cmocka_unit_test(a_version_fits_by_whole_parts),
        cmocka_unit_test_setup_teardown(h14_profile_wrong, place_open, place_close),
        cmocka_unit_test_setup_teardown(an_answer_is_remembered_until_the_program_changes,
                                        place_open, place_close),
        cmocka_unit_test_setup_teardown(a_program_that_is_not_here_is_refused, place_open,
                                        place_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
