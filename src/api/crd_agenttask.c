// SPDX-License-Identifier: Apache-2.0
#include "api/crd.h"
#include "api/crd_pattern.h"
#include "api/tables.h"
#include "core/egress.h"
#include "core/validate.h"

enum {
    WORDS_MAX = 8192, /* characters of one word of a command */
    UID_MAX = 128,
    DURATION_MAX = 32,
};

/* -- what the field table leaves to functions ------------------------------- */

static const char *network_word(int value)
{
    static const char *const words[] = {"denied", "limited", "open"};

    return words[value];
}

static const char *control_field_word(int value)
{
    return control_word((enum control)value);
}

static const char *truth_word(int value)
{
    static const char *const words[] = {"True", "False", "Unknown"};

    return words[value];
}

static const struct field condition_rows[] = {
    FIELD_ROW(.name = "lastTransitionTime", .kind = FIELD_TIME),
    FIELD_ROW(.name = "message", .kind = FIELD_TEXT),
    FIELD_ROW(.name = "observedGeneration", .kind = FIELD_INT),
    FIELD_ROW(.name = "reason", .kind = FIELD_TEXT, .flags = FIELD_REQUIRED),
    FIELD_ROW(.name = "status", .kind = FIELD_WORD, .flags = FIELD_REQUIRED, .word = truth_word,
              .word_count = 3),
    FIELD_ROW(.name = "type", .kind = FIELD_TEXT, .flags = FIELD_REQUIRED),
};
static const struct fields condition_fields = FIELDS_OF(condition_rows);

static const struct field duration_rows[] = {
    FIELD_ROW(.name = "pull", .kind = FIELD_TEXT),
    FIELD_ROW(.name = "queue", .kind = FIELD_TEXT),
    FIELD_ROW(.name = "run", .kind = FIELD_TEXT),
};
static const struct fields duration_fields = FIELDS_OF(duration_rows);

static const struct field as_conditions = {.kind = FIELD_ROWS, .table = &condition_fields};
static const struct field as_durations = {.kind = FIELD_OBJECT, .table = &duration_fields};
static const struct field as_flag = {.kind = FIELD_FLAG};
static const struct field as_network = {.kind = FIELD_WORD, .word = network_word, .word_count = 3};
static const struct field as_controls = {
    .kind = FIELD_TEXTS, .word = control_field_word, .word_count = CONTROL_COUNT};

/* -- rows ------------------------------------------------------------------ */

