// SPDX-License-Identifier: Apache-2.0
#include "http/exchange.h"

#include <assert.h>
#include <strings.h>

#include "sys/clock.h"

enum {
    HEADERS_MAX = HTTP_MEMORY_MAX, /* of the daemon's; so much is never copied */
    READY_SIZE = 16 * 1024,        /* of a body: so much is made room for at once */
};

struct head {
    const char *content_type, *authorization, *length;
    uint32_t lengths;
    bool has_coding;
};

/* -- refusals --------------------------------------------------------------------- */

/* A text of ours; the connection ends with it. */
static enum MHD_Result refuse(struct MHD_Connection *connection, uint32_t status, const char *allow)
{
    const char *text = MHD_get_reason_phrase_for(status);
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
    bool is_good;

    if (!response)
        return MHD_NO; /* the connection is closed */
    is_good = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, HTTP_TEXT) &&
              MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close") &&
              (!allow || MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow)) &&
              MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return is_good ? MHD_YES : MHD_NO;
}

static const struct http_page *find(const struct http_pages *pages, const char *path)
{
    for (uint32_t i = 0; i < pages->count; i++)
        if (strcmp(pages->at[i].path, path) == 0)
            return &pages->at[i];
    return NULL;
}

static bool is_taken(const struct http_page *page, const char *method)
{
    if (page->takes_post)
        return strcmp(method, MHD_HTTP_METHOD_POST) == 0;
    return strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
}

/* 0: there is nothing against it. A body has a length that is told beforehand: what is too long
 * need not come, and nobody can disagree with us about where it ends. */
static uint32_t judge(const struct http_page *page, const struct head *head, size_t *ret_size)
{
    int64_t size = 0;

    if (head->has_coding || (page->takes_post && head->lengths == 0))
        return MHD_HTTP_LENGTH_REQUIRED;
    if (head->lengths > 1)
        return MHD_HTTP_BAD_REQUEST;
    if (head->length && (!str_to_int(str_of(head->length), &size) || size < 0))
        return MHD_HTTP_BAD_REQUEST;
    if (!page->takes_post && size > 0)
        return MHD_HTTP_BAD_REQUEST;
    if ((uint64_t)size > page->body_max)
        return page->takes_post ? MHD_HTTP_CONTENT_TOO_LARGE : 0;
    *ret_size = (size_t)size;
    return 0;
}

/* -- the room for bodies ------------------------------------------------------------ */

static void charge(struct http_exchange *exchange)
{
    size_t size = exchange->body.size + exchange->answer.size;

    exchange->server->bodies_size += size - exchange->charged; /* may go down */
    exchange->charged = size;
}

static bool has_room(const struct http_server *server, size_t size)
{
    return server->bodies_size <= server->bodies_max &&
           size <= server->bodies_max - server->bodies_size;
}

static void drop_body(struct http_exchange *exchange)
{
    exchange->is_full = true;
    buf_fini(&exchange->body);
    charge(exchange);
}

/* Who sends, or takes, slowly loses to who comes now: honest ones are done within moments. An
 * answer that is being taken belongs to the daemon until the connection is closed. */
static bool make_room(struct http_server *server, size_t size)
{
    struct visitor *each = server->visitors.queues[VISITOR_ASKING].longest, *shorter;
    int64_t now_ms = clock_monotonic_ms();

    for (; each && !has_room(server, size) && now_ms - each->since_ms >= VISITOR_STAY_MS;
         each = shorter) {
        shorter = each->shorter;
        if (each->exchange && each->exchange->body.size > 0) {
            drop_body(each->exchange);
            visitors_cut(&server->visitors, each, now_ms);
        }
    }
    each = server->visitors.queues[VISITOR_TAKING].longest;
    if (!has_room(server, size) && each && now_ms - each->since_ms >= VISITOR_STAY_MS)
        visitors_cut(&server->visitors, each, now_ms); /* for the next one */
    return has_room(server, size);
}

/* -- beginning and end ---------------------------------------------------------------- */

static struct http_exchange *exchange_new(struct http_server *server)
{
    struct http_exchange *exchange = server->spares;

