// SPDX-License-Identifier: Apache-2.0
#include "core/task.h"

void task_status_init(struct task_status *status)
{
    *status = (struct task_status){
        .exit_code = EXIT_UNKNOWN,
        .usage = {.cpu_ms = -1, .memory_peak_bytes = -1},
        .artifacts_bytes = -1,
    };
}

static bool run_ref_equal(const struct run_ref *a, const struct run_ref *b)
{
    return str_equal(a->kind, b->kind) && str_equal(a->name, b->name) &&
           str_equal(a->uid, b->uid) && str_equal(a->node, b->node);
}

static bool result_equal(const struct task_result *a, const struct task_result *b)
{
    return a->verdict == b->verdict && a->bytes == b->bytes && str_equal(a->json, b->json) &&
           str_equal(a->config_map, b->config_map) && str_equal(a->sha256, b->sha256);
}

static bool logs_equal(const struct task_logs *a, const struct task_logs *b)
{
    return a->bytes == b->bytes && a->is_known == b->is_known &&
           a->is_truncated == b->is_truncated && a->is_complete == b->is_complete &&
           str_equal(a->text, b->text) && str_equal(a->config_map, b->config_map);
}

static bool strs_equal(const struct strs *a, const struct strs *b)
{
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (!str_equal(a->at[i], b->at[i]))
            return false;
    return true;
}

static bool effective_equal(const struct task_effective *a, const struct task_effective *b)
{
    return str_equal(a->image, b->image) && str_equal(a->image_id, b->image_id) &&
           strs_equal(&a->command, &b->command) && a->timeout_ms == b->timeout_ms &&
           a->limits.cpu_milli == b->limits.cpu_milli &&
           a->limits.memory_bytes == b->limits.memory_bytes &&
           a->limits.storage_bytes == b->limits.storage_bytes &&
           a->profile_generation == b->profile_generation && strs_equal(&a->egress, &b->egress);
}

static bool isolation_equal(const struct isolation *a, const struct isolation *b)
{
    return a->controls == b->controls && a->switched_off == b->switched_off &&
           a->landlock_abi == b->landlock_abi && a->limiter == b->limiter &&
           a->weakened == b->weakened && a->is_known == b->is_known;
}

static bool queue_equal(const struct task_queue *a, const struct task_queue *b)
{
    return a->position == b->position && a->ahead == b->ahead;
}

static bool times_equal(const struct task_status *a, const struct task_status *b)
{
    return a->queued_ms == b->queued_ms && a->created_ms == b->created_ms &&
           a->started_ms == b->started_ms && a->finished_ms == b->finished_ms;
}

bool task_status_equal(const struct task_status *a, const struct task_status *b)
{
    return a->phase == b->phase && a->reason == b->reason && str_equal(a->message, b->message) &&
           a->exit_code == b->exit_code && a->signal == b->signal && a->attempt == b->attempt &&
           run_ref_equal(&a->run, &b->run) && times_equal(a, b) &&
           queue_equal(&a->queue, &b->queue) && result_equal(&a->result, &b->result) &&
           logs_equal(&a->logs, &b->logs) && effective_equal(&a->effective, &b->effective) &&
           a->usage.cpu_ms == b->usage.cpu_ms &&
           a->usage.memory_peak_bytes == b->usage.memory_peak_bytes &&
           isolation_equal(&a->isolation, &b->isolation) &&
           a->artifacts_bytes == b->artifacts_bytes &&
           a->artifacts_too_large == b->artifacts_too_large &&
           a->observed_generation == b->observed_generation;
}
