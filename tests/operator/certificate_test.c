// SPDX-License-Identifier: Apache-2.0
#include "operator/certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/webhook_config.h"
#include "toy_cluster.h"

#define SPACE   "agenttask-system"
#define LEAF_MS INT64_C(30000)
#define STEP_MS INT64_C(250)

static const struct str name = {"agenttask-webhook-service.agenttask-system.svc", 46};

enum {
    MEMBERS = 2,
    SEEN = 8, /* two seconds */
};

struct member {
    struct certificate_keeper *keeper;
    struct str certificate, key; /* that it serves, in the arena of the scene */
    int changes, steps, troubles;
};

struct scene {
    struct toy_cluster cluster;
    struct arena arena;
    struct transport transport;
    struct reactor reactor;
    struct fiber_pool *fibers;
    struct member members[MEMBERS];
    char directory[32];
    enum toy_fault fault; /* of the next write to a Secret */
    int faults_left, refusals_left;
    bool was_trusted;
    struct str seen[SEEN]; /* bundles of the last steps: an API server may be that far behind */
    uint32_t steps;
};

static void changed(void *ctx, struct str certificate, struct str key)
{
    struct member *member = ctx;

    free((void *)(uintptr_t)member->certificate.at);
    free((void *)(uintptr_t)member->key.at);
    member->certificate = (struct str){strndup(certificate.at, certificate.size), certificate.size};
    member->key = (struct str){strndup(key.at, key.size), key.size};
    member->changes++;
}

static void told(void *ctx, const char *what, const char *because, const struct err *err)
{
    struct member *member = ctx;

    assert_null(strstr(what, "PRIVATE"));
    assert_true(!err || !strstr(err->text, "PRIVATE"));
    member->steps += because != NULL;
    member->troubles += err != NULL;
}

static enum toy_fault fault_of(void *ctx, const struct kube_request *request)
{
    struct scene *scene = ctx;

    if (request->method == HTTP_GET && scene->refusals_left > 0) {
        scene->refusals_left--;
        return TOY_REFUSED;
    }
    if (request->method == HTTP_GET || scene->faults_left == 0)
        return TOY_NO_FAULT;
    scene->faults_left--;
    return scene->fault;
}

static void join(struct scene *scene, int who)
{
    struct member *member = &scene->members[who];
    struct err err = {0};

    member->keeper = certificate_new(&(struct certificate_spec){
        .transport = &scene->transport,
        .reactor = &scene->reactor,
        .fibers = scene->fibers,
        .space = STR_LIT(SPACE),
        .names = {&name, 1},
        .leaf_ms = LEAF_MS,
        .directory = str_of(scene->directory),
        .changed = changed,
        .told = told,
        .ctx = member,
    });
    assert_true(certificate_start(member->keeper, &err));
}

static void leave(struct scene *scene, int who)
{
    struct member *member = &scene->members[who];

    if (!member->keeper)
        return;
    certificate_stop(member->keeper);
    assert_true(certificate_is_idle(member->keeper));
    member->keeper = certificate_free(member->keeper);
    free((void *)(uintptr_t)member->certificate.at);
    free((void *)(uintptr_t)member->key.at);
    *member = (struct member){0};
}

static void make_config(struct scene *scene)
{
    toy_create(&scene->cluster, "validatingwebhookconfigurations", "",
               "{\"metadata\":{\"name\":\"agenttask-validating-webhook-configuration\"},"
               "\"webhooks\":[{\"name\":\"a\",\"clientConfig\":{\"service\":{"
               "\"name\":\"agenttask-webhook-service\",\"namespace\":\"agenttask-system\"}}},"
               "{\"name\":\"other\",\"clientConfig\":{\"url\":\"https://x\"}}]}");
}

static int prepare(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    toy_init(&scene->cluster);
    scene->cluster.fault = fault_of;
    scene->cluster.ctx = scene;
    scene->transport = toy_transport(&scene->cluster);
    scene->reactor = toy_reactor(&scene->cluster);
    scene->fibers = fiber_pool_new(MEMBERS * CERTIFICATE_FIBERS);
    *state = scene;
    return 0;
}

static int prepare_both(void **state)
{
    prepare(state);
    make_config(*state);
    join(*state, 0);
    join(*state, 1);
    return 0;
}

