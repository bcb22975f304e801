// SPDX-License-Identifier: Apache-2.0
#include "kube/response.h"

#include "json/excerpt.h"

enum {
    STATUS_SIZE_MAX = 64 * 1024,
    MESSAGE_SHOWN = 400
};

static struct str text_of(const struct json_value *value)
{
    return value && value->kind == JSON_TEXT ? value->text : (struct str){0};
}

struct object_meta object_meta(const struct json_value *object)
{
    const struct json_value *meta = json_get(object, "metadata");

    return (struct object_meta){
        .space = text_of(json_get(meta, "namespace")),
        .name = text_of(json_get(meta, "name")),
        .uid = text_of(json_get(meta, "uid")),
        .version = text_of(json_get(meta, "resourceVersion")),
        .resume = text_of(json_get(meta, "continue")),
    };
}

struct refusal {    /* what the server says of it */
    bool is_status; /* in the API's own words */
    struct str reason, message;
};

static struct refusal refusal_read(struct arena *arena, struct str body)
{
    struct err ignored = {0};
    struct json_value status;

    if (body.size > STATUS_SIZE_MAX || !json_read(arena, body, &status, &ignored) ||
        !str_is(text_of(json_get(&status, "kind")), "Status"))
        return (struct refusal){.message = body};
    return (struct refusal){
        .is_status = true,
        .reason = text_of(json_get(&status, "reason")),
        .message = text_of(json_get(&status, "message")),
    };
}

static enum err_kind kind_of(int32_t status, const struct refusal *refusal)
{
    if (status >= 500)
        return ERR_RETRY;
    switch (status) {
    case 404: /* words that are not the API's: it is the resource that is not there */
        return refusal->is_status || refusal->message.size == 0 ? ERR_ABSENT : ERR_REFUSED;
    case 409:
        return str_is(refusal->reason, "AlreadyExists") ? ERR_PRESENT : ERR_STALE;
    case 410:
    case 412:
        return ERR_STALE;
    case 400:
    case 422:
        return ERR_INVALID;
    case 413:
        return ERR_LIMIT;
    case 408:
    case 429:
        return ERR_RETRY;
    default:
        return ERR_REFUSED;
    }
}

bool response_check(const struct kube_response *response, const char *what, struct err *err)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct refusal refusal;

    if (response->status >= 200 && response->status < 300)
        return true;
    refusal = refusal_read(&arena, response->body);
    return err_set(
        err, kind_of(response->status, &refusal), "%s: HTTP %d%s%s%s%s", what, response->status,
        refusal.reason.size ? " " : "", excerpt_of(&arena, refusal.reason, EXCERPT_SIZE),
        refusal.message.size ? ": " : "", excerpt_of(&arena, refusal.message, MESSAGE_SHOWN));
}
