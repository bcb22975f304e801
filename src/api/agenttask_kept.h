// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What informers keep of our own kinds, and how a status is written. What is kept is read by
 * agenttask_read() and runtimeprofile_read(), leniently. */
#include "api/runtimeprofile.h"

/* Of a task: what a decision needs to know. Not kept: the code, its input, labels, annotations, the
 * result's text; of a finished task, nothing but what its clearing away needs (below 600 bytes). */
bool agenttask_keep(struct arena *arena, const struct json_value *object, struct buf *ret);

/* Of a profile: all but what other people's tools put into its metadata. */
bool runtimeprofile_keep(struct arena *arena, const struct json_value *object, struct buf *ret);

/* Merge patch for the subresource status: from the status of the task as it was read to `after`,
 * conditional on task->version. What is the same is left out, what is gone becomes null. False:
 * nothing changes, and the patch asks for no more than that the task still is that version. */
bool agenttask_status_patch(struct arena *arena, const struct task *task,
                            const struct task_status *after, struct json_value *ret);
