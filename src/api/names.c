// SPDX-License-Identifier: Apache-2.0
#include "api/names.h"

#include "base/sha256.h"
#include "core/validate.h"

enum {
    HEAD_SIZE = 40, /* of a name that is cut */
    DIGEST_SIZE = 10,
    LABEL_VALUE_MAX = 63,
};

/* "<head>-<digest>": what is valid at the beginning of a valid name is so with a digest behind. */
static struct str name_cut(struct arena *arena, struct str name, struct str unique)
{
    char digest[SHA256_HEX + 1];
    struct str head = {name.at, name.size < HEAD_SIZE ? name.size : HEAD_SIZE};

    sha256_of(unique, digest);
    while (head.size > 0 && (str_ends(head, ".") || str_ends(head, "-") || str_ends(head, "_")))
        head.size--;
    return arena_print(arena, "%.*s%s%.*s", STR_ARG(head), head.size ? "-" : "", DIGEST_SIZE,
                       digest);
}

static struct str object_name(struct arena *arena, const struct task *task, const char *suffix)
{
    struct str name = task->name;

    if (name.size > NAME_WHOLE_MAX)
        name = name_cut(arena, name, task->uid);
    return arena_print(arena, "%.*s-%s", STR_ARG(name), suffix);
}

struct str run_pod_name(struct arena *arena, const struct task *task)
{
    return object_name(arena, task, "pod");
}

struct str run_code_name(struct arena *arena, const struct task *task)
{
    return object_name(arena, task, "code");
}

struct str run_logs_name(struct arena *arena, const struct task *task)
{
    return object_name(arena, task, "logs");
}

struct str run_result_name(struct arena *arena, const struct task *task)
{
    return object_name(arena, task, "result");
}

struct str task_label_value(struct arena *arena, const struct task *task)
{
    if (task->name.size <= LABEL_VALUE_MAX)
        return task->name;
    return name_cut(arena, task->name, task->uid);
}

struct str tenant_label_value(struct arena *arena, const struct task *task)
{
    struct str tenant = task->spec.tenant.size ? task->spec.tenant : task->space;

    if (label_value_is_valid(tenant))
        return tenant;
    return name_cut(arena, (struct str){0}, tenant);
}
