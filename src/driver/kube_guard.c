// SPDX-License-Identifier: Apache-2.0
#include "driver/kube_guard.h"

#include "api/webhook_config.h"
#include "driver/kube_object.h"

static struct str gap_of(struct kube_task *run, const struct json_value *object)
{
    int64_t created_ms = webhook_config_created_ms(object);
    const char *why;

    if (!webhook_config_guards(object, run->settings->webhook_space, &why))
        return arena_copy(run->arena, str_of(why));
    if (created_ms == 0 || created_ms + GUARD_SETTLE_MS > run->task.created_ms)
        return STR_LIT("the webhook configuration is younger than this task");
    return (struct str){0};
}

bool kube_guard_look(struct kube_task *run, struct str *ret_gap, struct err *err)
{
    struct json_value object;
    struct err why = {0};

    if (run->settings->webhook_space.size == 0) {
        *ret_gap = STR_LIT("this operator has no namespace in the cluster, and so no webhook");
        return true;
    }
    if (object_get(run, &resource_validatingwebhookconfigurations, STR_LIT(WEBHOOK_CONFIGURATION),
                   &object, &why)) {
        *ret_gap = gap_of(run, &object);
        return true;
    }
    if (why.kind != ERR_ABSENT && why.kind != ERR_REFUSED) {
        *err = why;
        return false;
    }
    *ret_gap = why.kind == ERR_ABSENT ? STR_LIT("the webhook configuration is not installed")
                                      : arena_copy(run->arena, str_of(why.text));
    return true;
}
