// SPDX-License-Identifier: Apache-2.0
/* One row or test per line of kubectl's rules. Expected accesses are JSON with ' for ". */
#include "kube/kubeconfig.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "access_text.h"
#include "place.h"

#define PEM(label, body)  "-----BEGIN " label "-----\n" body "\n-----END " label "-----\n"
#define JSON(label, body) "-----BEGIN " label "-----\\n" body "\\n-----END " label "-----\\n"
/* In base64, with other bodies than the files have: it is seen which of them was taken. */
#define CA_DATA                                                                                    \
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tClJFRlVRUT09Ci0tLS0tRU5EIENFUlRJRklDQVRFLS0tLS0K"
#define CERT_DATA                                                                                  \
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tClEwVlNWQT09Ci0tLS0tRU5EIENFUlRJRklDQVRFLS0tLS0K"
#define KEY_DATA                                                                                   \
    "LS0tLS1CRUdJTiBFQyBQUklWQVRFIEtFWS0tLS0tClMwVloKLS0tLS1FTkQgRUMgUFJJVkFURSBLRVktLS0tLQo="

#define CONFIG(cluster, user)                                                                      \
    "apiVersion: v1\nkind: Config\ncurrent-context: a\n"                                           \
    "contexts: [{name: a, context: {cluster: c, user: u}}]\n"                                      \
    "clusters: [{name: c, cluster: {" cluster "}}]\n"                                              \
    "users: [{name: u, user: {" user "}}]\n"
#define SERVER   "server: 'https://h:6443'"
#define TO(rest) "{'server':'https://h:6443','context':'a','space':'default'" rest "}"
#define V1       "apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never"

static void put_files(struct place *place)
{
    place_file(place, "ca.crt", 0600, PEM("CERTIFICATE", "RklMRQ=="));
    place_file(place, "me.crt", 0600, PEM("CERTIFICATE", "TUU="));
    place_file(place, "me.key", 0600, PEM("PRIVATE KEY", "TUtFWQ=="));
    place_file(place, "sub/ca.crt", 0600, PEM("CERTIFICATE", "U1VC"));
    place_file(place, "locked.key", 0600, PEM("ENCRYPTED PRIVATE KEY", "TUtFWQ=="));
    place_file(place, "token", 0600, "from-file\n");
    place_file(place, "text", 0600, "hello\n");
}

/* The access as tests have it, or the error's text. */
static const char *load(struct place *place, const struct kubeconfig_sources *sources,
                        enum err_kind *ret_kind)
{
    struct kube_access access;
    struct err err = {0};
    char *text;

    if (!kubeconfig_load(&place->arena, sources, &access, &err)) {
        *ret_kind = err.kind;
        return arena_text(&place->arena, str_of(err.text));
    }
    *ret_kind = ERR_NONE;
    text = (char *)access_text(&place->arena, &access, place->directory);
    for (size_t i = 0; text[i]; i++)
        if (text[i] == '"')
            text[i] = '\'';
    return text;
}

static void check(struct place *place, const struct kubeconfig_sources *sources, const char *wanted,
                  enum err_kind kind)
{
    enum err_kind got_kind;
    const char *got = load(place, sources, &got_kind);

    if (got_kind != kind || (kind ? !strstr(got, wanted) : strcmp(got, wanted) != 0))
        fail_msg("wanted %d %s\ngot %d %s", (int)kind, wanted, (int)got_kind, got);
}

static void reads(struct place *place, const char *config, const char *wanted)
{
    struct kubeconfig_sources sources = {.flag_path = place_file(place, "config", 0600, config)};

    check(place, &sources, wanted, ERR_NONE);
}

/* The error has `wanted` in it. */
static void refuses(struct place *place, enum err_kind kind, const char *config, const char *wanted)
{
    struct kubeconfig_sources sources = {.flag_path = place_file(place, "config", 0600, config)};

    check(place, &sources, wanted, kind);
}

