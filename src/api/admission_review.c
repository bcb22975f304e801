// SPDX-License-Identifier: Apache-2.0
#include "api/admission_review.h"

#define REVIEW_VERSION "admission.k8s.io/v1"
#define REVIEW_KIND    "AdmissionReview"

#define AT(member) offsetof(struct review, member)

static bool operation_read(struct field_reader *reader, const struct json_value *value,
                           const struct field_trail *trail, void *ret)
{
    static const char *const words[] = {
        [REVIEW_CREATE] = "CREATE",
        [REVIEW_UPDATE] = "UPDATE",
        [REVIEW_DELETE] = "DELETE",
    };
    struct review *review = ret;

    review->operation = REVIEW_OTHER;
    if (!value || value->kind != JSON_TEXT)
        return field_refuse(reader, trail, "is required, as a text");
    for (int i = 0; i < REVIEW_OTHER; i++)
        if (str_is(value->text, words[i]))
            review->operation = (enum review_operation)i;
    return true;
}

static const struct json_value *given(const struct json_value *value)
{
    return value && value->kind != JSON_NULL ? value : NULL;
}

static bool object_read(struct field_reader *reader, const struct json_value *value,
                        const struct field_trail *trail, void *ret)
{
    struct review *review = ret;

    review->object = given(value);
    return !review->object || value->kind == JSON_OBJECT ||
           field_refuse_kind(reader, trail, value, JSON_OBJECT);
}

static bool old_read(struct field_reader *reader, const struct json_value *value,
                     const struct field_trail *trail, void *ret)
{
    struct review *review = ret;

    review->old = given(value);
    return !review->old || value->kind == JSON_OBJECT ||
           field_refuse_kind(reader, trail, value, JSON_OBJECT);
}

static const struct field resource_rows[] = {
    FIELD_ROW(.name = "group", .kind = FIELD_TEXT, .at = AT(group)),
    FIELD_ROW(.name = "resource", .kind = FIELD_TEXT, .at = AT(resource)),
    FIELD_ROW(.name = "version", .kind = FIELD_TEXT, .at = AT(version)),
};
static const struct fields resource_fields = FIELDS_OF(resource_rows);

static const struct field request_rows[] = {
    FIELD_ROW(.name = "dryRun", .kind = FIELD_FLAG, .at = AT(is_dry_run)),
    FIELD_ROW(.name = "name", .kind = FIELD_TEXT, .at = AT(name)),
    FIELD_ROW(.name = "namespace", .kind = FIELD_TEXT, .at = AT(space)),
    FIELD_ROW(.name = "object", .kind = FIELD_CUSTOM, .read = object_read),
    FIELD_ROW(.name = "oldObject", .kind = FIELD_CUSTOM, .read = old_read),
    FIELD_ROW(.name = "operation", .kind = FIELD_CUSTOM, .read = operation_read),
    FIELD_ROW(.name = "resource", .kind = FIELD_OBJECT, .table = &resource_fields),
    FIELD_ROW(.name = "subResource", .kind = FIELD_TEXT, .at = AT(part)),
    FIELD_ROW(.name = "uid", .kind = FIELD_TEXT, .at = AT(uid)),
    FIELD_ROW(.name = "userInfo", .kind = FIELD_OBJECT, .at = AT(user),
              .table = &access_user_fields),
};
static const struct fields request_fields = FIELDS_OF(request_rows);

static bool is_text(const struct json_value *object, const char *key, const char *text)
{
    const struct json_value *value = json_get(object, key);

    return value && value->kind == JSON_TEXT && str_is(value->text, text);
}

static bool cost_check(struct str text, struct err *err)
{
    size_t count = json_weigh(text);

    if (text.size <= REVIEW_SIZE_MAX && 3 * text.size <= REVIEW_MEMORY_MAX &&
        count <= (REVIEW_MEMORY_MAX - 3 * text.size) / JSON_VALUE_COST)
        return true;
    return err_set(err, ERR_LIMIT, "an AdmissionReview of %zu bytes and %zu values is too large",
                   text.size, count);
}

bool review_read(struct arena *arena, struct str text, struct review *ret, struct err *err)
{
    struct field_reader reader = {.arena = arena, .mode = API_LENIENT, .err = err};
    struct field_trail root = {0}, trail = {.up = &root, .name = STR_LIT("request")};
    const struct json_value *request;
    struct json_value *value = arena_alloc(arena, sizeof(*value));
    struct review review;

    if (!cost_check(text, err) || !json_read(arena, text, value, err))
        return false;
    if (!is_text(value, "apiVersion", REVIEW_VERSION) || !is_text(value, "kind", REVIEW_KIND))
        return err_set(err, ERR_INVALID, "this is no %s of %s", REVIEW_KIND, REVIEW_VERSION);
    request = given(json_get(value, "request"));
    if (!request)
        return err_set(err, ERR_INVALID, "request: is required");
    if (!fields_read(&reader, &request_fields, request, &trail, &review))
        return false;
    if (review.uid.size == 0 || review.uid.size > REVIEW_UID_MAX)
        return err_set(err, ERR_INVALID, "request.uid: 1 to %d bytes are expected, found %zu",
                       REVIEW_UID_MAX, review.uid.size);
    *ret = review;
    return true;
}

bool review_is_leaving(const struct review *review)
{
    return given(json_get(json_get(review->object, "metadata"), "deletionTimestamp"));
}

bool review_changes_spec(struct arena *arena, const struct review *review)
{
    const struct json_value *spec = json_get(review->object, "spec");
    const struct json_value *before = json_get(review->old, "spec");

    return !spec || !before || !str_equal(json_compact(arena, spec), json_compact(arena, before));
}

static struct json_value status_value(struct arena *arena, const struct review_answer *answer)
{
    struct json_value ret = json_object();

    json_put(arena, &ret, "code", json_number(arena, answer->code));
    json_put(arena, &ret, "message", json_text(answer->message));
    json_put(arena, &ret, "reason", json_text(str_of(answer->reason)));
    json_put(arena, &ret, "status", json_text(STR_LIT("Failure")));
    return ret;
}

struct str review_answer_text(struct arena *arena, struct str uid,
                              const struct review_answer *answer)
{
    struct json_value ret = json_object(), response = json_object();

    json_put(arena, &response, "allowed", json_bool(answer->is_allowed));
    if (!answer->is_allowed)
        json_put(arena, &response, "status", status_value(arena, answer));
    json_put(arena, &response, "uid", json_text(uid));
    json_put(arena, &ret, "apiVersion", json_text(STR_LIT(REVIEW_VERSION)));
    json_put(arena, &ret, "kind", json_text(STR_LIT(REVIEW_KIND)));
    json_put(arena, &ret, "response", response);
    return json_compact(arena, &ret);
}