static int end(void **state)
{
    struct scene *scene = *state;

    for (int i = 0; i < MEMBERS; i++)
        leave(scene, i);
    fiber_pool_free(scene->fibers);
    toy_fini(&scene->cluster);
    arena_fini(&scene->arena);
    for (int i = 0; i < SEEN; i++)
        free((void *)(uintptr_t)scene->seen[i].at);
    free(scene);
    return 0;
}

/* -- what the API server sees --------------------------------------------------------- */

static struct str bundle(struct scene *scene)
{
    const char *text =
        toy_find(&scene->cluster, "validatingwebhookconfigurations", "", WEBHOOK_CONFIGURATION);
    struct json_value config;
    struct err err = {0};

    assert_true(json_read(&scene->arena, str_of(text), &config, &err));
    return webhook_config_bundle(&scene->arena, &config, STR_LIT(SPACE));
}

static int64_t now_ms(const struct scene *scene)
{
    return scene->reactor.now_ms(scene->reactor.self);
}

/* Would a handshake with it succeed at this moment? */
static bool is_trusted(struct scene *scene, int who)
{
    const struct member *member = &scene->members[who];
    struct x509_term term;
    struct err err = {0};

    return member->certificate.size > 0 && x509_read_term(member->certificate, &term, &err) &&
           term.from_ms <= now_ms(scene) && now_ms(scene) < term.until_ms &&
           x509_key_fits(member->certificate, member->key, &err) &&
           x509_is_signed(member->certificate, bundle(scene), &err);
}

/* By one that has not heard yet of the last two seconds. */
static bool was_trusted(struct scene *scene, int who)
{
    struct str old = scene->seen[scene->steps % SEEN];
    struct err err = {0};

    return old.size == 0 || x509_is_signed(scene->members[who].certificate, old, &err);
}

static void remember(struct scene *scene)
{
    struct str *seen = &scene->seen[scene->steps++ % SEEN];

    free((void *)(uintptr_t)seen->at);
    *seen = bundle(scene);
    seen->at = seen->size > 0 ? strndup(seen->at, seen->size) : NULL;
}

/* Runs on. Once trusted, nobody who serves is ever not. */
static void run(struct scene *scene, int64_t for_ms)
{
    for (int64_t i = 0; i < for_ms; i += STEP_MS) {
        toy_run(&scene->cluster, STEP_MS);
        for (int who = 0; who < MEMBERS; who++) {
            const struct member *member = &scene->members[who];
            if (scene->was_trusted && member->changes > 0 &&
                !(is_trusted(scene, who) && was_trusted(scene, who)))
                fail_msg("%d is not trusted after %d ms", who, (int)i);
        }
        remember(scene);
        arena_fini(&scene->arena);
    }
}

static void begin(struct scene *scene)
{
    certificate_lead(scene->members[0].keeper);
    run(scene, 4000);
    assert_true(is_trusted(scene, 0) && is_trusted(scene, 1));
    scene->was_trusted = true;
}

static bool serve_the_same(struct scene *scene)
{
    return str_equal(scene->members[0].certificate, scene->members[1].certificate);
}

static bool is_valid(struct scene *scene, int who)
{
    return certificate_is_valid(scene->members[who].keeper, now_ms(scene));
}

/* -- the Secret -------------------------------------------------------------------------- */

static void the_leader_makes_it_and_all_show_it(void **state)
{
    struct scene *scene = *state;

    run(scene, 2500);
    assert_int_equal(scene->cluster.writes, 0); /* nobody leads */
    assert_false(is_valid(scene, 0) || is_valid(scene, 1));
    assert_true(certificate_until_ms(scene->members[0].keeper) == 0);
    begin(scene);
    assert_true(serve_the_same(scene));
    assert_true(is_valid(scene, 0) && is_valid(scene, 1));
    assert_int_equal(scene->cluster.writes, 2);
    assert_int_equal(scene->members[1].steps, 0);
    assert_true(certificate_until_ms(scene->members[1].keeper) > now_ms(scene));
    assert_false(certificate_is_valid(scene->members[1].keeper, now_ms(scene) + LEAF_MS + 1000));
}

