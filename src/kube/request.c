// SPDX-License-Identifier: Apache-2.0
#include "kube/request.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "json/json.h"

enum {
    PATH_MAX_SIZE = 64 * 1024 /* selectors and continue tokens may be long */
};

static bool is_unreserved(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void encode(struct buf *buf, struct str text)
{
    /* A whole segment of dots would be a step up. */
    bool is_step = str_is(text, ".") || str_is(text, "..");

    for (size_t i = 0; i < text.size; i++)
        if (is_unreserved(text.at[i]) && !is_step)
            buf_add_char(buf, text.at[i]);
        else
            buf_print(buf, "%%%02X", (unsigned char)text.at[i]);
}

static void add_segment(struct buf *buf, struct str name)
{
    assert(name.size > 0); /* of a collection it would ask for all */
    buf_add_char(buf, '/');
    encode(buf, name);
}

static void add_parameter(struct buf *buf, const char *key, struct str value)
{
    char mark = buf->size && memchr(buf->at, '?', buf->size) ? '&' : '?';

    if (value.size == 0)
        return;
    buf_print(buf, "%c%s=", mark, key);
    encode(buf, value);
}

static void add_number(struct buf *buf, const char *key, int64_t number)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRId64, number);
    add_parameter(buf, key, str_of(text));
}

static void path_start(struct buf *buf, const struct kube_resource *resource, struct str space)
{
    buf_init(buf, PATH_MAX_SIZE);
    buf_add(buf, str_of(resource->group[0] ? "/apis" : "/api"));
    if (resource->group[0])
        add_segment(buf, str_of(resource->group));
    add_segment(buf, str_of(resource->version));
    if (resource->is_namespaced && space.size > 0) {
        buf_add(buf, STR_LIT("/namespaces"));
        add_segment(buf, space);
    }
    add_segment(buf, str_of(resource->plural));
}

/* What of a path does not fit is a bound of the server's as well: it would refuse the rest, so it
 * gets a path that nothing stands at. */
static struct str path_end(struct arena *arena, const struct buf *buf)
{
    return buf->is_full ? STR_LIT("/too-long") : arena_copy(arena, buf_str(buf));
}

static struct kube_request request_of(enum http_method method, struct str path)
{
    return (struct kube_request){
        .method = method,
        .path = path,
        .timeout_ms = REQUEST_TIMEOUT_MS,
        .size_max = ANSWER_SIZE_MAX,
    };
}

static struct kube_request object_request(struct arena *arena, enum http_method method,
                                          const struct kube_resource *resource, struct str space,
                                          struct str name, const char *part)
{
    auto_end(buf_fini) struct buf path;

    path_start(&path, resource, space);
    add_segment(&path, name);
    if (part && part[0])
        add_segment(&path, str_of(part));
    return request_of(method, path_end(arena, &path));
}

static struct kube_request with_body(struct arena *arena, struct kube_request request,
                                     enum body_kind kind, struct str body)
{
    request.body_kind = kind;
    request.body = arena_copy(arena, body);
    return request;
}

struct kube_request request_get(struct arena *arena, const struct kube_resource *resource,
                                struct str space, struct str name)
{
    return object_request(arena, HTTP_GET, resource, space, name, NULL);
}

static void add_selection(struct buf *path, const struct list_query *query)
{
    add_parameter(path, "labelSelector", query->label_selector);
    add_parameter(path, "fieldSelector", query->field_selector);
}

struct kube_request request_list(struct arena *arena, const struct kube_resource *resource,
                                 struct str space, const struct list_query *query)
{
    auto_end(buf_fini) struct buf path;

    path_start(&path, resource, space);
    add_selection(&path, query);
    if (query->limit > 0)
        add_number(&path, "limit", query->limit);
    add_parameter(&path, "continue", query->resume);
    if (query->resume.size == 0 && query->version.size > 0) {
        add_parameter(&path, "resourceVersion", query->version);
        /* Without this, a page of an old version is that very version, and may be gone. */
        add_parameter(&path, "resourceVersionMatch", STR_LIT("NotOlderThan"));
    }
    return request_of(HTTP_GET, path_end(arena, &path));
}

