// SPDX-License-Identifier: Apache-2.0
/* Plugins here are small shell scripts that a test writes. */
#include "kube/credential.h"

#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/date.h"
#include "place.h"
#include "sys/clock.h"

#define GROUP "client.authentication.k8s.io/"
#define CERT  "-----BEGIN CERTIFICATE-----\\nQ0VSVA==\\n-----END CERTIFICATE-----\\n"
#define KEY   "-----BEGIN PRIVATE KEY-----\\nS0VZ\\n-----END PRIVATE KEY-----\\n"
/* A script that answers in v1 with that status. */
#define SAYS(status)                                                                               \
    "#!/bin/sh\ncat <<'END'\n{\"apiVersion\": \"" GROUP                                            \
    "v1\", \"kind\": \"ExecCredential\", \"status\": {" status "}}\nEND\n"

enum {
    NOW = 1000000000
};

/* Access by a plugin of that text; it is called "plugin" in the directory of the place. */
static struct kube_access with_plugin(struct place *place, const char *script)
{
    struct kube_access access = {.server = STR_LIT("https://h:6443"), .has_exec = true};

    access.exec.command = str_of(place_file(place, "plugin", 0700, script));
    access.exec.api_version = STR_LIT(GROUP "v1");
    access.exec.timeout_ms = 20000;
    return access;
}

static struct credential get(struct place *place, const struct kube_access *access)
{
    struct credential ret = {0};
    struct err err = {0};

    if (!credential_get(&place->arena, access, NOW, &ret, &err))
        fail_msg("%s", err.text);
    return ret;
}

static void refuses(struct place *place, const struct kube_access *access, enum err_kind kind,
                    const char *words)
{
    struct credential ret;
    struct err err = {0};

    assert_false(credential_get(&place->arena, access, NOW, &ret, &err));
    if (err.kind != kind || !strstr(err.text, words))
        fail_msg("wanted %d %s\ngot %d %s", (int)kind, words, (int)err.kind, err.text);
}

static void refuses_script(struct place *place, const char *script, const char *words)
{
    struct kube_access access = with_plugin(place, script);

    refuses(place, &access, ERR_REFUSED, words);
}

/* -- what a plugin answers --------------------------------------------------------------------*/

static void a_token_is_taken(void **state)
{
    struct kube_access access = with_plugin(*state, SAYS("\"token\": \"t0\""));
    struct credential credential = get(*state, &access);

    assert_true(str_is(credential.token, "t0"));
    assert_true(credential.cert_pem.size == 0 && credential.key_pem.size == 0);
    assert_true(credential.expires_ms == DATE_NEVER);
}

static void a_certificate_is_taken(void **state)
{
    struct kube_access access = with_plugin(
        *state, SAYS("\"clientCertificateData\": \"" CERT "\", \"clientKeyData\": \"" KEY "\""));
    struct credential credential = get(*state, &access);

    assert_true(credential.token.size == 0);
    assert_true(str_starts(credential.cert_pem, "-----BEGIN CERTIFICATE-----\nQ0VS"));
    assert_true(str_starts(credential.key_pem, "-----BEGIN PRIVATE KEY-----\nS0VZ"));
}

static void its_expiry_is_read(void **state)
{
    struct kube_access access = with_plugin(
        *state, SAYS("\"token\": \"t\", \"expirationTimestamp\": \"1970-01-12T13:46:41+00:00\""));

    assert_int_equal(get(*state, &access).expires_ms, NOW + 1000);
}

static void the_older_version_is_spoken_too(void **state)
{
    struct kube_access access =
        with_plugin(*state, "#!/bin/sh\necho '{\"apiVersion\": \"" GROUP
                            "v1beta1\", \"kind\": \"ExecCredential\", \"status\": "
                            "{\"token\": \"beta\", \"unknown\": [1]}}'\n");

    access.exec.api_version = STR_LIT(GROUP "v1beta1");
    assert_true(str_is(get(*state, &access).token, "beta"));
}

