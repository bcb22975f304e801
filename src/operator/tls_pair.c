// SPDX-License-Identifier: Apache-2.0
#include "api/webhook_config.h"
#include "operator/manager_parts.h"

#define METRICS_SERVICE "agenttask-metrics-service"

enum {
    NAMES = 3
};

static void show(struct manager *manager, struct http_server *server, struct str certificate,
                 struct str key)
{
    struct err err = {0};

    if (server && !http_server_identify(server, certificate, key, &err))
        manager_say(manager, LEVEL_ERROR, "the certificate cannot be served", (struct str){0},
                    &err);
}

static void has_changed(void *ctx, struct str certificate, struct str key)
{
    struct manager *manager = ctx;

    show(manager, manager->webhooks, certificate, key);
    if (manager->options.metrics_secure)
        show(manager, manager->scrapes, certificate, key);
}

static void was_told(void *ctx, const char *what, const char *because, const struct err *err)
{
    log_write(&((struct manager *)ctx)->log, &(struct log_line){
                                                 .level = err ? LEVEL_WARN : LEVEL_INFO,
                                                 .logger = "certificate",
                                                 .message = what,
                                                 .because = because,
                                                 .err = err,
                                             });
}

/* As the API server calls us, as others may call the same Service, as Prometheus does. */
static void name_services(struct manager *manager, struct str ret[NAMES])
{
    struct str space = manager->access.space;

    ret[0] = arena_print(&manager->arena, WEBHOOK_SERVICE ".%.*s.svc", STR_ARG(space));
    ret[1] =
        arena_print(&manager->arena, WEBHOOK_SERVICE ".%.*s.svc.cluster.local", STR_ARG(space));
    ret[2] = arena_print(&manager->arena, METRICS_SERVICE ".%.*s.svc", STR_ARG(space));
}

bool tls_open(struct manager *manager, struct err *err)
{
    const struct options *options = &manager->options;
    struct str names[NAMES];
    struct certificate_spec spec = {
        .transport = &manager->transport,
        .reactor = &manager->reactor,
        .fibers = manager->fibers,
        .space = manager->access.space,
        .names = {names, NAMES},
        .leaf_ms = options->certificate_life_ms,
        .directory = str_of(options->certificate_directory),
        .changed = has_changed,
        .told = was_told,
        .ctx = manager,
    };

    if (!manager->webhooks && !(manager->scrapes && options->metrics_secure))
        return true;
    name_services(manager, names);
    manager->certificates = certificate_new(&spec);
    return certificate_start(manager->certificates, err);
}

bool tls_is_valid(const struct manager *manager)
{
    int64_t now_ms = manager->reactor.now_ms(manager->reactor.self);

    return !manager->certificates || certificate_is_valid(manager->certificates, now_ms);
}

int64_t tls_until_ms(const struct manager *manager)
{
    return manager->certificates ? certificate_until_ms(manager->certificates) : 0;
}
