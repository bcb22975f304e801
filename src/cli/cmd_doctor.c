// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_doctor.h"

#include "cli/doctor.h"
#include "cli/place.h"

#define AT(member) offsetof(struct doctor_options, member)
static const struct flag flags[] = {
    FLAG_OUTPUT("json, yaml or jsonpath=TEMPLATE"),
    {"quick", 0, FLAG_SWITCH, AT(is_quick), NULL,    "leave out what takes a minute"       },
    {"image", 0, FLAG_TEXT,   AT(image),    "IMAGE", "that holds /probe (a cluster's Pods)"},
};

static bool run(struct session *session, const void *given, struct err *err)
{
    const struct doctor_options *options = given;
    const struct place *place = session->place;
    struct doctor *doctor = arena_alloc(&session->arena, sizeof(*doctor));
    struct output output;

    if (!output_parse(options->global.output, &output, err))
        return false;
    doctor->arena = &session->arena;
    if (!place->doctor(place->self, options, doctor, err) ||
        !doctor_print(doctor, place->title, &output, session->out, err))
        return false;
    if (doctor_has_failed(doctor))
        session->exit_code = STATUS_ERROR;
    return true;
}

const struct command command_doctor = {
    .name = "doctor",
    .summary = "try what this machine or cluster really enforces",
    .usage = "[flags]",
    .details =
        "Every row was tried just now: here in sandboxes of real tasks; on a cluster in Pods of "
        "their own in the namespace (-n), hardened as tasks are, which are deleted again. "
        "Verdicts: "
        "ok; weak, it holds less than it could, or what needs it is refused; failed, isolation "
        "rests on "
        "it and it does not hold; unknown, it could not be tried. Exit code 1: something failed.",
    .flags = flags,
    .flag_count = countof(flags),
    .options_size = sizeof(struct doctor_options),
    .run = run,
};
