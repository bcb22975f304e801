// SPDX-License-Identifier: Apache-2.0
/* What is kept of the output of a Pod, however it comes and whatever is lost of it. */
#include "driver/kube_output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "api/configmap.h"
#include "api/look.h"
#include "core/deadline.h"
#include "fake_kubelet.h"
#include "fake_operator.h"

enum {
    LARGE = 600 * 1024,
};

static void life_begin(struct life *life, const struct fake_plan *plan)
{
    life_init(life);
    life->cluster.plan = *plan;
    life->cluster.plan.bind_ms = 100;
    life->cluster.plan.start_ms = 600;
    if (life->cluster.plan.run_ms == 0)
        life->cluster.plan.run_ms = 500;
    if (!life->cluster.plan.output)
        life->cluster.plan.output = "hi\n";
    if (!life->cluster.plan.result)
        life->cluster.plan.result = "{}";
    life_policy(life);
    life_task(life, "\"runtimeProfile\":\"python3.11\",\"code\":{\"source\":\"print(1)\"}");
}

static const struct json_value *status_of(struct life *life)
{
    return json_get(fake_find(&life->cluster, "agenttasks", "t"), "status");
}

static const struct json_value *logs_of(struct life *life)
{
    return json_get(status_of(life), "logs");
}

static struct str kept(struct life *life, const char *name, const char *key)
{
    const struct json_value *map = fake_find(&life->cluster, "configmaps", name);
    struct str ret = {0};

    if (map && !configmap_bytes(&life->cluster.arena, map, key, &ret))
        ret = (struct str){0};
    return ret;
}

static const char *letters(struct life *life, size_t size)
{
    char *ret = arena_alloc(&life->cluster.arena, size + 1);

    for (size_t i = 0; i < size; i++)
        ret[i] = i % 64 == 63 ? '\n' : (char)('a' + i / 64 % 26);
    return ret;
}

/* A JSON text of about that size. */
static const char *document(struct life *life, size_t size)
{
    char *ret = arena_alloc(&life->cluster.arena, size + 1);

    memset(ret, 'x', size);
    ret[0] = ret[size - 1] = '"';
    return ret;
}

static void is_over(struct life *life, const char *reason)
{
    assert_true(str_is(look_text(status_of(life), "reason"), reason));
    assert_int_equal(life->cluster.broken[0], 0);
    assert_int_equal(fake_count(&life->cluster, "pods"), 0);
}

static void h20_result_truncated(void **state)
{
    struct life life;
    const struct json_value *result;

    (void)state;
    life_begin(&life, &(struct fake_plan){.is_framed = true});
    life.cluster.plan.result = document(&life, LARGE);
    life_run(&life, 60000);
    is_over(&life, "");
    result = json_get(status_of(&life), "result");
    assert_true(str_is(look_text(result, "configMapRef"), "t-result"));
    assert_int_equal(look_int(result, "bytes"), LARGE);
    assert_int_equal(look_text(result, "json").size, 0);
    assert_true(str_is(kept(&life, "t-result", KEY_RESULT), life.cluster.plan.result));
    assert_true(str_is(look_text(logs_of(&life), "text"), "hi\n"));
    life_fini(&life);
}

static void a_result_of_middle_size_is_framed_and_embedded(void **state)
{
    struct life life;

    (void)state;
    life_begin(&life, &(struct fake_plan){.is_framed = true});
    life.cluster.plan.result = document(&life, RESULT_EMBEDDED_MAX);
    life_run(&life, 60000);
    is_over(&life, "");
    assert_true(
        str_is(look_text(json_get(status_of(&life), "result"), "json"), life.cluster.plan.result));
    assert_null(fake_find(&life.cluster, "configmaps", "t-result"));
    life_fini(&life);
}

static void a_lost_frame_is_noticed(void **state)
{
    struct life life;

    (void)state;
    life_begin(&life, &(struct fake_plan){.is_framed = true, .log_size_max = 30000});
    life.cluster.plan.result = document(&life, LARGE);
    life_run(&life, 60000);
    is_over(&life, "");
    assert_null(json_get(status_of(&life), "result"));
    assert_non_null(
        look_item(look_list(status_of(&life), "conditions"), "reason", STR_LIT("ResultMissing")));
    life_fini(&life);
}

static void a_result_that_is_no_json_is_invalid(void **state)
{
    struct life life;

    (void)state;
    life_begin(&life, &(struct fake_plan){.result = "{\"a\":"});
    life_run(&life, 60000);
    is_over(&life, "");
    assert_non_null(
        look_item(look_list(status_of(&life), "conditions"), "reason", STR_LIT("ResultInvalid")));
    life_fini(&life);
}

