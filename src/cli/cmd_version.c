// SPDX-License-Identifier: Apache-2.0
#include <sys/utsname.h>

#include "api/agenttask.h"
#include "cli/command.h"
#include "cli/output.h"

static const struct flag flags[] = {FLAG_OUTPUT("json or yaml")};

static struct json_value version_value(struct arena *arena)
{
    struct json_value object = json_object();
    struct utsname system;

    json_put(arena, &object, "version", json_text(STR_LIT(AGENTTASK_VERSION)));
    json_put(arena, &object, "apiVersion", json_text(STR_LIT(API_VERSION)));
    json_put(arena, &object, "compiler", json_text(STR_LIT(__VERSION__)));
    if (uname(&system) == 0)
        json_put(arena, &object, "platform",
                 json_text(arena_print(arena, "linux/%s", system.machine)));
    return object;
}

static bool run(struct session *session, const void *options, struct err *err)
{
    const struct global_options *global = options;
    struct json_value value;
    struct output output;

    if (!output_parse(global->output, &output, err))
        return false;
    if (!output_is_document(&output)) {
        fputs("agentctl " AGENTTASK_VERSION "\n", session->out);
        return true;
    }
    value = version_value(&session->arena);
    return output_print(&output, &value, session->out, err);
}

const struct command command_version = {
    .name = "version",
    .alias = "--version",
    .summary = "say which version this is",
    .usage = "[--output FORMAT]",
    .flags = flags,
    .flag_count = countof(flags),
    .options_size = sizeof(struct global_options),
    .is_anywhere = true,
    .run = run,
};
