// SPDX-License-Identifier: Apache-2.0
#include "driver/kube_capture.h"
#include "operator/controller_parts.h"

#define FOLLOW_MAX_MS INT64_C(120000) /* a grace period, and an ending */

/* The map's entry stays where it is until its fiber has ended and nobody wants it. */
struct follower {
    struct controller *controller;
    struct arena arena; /* of its names */
    struct str space, pod, uid;
    struct kube_capture *capture;
    bool is_reading, is_wanted;
};

static void drop(struct follower *follower)
{
    struct controller *controller = follower->controller;
    struct arena arena = follower->arena;
    struct str uid = follower->uid;

    kube_capture_free(follower->capture);
    map_drop(&controller->followers, uid);
    arena_fini(&arena);
}

static void read(struct fiber *fiber, void *ctx)
{
    struct follower *follower = ctx;
    struct controller *controller = follower->controller;
    struct kube_client client = controller_client(controller, fiber);
    struct err err = {0};

    if (!kube_capture_read(follower->capture, &client, follower->space, follower->pod, true,
                           controller_now(controller) + FOLLOW_MAX_MS, &err))
        log_write(controller->spec.log, &(struct log_line){.level = LEVEL_WARN,
                                                           .logger = "follow",
                                                           .message = "output is not whole",
                                                           .space = follower->space,
                                                           .name = follower->pod,
                                                           .err = &err});
    follower->is_reading = false;
    if (!follower->is_wanted)
        drop(follower);
}

void follow_start(struct controller *controller, struct str space, struct str pod, struct str uid)
{
    struct follower *follower;

    if (controller->followers.count >= FOLLOWERS_MAX || map_find(&controller->followers, uid))
        return;
    follower = map_put(&controller->followers, uid, sizeof(*follower));
    follower->controller = controller;
    follower->space = arena_copy(&follower->arena, space);
    follower->pod = arena_copy(&follower->arena, pod);
    follower->uid = arena_copy(&follower->arena, uid);
    follower->capture = kube_capture_new();
    follower->is_reading = follower->is_wanted = true;
    if (!fiber_start(controller->spec.fibers, read, follower))
        drop(follower);
}

struct kube_capture *follow_find(const struct controller *controller, struct str uid)
{
    const struct follower *follower = map_find(&controller->followers, uid);

    return follower ? follower->capture : NULL;
}

void follow_forget(struct controller *controller, struct str uid)
{
    struct follower *follower = map_find(&controller->followers, uid);

    if (!follower)
        return;
    follower->is_wanted = false;
    if (!follower->is_reading)
        drop(follower);
}
