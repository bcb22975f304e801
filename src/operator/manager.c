// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "http/server.h"
#include "kube/curl_transport.h"
#include "operator/controller.h"
#include "operator/footprint.h"
#include "operator/leader.h"
#include "operator/options.h"
#include "sys/entropy.h"
#include "sys/file.h"

#define AGENT        "agenttask-operator/" AGENTTASK_VERSION
#define LEASE_NAME   "controller-manager.execution.agenttask.io"
#define TRIM_MS      INT64_C(10000) /* how often unused memory is given back */
#define CONFIG_MS    INT64_C(10000) /* how often the file is looked at */
#define STOP_MS      INT64_C(8000)  /* what is under way may take so long; a Pod's grace is 10 s */
#define STOP_LOOK_MS INT64_C(20)

enum { /* exit codes */
    EXIT_USAGE = 2,
};

/* The process: all state there is hangs from here. */
struct manager {
    struct arena arena;
    struct options options;
    struct config config;
    struct arena config_arena; /* of the config that holds now */
    struct str config_text;
    struct kube_access access;
    struct loop *loop;
    struct reactor reactor;
    struct log log;
    struct metrics metrics;
    struct curl_transport *curl, *lease_curl;
    struct transport transport, lease_transport;
    struct fiber_pool *fibers;
    struct str instance; /* who we are: no two processes are ever called the same */
    struct controller *controller;
    struct leader *leader; /* NULL: nobody is asked whether we may act */
    struct http_pages probe_pages, metrics_pages;
    struct http_server *probes, *scrapes;
    struct alarm config_alarm, stop_alarm, trim_alarm;
    int64_t started_ms, stop_ms;
    int exit_code;
    bool is_stopping, is_leaving;
};

static int64_t monotonic_ms(const struct manager *manager)
{
    return manager->reactor.monotonic_ms(manager->reactor.self);
}

static void say(struct manager *manager, enum log_level level, const char *message,
                struct str detail, const struct err *err)
{
    log_write(
        &manager->log,
        &(struct log_line){
            .level = level, .logger = "manager", .message = message, .detail = detail, .err = err});
}

/* -- pages --------------------------------------------------------------------- */

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

static bool open_pages(struct manager *manager, struct err *err)
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

/* -- the file of limits ------------------------------------------------------------ */

/* Sets what holds from now on, if the text is another and is good. */
static bool load_config(struct manager *manager, bool *ret_is_new, struct err *err)
{
    struct arena arena = {0};
    struct config config;
    struct str text;

    *ret_is_new = false;
    if (!file_read(&arena, manager->options.config, CONFIG_SIZE_MAX, &text, err) ||
        (!str_equal(text, manager->config_text) &&
         !config_read(&arena, text, manager->options.config, &config, err))) {
        arena_fini(&arena);
        return false;
    }
    if (str_equal(text, manager->config_text)) {
        arena_fini(&arena);
        return true;
    }
    arena_fini(&manager->config_arena);
    manager->config_arena = arena;
    manager->config_text = text;
    manager->config = config;
    *ret_is_new = true;
    return true;
}

static void look_at_config(void *ctx)
{
    struct manager *manager = ctx;
    struct err err = {0};
    bool is_new;

    if (!load_config(manager, &is_new, &err)) {
        say(manager, LEVEL_ERROR, "the config is not taken over", (struct str){0}, &err);
    } else if (is_new) {
        controller_configure(manager->controller, &manager->config);
        say(manager, LEVEL_INFO, "the config has changed", str_of(manager->options.config), NULL);
    }
    manager->reactor.arm(manager->reactor.self, &manager->config_alarm,
                         monotonic_ms(manager) + CONFIG_MS);
}

/* A burst leaves free memory between what is in use: the heap alone keeps it for the next one. */
static void trim(void *ctx)
{
    struct manager *manager = ctx;

    malloc_trim(0);
    manager->reactor.arm(manager->reactor.self, &manager->trim_alarm,
                         monotonic_ms(manager) + TRIM_MS);
}

/* -- stopping ---------------------------------------------------------------------- */

/* Given back only when nothing of ours can write any more. */
static void leave(struct manager *manager)
{
    bool is_idle = controller_is_idle(manager->controller);

    if (is_idle && manager->leader && !manager->is_leaving)
        leader_leave(manager->leader);
    manager->is_leaving |= is_idle;
}