static void an_answer_in_yaml_is_taken(void **state)
{
    struct kube_access access =
        with_plugin(*state, "#!/bin/sh\necho 'apiVersion: " GROUP
                            "v1'\necho 'kind: ExecCredential'\necho 'status: {token: y1}'\n");

    assert_true(str_is(get(*state, &access).token, "y1"));
}

static void a_token_of_20_kilobytes_is_whole(void **state)
{
    struct kube_access access =
        with_plugin(*state, "#!/bin/sh\nprintf '{\"apiVersion\": \"" GROUP
                            "v1\", \"kind\": \"ExecCredential\", \"status\": {\"token\": \"'\n"
                            "head -c 20000 /dev/zero | tr '\\0' x\necho '\"}}'\n");
    struct str token = get(*state, &access).token;

    assert_int_equal(token.size, 20000);
    assert_true(token.at[0] == 'x' && token.at[19999] == 'x');
}

static void answers_that_are_none_are_refused(void **state)
{
    refuses_script(*state, "#!/bin/sh\n", "says nothing");
    refuses_script(*state, "#!/bin/sh\necho '{'\n", "credential plugin");
    refuses_script(*state, "#!/bin/sh\necho hello\n", "an object is wanted, not a text");
    refuses_script(*state, "#!/bin/sh\necho '{}'\n", "no ExecCredential");
    refuses_script(*state,
                   "#!/bin/sh\necho '{\"kind\": \"ExecCredential\", \"apiVersion\": \"" GROUP
                   "v1beta1\", \"status\": {\"token\": \"t\"}}'\n",
                   "wants " GROUP "v1, it answers in \"" GROUP "v1beta1\"");
    refuses_script(*state,
                   "#!/bin/sh\necho '{\"kind\": \"ExecCredential\", \"apiVersion\": \"" GROUP
                   "v1\"}'\n",
                   "no status");
    refuses_script(*state, SAYS(""), "no token and no certificate");
    refuses_script(*state, SAYS("\"token\": 7"), "token must be a text");
    refuses_script(*state, SAYS("\"token\": \"a\\r\\nX: y\""), "control characters");
    refuses_script(*state, SAYS("\"token\": \"a\\u0000b\""), "NUL");
    refuses_script(*state, SAYS("\"clientCertificateData\": \"" CERT "\""), "no private key");
    refuses_script(*state, SAYS("\"clientKeyData\": \"" KEY "\""), "no certificate");
    refuses_script(*state, SAYS("\"token\": \"t\", \"expirationTimestamp\": \"soon\""), "no time");
}

/* -- how it is run ----------------------------------------------------------------------------*/

static void a_failing_plugin_is_refused(void **state)
{
    refuses_script(*state, "#!/bin/sh\nexit 3\n", "ended with exit status 3");
    refuses_script(*state, "#!/bin/sh\nkill -9 $$\n", "ended by signal 9");
    /* nothing that it said before counts */
    refuses_script(*state, SAYS("\"token\": \"t\"") "exit 1\n", "exit status 1");
}

static void a_plugin_that_says_too_much_is_ended(void **state)
{
    struct kube_access access = with_plugin(*state, "#!/bin/sh\nexec cat /dev/zero\n");

    refuses(*state, &access, ERR_LIMIT, "said more than 1048576 bytes");
}

static void a_plugin_that_hangs_is_ended(void **state)
{
    struct place *place = *state;
    struct kube_access access =
        with_plugin(place, "#!/bin/sh\necho $$ >\"$0.pid\"\nwhile :; do sleep 1; done\n");

    access.exec.timeout_ms = 300;
    refuses(place, &access, ERR_RETRY, "did not answer within 300 ms");
    assert_int_equal(kill(atoi(arena_text(&place->arena, place_read(place, "plugin.pid"))), 0), -1);
}

