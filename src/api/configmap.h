// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The ConfigMaps of a task: its code, with the job file of the runner; what is kept of its output;
 * a result that is too large for the status. All are immutable and owned by the task. Bytes that
 * are no UTF-8, or would be longer as text, stand in binaryData. */
#include "api/task_child.h"

#define KEY_JOB       "agenttask.job"
#define KEY_HEAD      "head"      /* of the output: all of it, unless there is a tail */
#define KEY_TAIL      "tail"      /* its last */
#define KEY_ARTIFACTS "artifacts" /* as frames (core/frame.h) */
#define KEY_RESULT    "result.json"

/* file_name: the key of the source, unless the code is somebody's ConfigMap. */
struct json_value configmap_code_value(struct arena *arena, const struct task *task, struct str job,
                                       struct str file_name);
/* Empty texts are left out. */
struct json_value configmap_logs_value(struct arena *arena, const struct task *task,
                                       struct str head, struct str tail, struct str artifacts);
struct json_value configmap_result_value(struct arena *arena, const struct task *task,
                                         struct str result);

/* The bytes under a key, in the arena. False: there is no such key, or its base64 is damaged. */
must_use bool configmap_bytes(struct arena *arena, const struct json_value *value, const char *key,
                              struct str *ret);