    assert(exchange); /* there is one for each connection */
    server->spares = exchange->next;
    *exchange = (struct http_exchange){.server = server, .next = server->exchanges};
    exchange->place = &server->exchanges;
    if (exchange->next)
        exchange->next->place = &exchange->next;
    server->exchanges = exchange;
    return exchange;
}

static void exchange_free(struct http_exchange *exchange)
{
    struct http_server *server = exchange->server;

    buf_fini(&exchange->text);
    buf_fini(&exchange->body);
    buf_fini(&exchange->answer);
    charge(exchange);
    *exchange->place = exchange->next;
    if (exchange->next)
        exchange->next->place = exchange->place;
    exchange->next = server->spares;
    server->spares = exchange;
}

static void move(struct http_exchange *exchange, enum visitor_stage stage)
{
    exchange->server->steps++;
    if (exchange->visitor->stage != VISITOR_CUT)
        visitors_move(&exchange->server->visitors, exchange->visitor, stage, clock_monotonic_ms());
}

/* -- the head --------------------------------------------------------------------------- */

static enum MHD_Result read_header(void *ctx, enum MHD_ValueKind kind, const char *key,
                                   const char *value)
{
    struct head *head = ctx;

    (void)kind;
    if (strcasecmp(key, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0) {
        head->length = value;
        head->lengths++;
    } else if (strcasecmp(key, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0) {
        head->has_coding = true;
    } else if (strcasecmp(key, MHD_HTTP_HEADER_CONTENT_TYPE) == 0 && !head->content_type) {
        head->content_type = value;
    } else if (strcasecmp(key, MHD_HTTP_HEADER_AUTHORIZATION) == 0 && !head->authorization) {
        head->authorization = value;
    }
    return MHD_YES;
}

/* The daemon's own memory of the head ends with the connection, which may be before ours. */
static void keep_texts(struct http_exchange *exchange, const struct head *head)
{
    struct str type = str_of(head->content_type), authorization = str_of(head->authorization);
    struct str text;

    buf_init(&exchange->text, HEADERS_MAX);
    buf_add(&exchange->text, type);
    buf_add(&exchange->text, authorization);
    text = buf_str(&exchange->text);
    if (type.at)
        exchange->request.content_type = (struct str){text.at ? text.at : "", type.size};
    if (authorization.at)
        exchange->request.authorization =
            (struct str){text.at ? text.at + type.size : "", authorization.size};
}

struct visitor *visitor_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static const char *method_of(const struct http_page *page, const char *method)
{
    return page->takes_post ? "POST" : method[0] == 'H' ? "HEAD" : "GET";
}

static enum MHD_Result begin(struct http_server *server, struct MHD_Connection *connection,
                             const char *path, const char *method, void **ret_exchange)
{
    const struct http_page *page = find(server->pages, path);
    struct http_exchange *exchange;
    struct head head = {0};
    size_t body_size = 0;
    uint32_t status;

    if (!page)
        return refuse(connection, MHD_HTTP_NOT_FOUND, NULL);
    if (!is_taken(page, method))
        return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                      page->takes_post ? "POST" : "GET, HEAD");
    MHD_get_connection_values(connection, MHD_HEADER_KIND, read_header, &head);
    status = judge(page, &head, &body_size);
    if (status != 0)
        return refuse(connection, status, NULL);
    *ret_exchange = exchange = exchange_new(server);
    exchange->connection = connection;
    exchange->visitor = visitor_of(connection);
    exchange->visitor->exchange = exchange;
    exchange->visitor->unheard_size = 0;
    exchange->page = page;
    exchange->request.method = method_of(page, method);
    exchange->request.path = page->path;
    exchange->body_size = body_size;
    buf_init(&exchange->body, body_size);
    keep_texts(exchange, &head);
    if (exchange->visitor->stage == VISITOR_IDLE)
        move(exchange, VISITOR_ASKING);
    return MHD_YES;
}

/* -- body, answer ------------------------------------------------------------------------- */

/* What there is no room for is read nevertheless: only then can the client be told. */
static void take_piece(struct http_exchange *exchange, struct str piece)
{
    exchange->server->steps++;
    exchange->visitor->unheard_size = 0;
    if (!exchange->is_full && !make_room(exchange->server, piece.size))
        drop_body(exchange);
    if (exchange->is_full)
        return;
    if (exchange->body.size == 0)
        (void)buf_reserve(&exchange->body,
                          exchange->body_size < READY_SIZE ? exchange->body_size : READY_SIZE);
    buf_add(&exchange->body, piece);
    charge(exchange);
}

static enum MHD_Result reply(struct http_exchange *exchange)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        exchange->answer.size, exchange->answer.at, MHD_RESPMEM_PERSISTENT);
    bool is_good;

    if (!response)
        return MHD_NO; /* the connection is closed */
    move(exchange, VISITOR_TAKING);
    is_good =
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, exchange->content_type) &&
        ((exchange->status < MHD_HTTP_BAD_REQUEST && !exchange->server->is_draining) ||
         MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close")) &&
        MHD_queue_response(exchange->connection, exchange->status, response);
    MHD_destroy_response(response);
    return is_good ? MHD_YES : MHD_NO;
}