static void a_plugin_that_leaves_its_stdout_open_does_not_hang_us(void **state)
{
    struct place *place = *state;
    struct kube_access access = with_plugin(
        place, "#!/bin/sh\nsleep 20 &\necho $! >\"$0.pid\"\ncat <<'END'\n{\"apiVersion\": \"" GROUP
               "v1\", \"kind\": \"ExecCredential\", \"status\": {\"token\": \"t\"}}\nEND\n");
    int64_t before_ms = clock_monotonic_ms();

    assert_true(str_is(get(place, &access).token, "t"));
    assert_in_range(clock_monotonic_ms() - before_ms, 0, 10000);
    kill(atoi(arena_text(&place->arena, place_read(place, "plugin.pid"))), SIGKILL);
}

static void a_missing_plugin_comes_with_its_hint(void **state)
{
    struct kube_access access = with_plugin(*state, "#!/bin/sh\n");

    access.exec.command = STR_LIT("/no/such/plugin");
    access.exec.install_hint = STR_LIT("get it from\n\x1b[1mthere");
    refuses(*state, &access, ERR_ABSENT, "get it from\\x0a\\x1b[1mthere: /no/such/plugin is not");
    access.exec.command = STR_LIT("agenttask-no-such-plugin");
    access.exec.install_hint = (struct str){0};
    refuses(*state, &access, ERR_ABSENT, "agenttask-no-such-plugin stands in no directory");
}

static void a_text_file_is_not_given_to_a_shell(void **state)
{
    struct kube_access access = with_plugin(*state, "echo ran >&2\n");

    refuses(*state, &access, ERR_REFUSED, "Exec format error");
}

static void arguments_and_variables_arrive_as_they_are(void **state)
{
    const struct str args[] = {STR_LIT("a b"), STR_LIT(""), STR_LIT("$(id); 'x\" *\n")};
    const struct pair env[] = {
        {STR_LIT("MINE"), STR_LIT("m n=$HOME") },
        {STR_LIT("HOME"), STR_LIT("/elsewhere")}
    };
    struct place *place = *state;
    struct kube_access access =
        with_plugin(place, "#!/bin/sh\n{ printf '<%s>' \"$@\" \"$MINE\" \"$HOME\" \"$OURS\"; } "
                           ">\"$0.out\"\n");
    struct credential ignored;
    struct err err = {0};

    access.exec.args = (struct strs){args, countof(args)};
    access.exec.env = (struct pairs){env, countof(env)};
    setenv("OURS", "o", 1);
    assert_false(credential_get(&place->arena, &access, NOW, &ignored, &err));
    unsetenv("OURS");
    assert_string_equal(arena_text(&place->arena, place_read(place, "plugin.out")),
                        "<a b><><$(id); 'x\" *\n><m n=$HOME></elsewhere><o>");
    assert_null(getenv("MINE"));
}

static void a_command_without_a_slash_is_found_in_path(void **state)
{
    struct place *place = *state;
    struct kube_access access = with_plugin(place, SAYS("\"token\": \"wrong\""));
    const char *path = arena_text(&place->arena, str_of(getenv("PATH")));

    place_file(place, "bin/agenttask-plugin", 0700, SAYS("\"token\": \"found\""));
    place_file(place, "first/agenttask-plugin", 0600, "not a program");
    access.exec.command = STR_LIT("agenttask-plugin");
    setenv("PATH",
           arena_print(&place->arena, "relative::%s/first:%s/bin:%s", place->directory,
                       place->directory, path)
               .at,
           1);
    assert_true(str_is(get(place, &access).token, "found"));
    setenv("PATH", path, 1);
}

static const char *info_of(struct place *place, struct kube_access *access)
{
    struct credential ignored;
    struct err err = {0};

    access->exec.command = str_of(
        place_file(place, "plugin", 0700,
                   "#!/bin/sh\nprintf '%s' \"$KUBERNETES_EXEC_INFO\" >\"$0.out\"\nexit 1\n"));
    assert_false(credential_get(&place->arena, access, NOW, &ignored, &err));
    return arena_text(&place->arena, place_read(place, "plugin.out"));
}