static void look_whether_done(void *ctx)
{
    struct manager *manager = ctx;
    bool is_late = monotonic_ms(manager) >= manager->stop_ms;

    leave(manager);
    if (is_late || (manager->is_leaving && (!manager->leader || leader_is_idle(manager->leader))))
        loop_stop(manager->loop);
    else
        manager->reactor.arm(manager->reactor.self, &manager->stop_alarm,
                             monotonic_ms(manager) + STOP_LOOK_MS);
}

/* Not ready any more, nothing new, what is under way ends, then the lease is given back: the other
 * one acts as soon as we do not. */
static void was_asked_to_stop(void *ctx)
{
    struct manager *manager = ctx;

    if (manager->is_stopping)
        _exit(EXIT_FAILURE); /* the second time: at once */
    manager->is_stopping = true;
    say(manager, LEVEL_INFO, "stopping", (struct str){0}, NULL);
    controller_stop(manager->controller);
    manager->stop_ms = monotonic_ms(manager) + STOP_MS;
    look_whether_done(manager);
}

static void answered(void *ctx, enum http_method method, int32_t status)
{
    metrics_count_answer(ctx, method, status);
}

/* -- leadership --------------------------------------------------------------------- */

static void was_elected(void *ctx)
{
    struct manager *manager = ctx;

    say(manager, LEVEL_INFO, "leads", manager->instance, NULL);
    if (!manager->is_stopping)
        controller_lead(manager->controller);
}

/* Somebody else may act from now on: whatever is under way ends with the process. */
static void was_lost(void *ctx, const struct err *err)
{
    struct manager *manager = ctx;

    if (manager->is_stopping && manager->is_leaving)
        return;
    say(manager, LEVEL_ERROR, "the lease is lost", manager->instance, err);
    manager->exit_code = EXIT_FAILURE;
    controller_stop(manager->controller);
    loop_stop(manager->loop);
}

static void has_trouble(void *ctx, const struct err *err)
{
    say(ctx, LEVEL_WARN, "the lease has to be tried again", (struct str){0}, err);
}

static bool may_write(void *ctx)
{
    const struct manager *manager = ctx;

    return !manager->leader || leader_holds(manager->leader);
}

static bool open_leader(struct manager *manager, struct err *err)
{
    const char *space = manager->options.lease_namespace;
    struct leader_spec spec = {
        .transport = &manager->lease_transport,
        .reactor = &manager->reactor,
        .fibers = manager->fibers,
        .space = space ? str_of(space) : manager->access.space,
        .name = STR_LIT(LEASE_NAME),
        .self = manager->instance,
        .elected = was_elected,
        .lost = was_lost,
        .troubled = has_trouble,
        .ctx = manager,
    };

    if (!curl_transport_open(manager->loop, &manager->access, AGENT, &manager->lease_curl, err))
        return false;
    curl_transport_observe(manager->lease_curl, answered, &manager->metrics);
    manager->lease_transport = curl_transport_door(manager->lease_curl);
    manager->leader = leader_new(&spec);
    return leader_start(manager->leader, err);
}

/* -- beginning --------------------------------------------------------------------- */

static bool find_cluster(struct manager *manager, struct err *err)
{
    struct kubeconfig_sources sources = {
        .flag_path = manager->options.kubeconfig,
        .env_paths = getenv("KUBECONFIG"),
        .service_host = getenv("KUBERNETES_SERVICE_HOST"),
        .service_port = getenv("KUBERNETES_SERVICE_PORT"),
        .pod_namespace = getenv("POD_NAMESPACE"),
    };

    return kubeconfig_load(&manager->arena, &sources, &manager->access, err);
}

static bool open_loop(struct manager *manager, struct err *err)
{
    if (!loop_open(&manager->loop, err))
        return false;
    manager->reactor = loop_reactor(manager->loop);
    manager->started_ms = manager->reactor.now_ms(manager->reactor.self);
    manager->log = (struct log){
        .fd = STDERR_FILENO,
        .level = manager->options.log_level,
        .format = manager->options.log_format,
        .reactor = &manager->reactor,
    };
    return loop_signal(manager->loop, SIGTERM, was_asked_to_stop, manager, err) &&
           loop_signal(manager->loop, SIGINT, was_asked_to_stop, manager, err);
}