static void a_cluster_is_read(void **state)
{
    struct place *place = *state;

    put_files(place);
    reads(place, CONFIG(SERVER, ""), TO(""));
    reads(place, CONFIG("server: 'https://h/'", ""),
          "{'server':'https://h','context':'a','space':'default'}");
    reads(place, CONFIG("server: 'HTTPS://h:1/k8s/c-1/?x=y#z'", ""),
          "{'server':'https://h:1/k8s/c-1','context':'a','space':'default'}");
    reads(place, CONFIG("server: 'https://[::1]:6443'", ""),
          "{'server':'https://[::1]:6443','context':'a','space':'default'}");
    reads(place, CONFIG("server: 'h:8080'", ""),
          "{'server':'http://h:8080','context':'a','space':'default'}");
    reads(place, CONFIG(SERVER ", tls-server-name: other", ""), TO(",'tls-server-name':'other'"));
    reads(place, CONFIG(SERVER ", insecure-skip-tls-verify: true", ""), TO(",'insecure':true"));
    reads(place, CONFIG(SERVER ", disable-compression: true", ""), TO(",'no-compression':true"));
    reads(place, CONFIG(SERVER ", proxy-url: 'http://u:p@proxy:1'", ""),
          TO(",'proxy':'http://u:p@proxy:1'"));
    reads(place, CONFIG(SERVER ", proxy-url: 'https://proxy'", ""), TO(",'proxy':'https://proxy'"));
    reads(place, CONFIG(SERVER ", proxy-url: 'socks5://proxy'", ""),
          TO(",'proxy':'socks5://proxy'"));
    reads(place, CONFIG(SERVER ", x: 1, extensions: [{name: e, extension: {y: 2}}]", "z: {}"),
          TO(""));
}

static void data_comes_before_files(void **state)
{
    struct place *place = *state;

    put_files(place);
    reads(place, CONFIG(SERVER ", certificate-authority: ca.crt", ""),
          TO(",'ca':'" JSON("CERTIFICATE", "RklMRQ==") "'"));
    reads(place, CONFIG(SERVER ", certificate-authority: sub/ca.crt", ""),
          TO(",'ca':'" JSON("CERTIFICATE", "U1VC") "'"));
    reads(place, CONFIG(SERVER ", certificate-authority-data: " CA_DATA, ""),
          TO(",'ca':'" JSON("CERTIFICATE", "REFUQQ==") "'"));
    reads(place,
          CONFIG(SERVER ", certificate-authority: gone, certificate-authority-data: " CA_DATA, ""),
          TO(",'ca':'" JSON("CERTIFICATE", "REFUQQ==") "'"));
    reads(place, CONFIG(SERVER, "client-certificate: me.crt, client-key: me.key"),
          TO(",'cert':'" JSON("CERTIFICATE", "TUU=") "','key':'" JSON("PRIVATE KEY",
                                                                      "TUtFWQ==") "'"));
    reads(place,
          CONFIG(SERVER, "client-certificate: gone, client-certificate-data: " CERT_DATA
                         ", client-key: gone, client-key-data: " KEY_DATA),
          TO(",'cert':'" JSON("CERTIFICATE", "Q0VSVA==") "','key':'" JSON("EC PRIVATE KEY",
                                                                          "S0VZ") "'"));
    reads(place,
          CONFIG(SERVER, "client-certificate: me.crt, client-key-data: " KEY_DATA ", token: t"),
          TO(",'cert':'" JSON("CERTIFICATE", "TUU=") "','key':'" JSON("EC PRIVATE KEY",
                                                                      "S0VZ") "','token':'t'"));
}

static void base64_may_be_broken_into_lines(void **state)
{
    struct place *place = *state;

    put_files(place);
    reads(place,
          "current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\nclusters:\n- name: c\n"
          "  cluster:\n    " SERVER "\n    certificate-authority-data: |\n"
          "      LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tClJFRlVRUT09Ci0tLS0t\n"
          "      RU5EIENFUlRJRklDQVRFLS0tLS0K\n",
          TO(",'ca':'" JSON("CERTIFICATE", "REFUQQ==") "'"));
}

