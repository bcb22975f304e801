// SPDX-License-Identifier: Apache-2.0
#include "api/webhook_config.h"
#include "operator/footprint.h"
#include "operator/manager_parts.h"

static void answer_probe(struct http_exchange *exchange, bool is_well, const char *why)
{
    auto_end(buf_fini) struct buf body = {0};

    buf_init(&body, 256);
    buf_print(&body, "%s\n", why);
    http_answer(exchange, is_well ? 200 : 503, HTTP_TEXT, buf_str(&body));
}

static void serve_healthz(void *ctx, struct http_exchange *exchange)
{
    const struct manager *manager = ctx;
    struct health health;
    const char *why;
    bool is_live;

    controller_health(manager->controller, &health);
    is_live = health_is_live(&health, &why);
    answer_probe(exchange, is_live, why);
}

static void serve_readyz(void *ctx, struct http_exchange *exchange)
{
    const struct manager *manager = ctx;
    struct health health;
    const char *why;
    bool is_ready;

    controller_health(manager->controller, &health);
    health.is_stopping |= manager->is_stopping;
    health.is_refused = manager->leader && leader_is_refused(manager->leader);
    health.is_unidentified = !tls_is_valid(manager);
    is_ready = health_is_ready(&health, &why);
    answer_probe(exchange, is_ready, why);
}

static struct str host_of(struct str url)
{
    size_t start = str_starts(url, "https://") ? 8 : str_starts(url, "http://") ? 7 : 0;
    struct str host = str_skip(url, start), path;

    if (!str_cut(host, '/', &host, &path))
        return str_skip(url, start);
    return host;
}

static void answer_metrics(const struct manager *manager, struct http_exchange *exchange)
{
    auto_end(arena_fini) struct arena arena = {0};
    auto_end(buf_fini) struct buf body = {0};
    struct gauges gauges = {
        .version = AGENTTASK_VERSION,
        .lease_name = LEASE_NAME,
        .api_server = host_of(manager->access.server),
        .is_config_bad = manager->is_config_bad,
        .is_leader = !manager->leader || leader_holds(manager->leader),
        .certificate_until_ms = tls_until_ms(manager),
    };

    controller_gauges(manager->controller, &arena, &gauges);
    footprint_read(manager->started_ms, &gauges.process);
    buf_init(&body, HTTP_ANSWER_MAX);
    metrics_print(&manager->metrics, &gauges, &body);
    http_answer(exchange, 200, "text/plain; version=0.0.4; charset=utf-8", buf_str(&body));
}

static void was_decided(void *ctx, void *who, uint32_t status)
{
    struct http_exchange *exchange = who;

    if (status == ACCESS_GRANTED)
        answer_metrics(ctx, exchange);
    else if (status == ACCESS_UNKNOWN)
        http_answer(exchange, status, HTTP_TEXT, STR_LIT("whose bearer token is that?\n"));
    else if (status == ACCESS_FORBIDDEN)
        http_answer(exchange, status, HTTP_TEXT, STR_LIT("needs the right to get /metrics\n"));
    else
        http_answer(exchange, status, HTTP_TEXT, STR_LIT("cannot tell now who may read this\n"));
}

static void is_in_the_dark(void *ctx, const struct err *err)
{
    manager_say(ctx, LEVEL_WARN, "nobody is let in to /metrics", (struct str){0}, err);
}

static void serve_metrics(void *ctx, struct http_exchange *exchange)
{
    const struct manager *manager = ctx;

    if (manager->readers)
        access_check(manager->readers, http_request_of(exchange)->authorization, "/metrics", "get",
                     exchange);
    else
        answer_metrics(manager, exchange);
}

static const struct http_page probe_pages[] = {
    {"/healthz", false, 0, serve_healthz},
    {"/readyz",  false, 0, serve_readyz },
};
static const struct http_page metrics_pages[] = {
    {"/metrics", false, 0, serve_metrics},
};

static const struct http_page webhook_pages[] = {
    {WEBHOOK_TASK_PATH,    true, REVIEW_SIZE_MAX, admission_serve_task   },
    {WEBHOOK_PROFILE_PATH, true, REVIEW_SIZE_MAX, admission_serve_profile},
};

/* An API server has a connection for each request under way, hundreds in a burst, and behind a
 * gateway all of them come from one address. Whoever takes 640 leaves 384 to others; at 64 KiB each
 * at worst they fit into the Pod's memory together with the bodies. */
enum {
    WEBHOOK_CONNECTIONS_MAX = 1024,
    WEBHOOK_PEER_MAX = 640,
    WEBHOOK_BODIES_MAX = 16 * 1024 * 1024,
};

static bool open_webhooks(struct manager *manager, struct err *err)
{
    struct admission_spec admission = {
        .transport = &manager->transport,
        .reactor = &manager->reactor,
        .fibers = manager->fibers,
        .caches = controller_caches(manager->controller),
        .config = &manager->config,
        .metrics = &manager->metrics,
        .log = &manager->log,
    };
    struct http_spec spec = {
        .address = manager->options.webhook_address,
        .pages = &manager->webhook_pages,
        .is_tls = true,
        .connections_max = WEBHOOK_CONNECTIONS_MAX,
        .peer_max = WEBHOOK_PEER_MAX,
        .bodies_max = WEBHOOK_BODIES_MAX,
    };

    manager->admission = admission_new(&admission);
    manager->webhook_pages =
        (struct http_pages){webhook_pages, countof(webhook_pages), manager->admission};
    return http_server_open(manager->loop, &spec, &manager->webhooks, err) ||
           err_wrap(err, "--webhook-bind-address");
}

static bool listen_at(struct manager *manager, const char *address, const struct http_pages *pages,
                      bool is_tls, struct http_server **ret, struct err *err)
{
    struct http_spec spec = {.address = address, .pages = pages, .is_tls = is_tls};

    return str_is(str_of(address), "0") || http_server_open(manager->loop, &spec, ret, err);
}

bool pages_open(struct manager *manager, struct err *err)
{
    const struct options *options = &manager->options;

    manager->probe_pages = (struct http_pages){probe_pages, countof(probe_pages), manager};
    manager->metrics_pages = (struct http_pages){metrics_pages, countof(metrics_pages), manager};
    if (!listen_at(manager, options->health_address, &manager->probe_pages, false, &manager->probes,
                   err))
        return err_wrap(err, "--health-probe-bind-address");
    if (options->metrics_secure)
        manager->readers = access_new(&(struct access_spec){
            .transport = &manager->transport,
            .reactor = &manager->reactor,
            .fibers = manager->fibers,
            .decided = was_decided,
            .troubled = is_in_the_dark,
            .ctx = manager,
        });
    if (!listen_at(manager, options->metrics_address, &manager->metrics_pages,
                   options->metrics_secure, &manager->scrapes, err))
        return err_wrap(err, "--metrics-bind-address");
    return str_is(str_of(options->webhook_address), "0") || open_webhooks(manager, err);
}
