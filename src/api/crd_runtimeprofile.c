// SPDX-License-Identifier: Apache-2.0
#include "api/crd.h"
#include "api/crd_pattern.h"
#include "api/tables.h"
#include "core/validate.h"

/* Those of core/cidr.h and core/egress.h, but that an IPv6 address is looked into there alone. */
#define OCTET "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
#define PORT                                                                                       \
    "(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3})"
#define PATTERN_CIDR                                                                               \
    "^(" OCTET "(\\." OCTET "){3}/([0-9]|[12][0-9]|3[0-2])|"                                       \
    "[0-9a-fA-F:]*:[0-9a-fA-F:]*/([0-9]|[1-9][0-9]|1[01][0-9]|12[0-8]))$"
#define PATTERN_PORTS "^(" PORT "(-" PORT ")?(/(TCP|UDP|SCTP))?)?$"

enum {
    WORD_MAX = 4096, /* characters of one word of a command */
    VALUE_MAX = 32768,
    TENANTS_MAX = 1024,
};

static const struct crd_row rows[] = {
    CRD_FIELD("spec", "How tasks with this profile are run."),
    CRD_FIELD("spec.allowTag", "Accept an image without a digest."),
    CRD_FIELD("spec.capabilities", "Capabilities beyond none."),
    CRD_BOUND("spec.capabilities.add", "Those that are given.", .size_max = 1),
    CRD_BOUND("spec.capabilities.add[]", NULL, .size_max = 32, .pattern = "^NET_BIND_SERVICE$"),
    CRD_BOUND("spec.command",
              "What is run; the arguments of the task follow. Absent: the interpreter "
              "and the program.",
              .size_max = COMMAND_MAX),
    CRD_BOUND("spec.command[]", NULL, .size_max = WORD_MAX, .pattern = PATTERN_TEXT),
    CRD_BOUND("spec.env", "Environment variables of every task; those of the task come on top.",
              .size_max = ENV_MAX, .list_key = "name"),
    CRD_BOUND("spec.env[].name", "Name of the variable.", .size_min = 1, .size_max = NAME_SIZE_MAX,
              .pattern = PATTERN_VARIABLE),
    CRD_BOUND("spec.env[].value", "Its value; absent: empty.", .size_max = VALUE_MAX,
              .pattern = PATTERN_TEXT),
    CRD_BOUND("spec.fileName", "Name of the program's file below /workspace.", .size_min = 1,
              .size_max = NAME_SIZE_MAX, .pattern = "^[-._a-zA-Z0-9]+$"),
    CRD_FIELD("spec.hostUsers", "True: without a user namespace, also where there could be one."),
    CRD_BOUND("spec.image", "The image: name@sha256:digest, or any name with allowTag.",
              .size_min = 1, .size_max = IMAGE_SIZE_MAX, .pattern = "^[^\\x00-\\x20\\x7f]+$"),
    CRD_FIELD("spec.local", "How tasks with this profile are run without a cluster."),
    CRD_BOUND("spec.local.args", "Arguments of the interpreter, before the file.",
              .size_max = COMMAND_MAX),
    CRD_BOUND("spec.local.args[]", NULL, .size_max = WORD_MAX, .pattern = PATTERN_TEXT),
    CRD_BOUND("spec.local.interpreter", "The interpreter: a name to be found or a path.",
              .size_min = 1, .size_max = WORD_MAX, .pattern = PATTERN_TEXT),
    CRD_BOUND("spec.local.version", "How the version that it tells must begin.", .size_max = 64),
    CRD_FIELD("spec.network", "What tasks may reach."),
    CRD_BOUND("spec.network.egress", "Where they may connect to; absent: nowhere.",
              .size_max = EGRESS_MAX),
    CRD_BOUND("spec.network.egress[].cidr", "Addresses: 10.0.0.0/8.", .size_min = 1, .size_max = 49,
              .pattern = PATTERN_CIDR),
    CRD_BOUND("spec.network.egress[].ports",
              "Ports: 443, 8000-8100, 53/UDP; absent: all of TCP and UDP.", .size_max = 24,
              .pattern = PATTERN_PORTS),
    CRD_FIELD("spec.resources", "What tasks may use."),
    CRD_FIELD("spec.resources.default", "Limits of a task that names none."),
    CRD_FIELD("spec.resources.max", "The most that a task may ask for."),
    CRD_BOUND("spec.runtimeClassName", "Name of a RuntimeClass (gvisor, kata).",
              .size_max = NAME_SIZE_MAX, .pattern = "^$|" PATTERN_NAME),
    CRD_BOUND("spec.tenants", "Who may use it; absent: everybody.", .size_max = TENANTS_MAX),
    CRD_BOUND("spec.tenants[]", NULL, .size_min = 1, .size_max = LABEL_VALUE_MAX,
              .pattern = PATTERN_LABEL_VALUE),
    CRD_FIELD("spec.timeoutSeconds", "How long programs may run."),
    CRD_FIELD("spec.timeoutSeconds.default", "For a task that does not say."),
    CRD_FIELD("spec.timeoutSeconds.max", "The most that a task may ask for."),
    CRD_FIELD("spec.warmPool", "How many runs stand ready (backend sandbox)."),

    CRD_FIELD("*.cpu", "Processors: 500m is half of one."),
    CRD_FIELD("*.memory", "Bytes of memory: 512Mi."),
    CRD_FIELD("*.ephemeral-storage", "Bytes that a task may write: 1Gi."),
};

static const struct crd_rule rules[] = {
    CRD_RULE("spec",
             "self.image.matches('^[^@]+@sha256:[0-9a-f]{64}$') || "
             "(has(self.allowTag) && self.allowTag && !self.image.contains('@'))",
             "spec.image needs a digest (name@sha256:...), or allowTag: true"),
    CRD_RULE("spec.fileName", "self != '.' && !self.startsWith('..')",
             "must be the name of a file"),
    CRD_RULE("spec.network.egress[].ports", "!self.matches('^9445(-9445)?(/TCP)?$')",
             "port 9445 is kept closed, to prove that the rest is: give another"),
    CRD_RULE("spec.network.egress[].ports",
             "!self.contains('-') || int(self.split('/')[0].split('-')[0]) <= "
             "int(self.split('/')[0].split('-')[1])",
             "the first port of a range is more than its last"),
    CRD_RULE("spec.timeoutSeconds",
             "!has(self.default) || !has(self.max) || self.default <= self.max",
             "spec.timeoutSeconds.default is more than its maximum"),
};

static const struct crd_column columns[] = {
    {"Image",        ".spec.image",                 "string", false},
    {"Age",          ".metadata.creationTimestamp", "date",   false},
    {"File",         ".spec.fileName",              "string", true },
    {"RuntimeClass", ".spec.runtimeClassName",      "string", true },
};

const struct crd_kind crd_runtimeprofile = {
    .kind = "RuntimeProfile",
    .singular = "runtimeprofile",
    .plural = "runtimeprofiles",
    .short_name = "rprofile",
    .description = "How to run a task: image, command, limits and what is allowed. Only "
                   "administrators may write one.",
    .is_namespaced = false,
    .has_status = false,
    .fields = &runtimeprofile_fields,
    .rows = rows,
    .row_count = countof(rows),
    .rules = rules,
    .rule_count = countof(rules),
    .columns = columns,
    .column_count = countof(columns),
};