static const struct crd_row rows[] = {
    CRD_FIELD("spec", "What is asked. Only canceled and ttlSecondsAfterFinished can be changed."),
    CRD_BOUND("spec.args", "Arguments of the program; with env and stdin at most 128 KiB.",
              .size_max = ARGS_MAX),
    CRD_BOUND("spec.args[]", NULL, .size_max = INPUT_SIZE_MAX, .pattern = PATTERN_TEXT),
    CRD_BOUND("spec.backend", "What runs it: a Pod, a Sandbox, or whatever its profile wants.",
              .standard = "auto"),
    CRD_FIELD("spec.canceled", "Stop it. Once true, it stays true."),
    CRD_BOUND("spec.code", "The program: exactly one of source and configMapRef.",
              .is_required = true),
    CRD_FIELD(
        "spec.code.configMapRef",
        "A ConfigMap of this namespace. All of it is mounted; key is where the program begins."),
    CRD_BOUND("spec.code.configMapRef.key", "Which of its keys is the program.", .size_min = 1,
              .size_max = NAME_SIZE_MAX, .pattern = "^[-._a-zA-Z0-9]+$"),
    CRD_BOUND("spec.code.configMapRef.name", "Its name.", .size_min = 1, .size_max = NAME_SIZE_MAX,
              .pattern = PATTERN_NAME),
    CRD_BOUND("spec.code.source", "The text of the program, at most 512 KiB.", .size_min = 1,
              .size_max = CODE_SIZE_MAX, .pattern = PATTERN_TEXT),
    CRD_BOUND("spec.env", "Environment variables of the program.", .size_max = ENV_MAX,
              .list_key = "name"),
    CRD_BOUND("spec.env[].name", "Name of the variable.", .size_min = 1, .size_max = NAME_SIZE_MAX,
              .pattern = PATTERN_VARIABLE),
    CRD_BOUND("spec.env[].value", "Its value; absent: empty.", .size_max = INPUT_SIZE_MAX,
              .pattern = PATTERN_TEXT),
    CRD_BOUND("spec.priority", "Order in the queue of its tenant: a point is worth a minute.",
              .standard = "0"),
    CRD_BOUND("spec.queueTimeoutSeconds", "How long it may wait for room, a node and an image.",
              .min = 1, .max = QUEUE_TIMEOUT_MAX_MS / 1000, .standard = "3600"),
    CRD_FIELD("spec.resources", "What it needs. Its profile has the defaults and the maxima."),
    CRD_FIELD("spec.resources.limits", "What it never gets more of."),
    CRD_FIELD("spec.resources.requests", "What a node must have free; absent: the limits."),
    CRD_BOUND("spec.runtimeProfile", "Name of the RuntimeProfile that says how it is run.",
              .size_min = 1, .size_max = NAME_SIZE_MAX, .pattern = PATTERN_NAME),
    CRD_BOUND("spec.stdin", "Standard input of the program; absent: none.",
              .size_max = INPUT_SIZE_MAX),
    CRD_BOUND("spec.tenant", "Whose budget it counts against; absent: its namespace.",
              .size_max = LABEL_VALUE_MAX, .pattern = PATTERN_LABEL_VALUE),
    CRD_FIELD("spec.timeoutSeconds",
              "How long the program may run, from its start; absent: as its profile says."),
    CRD_FIELD("spec.ttlSecondsAfterFinished",
              "How long after its end it is deleted; absent: it is kept."),

    CRD_FIELD("status", "What became of it. Nothing changes once the phase is Succeeded, Failed or "
                        "Canceled."),
    CRD_FIELD("status.artifacts", "Files that the program left beside its result."),
    CRD_FIELD("status.artifacts.bytes", "Size of all of them together."),
    CRD_FIELD("status.attempt", "1 once a run was intended: there is never a second."),
    CRD_FIELD("status.completionTime", "When it ended."),
    CRD_BOUND("status.conditions", "Finished is true for every ending, Succeeded for a good one.",
              .size_max = 16, .list_key = "type", .as = &as_conditions),
    CRD_FIELD("status.conditions[].lastTransitionTime", "When its status last changed."),
    CRD_BOUND("status.conditions[].message", "In a sentence, if there is more to say.",
              .size_max = MESSAGE_SIZE_MAX),
    CRD_FIELD("status.conditions[].observedGeneration", "The generation that it is about."),
    CRD_BOUND("status.conditions[].reason", "In one word.", .size_min = 1, .size_max = 64,
              .pattern = "^[A-Za-z][A-Za-z0-9]*$"),
    CRD_FIELD("status.conditions[].status", "Whether it holds."),
    CRD_BOUND("status.conditions[].type", "What may hold.", .size_min = 1, .size_max = 64,
              .pattern = "^[A-Za-z][A-Za-z0-9]*$"),
    CRD_BOUND("status.durations", "How long it took, in seconds with the unit: 1.5s.",
              .as = &as_durations),
    CRD_BOUND("status.durations.pull", "From its Pod to the start of the program.",
              .size_max = DURATION_MAX),
    CRD_BOUND("status.durations.queue", "From acceptance to its Pod.", .size_max = DURATION_MAX),
    CRD_BOUND("status.durations.run", "From the start of the program to its end.",
              .size_max = DURATION_MAX),
    CRD_FIELD("status.effective",
              "What it really got. Later changes of the profile do not touch it."),
    CRD_BOUND("status.effective.command", "The command, without the arguments of the task.",
              .size_max = 2 * COMMAND_MAX),
    CRD_BOUND("status.effective.command[]", NULL, .size_max = WORDS_MAX),
    CRD_BOUND(
        "status.effective.egress",
        "Where it could connect to, which the runner proved before it started; absent: nowhere.",
        .size_max = EGRESS_MAX),
    CRD_BOUND("status.effective.egress[]", NULL, .size_max = EGRESS_RULE_MAX),
    CRD_BOUND("status.effective.image", "The image asked for.", .size_max = IMAGE_SIZE_MAX),
    CRD_BOUND("status.effective.imageID", "The image that ran.", .size_max = IMAGE_SIZE_MAX),
    CRD_FIELD("status.effective.profileGeneration", "Generation of the profile."),
    CRD_FIELD("status.effective.resources", "What it could use."),
    CRD_FIELD("status.effective.resources.limits", "What it could never get more of."),
    CRD_FIELD("status.effective.timeoutSeconds", "How long the program could run."),
    CRD_BOUND("status.exitCode", "Exit status of the program; absent: not known.", .min = 0,
              .max = INT32_MAX),
    CRD_FIELD("status.isolation", "What really stood between the program and its host."),
    CRD_BOUND("status.isolation.controls", "Controls in force.", .size_max = CONTROL_COUNT,
              .as = &as_controls),
    CRD_FIELD("status.isolation.landlockABI", "Version of Landlock; absent: the kernel has none."),
    CRD_FIELD("status.isolation.limits", "Who held memory, processes and cpu."),
    CRD_BOUND(
        "status.isolation.network",
        "denied: the program could reach nothing; limited: what its profile allows, as was proven.",
        .as = &as_network),
    CRD_BOUND("status.isolation.seccomp", "Whether system calls were filtered.", .as = &as_flag),
    CRD_BOUND("status.isolation.switchedOff", "Controls that somebody switched off.",
              .size_max = CONTROL_COUNT, .as = &as_controls),
    CRD_BOUND("status.isolation.userNamespace", "Whether it had a user namespace of its own.",
              .as = &as_flag),
    CRD_FIELD("status.logs", "Its output: the first 128 KiB and the last 64 KiB."),
    CRD_FIELD("status.logs.bytes", "All that it wrote, kept or not."),
    CRD_FIELD("status.logs.complete", "False: some of it was lost before it could be kept."),
    CRD_BOUND("status.logs.configMapRef", "The ConfigMap that holds it.",
              .size_max = NAME_SIZE_MAX),
    CRD_BOUND("status.logs.text", "All of it, if it is short.", .size_max = LOG_EMBEDDED_MAX),
    CRD_FIELD("status.logs.truncated", "Whether the middle was left out."),
    CRD_BOUND("status.message", "What the reason means, for people.", .size_max = MESSAGE_SIZE_MAX),
    CRD_FIELD("status.observedGeneration", "The generation that this status is about."),
    CRD_FIELD("status.phase", "How far it has come."),
    CRD_FIELD("status.podRef", "The one run that this task ever gets."),
    CRD_BOUND("status.podRef.kind", "Pod or Sandbox.", .size_max = LABEL_VALUE_MAX),
    CRD_BOUND("status.podRef.name", "Its name.", .size_max = NAME_SIZE_MAX),
    CRD_BOUND("status.podRef.nodeName", "The node that it runs on.", .size_max = NAME_SIZE_MAX),
    CRD_BOUND("status.podRef.uid", "Its UID: another one of that name is none of ours.",
              .size_max = UID_MAX),
    CRD_FIELD("status.queue", "Its place among the waiting tasks of its tenant."),
    CRD_FIELD("status.queue.ahead", "How many go before it."),
    CRD_FIELD("status.queue.position", "1: the next one."),
    CRD_FIELD("status.queueTime", "When it was accepted."),
    CRD_FIELD("status.reason", "Why it ended, or what it waits for; absent: it went well."),
    CRD_FIELD("status.result", "What the program left in /workspace/artifacts/result.json."),
    CRD_FIELD("status.result.bytes", "Its size."),
    CRD_BOUND("status.result.configMapRef", "The ConfigMap that holds a large one.",
              .size_max = NAME_SIZE_MAX),
    CRD_BOUND("status.result.json", "Its text, if it is small.", .size_max = RESULT_EMBEDDED_MAX),
    CRD_BOUND("status.result.sha256", "Of its bytes.", .size_max = 64, .pattern = "^[0-9a-f]{64}$"),
    CRD_FIELD("status.runTime", "When the program started."),
    CRD_FIELD("status.signal", "The signal that ended the program; absent: none."),
    CRD_FIELD("status.startTime", "When its Pod was made."),
    CRD_FIELD("status.usage", "What it used, by the kernel's count."),
    CRD_FIELD("status.usage.cpuSeconds", "Time on a processor."),
    CRD_FIELD("status.usage.peakMemoryBytes", "Most memory at any time."),

    CRD_FIELD("*.cpu", "Processors: 500m is half of one."),
    CRD_FIELD("*.memory", "Bytes of memory: 512Mi."),
    CRD_FIELD("*.ephemeral-storage", "Bytes that it may write: 1Gi."),
};