static void a_user_is_read(void **state)
{
    struct place *place = *state;

    put_files(place);
    reads(place, CONFIG(SERVER, "token: t"), TO(",'token':'t'"));
    reads(place, CONFIG(SERVER, "tokenFile: token"), TO(",'token-file':'DIR/token'"));
    reads(place, CONFIG(SERVER, "tokenFile: /abs/token"), TO(",'token-file':'/abs/token'"));
    reads(place, CONFIG(SERVER, "token: t, tokenFile: token"),
          TO(",'token':'t','token-file':'DIR/token'"));
    reads(place, CONFIG(SERVER, "username: me, password: 'p w'"),
          TO(",'user':'me','password':'p w'"));
    reads(place, CONFIG(SERVER, "token: t, as: someone"), TO(",'token':'t','as':'someone'"));
    reads(place,
          CONFIG(SERVER, "as: s, as-uid: '7', as-groups: [g, h], "
                         "as-user-extra: {k: [v, w], l: [x], m: null}"),
          TO(",'as':'s','as-uid':'7','as-groups':['g','h'],'as-extra':['k=v','k=w','l=x']"));
    reads(place, CONFIG(SERVER, "token: null, client-key: gone"), TO(""));
}

static void nobody_is_named_without_tls(void **state)
{
    struct place *place = *state;

    put_files(place);
    reads(place,
          CONFIG("server: 'http://h:1'",
                 "token: t, username: '', as: s, client-certificate: me.crt, "
                 "client-key: me.key"),
          "{'server':'http://h:1','context':'a','space':'default','as':'s'}");
    reads(place, CONFIG("server: 'http://h:1'", "exec: {command: c, " V1 "}"),
          "{'server':'http://h:1','context':'a','space':'default'}");
}

static void a_plugin_is_read(void **state)
{
#define SAYS(rest) TO(",'command':'aws'" rest)
#define API        ",'api':'client.authentication.k8s.io/v1"
    struct place *place = *state;

    put_files(place);
    reads(place, CONFIG(SERVER, "exec: {command: aws, " V1 "}"), SAYS(API "','mode':'Never'"));
    reads(place,
          CONFIG(SERVER, "exec: {command: aws, args: [a b, '', '$(x)'], "
                         "env: [{name: A, value: b c}, {name: E}], " V1 "}"),
          SAYS(",'args':['a b','','$(x)'],'env':['A=b c','E=']" API "','mode':'Never'"));
    reads(place,
          CONFIG(SERVER, "exec: {command: aws, apiVersion: client.authentication.k8s.io/v1beta1}"),
          SAYS(API "beta1','mode':'IfAvailable'"));
    reads(place,
          CONFIG(SERVER, "exec: {command: aws, apiVersion: client.authentication.k8s.io/v1, "
                         "interactiveMode: Always, installHint: get it, provideClusterInfo: true}"),
          SAYS(API "','mode':'Always','hint':'get it','gets-cluster':true"));
    reads(place,
          CONFIG(SERVER ", extensions: [{name: x, extension: 1}, "
                        "{name: client.authentication.k8s.io/exec, extension: {audience: a}}]",
                 "exec: {command: aws, " V1 "}"),
          SAYS(API "','mode':'Never','config':'{\\'audience\\':\\'a\\'}'"));
    reads(place, CONFIG(SERVER, "exec: {command: ./bin/aws, " V1 "}"),
          TO(",'command':'DIR/./bin/aws'" API "','mode':'Never'"));
    reads(place, CONFIG(SERVER, "exec: {command: /bin/aws, " V1 "}"),
          TO(",'command':'/bin/aws'" API "','mode':'Never'"));
    reads(place, CONFIG(SERVER, "token: t, exec: {command: aws, " V1 "}"), TO(",'token':'t'"));
    reads(place, CONFIG(SERVER, "tokenFile: token, exec: {command: aws, " V1 "}"),
          TO(",'token-file':'DIR/token'"));
    reads(place, CONFIG(SERVER, "username: u, exec: {command: aws, " V1 "}"), TO(",'user':'u'"));
#undef SAYS
#undef API
}

