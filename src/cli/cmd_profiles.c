// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"
#include "cli/output.h"
#include "cli/place.h"

static const struct flag flags[] = {FLAG_OUTPUT(OUTPUT_WORDS)};

static bool run(struct session *session, const void *options, struct err *err)
{
    const struct global_options *global = options;
    const struct place *place = session->place;

    return place->profiles(place->self, &global->operands.words, global->output, err);
}

const struct command command_profiles = {
    .name = "profiles",
    .summary = "list the environments that tasks can run in",
    .usage = "[NAME...] [flags]",
    .details = "AVAILABLE says whether the profile's interpreter, in its version, is on this "
               "machine. Profiles of your own go to ~/.config/agenttask/profiles.d.",
    .flags = flags,
    .flag_count = countof(flags),
    .options_size = sizeof(struct global_options),
    .operands_max = WORDS_MAX,
    .operand = OPERAND_WORD,
    .run = run,
};