/* -- rules ----------------------------------------------------------------- */

#define IMMUTABLE(field)                                                                           \
    CRD_RULE("spec",                                                                               \
             "has(self." field ") == has(oldSelf." field ") && "                                   \
             "(!has(self." field ") || self." field " == oldSelf." field ")",                      \
             "spec." field " cannot be changed: make a new task")
#define SET_ONCE(field)                                                                            \
    CRD_RULE("status",                                                                             \
             "!has(oldSelf." field ") || "                                                         \
             "(has(self." field ") && self." field " == oldSelf." field ")",                       \
             "status." field " is set once")

#define POD_ONCE(field)                                                                            \
    CRD_RULE("status",                                                                             \
             "!has(oldSelf.podRef) || !has(oldSelf.podRef." field ") || "                          \
             "(has(self.podRef) && has(self.podRef." field ") && "                                 \
             "self.podRef." field " == oldSelf.podRef." field ")",                                 \
             "status.podRef." field " is set once")
/* What it was given: later edits of the profile do not touch it, nor do people. */
#define EFFECTIVE(field)                                                                           \
    CRD_RULE("status.effective",                                                                   \
             "has(self." field ") == has(oldSelf." field ") && "                                   \
             "(!has(self." field ") || self." field " == oldSelf." field ")",                      \
             "status.effective." field " is set once")