static void a_wrong_cluster_is_refused(void **state)
{
    struct place *place = *state;

    put_files(place);
    refuses(place, ERR_INVALID, CONFIG("", ""), "config:5:31: this cluster has no server");
    refuses(place, ERR_INVALID, CONFIG("server: 'ftp://h'", ""),
            "\"ftp://h\" is no http or https address");
    refuses(place, ERR_INVALID, CONFIG("server: 'https://'", ""), "no host");
    refuses(place, ERR_INVALID, CONFIG("server: 'https://u:p@h'", ""), "user in it");
    refuses(place, ERR_INVALID, CONFIG("server: \"https://h\\r\\nX: y\"", ""),
            "no http or https address");
    refuses(place, ERR_INVALID, CONFIG("server: [1]", ""),
            "config:5:40: server must be a text, not a list");
    refuses(place, ERR_INVALID, CONFIG(SERVER ", tls-server-name: a b", ""), "no host name");
    refuses(place, ERR_INVALID, CONFIG(SERVER ", proxy-url: 'ftp://p'", ""),
            "must begin with http://");
    refuses(place, ERR_INVALID, CONFIG(SERVER ", proxy-url: 'p:1'", ""), "must begin with http://");
    refuses(place, ERR_INVALID, CONFIG(SERVER ", insecure-skip-tls-verify: 'yes'", ""),
            "must be true or false");
    refuses(place, ERR_INVALID,
            CONFIG(SERVER ", insecure-skip-tls-verify: true, certificate-authority: ca.crt", ""),
            "exclude each other");
    refuses(place, ERR_INVALID, CONFIG(SERVER ", certificate-authority: gone", ""),
            "gone: No such file");
    refuses(place, ERR_INVALID, CONFIG(SERVER ", certificate-authority: text", ""),
            "text holds no certificate in PEM");
    refuses(place, ERR_INVALID, CONFIG(SERVER ", certificate-authority: .", ""), "directory");
    refuses(place, ERR_INVALID, CONFIG(SERVER ", certificate-authority-data: '!'", ""),
            "is not base64");
    refuses(place, ERR_INVALID, CONFIG(SERVER ", certificate-authority-data: aGVsbG8=", ""),
            "no certificate in PEM");
}

static void a_wrong_user_is_refused(void **state)
{
    struct place *place = *state;

    put_files(place);
    refuses(place, ERR_INVALID, CONFIG(SERVER, "client-certificate: me.crt"), "without client-key");
    refuses(place, ERR_INVALID, CONFIG(SERVER, "client-certificate: me.crt, client-key: me.crt"),
            "no private key in PEM");
    refuses(place, ERR_INVALID,
            CONFIG(SERVER, "client-certificate: me.crt, client-key: locked.key"), "encrypted key");
    refuses(place, ERR_INVALID, CONFIG(SERVER, "token: t, username: u"), "exclude each other");
    refuses(place, ERR_INVALID, CONFIG(SERVER, "tokenFile: token, password: p"),
            "exclude each other");
    refuses(place, ERR_INVALID, CONFIG(SERVER, "token: 12"),
            "config:6:33: token must be a text, not a number");
    refuses(place, ERR_INVALID, CONFIG(SERVER, "token: \"a\\nb\""), "control characters");
    refuses(place, ERR_INVALID, CONFIG(SERVER, "token: \"a\\0b\""), "NUL");
    refuses(place, ERR_INVALID, CONFIG(SERVER, "as-groups: [g]"), "need \"as\"");
    refuses(place, ERR_INVALID, CONFIG(SERVER, "as: s, as-groups: g"), "must be a list of texts");
    refuses(place, ERR_INVALID, CONFIG(SERVER, "as: s, as-user-extra: {k: v}"),
            "must be a list of texts");
    refuses(place, ERR_INVALID, CONFIG(SERVER, "as: s, as-user-extra: [k]"), "an object of lists");
    refuses(place, ERR_INVALID, CONFIG(SERVER, "as: s, as-user-extra: {'': [v]}"),
            "control characters");
    refuses(place, ERR_INVALID, CONFIG(SERVER, "as: \"a\\r\\nb\""), "control characters");
    refuses(place, ERR_REFUSED, CONFIG(SERVER, "auth-provider: {name: gcp}"),
            "auth-provider \"gcp\" is not supported");
}

