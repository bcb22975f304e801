// SPDX-License-Identifier: Apache-2.0
#include "api/node.h"
#include "kube/resource.h"
#include "operator/controller_parts.h"

enum {
    NODES_PAGE = 50 /* a node is a large object */
};

struct tally {
    uint32_t nodes, able;
    struct str resume;
};

static bool ask_page(const struct kube_client *client, struct arena *arena, struct tally *tally,
                     struct err *err)
{
    struct list_query query = {.resume = tally->resume, .limit = NODES_PAGE};
    struct kube_request request = request_list(arena, &resource_nodes, (struct str){0}, &query);
    const struct json_value *items;
    struct json_value list;

    if (!kube_call(client, arena, &request, "list nodes", &list, err))
        return false;
    items = json_get(&list, "items");
    for (uint32_t i = 0; items && i < items->count; i++) {
        tally->nodes++;
        tally->able += node_has_user_namespaces(&items->items[i]);
    }
    tally->resume = object_meta(&list).resume;
    return true;
}

static bool ask_all(const struct kube_client *client, struct tally *tally, struct err *err)
{
    auto_end(arena_fini) struct arena resumes = {0};

    do {
        auto_end(arena_fini) struct arena page = {0};
        if (!ask_page(client, &page, tally, err))
            return false;
        tally->resume = arena_copy(&resumes, tally->resume);
    } while (tally->resume.size > 0);
    return true;
}

/* Not knowing is not having: a Pod that asks for what its node cannot do would never start. */
static void survey(struct fiber *fiber, void *ctx)
{
    struct controller *controller = ctx;
    struct kube_client client = controller_client(controller, fiber);
    struct log_line line = {.level = LEVEL_INFO, .logger = "survey"};
    struct tally tally = {0};
    struct err err = {0};
    bool is_known = ask_all(&client, &tally, &err);
    bool is_able = is_known && tally.nodes > 0 && tally.able == tally.nodes;

    line.message = is_able ? "Pods get user namespaces" : "Pods get no user namespaces";
    line.err = is_known ? NULL : &err;
    if (is_able != controller->settings.has_user_namespaces || !is_known)
        log_write(controller->spec.log, &line);
    controller->settings.has_user_namespaces = is_able;
    controller->is_surveying = false;
}

void survey_start(struct controller *controller)
{
    if (controller->is_surveying)
        return;
    controller->is_surveying = true;
    if (!fiber_start(controller->spec.fibers, survey, controller))
        controller->is_surveying = false;
}
