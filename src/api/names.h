// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What the objects of a task are called, from its name and uid alone, so that everybody who looks
 * for them finds them. `<task>-pod` and so on, unless the task's name is so long that a kubelet
 * could not make the Pod's log directory (<namespace>_<pod>_<uid>, 255 bytes): then 40 characters
 * of it, and ten digits of its uid's digest. Labels hold at most 63 characters; the whole name then
 * stands in an annotation. Pure. */
#include "base/arena.h"
#include "core/task.h"

enum {
    NAME_WHOLE_MAX = 140, /* of a task whose objects bear its whole name */
};

struct str run_pod_name(struct arena *arena, const struct task *task);
struct str run_code_name(struct arena *arena, const struct task *task);
struct str run_logs_name(struct arena *arena, const struct task *task);
struct str run_result_name(struct arena *arena, const struct task *task);

/* Values of LABEL_TASK and LABEL_TENANT: valid for every task. */
struct str task_label_value(struct arena *arena, const struct task *task);
struct str tenant_label_value(struct arena *arena, const struct task *task);
