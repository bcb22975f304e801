// SPDX-License-Identifier: Apache-2.0
#include "api/access_review.h"
#include "given.h"

static const struct str groups[] = {
    {"devs",                 4 },
    {"system:authenticated", 20}
};
static const struct str scopes[] = {
    {"a", 1},
    {"b", 1}
};
static const struct access_extra extra[] = {
    {{"example.org/scopes", 18}, {scopes, 2}}
};
static const struct access_user ann = {
    .name = {"ann",  3},
    .uid = {"u-1",  3},
    .groups = {groups, 2},
    .extra = extra,
    .extra_count = 1,
};

#define ANN                                                                                        \
    "\"extra\":{\"example.org/scopes\":[\"a\",\"b\"]},\"groups\":[\"devs\","                       \
    "\"system:authenticated\"],\"uid\":\"u-1\","

static void a_question_has_the_whole_person(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct access_question of_object = {
        .user = ann,
        .verb = STR_LIT("get"),
        .version = STR_LIT("v1"),
        .resource = STR_LIT("configmaps"),
        .space = STR_LIT("n"),
        .name = STR_LIT("c"),
    };
    struct access_question of_page = {
        .user.name = STR_LIT("ann"), .verb = STR_LIT("get"), .path = STR_LIT("/metrics")};
    struct json_value value;

    (void)state;
    value = access_question_value(&arena, &of_object);
    assert_json(&value, "{\"apiVersion\":\"authorization.k8s.io/v1\",\"kind\":"
                        "\"SubjectAccessReview\",\"spec\":{" ANN "\"user\":\"ann\","
                        "\"resourceAttributes\":{\"name\":\"c\",\"namespace\":\"n\",\"resource\":"
                        "\"configmaps\",\"verb\":\"get\",\"version\":\"v1\"}}}");
    value = access_question_value(&arena, &of_page);
    assert_json(&value, "{\"apiVersion\":\"authorization.k8s.io/v1\",\"kind\":"
                        "\"SubjectAccessReview\",\"spec\":{\"user\":\"ann\","
                        "\"nonResourceAttributes\":{\"path\":\"/metrics\",\"verb\":\"get\"}}}");
    value = token_question_value(&arena, STR_LIT("abc"));
    assert_json(&value, "{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"TokenReview\","
                        "\"spec\":{\"token\":\"abc\"}}");
}

static void only_a_plain_yes_is_one(void **state)
{
    static const struct {
        const char *text;
        bool is_answer, is_allowed;
    } rows[] = {
        {"{\"status\":{\"allowed\":true}}",                                  true,  true },
        {"{\"status\":{\"allowed\":true,\"reason\":\"RBAC\"}}",              true,  true },
        {"{\"status\":{\"allowed\":false}}",                                 true,  false},
        {"{\"status\":{\"allowed\":true,\"denied\":true}}",                  true,  false},
        {"{\"status\":{\"allowed\":false,\"evaluationError\":\"no role\"}}", true,  false},
        {"{\"status\":{\"allowed\":\"true\"}}",                              false, false},
        {"{\"status\":{\"allowed\":1}}",                                     false, false},
        {"{\"status\":{\"evaluationError\":\"down\"}}",                      false, false},
        {"{\"status\":[]}",                                                  false, false},
        {"{\"allowed\":true}",                                               false, false},
        {"[]",                                                               false, false},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct json_value value = given_json(&arena, str_of(rows[i].text));
        bool is_allowed = false;
        struct err err = {0};
        assert_int_equal(access_answer_read(&arena, &value, &is_allowed, &err), rows[i].is_answer);
        assert_int_equal(is_allowed, rows[i].is_allowed);
        assert_int_equal(err.kind, rows[i].is_answer ? ERR_NONE : ERR_INVALID);
    }
}

static void who_is_authenticated_is_somebody(void **state)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value value = given_json(
        &arena, STR_LIT("{\"status\":{\"authenticated\":true,\"user\":{" ANN
                        "\"username\":\"ann\"},\"audiences\":[\"https://kubernetes\"]}}"));
    struct access_user user;
    struct err err = {0};

    (void)state;
    assert_true(token_answer_read(&arena, &value, &user, &err));
    assert_true(str_is(user.name, "ann") && str_is(user.uid, "u-1"));
    assert_int_equal(user.groups.count, 2);
    assert_true(str_is(user.groups.at[0], "devs"));
    assert_int_equal(user.extra_count, 1);
    assert_int_equal(user.extra[0].values.count, 2);
    assert_true(str_is(user.extra[0].values.at[1], "b"));
}

static void who_is_not_authenticated_is_nobody(void **state)
{
    static const struct {
        const char *text;
        enum err_kind kind;
    } rows[] = {
        {"{}",                                                                   ERR_REFUSED},
        {"{\"status\":{\"user\":{\"username\":\"ann\"}}}",                       ERR_REFUSED},
        {"{\"status\":{\"authenticated\":false,\"user\":{\"username\":\"a\"}}}", ERR_REFUSED},
        {"{\"status\":{\"authenticated\":\"true\",\"user\":{\"username\":"
         "\"a\"}}}",                                                    ERR_REFUSED},
        {"{\"status\":{\"authenticated\":true,\"error\":\"expired\",\"user\":{"
         "\"username\":\"a\"}}}",                                       ERR_REFUSED},
        {"{\"status\":{\"authenticated\":true}}",                                ERR_INVALID},
        {"{\"status\":{\"authenticated\":true,\"user\":{\"username\":\"\"}}}",   ERR_INVALID},
        {"{\"status\":{\"authenticated\":true,\"user\":{\"username\":1}}}",      ERR_INVALID},
        {"{\"status\":{\"authenticated\":true,\"user\":{\"username\":\"a\","
         "\"groups\":[1]}}}",                                           ERR_INVALID},
        {"{\"status\":{\"authenticated\":true,\"user\":{\"username\":\"a\","
         "\"extra\":{\"k\":\"v\"}}}}",                                  ERR_INVALID},
        {"{\"status\":{\"authenticated\":true,\"user\":{\"username\":\"a\","
         "\"extra\":[]}}}",                                             ERR_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct json_value value = given_json(&arena, str_of(rows[i].text));
        struct access_user user;
        struct err err = {0};
        assert_false(token_answer_read(&arena, &value, &user, &err));
        assert_int_equal(err.kind, rows[i].kind);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_has_the_whole_person),
        cmocka_unit_test(only_a_plain_yes_is_one),
        cmocka_unit_test(who_is_authenticated_is_somebody),
        cmocka_unit_test(who_is_not_authenticated_is_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
