// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What a person hands over with -f: YAML or JSON, several documents, v1 Lists; AgentTasks and
 * RuntimeProfiles, in order. Strict. */
#include "api/runtimeprofile.h"

enum manifest_kind {
    MANIFEST_TASK,
    MANIFEST_PROFILE,
};

struct manifest_item {
    enum manifest_kind kind;
    struct task task;
    struct profile profile;
};

must_use bool manifest_read(struct arena *arena, struct str text, const char *file,
                            struct manifest_item **ret, uint32_t *ret_count, struct err *err);