static void a_wrong_plugin_is_refused(void **state)
{
    struct place *place = *state;

    put_files(place);
    refuses(place, ERR_INVALID, CONFIG(SERVER, "exec: {" V1 "}"), "no command");
    refuses(place, ERR_INVALID, CONFIG(SERVER, "exec: {command: c}"), "v1beta1 is wanted");
    refuses(place, ERR_INVALID,
            CONFIG(SERVER, "exec: {command: c, apiVersion: client.authentication.k8s.io/v1alpha1}"),
            "\"client.authentication.k8s.io/v1alpha1\"");
    refuses(place, ERR_INVALID,
            CONFIG(SERVER, "exec: {command: c, apiVersion: client.authentication.k8s.io/v1}"),
            "interactiveMode must be");
    refuses(place, ERR_INVALID, CONFIG(SERVER, "exec: {command: c, env: [{value: v}], " V1 "}"),
            "proper name");
    refuses(place, ERR_INVALID, CONFIG(SERVER, "exec: {command: c, env: [1], " V1 "}"),
            "must be a list of names");
    refuses(place, ERR_INVALID, CONFIG(SERVER, "exec: {command: c, args: a, " V1 "}"),
            "list of texts");
    refuses(place, ERR_INVALID, CONFIG(SERVER, "exec: [c]"), "an object is wanted");
}

static void a_file_that_is_none_is_refused(void **state)
{
    struct place *place = *state;

    put_files(place);
    refuses(place, ERR_INVALID, "a: [", "config:2:1: ");
    refuses(place, ERR_INVALID, "a: 1\na: 2\n", "config:2:1: ");
    refuses(place, ERR_INVALID, "hello", "config:1:1: an object is wanted, not a text");
    refuses(place, ERR_INVALID, "kind: Pod\napiVersion: v1\n", "no kubeconfig but v1 Pod");
    refuses(place, ERR_INVALID, "apiVersion: v2\n", "no kubeconfig but v2");
    refuses(place, ERR_INVALID, "contexts: 1\ncurrent-context: a", "contexts must be a list");
    refuses(place, ERR_INVALID, "contexts: [1]\ncurrent-context: a", "an object is wanted");
    refuses(place, ERR_INVALID, "contexts: [{name: 1}]\ncurrent-context: a", "name must be a text");
    refuses(place, ERR_INVALID, "contexts: [{name: a}, {name: a}]\ncurrent-context: a",
            "stands twice in contexts");
}

static void what_is_missing_is_said(void **state)
{
    struct place *place = *state;

    put_files(place);
    refuses(place, ERR_INVALID, "", "has no contexts");
    refuses(place, ERR_INVALID, "# nothing yet\n", "has no contexts");
    refuses(place, ERR_INVALID, "contexts: [{name: a}, {name: b}]\n",
            "choose one by --context, or");
    refuses(place, ERR_INVALID, "contexts: [{name: a}, {name: b}]\n", "(it has: a, b)");
    refuses(place, ERR_INVALID, "contexts: [{name: b}]\ncurrent-context: a",
            "no context \"a\" in the kubeconfig (it has: b)");
    refuses(place, ERR_INVALID, "contexts: [{name: a}]\ncurrent-context: a",
            "context \"a\" names no cluster");
    refuses(place, ERR_INVALID, "contexts: [{name: a, context: {cluster: x}}]\ncurrent-context: a",
            "no cluster \"x\" in the kubeconfig");
    refuses(place, ERR_INVALID,
            "contexts: [{name: a, context: {cluster: x, user: other}}]\ncurrent-context: a\n"
            "clusters: [{name: x, cluster: {" SERVER "}}]\nusers: [{name: z}]",
            "no user \"other\" in the kubeconfig (it has: z)");
}