static enum MHD_Result serve(struct http_exchange *exchange)
{
    exchange->is_served = exchange->is_being_served = true;
    exchange->request.body = buf_str(&exchange->body);
    move(exchange, VISITOR_WAITING);
    exchange->page->serve(exchange->server->pages->ctx, exchange);
    exchange->is_being_served = false;
    if (exchange->is_answered)
        return reply(exchange);
    MHD_suspend_connection(exchange->connection);
    return MHD_YES;
}

enum MHD_Result exchange_take(void *ctx, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *body,
                              size_t *body_size, void **ret_exchange)
{
    struct http_exchange *exchange = *ret_exchange;

    (void)version;
    if (!exchange)
        return begin(ctx, connection, path, method, ret_exchange);
    if (*body_size > 0) {
        take_piece(exchange, (struct str){body, *body_size});
        *body_size = 0;
        return MHD_YES;
    }
    if (exchange->is_full)
        return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, NULL);
    return exchange->is_answered ? reply(exchange) : serve(exchange);
}

const struct http_request *http_request_of(const struct http_exchange *exchange)
{
    assert(!exchange->is_answered);
    return &exchange->request;
}

static void set_answer(struct http_exchange *exchange, uint32_t status, const char *content_type,
                       struct str body)
{
    exchange->status = status;
    exchange->content_type = content_type;
    if (!make_room(exchange->server, body.size)) {
        exchange->status = MHD_HTTP_SERVICE_UNAVAILABLE;
        exchange->content_type = HTTP_TEXT;
        body = STR_LIT("no room for the answer\n");
    }
    buf_init(&exchange->answer, body.size);
    buf_add(&exchange->answer, body); /* it may be part of the request */
    buf_fini(&exchange->body);
    charge(exchange);
}

void http_answer(struct http_exchange *exchange, uint32_t status, const char *content_type,
                 struct str body)
{
    struct http_server *server = exchange->server;

    assert(exchange->is_served && !exchange->is_answered);
    exchange->is_answered = true;
    if (!exchange->connection) {
        exchange_free(exchange);
        server_forget(server);
        return;
    }
    set_answer(exchange, status, content_type, body);
    if (exchange->is_being_served)
        return;
    MHD_resume_connection(exchange->connection);
    server_wake(server);
}

/* -- the end --------------------------------------------------------------------------------- */

void exchange_completed(void *ctx, struct MHD_Connection *connection, void **ret_exchange,
                        enum MHD_RequestTerminationCode code)
{
    struct http_exchange *exchange = *ret_exchange;

    (void)ctx;
    (void)connection;
    (void)code;
    if (!exchange)
        return;
    *ret_exchange = NULL;
    exchange->visitor->exchange = NULL;
    move(exchange, VISITOR_IDLE); /* or it is about to be closed */
    if (exchange->is_served && !exchange->is_answered)
        exchange->connection = NULL; /* the page has it */
    else
        exchange_free(exchange);
}

void exchange_drop_all(struct http_server *server)
{
    for (struct http_exchange *each = server->exchanges; each; each = each->next)
        if (each->is_served && !each->is_answered)
            MHD_resume_connection(each->connection);
}
