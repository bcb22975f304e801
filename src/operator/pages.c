// SPDX-License-Identifier: Apache-2.0
#include "operator/footprint.h"
#include "operator/manager_parts.h"

static void answer_probe(bool is_well, const char *why, struct http_answer *ret)
{
    ret->status = is_well ? 200 : 503;
    buf_print(&ret->body, "%s\n", why);
}

static void answer_healthz(void *ctx, struct http_answer *ret)
{
    const struct manager *manager = ctx;
    struct health health;
    const char *why;
    bool is_live;

    controller_health(manager->controller, &health);
    is_live = health_is_live(&health, &why);
    answer_probe(is_live, why, ret);
}

static void answer_readyz(void *ctx, struct http_answer *ret)
{
    const struct manager *manager = ctx;
    struct health health;
    const char *why;
    bool is_ready;

    controller_health(manager->controller, &health);
    health.is_stopping |= manager->is_stopping;
    health.is_refused = manager->leader && leader_is_refused(manager->leader);
    is_ready = health_is_ready(&health, &why);
    answer_probe(is_ready, why, ret);
}

static struct str host_of(struct str url)
{
    size_t start = str_starts(url, "https://") ? 8 : str_starts(url, "http://") ? 7 : 0;
    struct str host = str_skip(url, start), path;

    if (!str_cut(host, '/', &host, &path))
        return str_skip(url, start);
    return host;
}

static void answer_metrics(void *ctx, struct http_answer *ret)
{
    const struct manager *manager = ctx;
    struct gauges gauges = {
        .version = AGENTTASK_VERSION,
        .lease_name = LEASE_NAME,
        .api_server = host_of(manager->access.server),
        .is_config_bad = manager->is_config_bad,
        .is_leader = !manager->leader || leader_holds(manager->leader),
    };

    controller_gauges(manager->controller, &gauges);
    footprint_read(manager->started_ms, &gauges.process);
    ret->content_type = "text/plain; version=0.0.4; charset=utf-8";
    metrics_print(&manager->metrics, &gauges, &ret->body);
}

static const struct http_page probe_pages[] = {
    {"/healthz", answer_healthz},
    {"/readyz",  answer_readyz },
};
static const struct http_page metrics_pages[] = {
    {"/metrics", answer_metrics},
};

bool pages_open(struct manager *manager, struct err *err)
{
    const struct options *options = &manager->options;
    bool has_probes = !str_is(str_of(options->health_address), "0");
    bool has_metrics = !str_is(str_of(options->metrics_address), "0");

    manager->probe_pages = (struct http_pages){probe_pages, countof(probe_pages), manager};
    manager->metrics_pages = (struct http_pages){metrics_pages, countof(metrics_pages), manager};
    if (has_probes && !http_server_open(manager->loop, options->health_address,
                                        &manager->probe_pages, &manager->probes, err))
        return err_wrap(err, "--health-probe-bind-address");
    if (has_metrics && !http_server_open(manager->loop, options->metrics_address,
                                         &manager->metrics_pages, &manager->scrapes, err))
        return err_wrap(err, "--metrics-bind-address");
    return true;
}