/* The expected texts are what kubectl 1.32 hands to a plugin. */
static void the_plugin_is_told_what_kubectl_would_tell(void **state)
{
    struct place *place = *state;
    struct kube_access access = with_plugin(place, "");

    assert_string_equal(info_of(place, &access),
                        "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" GROUP
                        "v1\",\"spec\":{\"interactive\":false}}\n");
    access.exec.api_version = STR_LIT(GROUP "v1beta1");
    access.exec.gets_cluster = true;
    assert_string_equal(info_of(place, &access),
                        "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" GROUP
                        "v1beta1\",\"spec\":{\"cluster\":{\"server\":\"https://h:6443\","
                        "\"config\":null},\"interactive\":false}}\n");
    access.tls_server_name = STR_LIT("s");
    access.is_insecure = true;
    access.ca_pem = STR_LIT("CA");
    access.proxy_url = STR_LIT("http://p");
    access.disable_compression = true;
    access.exec.config = STR_LIT("{\"a\":\"b\"}");
    assert_string_equal(info_of(place, &access),
                        "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" GROUP
                        "v1beta1\",\"spec\":{\"cluster\":{\"server\":\"https://h:6443\","
                        "\"tls-server-name\":\"s\",\"insecure-skip-tls-verify\":true,"
                        "\"certificate-authority-data\":\"Q0E=\",\"proxy-url\":\"http://p\","
                        "\"disable-compression\":true,\"config\":{\"a\":\"b\"}},"
                        "\"interactive\":false}}\n");
}

/* -- who has the terminal ---------------------------------------------------------------------*/

/* Runs get() with `fd` as stdin. */
static struct credential get_with_stdin(struct place *place, const struct kube_access *access,
                                        int fd)
{
    int kept = dup(STDIN_FILENO);
    struct credential ret;

    assert_true(dup2(fd, STDIN_FILENO) == STDIN_FILENO);
    ret = get(place, access);
    assert_true(dup2(kept, STDIN_FILENO) == STDIN_FILENO);
    close(kept);
    return ret;
}

/* Its token is the first line of its stdin, and whether it was told of a user there. */
static const char asking[] =
    "#!/bin/sh\nread -r line\ncase $KUBERNETES_EXEC_INFO in *'\"interactive\":true'*) told=yes;; "
    "*) told=no;; esac\necho \"{\\\"apiVersion\\\": \\\"" GROUP
    "v1\\\", \\\"kind\\\": \\\"ExecCredential\\\", \\\"status\\\": "
    "{\\\"token\\\": \\\"$line-$told\\\"}}\"\n";

static void a_terminal_is_shared_only_if_the_mode_allows(void **state)
{
    static const struct {
        enum exec_interaction interaction;
        const char *token;
    } rows[] = {
        {EXEC_NEVER,        "-no"      },
        {EXEC_IF_AVAILABLE, "typed-yes"},
        {EXEC_ALWAYS,       "typed-yes"},
    };
    struct kube_access access = with_plugin(*state, asking);
    int outer, inner;

    for (size_t i = 0; i < countof(rows); i++) {
        assert_int_equal(openpty(&outer, &inner, NULL, NULL, NULL), 0);
        assert_int_equal(write(outer, "typed\n", 6), 6);
        access.exec.interaction = rows[i].interaction;
        assert_true(str_is(get_with_stdin(*state, &access, inner).token, rows[i].token));
        close(inner);
        close(outer);
    }
}

static void without_a_terminal_nobody_is_asked(void **state)
{
    struct kube_access access = with_plugin(*state, asking);
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "piped\n", 6), 6);
    access.exec.interaction = EXEC_IF_AVAILABLE;
    assert_true(str_is(get_with_stdin(*state, &access, ends[0]).token, "-no"));
    close(ends[0]);
    close(ends[1]);
}

static void who_must_ask_is_refused_without_a_terminal(void **state)
{
    struct kube_access access = with_plugin(*state, asking);
    int kept = dup(STDIN_FILENO), null = open("/dev/null", O_RDONLY);

    access.exec.interaction = EXEC_ALWAYS;
    assert_true(dup2(null, STDIN_FILENO) == STDIN_FILENO);
    refuses(*state, &access, ERR_REFUSED, "standard input is no terminal");
    assert_true(dup2(kept, STDIN_FILENO) == STDIN_FILENO);
    close(kept);
    close(null);
}