static const struct crd_rule rules[] = {
    CRD_RULE("",
             "!has(oldSelf.status) || !has(oldSelf.status.phase) || "
             "!(oldSelf.status.phase in ['Succeeded', 'Failed', 'Canceled']) || "
             "(has(self.status) && self.status == oldSelf.status)",
             "status is final: the task is over"),
    CRD_RULE("",
             "!has(oldSelf.status) || !has(oldSelf.status.phase) || "
             "(has(self.status) && has(self.status.phase) && "
             "(oldSelf.status.phase != 'Scheduled' || self.status.phase != 'Pending') && "
             "(oldSelf.status.phase != 'Running' || "
             "!(self.status.phase in ['Pending', 'Scheduled'])))",
             "status.phase never goes back"),
    CRD_RULE("spec",
             "!has(oldSelf.canceled) || !oldSelf.canceled || "
             "(has(self.canceled) && self.canceled)",
             "spec.canceled cannot be taken back"),
    IMMUTABLE("args"),
    IMMUTABLE("backend"),
    IMMUTABLE("code"),
    IMMUTABLE("env"),
    IMMUTABLE("priority"),
    IMMUTABLE("queueTimeoutSeconds"),
    IMMUTABLE("resources"),
    IMMUTABLE("runtimeProfile"),
    IMMUTABLE("stdin"),
    IMMUTABLE("tenant"),
    IMMUTABLE("timeoutSeconds"),
    CRD_RULE("spec.code", "has(self.source) != has(self.configMapRef)",
             "give exactly one of source and configMapRef"),
    CRD_RULE("spec.code.source", "size(bytes(self)) <= 524288", "source must be at most 512 KiB"),
    /* Of args, env and stdin together the operator counts the bytes: a sum over so many texts costs
     * more than an API server lets a rule cost. */
    CRD_RULE("spec.stdin", "size(bytes(self)) <= 131072", "stdin must be at most 128 KiB"),
    CRD_RULE("spec.code.configMapRef.key", "self != '.' && !self.startsWith('..')",
             "must be the name of a file"),
    SET_ONCE("attempt"),
    CRD_RULE("status", "!has(oldSelf.effective) || has(self.effective)",
             "status.effective is set once"),
    EFFECTIVE("command"),
    EFFECTIVE("egress"),
    EFFECTIVE("image"),
    EFFECTIVE("profileGeneration"),
    EFFECTIVE("resources"),
    EFFECTIVE("timeoutSeconds"),
    SET_ONCE("queueTime"),
    SET_ONCE("runTime"),
    SET_ONCE("startTime"),
    POD_ONCE("name"),
    POD_ONCE("nodeName"),
    POD_ONCE("uid"),
};

static const struct crd_column columns[] = {
    {"Phase",    ".status.phase",               "string",  false},
    {"Reason",   ".status.reason",              "string",  false},
    {"Age",      ".metadata.creationTimestamp", "date",    false},
    {"Pod",      ".status.podRef.name",         "string",  false},
    {"Profile",  ".spec.runtimeProfile",        "string",  true },
    {"Node",     ".status.podRef.nodeName",     "string",  true },
    {"Exit",     ".status.exitCode",            "integer", true },
    {"Duration", ".status.durations.run",       "string",  true },
};

const struct crd_kind crd_agenttask = {
    .kind = "AgentTask",
    .singular = "agenttask",
    .plural = "agenttasks",
    .short_name = "atask",
    .description = "A piece of untrusted code that runs once, in isolation, and ends with a phase, "
                   "a reason, an exit code and a result.",
    .is_namespaced = true,
    .has_status = true,
    .fields = &agenttask_fields,
    .rows = rows,
    .row_count = countof(rows),
    .rules = rules,
    .rule_count = countof(rules),
    .columns = columns,
    .column_count = countof(columns),
};
