// SPDX-License-Identifier: Apache-2.0
#include "cli/exitcode.h"
#include "cli/output.h"
#include "cli/place.h"
#include "cli/run_options.h"

/* Several tasks run one after the other; the first that fails decides the exit code. */
static bool run_all(struct session *session, const struct run_options *options,
                    const struct output *output, const struct run_request *requests, uint32_t count,
                    struct err *err)
{
    const struct place *place = session->place;
    int first = STATUS_OK;

    for (uint32_t i = 0; i < count; i++) {
        session->exit_code = STATUS_OK;
        if (!place->run(place->self, options, output, &requests[i], err))
            return false;
        if (first == STATUS_OK)
            first = session->exit_code;
    }
    session->exit_code = first;
    return true;
}

static bool run_run(struct session *session, const void *options_at, struct err *err)
{
    const struct run_options *options = options_at;
    struct run_request *requests;
    struct output output;
    uint32_t count;

    if (!output_parse(options->global.output, &output, err))
        return false;
    if (options->raw && session->out_is_terminal)
        return err_set(err, ERR_INVALID, "--raw is not for a terminal");
    if (!run_requests_make(session, options, &requests, &count, err)) {
        session->exit_code =
            err->kind == ERR_REFUSED || err->kind == ERR_RETRY ? EXIT_PLATFORM : STATUS_USAGE;
        return false;
    }
    return run_all(session, options, &output, requests, count, err);
}

#define AT(member) offsetof(struct run_options, member)
/* In aligned columns the help would not fit a line. */
/* clang-format off */
static const struct flag flags[] = {
    {"filename", 'f', FLAG_TEXT, AT(manifest), "PATH", "a manifest, a directory of them, or -"},
    {"profile", 'p', FLAG_TEXT, AT(profile), "NAME", "default: by the file's name"},
    {"timeout", 't', FLAG_DURATION, AT(timeout_ms), "TIME", "stop the code then: 60, 90s, 5m"},
    {"ttl", 0, FLAG_DURATION, AT(ttl_ms), "TIME", "delete the task so long after its end"},
    {"env", 'e', FLAG_LIST, AT(env), "NAME[=VALUE]", "a variable for the code; may be repeated"},
    {"stdin", 'i', FLAG_SWITCH, AT(input), NULL, "give our stdin to the code"},
    {"cpu", 0, FLAG_CPU, AT(cpu_milli), "CPUS", "limit: 500m, 2"},
    {"memory", 'm', FLAG_BYTES, AT(memory_bytes), "BYTES", "limit: 256Mi, 1Gi"},
    {"ephemeral-storage", 0, FLAG_BYTES, AT(storage_bytes), "BYTES", "limit of what it writes"},
    {"name", 0, FLAG_TEXT, AT(name), "NAME", "default: made from the file's name"},
    {"idempotency-key", 0, FLAG_TEXT, AT(key), "KEY", "never run twice for the same key"},
    {"detach", 'd', FLAG_SWITCH, AT(detach), NULL, "return as soon as the task is stored"},
    {"rm", 0, FLAG_SWITCH, AT(remove), NULL, "delete the task when it is over"},
    {"wait", 0, FLAG_SWITCH, AT(wait), NULL, "show the ending instead of the output"},
    {"quiet", 'q', FLAG_SWITCH, AT(quiet), NULL, "no progress and no remarks on stderr"},
    {"raw", 0, FLAG_SWITCH, AT(raw), NULL, "the output's own bytes; not on a terminal"},
    {"dry-run", 0, FLAG_SWITCH, AT(dry_run), NULL, "check it and show what would run"},
    {"insecure-without", 0, FLAG_LIST, AT(without), "CONTROL,...", "for tests, on this machine"},
    FLAG_OUTPUT(OUTPUT_WORDS),
};
/* clang-format on */
static const struct run_options defaults = {
    .timeout_ms = NOT_GIVEN,
    .ttl_ms = NOT_GIVEN,
    .cpu_milli = NOT_GIVEN,
    .memory_bytes = NOT_GIVEN,
    .storage_bytes = NOT_GIVEN,
};

const struct command command_run = {
    .name = "run",
    .summary = "run a file as a task and wait for its end",
    .usage = "FILE|- [flags] [-- ARG...]  |  -f MANIFEST|DIR|- [flags]",
    .details = "The code gets /workspace/artifacts to write to; result.json there is the task's "
               "result. The exit code is the code's own; 124 its time was up, 125 it could not "
               "run, 130 canceled, 137 killed at a limit. Ctrl-C cancels; a second Ctrl-C leaves "
               "the task to itself.",
    .flags = flags,
    .flag_count = countof(flags),
    .options_size = sizeof(struct run_options),
    .defaults = &defaults,
    .operands_max = WORDS_MAX,
    .operand = OPERAND_FILE,
    .run = run_run,
};