static void artifacts_are_kept_beside_the_log(void **state)
{
    struct life life;
    struct str frames;

    (void)state;
    life_begin(&life, &(struct fake_plan){.artifact = "bytes", .output = ""});
    life_run(&life, 60000);
    is_over(&life, "");
    frames = kept(&life, "t-logs", KEY_ARTIFACTS);
    assert_true(str_starts(frames, "\x1e"
                                   "artifact 5 "));
    assert_int_equal(look_int(json_get(status_of(&life), "artifacts"), "bytes"), 5);
    assert_int_equal(kept(&life, "t-logs", KEY_HEAD).size, 0);
    life_fini(&life);
}

static void of_a_long_output_both_ends_are_kept(void **state)
{
    struct life life;
    struct str head, tail;

    (void)state;
    life_begin(&life, &(struct fake_plan){0});
    life.cluster.plan.output = letters(&life, LARGE);
    life_run(&life, 60000);
    is_over(&life, "");
    head = kept(&life, "t-logs", KEY_HEAD);
    tail = kept(&life, "t-logs", KEY_TAIL);
    assert_int_equal(head.size, LOG_HEAD_SIZE);
    assert_int_equal(tail.size, LOG_TAIL_SIZE);
    assert_memory_equal(tail.at, life.cluster.plan.output + LARGE - LOG_TAIL_SIZE, LOG_TAIL_SIZE);
    assert_true(look_flag(logs_of(&life), "truncated") && look_flag(logs_of(&life), "complete"));
    assert_int_equal(look_int(logs_of(&life), "bytes"), LARGE);
    life_fini(&life);
}

static void a_log_that_is_shorter_than_reported_is_incomplete(void **state)
{
    struct life life;

    (void)state;
    life_begin(&life, &(struct fake_plan){.log_size_max = 10000});
    life.cluster.plan.output = letters(&life, LARGE);
    life_run(&life, 60000);
    is_over(&life, "");
    assert_int_equal(kept(&life, "t-logs", KEY_HEAD).size, 10000);
    assert_false(look_flag(logs_of(&life), "complete"));
    life_fini(&life);
}

static void h18_logs_lost(void **state) /* a kubelet that is away for a while */
{
    struct life life;

    (void)state;
    life_begin(&life, &(struct fake_plan){.log_absent_ms = 20000});
    life_run(&life, 120000);
    is_over(&life, "");
    assert_true(str_is(look_text(logs_of(&life), "text"), "hi\n"));
    assert_true(look_flag(logs_of(&life), "complete"));
    life_fini(&life);
}

static void an_excuse_of_the_kubelet_is_no_output(void **state)
{
    static const struct {
        int64_t excuse_ms;
        const char *text;
        bool is_complete;
    } rows[] = {
        {20000,   "hi\n", true },
        {3600000, "",     false},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct life life;
        life_begin(&life, &(struct fake_plan){.log_excuse_ms = rows[i].excuse_ms});
        life_run(&life, 120000);
        is_over(&life, "");
        assert_true(str_is(look_text(logs_of(&life), "text"), rows[i].text));
        assert_int_equal(look_flag(logs_of(&life), "complete"), rows[i].is_complete);
        life_fini(&life);
    }
}

static void the_code_may_say_the_same(void **state)
{
    struct life life;

    (void)state;
    life_begin(&life, &(struct fake_plan){.output = "unable to retrieve container logs for me"});
    life_run(&life, 60000);
    is_over(&life, "");
    assert_true(str_starts(look_text(logs_of(&life), "text"), "unable to retrieve"));
    assert_true(look_flag(logs_of(&life), "complete"));
    life_fini(&life);
}

static void a_verdict_does_not_wait_for_ever_for_a_log(void **state)
{
    struct life life;
    struct str completed;

    (void)state;
    life_begin(&life, &(struct fake_plan){.log_absent_ms = 3600000});
    life_run(&life, 120000);
    is_over(&life, "");
    completed = look_text(status_of(&life), "completionTime");
    assert_true(completed.size > 0);
    assert_null(fake_find(&life.cluster, "configmaps", "t-logs"));
    assert_false(look_flag(logs_of(&life), "complete"));
    assert_true(str_is(look_text(json_get(status_of(&life), "result"), "json"), "{}"));
    life_fini(&life);
}