/* With the user's terminal there, a plugin may use it, whatever our stdin is: it is in the
 * terminal's foreground. */
static void a_plugin_may_ask_on_the_terminal_itself(void **state)
{
    struct place *place = *state;
    struct kube_access access = with_plugin(
        place, "#!/bin/sh\nread -r line </dev/tty\necho \"{\\\"apiVersion\\\": \\\"" GROUP
               "v1\\\", \\\"kind\\\": \\\"ExecCredential\\\", \\\"status\\\": "
               "{\\\"token\\\": \\\"$line\\\"}}\"\n");
    struct credential credential = {0};
    struct err err = {0};
    int outer, status;
    pid_t child = forkpty(&outer, NULL, NULL, NULL);

    assert_true(child >= 0);
    if (child == 0) {
        access.exec.timeout_ms = 5000;
        _exit(credential_get(&place->arena, &access, NOW, &credential, &err) &&
                      str_is(credential.token, "typed")
                  ? 0
                  : 1);
    }
    assert_int_equal(write(outer, "typed\n", 6), 6);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(outer);
}

/* -- tokens and files -------------------------------------------------------------------------*/

static void what_the_kubeconfig_has_does_not_expire(void **state)
{
    struct kube_access access = {
        .token = STR_LIT("t"), .cert_pem = STR_LIT("c"), .key_pem = STR_LIT("k")};
    struct credential credential = get(*state, &access);

    assert_true(str_is(credential.token, "t") && str_is(credential.cert_pem, "c") &&
                str_is(credential.key_pem, "k"));
    assert_true(credential.expires_ms == DATE_NEVER);
}

static void a_token_file_comes_before_the_token_while_it_can_be_read(void **state)
{
    struct place *place = *state;
    struct kube_access access = {
        .token = STR_LIT("t"),
        .token_file = str_of(place_file(place, "token", 0600, " \n from-file\r\n")),
    };

    assert_true(str_is(get(place, &access).token, "from-file"));
    assert_int_equal(get(place, &access).expires_ms, NOW + TOKEN_FILE_PERIOD_MS);
    unlink(place_path(place, "token"));
    assert_true(str_is(get(place, &access).token, "t"));
    access.token = (struct str){0};
    refuses(place, &access, ERR_ABSENT, "token: No such file");
}

static void a_token_file_must_hold_a_token(void **state)
{
    struct place *place = *state;
    struct str token;
    struct err errs[2] = {0};

    assert_false(credential_token_file(&place->arena, place_file(place, "blank", 0600, " \n\t"),
                                       &token, &errs[0]));
    assert_non_null(strstr(errs[0].text, "is empty"));
    assert_false(credential_token_file(&place->arena, place_file(place, "lines", 0600, "a\nb\n"),
                                       &token, &errs[1]));
    assert_non_null(strstr(errs[1].text, "something else than a token"));
}

/* -- the one that is kept ---------------------------------------------------------------------*/

static const char *current(struct place *place, struct credential_cache *cache,
                           const struct kube_access *access, int64_t now_ms)
{
    struct credential credential;
    struct err err = {0};

    if (!credential_current(cache, access, now_ms, &credential, &err))
        return "failed";
    return arena_text(&place->arena, credential.token);
}

/* Its tokens are "x", "xx", "xxx": one more each time it runs; each holds for ten seconds. */
static const char counting[] =
    "#!/bin/sh\nprintf x >>\"$0.runs\"\necho \"{\\\"apiVersion\\\": \\\"" GROUP
    "v1\\\", \\\"kind\\\": \\\"ExecCredential\\\", \\\"status\\\": {\\\"token\\\": "
    "\\\"$(cat \"$0.runs\")\\\", \\\"expirationTimestamp\\\": \\\"1970-01-12T13:46:50Z\\\"}}\"\n";