/* For five minutes certificates live thirty seconds: of both kinds many come and go. */
static void o3_rotation_is_never_noticed(void **state)
{
    struct scene *scene = *state;
    struct str first;

    begin(scene);
    first = arena_copy(&scene->cluster.arena, bundle(scene));
    run(scene, 300000);
    assert_true(scene->members[0].changes > 12 && scene->members[1].changes > 12);
    assert_int_equal(scene->members[0].troubles + scene->members[1].troubles, 0);
    assert_false(memmem(bundle(scene).at, bundle(scene).size, first.at, first.size));
    assert_true(bundle(scene).size < 3 * first.size);
}

static void two_leaders_agree(void **state)
{
    struct scene *scene = *state;

    certificate_lead(scene->members[1].keeper);
    begin(scene);
    assert_true(serve_the_same(scene));
    run(scene, 120000);
    assert_int_equal(scene->members[0].troubles + scene->members[1].troubles, 0);
}

static void a_deleted_secret_is_made_anew(void **state)
{
    struct scene *scene = *state;
    struct str first;

    begin(scene);
    first = arena_copy(&scene->cluster.arena, scene->members[1].certificate);
    toy_delete(&scene->cluster, "secrets", SPACE, TLS_SECRET);
    run(scene, 10000);
    assert_true(serve_the_same(scene));
    assert_false(str_equal(scene->members[1].certificate, first));
}

static void an_edited_secret_is_mended(void **state)
{
    static const char *const patches[] = {
        "{\"data\":{\"tls.key\":\"anVuaw==\"}}",
        "{\"data\":{\"tls.crt\":null}}",
        "{\"data\":{\"ca.crt\":\"anVuaw==\"}}",
        "{\"data\":{\"ca.key\":\"%%%\"}}",
        "{\"data\":null}",
    };
    struct scene *scene = *state;

    begin(scene);
    for (size_t i = 0; i < countof(patches); i++) {
        toy_merge(&scene->cluster, "secrets", SPACE, TLS_SECRET, patches[i]);
        run(scene, 12000);
        assert_true(serve_the_same(scene));
        assert_string_not_equal(
            toy_text(&scene->cluster, "secrets", SPACE, TLS_SECRET, "data.tls.key"), "anVuaw==");
    }
}

static void a_lost_bundle_is_injected_again(void **state)
{
    struct scene *scene = *state;

    begin(scene);
    scene->was_trusted = false;
    toy_delete(&scene->cluster, "validatingwebhookconfigurations", "", WEBHOOK_CONFIGURATION);
    make_config(scene);
    assert_false(is_trusted(scene, 0));
    run(scene, 2000);
    assert_true(is_trusted(scene, 0) && is_trusted(scene, 1));
    assert_int_equal(toy_matching(&scene->cluster, "validatingwebhookconfigurations", "https://x"),
                     1);
}

static void a_new_leader_takes_over_what_there_is(void **state)
{
    struct scene *scene = *state;
    uint32_t writes;

    begin(scene);
    writes = scene->cluster.writes;
    leave(scene, 0);
    join(scene, 0);
    certificate_lead(scene->members[1].keeper);
    run(scene, 4000);
    assert_true(serve_the_same(scene));
    assert_true(is_valid(scene, 0));
    assert_int_equal(scene->cluster.writes, writes);
}

static void a_lost_answer_costs_nothing(void **state)
{
    struct scene *scene = *state;

    scene->fault = TOY_LOST;
    scene->faults_left = 2;
    begin(scene);
    assert_true(serve_the_same(scene));
    assert_int_equal(scene->cluster.writes, 2);
}

static void trouble_is_told_once_and_gone_through(void **state)
{
    struct scene *scene = *state;

    scene->refusals_left = 40;
    run(scene, 8000);
    assert_int_equal(scene->members[0].troubles, 1);
    scene->refusals_left = 0;
    begin(scene);
    assert_int_equal(scene->members[0].troubles, 1);
}

/* The leader is an older operator, or keeps files: it writes nothing, and goes when we are ready.
 */
static void what_nobody_does_anybody_may_do(void **state)
{
    struct scene *scene = *state;

    run(scene, 2500);
    assert_int_equal(scene->cluster.writes, 0);
    run(scene, 5000);
    assert_true(is_valid(scene, 0) && is_valid(scene, 1));
    assert_true(serve_the_same(scene));
    scene->was_trusted = true;
    run(scene, 180000);
    assert_true(scene->members[0].changes > 3);
}

