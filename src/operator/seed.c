// SPDX-License-Identifier: Apache-2.0
#include "api/builtin.h"
#include "kube/resource.h"
#include "operator/controller_parts.h"
#include "yaml/yaml.h"

#define AGAIN_MS     INT64_C(1000) /* after a failure; after some, doubled each time */
#define AGAIN_MAX_MS INT64_C(300000)

enum {
    PATIENCE = 15, /* so many failures are none yet: in a new cluster our own webhook, which is
                    * asked about profiles, is still to be found by the API server */
};

/* One that is there already is somebody's, and stays as it is. */
static bool create_profile(const struct kube_client *client, struct str yaml, struct err *err)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value *documents, ignored;
    struct kube_request request;
    uint32_t count;

    if (!yaml_read(&arena, yaml, "a profile that is shipped", &documents, &count, err))
        return false;
    request = request_create(&arena, &resource_runtimeprofiles, (struct str){0},
                             json_compact(&arena, &documents[0]));
    if (kube_call(client, &arena, &request, "create a profile that is shipped", &ignored, err))
        return true;
    if (err->kind != ERR_PRESENT)
        return false;
    *err = (struct err){0};
    return true;
}

/* Goes on where it failed: one that was deleted meanwhile is not made again. */
static bool create_rest(struct seed *seed, const struct kube_client *client, struct err *err)
{
    for (; seed->next < builtin_count(); seed->next++) {
        if (!create_profile(client, builtin_at(seed->next), err)) {
            seed->has_begun |= err->kind == ERR_RETRY; /* it may have been acted on */
            return false;
        }
        seed->has_begun = true;
    }
    return true;
}

static int64_t wait_ms(uint32_t failures)
{
    int64_t ms = AGAIN_MS;

    for (uint32_t i = PATIENCE; i < failures && ms < AGAIN_MAX_MS; i++)
        ms *= 2;
    return ms < AGAIN_MAX_MS ? ms : AGAIN_MAX_MS;
}

static void sow(struct fiber *fiber, void *ctx)
{
    struct controller *controller = ctx;
    const struct reactor *reactor = controller->spec.reactor;
    struct kube_client client = controller_client(controller, fiber);
    struct log_line line = {.level = LEVEL_INFO, .logger = "seed"};
    struct seed *seed = &controller->seed;
    struct err err = {0};
    bool is_done = create_rest(seed, &client, &err);

    line.level = is_done ? LEVEL_INFO : seed->failures < PATIENCE ? LEVEL_WARN : LEVEL_ERROR;
    line.message = is_done ? "the profiles that are shipped stand"
                           : "the profiles that are shipped do not all stand";
    line.err = is_done ? NULL : &err;
    log_write(controller->spec.log, &line);
    seed->failures += !is_done;
    seed->due_ms = is_done ? INT64_MAX : controller_now(controller) + wait_ms(seed->failures);
    seed->is_under_way = false;
    seed->was_tried = true;
    if (!controller->is_stopping) /* the tasks had to wait for it */
        reactor->arm(reactor->self, &controller->wheel, controller_now(controller));
}

void seed_look(struct controller *controller)
{
    struct seed *seed = &controller->seed;

    if (seed->is_under_way || controller_now(controller) < seed->due_ms)
        return;
    if (!seed->has_begun && cache_count(controller->caches.profiles) > 0) {
        seed->was_tried = true;
        seed->due_ms = INT64_MAX;
        return;
    }
    seed->is_under_way = true;
    if (!fiber_start(controller->spec.fibers, sow, controller))
        seed->is_under_way = false;
}
