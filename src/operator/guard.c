// SPDX-License-Identifier: Apache-2.0
#include "api/webhook_config.h"
#include "driver/kube_guard.h"
#include "kube/resource.h"
#include "operator/controller_parts.h"

#define GUARD_MS INT64_C(30000)

static bool is_needed(const struct controller *controller)
{
    const struct config *config = controller->config;

    for (uint32_t i = 0; i < config->tenant_count; i++)
        if (config->tenants[i].users.count > 0 || config->tenants[i].groups.count > 0)
            return controller->settings.webhook_space.size > 0;
    return false;
}

static int64_t since_of(const struct controller *controller, const struct json_value *object)
{
    int64_t created_ms = webhook_config_created_ms(object);
    const char *why;

    if (!webhook_config_guards(object, controller->settings.webhook_space, &why) || created_ms == 0)
        return INT64_MAX;
    return created_ms + GUARD_SETTLE_MS;
}

static void take_over(struct controller *controller, int64_t since_ms, const struct err *err)
{
    bool has_guard = since_ms != INT64_MAX;
    struct log_line line = {
        .level = has_guard ? LEVEL_INFO : LEVEL_WARN,
        .logger = "guard",
        .message = has_guard ? "tenants by users and groups are believed"
                             : "tenants by users and groups are not believed: no webhook is known "
                               "to review new tasks",
        .err = err && err->kind != ERR_NONE ? err : NULL,
    };

    if (since_ms != controller->guard.since_ms || !controller->guard.was_looked_at)
        log_write(controller->spec.log, &line);
    controller->guard.was_looked_at = true;
    if (since_ms == controller->guard.since_ms)
        return;
    controller->guard.since_ms = since_ms;
    intake_tenants(controller);
}

static void look(struct fiber *fiber, void *ctx)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct controller *controller = ctx;
    struct kube_client client = controller_client(controller, fiber);
    struct kube_request request = request_get(&arena, &resource_validatingwebhookconfigurations,
                                              (struct str){0}, STR_LIT(WEBHOOK_CONFIGURATION));
    int64_t since_ms = INT64_MAX;
    struct json_value object;
    struct err err = {0};

    if (kube_call(&client, &arena, &request, "read the webhook configuration", &object, &err))
        since_ms = since_of(controller, &object);
    else if (err.kind != ERR_ABSENT && err.kind != ERR_REFUSED && controller->guard.was_looked_at)
        since_ms = controller->guard.since_ms;
    take_over(controller, since_ms, &err);
    controller->guard.is_under_way = false;
}

void guard_look(struct controller *controller)
{
    struct guard *guard = &controller->guard;
    int64_t now_ms = controller_now(controller);

    if (!is_needed(controller) || guard->is_under_way || now_ms < guard->due_ms)
        return;
    guard->is_under_way = true;
    if (fiber_start(controller->spec.fibers, look, controller))
        guard->due_ms = now_ms + GUARD_MS;
    else
        guard->is_under_way = false;
}

bool guard_is_known(const struct controller *controller)
{
    return controller->guard.was_looked_at || !is_needed(controller);
}