/* -- several files ----------------------------------------------------------------------------*/

static void the_first_file_that_names_something_wins(void **state)
{
    struct place *place = *state;
    const char *at = place->directory, *paths;

    put_files(place);
    place_file(place, "one", 0600, "users: [{name: u, user: {token: one}}]\ncurrent-context: ''\n");
    place_file(place, "sub/two", 0600,
               "current-context: a\nusers: [{name: u, user: {token: two, as: two}}]\n"
               "contexts: [{name: a, context: {cluster: c, user: u, namespace: two}}]\n"
               "clusters: [{name: c, cluster: {" SERVER ", certificate-authority: ca.crt}}]\n");
    place_file(place, "three", 0600,
               "current-context: b\nclusters: [{name: c, cluster: {server: 'https://three'}}]\n"
               "contexts: [{name: a, context: {namespace: three}}, {name: b}]\n");
    paths = arena_print(&place->arena, "%s/one::%s/gone:%s/sub/two:%s/three:", at, at, at, at).at;
    struct kubeconfig_sources sources = {.env_paths = paths, .home = "/nowhere"};

    assert_true(kubeconfig_find(&sources));
    check(place, &sources,
          "{'server':'https://h:6443','context':'a','space':'two','ca':'" JSON(
              "CERTIFICATE", "U1VC") "','token':'one'}",
          ERR_NONE);
}

static void a_broken_file_in_the_list_is_an_error(void **state)
{
    struct place *place = *state;

    const char *one = place_file(place, "one", 0600, CONFIG(SERVER, ""));
    const char *two = place_file(place, "two", 0600, "x: {\n");
    struct kubeconfig_sources sources = {
        .env_paths = arena_print(&place->arena, "%s:%s", one, two).at,
    };

    check(place, &sources, "two:2:1: ", ERR_INVALID);
}

static void a_directory_in_the_list_is_an_error(void **state)
{
    struct place *place = *state;
    struct kubeconfig_sources sources = {.env_paths = place->directory};

    assert_true(kubeconfig_find(&sources));
    check(place, &sources, "Is a directory", ERR_REFUSED);
}

static void the_home_file_counts_if_the_environment_names_none(void **state)
{
    struct place *place = *state;
    struct kubeconfig_sources sources = {.home = place->directory, .env_paths = ""};

    assert_false(kubeconfig_find(&sources));
    check(place, &sources, "no kubeconfig: name one by --kubeconfig or KUBECONFIG", ERR_ABSENT);
    place_file(place, ".kube/config", 0600, CONFIG(SERVER, ""));
    assert_true(kubeconfig_find(&sources));
    check(place, &sources, TO(""), ERR_NONE);
    sources.env_paths = "/no/such/file";
    assert_false(kubeconfig_find(&sources));
    check(place, &sources, "no kubeconfig", ERR_ABSENT);
}

static void an_empty_file_and_the_null_device_are_no_kubeconfig(void **state)
{
    struct place *place = *state;
    struct kubeconfig_sources sources = {.env_paths = "/dev/null"};

    assert_false(kubeconfig_find(&sources));
    check(place, &sources, "no kubeconfig", ERR_ABSENT);
    sources.context = "a";
    check(place, &sources, "no kubeconfig", ERR_ABSENT);
    sources.env_paths = place_file(place, "empty", 0600, "");
    assert_false(kubeconfig_find(&sources));
}

static void the_file_of_a_flag_stands_alone_and_must_exist(void **state)
{
    struct place *place = *state;
    struct kubeconfig_sources sources = {
        .flag_path = place_path(place, "flag"),
        .env_paths = place_file(place, "env", 0600, CONFIG(SERVER, "token: env")),
    };

    assert_true(kubeconfig_find(&sources));
    check(place, &sources, "No such file", ERR_INVALID);
    place_file(place, "flag", 0600, CONFIG(SERVER, "token: flag"));
    check(place, &sources, TO(",'token':'flag'"), ERR_NONE);
}

