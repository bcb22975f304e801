// SPDX-License-Identifier: Apache-2.0
/* Whatever a server sends as a Pod is read, and what is kept of it says the same. */
#include <stdlib.h>

#include "api/networkpolicy.h"
#include "api/node.h"
#include "api/pod.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* Texts may be cut in keeping, and what is no UTF-8 is replaced: then only their beginning is
 * compared. */
static void same(struct str whole, struct str kept)
{
    must((whole.size > 0) == (kept.size > 0));
    if (whole.size < 1024)
        must(str_equal(whole, kept));
}

static void same_container(const struct pod_container *a, const struct pod_container *b)
{
    must(a->is_known == b->is_known && a->is_running == b->is_running);
    must(a->is_terminated == b->is_terminated && a->exit_code == b->exit_code);
    must(a->signal == b->signal && a->restarts == b->restarts);
    must(a->started_ms == b->started_ms && a->finished_ms == b->finished_ms);
    must(!a->waiting.at == !b->waiting.at);
    same(a->reason, b->reason);
    same(a->message, b->message);
    same(a->waiting, b->waiting);
    same(a->image_id, b->image_id);
}

static void same_pod(const struct pod *a, const struct pod *b)
{
    must(a->phase == b->phase && a->is_held == b->is_held && a->deadline_s == b->deadline_s);
    must(a->created_ms == b->created_ms && a->deleted_ms == b->deleted_ms);
    must(a->is_unschedulable == b->is_unschedulable && a->started_ms == b->started_ms);
    must(a->stopping_ms == b->stopping_ms && a->user_namespace == b->user_namespace);
    same(a->uid, b->uid);
    same(a->owner_uid, b->owner_uid);
    same(a->reason, b->reason);
    same(a->disruption, b->disruption);
    same_container(&a->init, &b->init);
    same_container(&a->task, &b->task);
}

static void keep_and_compare(struct arena *arena, const struct json_value *value)
{
    struct networkpolicy policy, kept_policy;
    struct json_value again;
    struct err err = {0};
    struct pod pod, kept;
    struct buf text = {0};

    buf_init(&text, 1 << 24);
    must(pod_keep(arena, value, &text) && json_read(arena, buf_str(&text), &again, &err));
    pod_read(value, &pod);
    pod_read(&again, &kept);
    same_pod(&pod, &kept);
    buf_drop(&text, text.size);
    must(networkpolicy_keep(arena, value, &text) && json_read(arena, buf_str(&text), &again, &err));
    networkpolicy_read(value, &policy);
    networkpolicy_read(&again, &kept_policy);
    must(policy.denies_all == kept_policy.denies_all);
    must(!policy.opens || kept_policy.opens); /* a long selector counts as an open one */
    buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct json_value value;
    struct err err = {0};
    struct str path;
    bool weakened;

    if (size < 64 * 1024 &&
        json_read(&arena, (struct str){(const char *)data, size}, &value, &err)) {
        keep_and_compare(&arena, &value);
        (void)node_has_user_namespaces(&value);
        (void)!pod_is_as_sent(&arena, &value, &value, &path, &weakened);
    }
    arena_fini(&arena);
    return 0;
}