static void a_plugin_is_asked_again_only_when_its_credential_expires(void **state)
{
    struct kube_access access = with_plugin(*state, counting);
    struct credential_cache cache = {0};

    assert_string_equal(current(*state, &cache, &access, NOW), "x");
    assert_string_equal(current(*state, &cache, &access, NOW + 9999), "x");
    assert_string_equal(current(*state, &cache, &access, NOW + 10000), "xx");
    credential_cache_fini(&cache);
}

static void a_refused_credential_is_replaced_once(void **state)
{
    struct kube_access access = with_plugin(*state, counting);
    struct credential_cache cache = {0};
    uint32_t first;

    assert_string_equal(current(*state, &cache, &access, NOW), "x");
    first = cache.number;
    credential_refresh(&cache, first);
    assert_string_equal(current(*state, &cache, &access, NOW), "xx");
    credential_refresh(&cache, first); /* an answer to a request of before */
    assert_string_equal(current(*state, &cache, &access, NOW), "xx");
    credential_cache_fini(&cache);
}

static void a_plugin_that_fails_later_is_an_error(void **state)
{
    struct kube_access access = with_plugin(*state, counting);
    struct credential_cache cache = {0};

    assert_string_equal(current(*state, &cache, &access, NOW), "x");
    with_plugin(*state, "#!/bin/sh\nexit 1\n");
    assert_string_equal(current(*state, &cache, &access, NOW), "x");
    assert_string_equal(current(*state, &cache, &access, NOW + 10000), "failed");
    credential_cache_fini(&cache);
}

static void a_token_file_is_read_every_minute_and_after_a_refusal(void **state)
{
    struct place *place = *state;
    struct kube_access access = {.token_file = str_of(place_file(place, "token", 0600, "one"))};
    struct credential_cache cache = {0};

    assert_string_equal(current(place, &cache, &access, NOW), "one");
    place_file(place, "token", 0600, "two");
    assert_string_equal(current(place, &cache, &access, NOW + 59999), "one");
    assert_string_equal(current(place, &cache, &access, NOW + 60000), "two");
    place_file(place, "token", 0600, "three");
    credential_refresh(&cache, cache.number);
    assert_string_equal(current(place, &cache, &access, NOW + 60001), "three");
    unlink(place_path(place, "token"));
    assert_string_equal(current(place, &cache, &access, NOW + 200000), "three");
    place_file(place, "token", 0600, "four");
    assert_string_equal(current(place, &cache, &access, NOW + 200000 + 10000), "four");
    credential_cache_fini(&cache);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_token_is_taken),
        TEST(a_certificate_is_taken),
        TEST(its_expiry_is_read),
        TEST(the_older_version_is_spoken_too),
        TEST(an_answer_in_yaml_is_taken),
        TEST(a_token_of_20_kilobytes_is_whole),
        TEST(answers_that_are_none_are_refused),
        TEST(a_failing_plugin_is_refused),
        TEST(a_plugin_that_says_too_much_is_ended),
        TEST(a_plugin_that_hangs_is_ended),
        TEST(a_plugin_that_leaves_its_stdout_open_does_not_hang_us),
        TEST(a_missing_plugin_comes_with_its_hint),
        TEST(a_text_file_is_not_given_to_a_shell),
        TEST(arguments_and_variables_arrive_as_they_are),
        TEST(a_command_without_a_slash_is_found_in_path),
        TEST(the_plugin_is_told_what_kubectl_would_tell),
        TEST(a_terminal_is_shared_only_if_the_mode_allows),
        TEST(without_a_terminal_nobody_is_asked),
        TEST(who_must_ask_is_refused_without_a_terminal),
        TEST(a_plugin_may_ask_on_the_terminal_itself),
        TEST(what_the_kubeconfig_has_does_not_expire),
        TEST(a_token_file_comes_before_the_token_while_it_can_be_read),
        TEST(a_token_file_must_hold_a_token),
        TEST(a_plugin_is_asked_again_only_when_its_credential_expires),
        TEST(a_refused_credential_is_replaced_once),
        TEST(a_plugin_that_fails_later_is_an_error),
        TEST(a_token_file_is_read_every_minute_and_after_a_refusal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