static void a_kubeconfig_may_come_through_a_pipe(void **state)
{
    struct place *place = *state;
    const char config[] = CONFIG(SERVER, "token: piped");
    struct kubeconfig_sources sources = {0};
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], config, sizeof(config) - 1), sizeof(config) - 1);
    close(ends[1]);
    sources.flag_path = arena_print(&place->arena, "/dev/fd/%d", ends[0]).at;
    check(place, &sources, TO(",'token':'piped'"), ERR_NONE);
    close(ends[0]);
}

static void files_and_their_number_are_bounded(void **state)
{
    struct place *place = *state;
    char *large = arena_alloc(&place->arena, KUBECONFIG_SIZE_MAX + 2);
    const char *one = place_file(place, "c", 0600, "{}"), *all = one;
    struct kubeconfig_sources sources = {0};

    memset(large, '#', KUBECONFIG_SIZE_MAX + 1);
    sources.flag_path = place_file(place, "large", 0600, large);
    check(place, &sources, "larger than", ERR_LIMIT);
    sources.flag_path = NULL;
    for (int i = 0; i < KUBECONFIG_FILES_MAX; i++)
        all = arena_print(&place->arena, "%s:%s", all, one).at;
    sources.env_paths = all;
    check(place, &sources, "more than 64 files", ERR_LIMIT);
}

/* -- flags ------------------------------------------------------------------------------------*/

#define TWO                                                                                        \
    "current-context: a\ncontexts:\n- {name: a, context: {cluster: c, user: u, namespace: "        \
    "team}}\n"                                                                                     \
    "- {name: b, context: {cluster: d, user: v}}\nclusters:\n"                                     \
    "- {name: c, cluster: {" SERVER ", tls-server-name: t}}\n"                                     \
    "- {name: d, cluster: {server: 'https://d'}}\n"                                                \
    "users: [{name: u, user: {token: u}}, {name: v, user: {token: v}}]\n"

static void flags_come_before_the_current_context(void **state)
{
    struct place *place = *state;
    const char *path = place_file(place, "config", 0600, TWO);
    struct kubeconfig_sources none = {.flag_path = path}, sources;

#define WITH(flag, value) (sources = none, sources.flag = value, &sources)
    check(place, WITH(context, "b"),
          "{'server':'https://d','context':'b','space':'default','token':'v'}", ERR_NONE);
    check(place, WITH(cluster, "d"),
          "{'server':'https://d','context':'a','space':'team','token':'u'}", ERR_NONE);
    check(place, WITH(user, "v"),
          "{'server':'https://"
          "h:6443','context':'a','space':'team','tls-server-name':'t','token':'v'}",
          ERR_NONE);
    check(place, WITH(namespace, "m"),
          "{'server':'https://h:6443','context':'a','space':'m','tls-server-name':'t','token':'u'}",
          ERR_NONE);
    check(place, WITH(server, "https://s"),
          "{'server':'https://s','context':'a','space':'team','token':'u'}", ERR_NONE);
    check(place, WITH(context, "x"), "no context \"x\" in the kubeconfig (it has: a, b)",
          ERR_INVALID);
    check(place, WITH(cluster, "x"), "no cluster \"x\" in the kubeconfig (it has: c, d)",
          ERR_INVALID);
    check(place, WITH(user, "x"), "no user \"x\" in the kubeconfig (it has: u, v)", ERR_INVALID);
#undef WITH
}

static void a_server_can_be_named_without_a_kubeconfig(void **state)
{
    struct kubeconfig_sources sources = {.server = "http://127.0.0.1:8001"};

    check(*state, &sources, "{'server':'http://127.0.0.1:8001','space':'default'}", ERR_NONE);
}

/* -- inside a Pod -----------------------------------------------------------------------------*/

