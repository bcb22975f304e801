// SPDX-License-Identifier: Apache-2.0
#include "api/page_review.h"

#include "api/look.h"

static struct json_value review_value(struct arena *arena, struct str version, struct str kind,
                                      struct json_value spec)
{
    struct json_value ret = json_object();

    json_put(arena, &ret, "apiVersion", json_text(version));
    json_put(arena, &ret, "kind", json_text(kind));
    json_put(arena, &ret, "spec", spec);
    return ret;
}

struct json_value token_review_value(struct arena *arena, struct str token)
{
    struct json_value spec = json_object();

    json_put(arena, &spec, "token", json_text(token));
    return review_value(arena, STR_LIT("authentication.k8s.io/v1"), STR_LIT("TokenReview"), spec);
}

const struct json_value *token_review_user(const struct json_value *object)
{
    const struct json_value *status = json_get(object, "status");
    const struct json_value *user = json_get(status, "user");

    if (!look_flag(status, "authenticated") || look_text(user, "username").size == 0)
        return NULL;
    return user;
}

/* The same facts under the names that the other kind has for them. */
static void put_user(struct arena *arena, const struct json_value *user, struct json_value *ret)
{
    const struct json_value *groups = json_get(user, "groups"), *extra = json_get(user, "extra");

    json_put(arena, ret, "user", json_text(look_text(user, "username")));
    json_put(arena, ret, "uid", json_text(look_text(user, "uid")));
    if (groups)
        json_put(arena, ret, "groups", *groups);
    if (extra)
        json_put(arena, ret, "extra", *extra);
}

struct json_value page_review_value(struct arena *arena, const struct json_value *user,
                                    const char *path, const char *verb)
{
    struct json_value spec = json_object(), attributes = json_object();

    json_put(arena, &attributes, "path", json_text(str_of(path)));
    json_put(arena, &attributes, "verb", json_text(str_of(verb)));
    json_put(arena, &spec, "nonResourceAttributes", attributes);
    put_user(arena, user, &spec);
    return review_value(arena, STR_LIT("authorization.k8s.io/v1"), STR_LIT("SubjectAccessReview"),
                        spec);
}

bool page_review_allows(const struct json_value *object)
{
    const struct json_value *status = json_get(object, "status");

    return look_flag(status, "allowed") && !look_flag(status, "denied");
}