static void it_stops_in_the_middle_of_a_call(void **state)
{
    struct scene *scene = *state;

    scene->fault = TOY_SILENT;
    scene->faults_left = 1;
    certificate_lead(scene->members[0].keeper);
    run(scene, 1000);
    leave(scene, 0);
}

static void without_a_configuration_it_is_valid_at_once(void **state)
{
    struct scene *scene = *state;

    join(scene, 0);
    certificate_lead(scene->members[0].keeper);
    toy_run(&scene->cluster, 2000);
    assert_true(is_valid(scene, 0));
    assert_int_equal(scene->cluster.writes, 1);
}

/* -- files ---------------------------------------------------------------------------------- */

static void write_file(struct scene *scene, const char *file, struct str text)
{
    char path[64];

    snprintf(path, sizeof(path), "%s/%s", scene->directory, file);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(text.at, 1, text.size, out), text.size);
    fclose(out);
}

static struct x509_pair make_pair(struct scene *scene)
{
    struct x509_term term = {now_ms(scene) - 1000, now_ms(scene) + 3600000};
    struct x509_pair authority, pair;
    struct x509_names any = {&name, 1};
    struct err err = {0};

    assert_true(x509_make_authority(&scene->cluster.arena, STR_LIT("x"), &term, &authority, &err));
    assert_true(x509_make_server(&scene->cluster.arena, &authority, &any, &term, &pair, &err));
    return pair;
}

static int prepare_files(void **state)
{
    struct scene *scene;

    prepare(state);
    scene = *state;
    snprintf(scene->directory, sizeof(scene->directory), "/tmp/certificate-XXXXXX");
    assert_non_null(mkdtemp(scene->directory));
    return 0;
}

static int end_files(void **state)
{
    struct scene *scene = *state;
    char path[64];

    snprintf(path, sizeof(path), "%s/tls.crt", scene->directory);
    unlink(path);
    snprintf(path, sizeof(path), "%s/tls.key", scene->directory);
    unlink(path);
    rmdir(scene->directory);
    return end(state);
}

static void files_are_read_again_when_they_change(void **state)
{
    struct scene *scene = *state;
    struct x509_pair first = make_pair(scene), second = make_pair(scene);

    join(scene, 0);
    toy_run(&scene->cluster, 3000);
    assert_int_equal(scene->members[0].troubles, 1); /* there is none yet */
    assert_false(is_valid(scene, 0));
    write_file(scene, "tls.crt", first.certificate);
    write_file(scene, "tls.key", first.key);
    toy_run(&scene->cluster, 3000);
    assert_true(is_valid(scene, 0));
    assert_true(str_equal(scene->members[0].certificate, first.certificate));
    toy_run(&scene->cluster, 10000);
    assert_int_equal(scene->members[0].changes, 1);
    write_file(scene, "tls.crt", second.certificate);
    toy_run(&scene->cluster, 3000);
    assert_true(str_equal(scene->members[0].certificate, first.certificate)); /* half of it */
    write_file(scene, "tls.key", second.key);
    toy_run(&scene->cluster, 3000);
    assert_true(str_equal(scene->members[0].certificate, second.certificate));
    assert_int_equal(scene->members[0].changes, 2);
    assert_int_equal(scene->cluster.reads + scene->cluster.writes, 0);
}

#define TEST(name)       cmocka_unit_test_setup_teardown(name, prepare_both, end)
#define TEST_ALONE(name) cmocka_unit_test_setup_teardown(name, prepare, end)
#define TEST_FILES(name) cmocka_unit_test_setup_teardown(name, prepare_files, end_files)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_leader_makes_it_and_all_show_it),
        TEST(o3_rotation_is_never_noticed),
        TEST(two_leaders_agree),
        TEST(a_deleted_secret_is_made_anew),
        TEST(an_edited_secret_is_mended),
        TEST(a_lost_bundle_is_injected_again),
        TEST(a_new_leader_takes_over_what_there_is),
        TEST(a_lost_answer_costs_nothing),
        TEST(trouble_is_told_once_and_gone_through),
        TEST(what_nobody_does_anybody_may_do),
        TEST(it_stops_in_the_middle_of_a_call),
        TEST_ALONE(without_a_configuration_it_is_valid_at_once),
        TEST_FILES(files_are_read_again_when_they_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