struct kube_request request_watch(struct arena *arena, const struct kube_resource *resource,
                                  struct str space, const struct list_query *query,
                                  int64_t timeout_s)
{
    auto_end(buf_fini) struct buf path;
    struct kube_request request;

    path_start(&path, resource, space);
    add_selection(&path, query);
    add_parameter(&path, "watch", STR_LIT("true"));
    add_parameter(&path, "allowWatchBookmarks", STR_LIT("true"));
    add_parameter(&path, "resourceVersion", query->version);
    add_number(&path, "timeoutSeconds", timeout_s);
    request = request_of(HTTP_GET, path_end(arena, &path));
    request.is_stream = true;
    request.timeout_ms = WATCH_SILENCE_MS;
    return request;
}

struct kube_request request_create(struct arena *arena, const struct kube_resource *resource,
                                   struct str space, struct str body)
{
    auto_end(buf_fini) struct buf path;

    path_start(&path, resource, space);
    return with_body(arena, request_of(HTTP_POST, path_end(arena, &path)), BODY_JSON, body);
}

struct kube_request request_replace(struct arena *arena, const struct kube_resource *resource,
                                    struct str space, struct str name, struct str body)
{
    return with_body(arena, object_request(arena, HTTP_PUT, resource, space, name, NULL), BODY_JSON,
                     body);
}

struct kube_request request_patch(struct arena *arena, const struct kube_resource *resource,
                                  struct str space, struct str name, const char *part,
                                  struct str body)
{
    return with_body(arena, object_request(arena, HTTP_PATCH, resource, space, name, part),
                     BODY_MERGE_PATCH, body);
}

static struct json_value delete_options(struct arena *arena, struct str uid, struct str version,
                                        int64_t grace_s)
{
    struct json_value options = json_object(), preconditions = json_object();

    if (uid.size > 0)
        json_put(arena, &preconditions, "uid", json_text(uid));
    if (version.size > 0)
        json_put(arena, &preconditions, "resourceVersion", json_text(version));
    json_put(arena, &options, "kind", json_text(STR_LIT("DeleteOptions")));
    json_put(arena, &options, "apiVersion", json_text(STR_LIT("v1")));
    if (grace_s >= 0)
        json_put(arena, &options, "gracePeriodSeconds", json_number(arena, grace_s));
    if (preconditions.count > 0)
        json_put(arena, &options, "preconditions", preconditions);
    json_put(arena, &options, "propagationPolicy", json_text(STR_LIT("Background")));
    return options;
}

struct kube_request request_delete(struct arena *arena, const struct kube_resource *resource,
                                   struct str space, struct str name, struct str uid,
                                   struct str version, int64_t grace_s)
{
    struct json_value options = delete_options(arena, uid, version, grace_s);

    return with_body(arena, object_request(arena, HTTP_DELETE, resource, space, name, NULL),
                     BODY_JSON, json_compact(arena, &options));
}

struct kube_request request_dry(struct arena *arena, struct kube_request request)
{
    auto_end(buf_fini) struct buf path;

    buf_init(&path, PATH_MAX_SIZE);
    buf_add(&path, request.path);
    add_parameter(&path, "dryRun", STR_LIT("All"));
    request.path = path_end(arena, &path);
    return request;
}

struct kube_request request_page(const char *path)
{
    return request_of(HTTP_GET, str_of(path));
}

struct kube_request request_log(struct arena *arena, struct str space, struct str pod,
                                const struct log_query *query)
{
    auto_end(buf_fini) struct buf path;
    struct kube_request request;

    buf_init(&path, PATH_MAX_SIZE);
    buf_add(&path, STR_LIT("/api/v1/namespaces"));
    add_segment(&path, space);
    buf_add(&path, STR_LIT("/pods"));
    add_segment(&path, pod);
    buf_add(&path, STR_LIT("/log"));
    add_parameter(&path, "container", str_of(query->container));
    if (query->follow)
        add_parameter(&path, "follow", STR_LIT("true"));
    if (query->timestamps)
        add_parameter(&path, "timestamps", STR_LIT("true"));
    if (query->tail_lines >= 0)
        add_number(&path, "tailLines", query->tail_lines);
    if (query->since_s > 0)
        add_number(&path, "sinceSeconds", query->since_s);
    if (query->limit_bytes > 0)
        add_number(&path, "limitBytes", query->limit_bytes);
    request = request_of(HTTP_GET, path_end(arena, &path));
    request.is_stream = query->follow; /* else it ends by itself: no connection is made for it */
    request.timeout_ms = query->follow ? 0 : REQUEST_TIMEOUT_MS; /* code may be silent for long */
    request.accept = STR_LIT("application/json, */*");
    return request;
}
