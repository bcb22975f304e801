// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "operator/manager_parts.h"
#include "sys/entropy.h"

#define AGENT        "agenttask-operator/" AGENTTASK_VERSION
#define TRIM_MS      INT64_C(10000) /* how often unused memory is given back */
#define STOP_MS      INT64_C(8000)  /* what is under way may take so long; a Pod's grace is 10 s */
#define STOP_LOOK_MS INT64_C(20)
#define LINGER_MS    INT64_C(3000) /* until nobody sends reviews here any more */

enum { /* exit codes */
    EXIT_USAGE = 2,
};

int64_t manager_now(const struct manager *manager)
{
    return manager->reactor.monotonic_ms(manager->reactor.self);
}

void manager_say(struct manager *manager, enum log_level level, const char *message,
                 struct str detail, const struct err *err)
{
    log_write(
        &manager->log,
        &(struct log_line){
            .level = level, .logger = "manager", .message = message, .detail = detail, .err = err});
}

/* A burst leaves free memory between what is in use: the heap alone keeps it for the next one. */
static void trim(void *ctx)
{
    struct manager *manager = ctx;

    malloc_trim(0);
    manager->reactor.arm(manager->reactor.self, &manager->trim_alarm,
                         manager_now(manager) + TRIM_MS);
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
    int64_t now_ms = manager_now(manager);
    bool is_gone = !manager->leader || leader_is_idle(manager->leader);

    leave(manager);
    if (now_ms >= manager->stop_ms ||
        (manager->is_leaving && is_gone && now_ms >= manager->linger_ms))
        loop_stop(manager->loop);
    else
        manager->reactor.arm(manager->reactor.self, &manager->stop_alarm,
                             manager_now(manager) + STOP_LOOK_MS);
}

/* Not ready any more, nothing new, what is under way ends, then the lease is given back: the other
 * one acts as soon as we do not. Reviews are answered for as long as they may still come. */
static void was_asked_to_stop(void *ctx)
{
    struct manager *manager = ctx;

    if (manager->is_stopping)
        _exit(EXIT_FAILURE); /* the second time: at once */
    manager->is_stopping = true;
    manager_say(manager, LEVEL_INFO, "stopping", (struct str){0}, NULL);
    controller_stop(manager->controller);
    manager->stop_ms = manager_now(manager) + STOP_MS;
    if (manager->webhooks) {
        http_server_drain(manager->webhooks);
        manager->linger_ms = manager_now(manager) + LINGER_MS;
    }
    look_whether_done(manager);
}

static void answered(void *ctx, enum http_method method, int32_t status)
{
    metrics_count_answer(ctx, method, status);
}

/* -- leadership --------------------------------------------------------------------- */

static void lead(struct manager *manager)
{
    controller_lead(manager->controller);
    if (manager->certificates)
        certificate_lead(manager->certificates);
}

static void was_elected(void *ctx)
{
    struct manager *manager = ctx;

    manager_say(manager, LEVEL_INFO, "leads", manager->instance, NULL);
    if (!manager->is_stopping)
        lead(manager);
}

/* Somebody else may act from now on: whatever is under way ends with the process. */
static void was_lost(void *ctx, const struct err *err)
{
    struct manager *manager = ctx;

    if (manager->is_stopping && manager->is_leaving)
        return;
    manager_say(manager, LEVEL_ERROR, "the lease is lost", manager->instance, err);
    manager->exit_code = EXIT_FAILURE;
    controller_stop(manager->controller);
    loop_stop(manager->loop);
}

static void has_trouble(void *ctx, const struct err *err)
{
    manager_say(ctx, LEVEL_WARN, "the lease has to be tried again", (struct str){0}, err);
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
    manager->fibers =
        fiber_pool_new(CONTROLLER_FIBERS + LEADER_FIBERS + CERTIFICATE_FIBERS + CONFIG_MAP_FIBERS +
                       WORKERS_MAX + ACCESS_REVIEWS_MAX + ADMISSION_FIBERS);
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
        .webhook_space = manager->access.space,
        .canary = manager->canary,
        .workers = options->workers,
        .awaits_config = options->config_map != NULL,
        .may_write = may_write,
        .ctx = manager,
    };

    manager->controller = controller_new(&spec, &manager->config);
    if (options->config)
        config_file_watch(manager);
    manager->trim_alarm = (struct alarm){.ring = trim, .ctx = manager};
    trim(manager);
    manager->stop_alarm = (struct alarm){.ring = look_whether_done, .ctx = manager};
    return (!options->config_map || config_map_open(manager, err)) &&
           controller_start(manager->controller, err);
}

/* Whoever proves his policy must be told where. */
static bool open_canary(struct manager *manager, struct err *err)
{
    const char *address = manager->options.canary_address;

    if (strcmp(address, "0") == 0)
        return true;
    manager->canary = str_of(getenv("POD_IP"));
    if (manager->canary.size == 0)
        return err_set(err, ERR_INVALID,
                       "--canary-bind-address: needs the address of this Pod in POD_IP");
    return canary_open(manager->loop, &manager->arena, address, err);
}

static bool begin(struct manager *manager, struct err *err)
{
    if (!open_transport(manager, err) || !open_canary(manager, err) ||
        !open_controller(manager, err) || !pages_open(manager, err) || !tls_open(manager, err))
        return false;
    manager_say(manager, LEVEL_INFO, "started " AGENT, manager->access.server, NULL);
    if (manager->options.leader_elect)
        return open_leader(manager, err);
    lead(manager);
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
        manager_say(manager, LEVEL_ERROR, "cannot start", (struct str){0}, &err);
        return EXIT_FAILURE;
    }
    loop_run(manager->loop);
    manager_say(manager, LEVEL_INFO, "stopped", (struct str){0}, NULL);
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
    if (manager.options.config && !config_file_load(&manager, &is_new, &err))
        return fail_usage(&err);
    exit(run(&manager)); /* what is still open hangs from here until the process is gone */
}
