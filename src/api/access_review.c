// SPDX-License-Identifier: Apache-2.0
#include "api/access_review.h"

#include "api/look.h"
#include "json/excerpt.h"

/* -- extra: an object of lists ------------------------------------------------------ */

static bool extra_values_read(struct field_reader *reader, const struct json_value *list,
                              const struct field_trail *trail, struct strs *ret)
{
    struct str *texts;

    if (list->kind != JSON_LIST)
        return field_refuse_kind(reader, trail, list, JSON_LIST);
    if (list->count > ACCESS_GROUPS_MAX)
        return field_refuse(reader, trail, "%u are too many: at most %d", list->count,
                            ACCESS_GROUPS_MAX);
    texts = arena_array(reader->arena, list->count, sizeof(*texts));
    for (uint32_t i = 0; i < list->count; i++) {
        struct field_trail item = {.up = trail, .index = i};
        if (list->items[i].kind != JSON_TEXT)
            return field_refuse_kind(reader, &item, &list->items[i], JSON_TEXT);
        texts[i] = list->items[i].text;
    }
    *ret = (struct strs){texts, list->count};
    return true;
}

static bool extra_read(struct field_reader *reader, const struct json_value *value,
                       const struct field_trail *trail, void *ret)
{
    struct access_user *user = ret;
    struct access_extra *extra;

    user->extra = NULL;
    user->extra_count = 0;
    if (!value)
        return true;
    if (value->kind != JSON_OBJECT)
        return field_refuse_kind(reader, trail, value, JSON_OBJECT);
    if (value->count > ACCESS_GROUPS_MAX)
        return field_refuse(reader, trail, "%u are too many: at most %d", value->count,
                            ACCESS_GROUPS_MAX);
    extra = arena_array(reader->arena, value->count, sizeof(*extra));
    for (uint32_t i = 0; i < value->count; i++) {
        struct field_trail member = {.up = trail, .name = value->keys[i]};
        extra[i].name = value->keys[i];
        if (!extra_values_read(reader, &value->items[i], &member, &extra[i].values))
            return false;
    }
    user->extra = extra;
    user->extra_count = value->count;
    return true;
}

static bool extra_write(struct arena *arena, const void *from, struct json_value *ret)
{
    const struct access_user *user = from;

    *ret = json_object();
    for (uint32_t i = 0; i < user->extra_count; i++) {
        struct json_value values = json_list();
        for (uint32_t j = 0; j < user->extra[i].values.count; j++)
            json_add(arena, &values, json_text(user->extra[i].values.at[j]));
        json_put_key(arena, ret, user->extra[i].name, values);
    }
    return user->extra_count > 0;
}

/* -- the tables ----------------------------------------------------------------------- */

#define USER_AT(member) offsetof(struct access_user, member)

static const struct field user_rows[] = {
    FIELD_ROW(.name = "extra", .kind = FIELD_CUSTOM, .read = extra_read, .write = extra_write),
    FIELD_ROW(.name = "groups", .kind = FIELD_TEXTS, .at = USER_AT(groups)),
    FIELD_ROW(.name = "uid", .kind = FIELD_TEXT, .at = USER_AT(uid)),
    FIELD_ROW(.name = "username", .kind = FIELD_TEXT, .at = USER_AT(name)),
};
const struct fields access_user_fields = FIELDS_OF(user_rows);

#define AT(member) offsetof(struct access_question, member)

static const struct field page_rows[] = {
    FIELD_ROW(.name = "path", .kind = FIELD_TEXT, .at = AT(path)),
    FIELD_ROW(.name = "verb", .kind = FIELD_TEXT, .at = AT(verb)),
};
static const struct fields page_fields = FIELDS_OF(page_rows);