static struct str name_instance(struct manager *manager)
{
    const char *pod = getenv("POD_NAME");
    char host[256] = "manager", uuid[UUID_TEXT];

    if (gethostname(host, sizeof(host)) == 0)
        host[sizeof(host) - 1] = '\0';
    uuid_new(uuid);
    return arena_print(&manager->arena, "%.200s_%s", pod && pod[0] ? pod : host, uuid);
}

static bool open_transport(struct manager *manager, struct err *err)
{
    if (!find_cluster(manager, err) ||
        !curl_transport_open(manager->loop, &manager->access, AGENT, &manager->curl, err))
        return false;
    curl_transport_observe(manager->curl, answered, &manager->metrics);
    manager->transport = curl_transport_door(manager->curl);
    manager->fibers = fiber_pool_new(CONTROLLER_FIBERS + LEADER_FIBERS + WORKERS_MAX);
    manager->instance = name_instance(manager);
    return true;
}

static bool open_controller(struct manager *manager, struct err *err)
{
    const struct options *options = &manager->options;
    struct controller_spec spec = {
        .transport = &manager->transport,
        .reactor = &manager->reactor,
        .fibers = manager->fibers,
        .log = &manager->log,
        .metrics = &manager->metrics,
        .space = str_of(options->space),
        .instance = manager->instance,
        .runner_image = str_of(options->runner_image),
        .allow_config_map_refs = options->allow_config_map_refs,
        .workers = options->workers,
        .may_write = may_write,
        .ctx = manager,
    };

    manager->controller = controller_new(&spec, &manager->config);
    if (options->config) {
        manager->config_alarm = (struct alarm){.ring = look_at_config, .ctx = manager};
        manager->reactor.arm(manager->reactor.self, &manager->config_alarm,
                             monotonic_ms(manager) + CONFIG_MS);
    }
    manager->trim_alarm = (struct alarm){.ring = trim, .ctx = manager};
    trim(manager);
    manager->stop_alarm = (struct alarm){.ring = look_whether_done, .ctx = manager};
    return controller_start(manager->controller, err);
}

static bool begin(struct manager *manager, struct err *err)
{
    if (!open_transport(manager, err) || !open_controller(manager, err) ||
        !open_pages(manager, err))
        return false;
    say(manager, LEVEL_INFO, "started " AGENT, manager->access.server, NULL);
    if (manager->options.leader_elect)
        return open_leader(manager, err);
    controller_lead(manager->controller);
    return true;
}

/* -- main ---------------------------------------------------------------------------- */

static int fail_usage(const struct err *err)
{
    fprintf(stderr, "manager: error: %s\n", err->text);
    return EXIT_USAGE;
}

static int print_help(void)
{
    auto_end(buf_fini) struct buf text = {0};

    buf_init(&text, 64 * 1024);
    options_help(&text);
    fwrite(text.at, 1, text.size, stdout);
    return EXIT_SUCCESS;
}

static int run(struct manager *manager)
{
    struct err err = {0};

    if (!open_loop(manager, &err))
        return fail_usage(&err);
    if (!begin(manager, &err)) {
        say(manager, LEVEL_ERROR, "cannot start", (struct str){0}, &err);
        return EXIT_FAILURE;
    }
    loop_run(manager->loop);
    say(manager, LEVEL_INFO, "stopped", (struct str){0}, NULL);
    return manager->exit_code;
}

int main(int argc, char **argv)
{
    struct manager manager = {0};
    struct err err = {0};
    bool is_new;

    signal(SIGPIPE, SIG_IGN);
    config_init(&manager.config);
    if (!options_parse(argc, argv, getenv("RUNNER_IMAGE"), &manager.options, &err))
        return fail_usage(&err);
    if (manager.options.wants_help)
        return print_help();
    if (manager.options.wants_version) {
        puts("manager " AGENTTASK_VERSION);
        return EXIT_SUCCESS;
    }
    if (manager.options.config && !load_config(&manager, &is_new, &err))
        return fail_usage(&err);
    exit(run(&manager)); /* what is still open hangs from here until the process is gone */
}