static void nor_for_a_place_to_keep_it_in(void **state)
{
    struct life life;

    (void)state;
    life_begin(&life, &(struct fake_plan){.is_framed = true});
    life.cluster.refuses_maps = true;
    life.cluster.plan.result = document(&life, LARGE);
    life.cluster.plan.output = letters(&life, LOG_EMBEDDED_MAX + 1);
    life_run(&life, 180000);
    is_over(&life, "");
    assert_int_equal(fake_count(&life.cluster, "configmaps"), 0);
    assert_false(look_flag(logs_of(&life), "complete"));
    assert_non_null(
        look_item(look_list(status_of(&life), "conditions"), "reason", STR_LIT("ResultMissing")));
    life_fini(&life);
}

static void delete_pod(struct fake_cluster *cluster)
{
    fake_delete(cluster, "pods", "t-pod");
}

/* Somebody deletes the Pod: the log goes with its container, but it was followed. */
static void what_was_followed_is_kept_when_the_log_is_gone(void **state)
{
    struct life life;

    (void)state;
    life_begin(&life, &(struct fake_plan){.ending = FAKE_NEVER, .is_framed = true});
    life.events[0] = (struct life_event){4000, delete_pod};
    life.operators[0].followed = kube_capture_new();
    kube_capture_add(life.operators[0].followed, fake_kubelet_log(&life.cluster));
    life.operators[0].followed->stream_bytes = 100;
    life.operators[0].followed->is_over = true;
    life_run(&life, 60000);
    is_over(&life, "PodDeleted");
    assert_true(str_is(look_text(logs_of(&life), "text"), "hi\n"));
    assert_true(look_flag(logs_of(&life), "complete"));
    assert_true(str_is(look_text(json_get(status_of(&life), "result"), "json"), "{}"));
    life_fini(&life);
}

static void give_place(struct fake_cluster *cluster)
{
    ((struct life *)cluster->ctx)->operators[0].places = 1;
}

static void outputs_wait_for_their_turn(void **state)
{
    struct life life;

    (void)state;
    life_begin(&life, &(struct fake_plan){0});
    life.operators[0].places = 0;
    life.events[0] = (struct life_event){40000, give_place};
    life_run(&life, 120000);
    is_over(&life, "");
    assert_true(look_flag(logs_of(&life), "complete"));
    assert_int_equal(life.operators[0].places, 1);
    life_fini(&life);
}

static void a_short_output_stands_in_the_status(void **state)
{
    static const struct {
        size_t size;
        const char *text; /* instead of letters */
        bool is_embedded;
    } rows[] = {
        {LOG_EMBEDDED_MAX,     NULL,            true },
        {LOG_EMBEDDED_MAX + 1, NULL,            false},
        {0,                    "no UTF-8 \xff", false},
        {0,                    "\x1b[31mred",   true },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct life life;
        life_begin(&life, &(struct fake_plan){0});
        life.cluster.plan.output = rows[i].text ? rows[i].text : letters(&life, rows[i].size);
        life_run(&life, 60000);
        is_over(&life, "");
        assert_true(look_flag(logs_of(&life), "complete"));
        assert_int_equal(fake_count(&life.cluster, "configmaps"), !rows[i].is_embedded);
        assert_true(str_is(rows[i].is_embedded ? look_text(logs_of(&life), "text")
                                               : kept(&life, "t-logs", KEY_HEAD),
                           life.cluster.plan.output));
        life_fini(&life);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(h20_result_truncated),
        cmocka_unit_test(a_result_of_middle_size_is_framed_and_embedded),
        cmocka_unit_test(a_lost_frame_is_noticed),
        cmocka_unit_test(a_result_that_is_no_json_is_invalid),
        cmocka_unit_test(artifacts_are_kept_beside_the_log),
        cmocka_unit_test(a_short_output_stands_in_the_status),
        cmocka_unit_test(of_a_long_output_both_ends_are_kept),
        cmocka_unit_test(a_log_that_is_shorter_than_reported_is_incomplete),
        cmocka_unit_test(h18_logs_lost),
        cmocka_unit_test(an_excuse_of_the_kubelet_is_no_output),
        cmocka_unit_test(the_code_may_say_the_same),
        cmocka_unit_test(a_verdict_does_not_wait_for_ever_for_a_log),
        cmocka_unit_test(nor_for_a_place_to_keep_it_in),
        cmocka_unit_test(what_was_followed_is_kept_when_the_log_is_gone),
        cmocka_unit_test(outputs_wait_for_their_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