static const struct field resource_rows[] = {
    FIELD_ROW(.name = "group", .kind = FIELD_TEXT, .at = AT(group)),
    FIELD_ROW(.name = "name", .kind = FIELD_TEXT, .at = AT(name)),
    FIELD_ROW(.name = "namespace", .kind = FIELD_TEXT, .at = AT(space)),
    FIELD_ROW(.name = "resource", .kind = FIELD_TEXT, .at = AT(resource)),
    FIELD_ROW(.name = "subresource", .kind = FIELD_TEXT, .at = AT(part)),
    FIELD_ROW(.name = "verb", .kind = FIELD_TEXT, .at = AT(verb)),
    FIELD_ROW(.name = "version", .kind = FIELD_TEXT, .at = AT(version)),
};
static const struct fields resource_fields = FIELDS_OF(resource_rows);

/* -- questions and answers -------------------------------------------------------------- */

static struct json_value question(struct arena *arena, const char *group_version, const char *kind,
                                  struct json_value spec)
{
    struct json_value ret = json_object();

    json_put(arena, &ret, "apiVersion", json_text(str_of(group_version)));
    json_put(arena, &ret, "kind", json_text(str_of(kind)));
    json_put(arena, &ret, "spec", spec);
    return ret;
}

/* The same person, but for the name of the name: `user` here, `username` there. */
static struct json_value subject(struct arena *arena, const struct access_user *user)
{
    struct json_value ret = fields_write(arena, &access_user_fields, user);

    for (uint32_t i = 0; i < ret.count; i++)
        if (str_is(ret.keys[i], "username"))
            ret.keys[i] = STR_LIT("user");
    return ret;
}

struct json_value access_question_value(struct arena *arena, const struct access_question *asked)
{
    struct json_value spec = subject(arena, &asked->user);

    if (asked->path.size > 0)
        json_put(arena, &spec, "nonResourceAttributes", fields_write(arena, &page_fields, asked));
    else
        json_put(arena, &spec, "resourceAttributes", fields_write(arena, &resource_fields, asked));
    return question(arena, "authorization.k8s.io/v1", "SubjectAccessReview", spec);
}

bool access_answer_read(struct arena *arena, const struct json_value *value, bool *ret_is_allowed,
                        struct err *err)
{
    const struct json_value *status = json_get(value, "status");
    const struct json_value *allowed = json_get(status, "allowed");
    struct str trouble = look_text(status, "evaluationError");

    if (!allowed || allowed->kind != JSON_BOOL)
        return err_set(err, ERR_INVALID, "the API server did not say whether that is allowed%s%s",
                       trouble.size > 0 ? ": " : "", excerpt_of(arena, trouble, EXCERPT_PATH_SIZE));
    *ret_is_allowed = allowed->flag && !look_flag(status, "denied");
    return true;
}

struct json_value token_question_value(struct arena *arena, struct str token)
{
    struct json_value spec = json_object();

    json_put(arena, &spec, "token", json_text(token));
    return question(arena, "authentication.k8s.io/v1", "TokenReview", spec);
}

bool token_answer_read(struct arena *arena, const struct json_value *value, struct access_user *ret,
                       struct err *err)
{
    struct field_reader reader = {.arena = arena, .mode = API_LENIENT, .err = err};
    struct field_trail object = {0}, status_trail = {.up = &object, .name = STR_LIT("status")};
    struct field_trail root = {.up = &status_trail, .name = STR_LIT("user")};
    const struct json_value *status = json_get(value, "status");
    struct str trouble = look_text(status, "error");
    struct access_user user;

    if (!look_flag(status, "authenticated") || trouble.size > 0)
        return err_set(err, ERR_REFUSED, "not a token of anybody%s%s", trouble.size > 0 ? ": " : "",
                       excerpt_of(arena, trouble, EXCERPT_PATH_SIZE));
    if (!fields_read(&reader, &access_user_fields, json_get(status, "user"), &root, &user))
        return false;
    if (user.name.size == 0)
        return err_set(err, ERR_INVALID, "the API server did not say whose token it is");
    *ret = user;
    return true;
}
