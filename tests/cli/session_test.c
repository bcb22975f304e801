// SPDX-License-Identifier: Apache-2.0
#include "stage.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"

static struct session session_of(char *const *environment)
{
    return (struct session){.environment = environment, .out_is_terminal = true};
}

static void the_environment_is_looked_up_by_whole_names(void **state)
{
    char *environment[] = {"HOMER=x", "HOME=/h", "EMPTY=", NULL};
    struct session session = session_of(environment);

    (void)state;
    assert_string_equal(session_env(&session, "HOME"), "/h");
    assert_string_equal(session_env(&session, "EMPTY"), "");
    assert_null(session_env(&session, "HOM"));
}

static void colour_is_for_terminals_that_want_it(void **state)
{
    static const struct {
        char *term, *no_color;
        enum color_mode color;
        bool is_terminal, has_color;
    } rows[] = {
        {"TERM=xterm", "A=",         COLOR_AUTO,   true,  true },
        {"TERM=xterm", "NO_COLOR=1", COLOR_AUTO,   true,  false},
        {"TERM=xterm", "NO_COLOR=",  COLOR_AUTO,   true,  true },
        {"TERM=dumb",  "A=",         COLOR_AUTO,   true,  false},
        {"B=",         "A=",         COLOR_AUTO,   true,  false},
        {"TERM=xterm", "A=",         COLOR_AUTO,   false, false},
        {"TERM=xterm", "NO_COLOR=1", COLOR_ALWAYS, false, true },
        {"TERM=xterm", "A=",         COLOR_NEVER,  true,  false},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        char *environment[] = {rows[i].term, rows[i].no_color, NULL};
        struct session session = session_of(environment);

        session.color = rows[i].color;
        session.out_is_terminal = rows[i].is_terminal;
        assert_int_equal(session_has_color(&session), rows[i].has_color);
    }
}

struct home {
    char directory[64], config[128];
};

static void home_init(struct home *home)
{
    char path[128];
    FILE *file;

    strcpy(home->directory, "/tmp/agenttask-cli-XXXXXX");
    assert_non_null(mkdtemp(home->directory));
    snprintf(path, sizeof(path), "%s/.kube", home->directory);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(home->config, sizeof(home->config), "%s/.kube/config", home->directory);
    file = fopen(home->config, "w");
    assert_non_null(file);
    fputs("kind: Config\n", file);
    fclose(file);
}

static void home_end(struct home *home)
{
    char path[128];

    unlink(home->config);
    snprintf(path, sizeof(path), "%s/.kube", home->directory);
    rmdir(path);
    rmdir(home->directory);
}

static bool place(const struct home *home, const char *kubeconfig,
                  const struct global_options *global, struct session *ret, struct err *err)
{
    char first[128], second[512];
    char *environment[] = {first, kubeconfig ? second : NULL, NULL};

    snprintf(first, sizeof(first), "HOME=%s", home ? home->directory : "/nonexistent");
    snprintf(second, sizeof(second), "KUBECONFIG=%s", kubeconfig ? kubeconfig : "");
    *ret = session_of(environment);
    return session_place(ret, global, err);
}

static void without_a_kubeconfig_it_is_here(void **state)
{
    const struct global_options plain = {0};
    struct session session;
    struct err err = {0};

    (void)state;
    assert_true(place(NULL, NULL, &plain, &session, &err));
    assert_true(session.is_implied);
    arena_fini(&session.arena);
    assert_true(place(NULL, "/dev/null:/nonexistent", &plain, &session, &err));
    arena_fini(&session.arena);
}

static void a_kubeconfig_is_never_silently_ignored(void **state)
{
    const struct global_options plain = {0}, local = {.local = true};
    auto_end(home_end) struct home home;
    struct err home_err = {0}, list_err = {0}, err = {0};
    struct session session;
    char list[256];

    (void)state;
    home_init(&home);
    assert_false(place(&home, NULL, &plain, &session, &home_err));
    assert_int_equal(home_err.kind, ERR_REFUSED);
    assert_non_null(strstr(home_err.text, "the cluster client cannot be loaded"));
    assert_string_equal(session.hint, "pass --local to work on this machine");
    arena_fini(&session.arena);

    snprintf(list, sizeof(list), "/nonexistent:%s", home.config);
    assert_false(place(NULL, list, &plain, &session, &list_err));
    arena_fini(&session.arena);

    assert_true(place(&home, "/nonexistent", &plain, &session, &err)); /* KUBECONFIG decides */
    arena_fini(&session.arena);
    assert_true(place(&home, NULL, &local, &session, &err));
    assert_false(session.is_implied);
    arena_fini(&session.arena);
}

static void a_cluster_that_is_asked_for_is_never_this_machine(void **state)
{
    static const struct {
        struct global_options global;
        enum err_kind kind;
        const char *text;
    } rows[] = {
        {{.context = "prod"},                ERR_REFUSED, "the cluster client cannot be loaded"                                     },
        {{.kubeconfig = "/etc/k"},           ERR_REFUSED, "the cluster client cannot be loaded"                                     },
        {{.local = true, .context = "prod"},
         ERR_INVALID,                                     "--local and --context contradict each other"                             },
        {{.local = true, .space = "team"},
         ERR_REFUSED,                                     "--namespace team: tasks on this machine are all in the namespace default"},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct session session;
        struct err err = {0};

        assert_false(place(NULL, NULL, &rows[i].global, &session, &err));
        assert_int_equal(err.kind, rows[i].kind);
        assert_contains(err.text, rows[i].text);
        arena_fini(&session.arena);
    }
}

static void reading_makes_no_store(void **state)
{
    struct stage stage;
    struct stat found;

    (void)state;
    stage_init(&stage);
    stage_run(&stage, "list");
    assert_int_equal(stage.code, 0);
    assert_int_not_equal(stat(stage.state, &found), 0);
    stage_fini(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_environment_is_looked_up_by_whole_names),
        cmocka_unit_test(colour_is_for_terminals_that_want_it),
        cmocka_unit_test(without_a_kubeconfig_it_is_here),
        cmocka_unit_test(a_kubeconfig_is_never_silently_ignored),
        cmocka_unit_test(a_cluster_that_is_asked_for_is_never_this_machine),
        cmocka_unit_test(reading_makes_no_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