static struct kubeconfig_sources put_service_account(struct place *place)
{
    place_file(place, "sa/token", 0600, "sa-token");
    place_file(place, "sa/ca.crt", 0600, PEM("CERTIFICATE", "U0E="));
    place_file(place, "sa/namespace", 0600, "agents\n");
    return (struct kubeconfig_sources){
        .home = "/nowhere",
        .service_host = "10.0.0.1",
        .service_port = "443",
        .service_account_dir = place_path(place, "sa"),
    };
}
#define AS_POD(host, space)                                                                        \
    "{'server':'https://" host ":443','space':'" space                                             \
    "','ca':'" JSON("CERTIFICATE", "U0E=") "',"                                                    \
                                           "'token-file':'DIR/sa/token'}"

static void inside_a_pod_the_service_account_is_taken(void **state)
{
    struct place *place = *state;
    struct kubeconfig_sources sources = put_service_account(place);

    assert_true(kubeconfig_find(&sources));
    check(place, &sources, AS_POD("10.0.0.1", "agents"), ERR_NONE);
    sources.service_host = "fd00::1";
    check(place, &sources, AS_POD("[fd00::1]", "agents"), ERR_NONE);
    sources.pod_namespace = "other";
    check(place, &sources, AS_POD("[fd00::1]", "other"), ERR_NONE);
    sources.namespace = "flag";
    check(place, &sources, AS_POD("[fd00::1]", "flag"), ERR_NONE);
    sources.service_port = "";
    assert_false(kubeconfig_find(&sources));
    check(place, &sources, "no kubeconfig", ERR_ABSENT);
}

static void a_kubeconfig_comes_before_the_service_account(void **state)
{
    struct place *place = *state;
    struct kubeconfig_sources sources = put_service_account(place);

    sources.flag_path = place_file(place, "config", 0600, CONFIG(SERVER, "token: t"));
    check(place, &sources, "{'server':'https://h:6443','context':'a','space':'agents','token':'t'}",
          ERR_NONE);
    sources.flag_path = place_file(place, "config", 0600, TWO);
    check(place, &sources,
          "{'server':'https://"
          "h:6443','context':'a','space':'team','tls-server-name':'t','token':'u'}",
          ERR_NONE);
    sources.flag_path = NULL;
    sources.env_paths = place_file(place, "empty", 0600, "{}");
    check(place, &sources, AS_POD("10.0.0.1", "agents"), ERR_NONE);
    sources.env_paths = place_file(place, "broken", 0600, "{");
    check(place, &sources, "broken:", ERR_INVALID);
}

static void a_service_account_without_an_authority_is_refused(void **state)
{
    struct place *place = *state;
    struct kubeconfig_sources sources = put_service_account(place);

    unlink(place_path(place, "sa/ca.crt"));
    check(place, &sources, "ca.crt", ERR_INVALID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_cluster_is_read),
        TEST(data_comes_before_files),
        TEST(base64_may_be_broken_into_lines),
        TEST(a_user_is_read),
        TEST(nobody_is_named_without_tls),
        TEST(a_plugin_is_read),
        TEST(a_wrong_cluster_is_refused),
        TEST(a_wrong_user_is_refused),
        TEST(a_wrong_plugin_is_refused),
        TEST(a_file_that_is_none_is_refused),
        TEST(what_is_missing_is_said),
        TEST(the_first_file_that_names_something_wins),
        TEST(a_broken_file_in_the_list_is_an_error),
        TEST(a_directory_in_the_list_is_an_error),
        TEST(the_home_file_counts_if_the_environment_names_none),
        TEST(an_empty_file_and_the_null_device_are_no_kubeconfig),
        TEST(the_file_of_a_flag_stands_alone_and_must_exist),
        TEST(a_kubeconfig_may_come_through_a_pipe),
        TEST(files_and_their_number_are_bounded),
        TEST(flags_come_before_the_current_context),
        TEST(a_server_can_be_named_without_a_kubeconfig),
        TEST(inside_a_pod_the_service_account_is_taken),
        TEST(a_kubeconfig_comes_before_the_service_account),
        TEST(a_service_account_without_an_authority_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
