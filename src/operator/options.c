// SPDX-License-Identifier: Apache-2.0
#include "operator/options.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>

#include "base/date.h"
#include "operator/certificate_plan.h"

enum option_kind {
    OPTION_TEXT,   /* const char * */
    OPTION_SWITCH, /* bool; --flag, --flag=true, --flag=false */
    OPTION_SAID,   /* enum option_said; written as a switch */
    OPTION_LEVEL,  /* enum log_level */
    OPTION_FORMAT, /* enum log_format */
    OPTION_COUNT,  /* uint32_t, 1 to WORKERS_MAX */
    OPTION_LIFE,   /* int64_t milliseconds, of a certificate */
};

struct option_row {
    const char *name;
    enum option_kind kind;
    size_t at;
    const char *value, *help;
};

#define AT(member) offsetof(struct options, member)
static const struct option_row rows[] = {
    {"allow-configmap-refs",      OPTION_SWITCH, AT(allow_config_map_refs), NULL,
     "somebody else checks who may read the ConfigMap that a task refers to"                                                          },
    {"canary-bind-address",       OPTION_TEXT,   AT(canary_address),        "ADDRESS",
     "where tasks with egress prove their network policy; *: everywhere; 0: none (default 0)"                                         },
    {"cert-lifetime",             OPTION_LIFE,   AT(certificate_life_ms),   "DURATION",
     "of its own certificate; the authority lives four times as long (default 2160h)"                                                 },
    {"config",                    OPTION_TEXT,   AT(config),                "FILE",
     "limits and times as YAML; read again when it changes"                                                                           },
    {"config-map",                OPTION_TEXT,   AT(config_map),            "NAME",
     "the same as key config.yaml of a ConfigMap in the operator's own namespace, watched"                                            },
    {"health-probe-bind-address", OPTION_TEXT,   AT(health_address),        "ADDRESS",
     "/healthz and /readyz; 0: none (default :8081)"                                                                                  },
    {"help",                      OPTION_SWITCH, AT(wants_help),            NULL,        "this"                                       },
    {"kubeconfig",                OPTION_TEXT,   AT(kubeconfig),            "FILE",
     "how to reach the cluster (default: as the service account of this Pod)"                                                         },
    {"leader-elect",              OPTION_SWITCH, AT(leader_elect),          NULL,        "act only while holding the Lease"           },
    {"lease-namespace",           OPTION_TEXT,   AT(lease_namespace),       "NAME",
     "where the Lease is (default: the operator's own)"                                                                               },
    {"log-format",                OPTION_FORMAT, AT(log_format),            "FORMAT",    "json or console (default json)"             },
    {"log-level",                 OPTION_LEVEL,  AT(log_level),             "LEVEL",
     "debug, info, warn or error (default info)"                                                                                      },
    {"metrics-bind-address",      OPTION_TEXT,   AT(metrics_address),       "ADDRESS",
     "/metrics; 0: none (default 127.0.0.1:8080)"                                                                                     },
    {"metrics-secure",            OPTION_SAID,   AT(metrics_said),          NULL,
     "/metrics over TLS, for whom the API server lets read it (default: beyond loopback)"                                             },
    {"namespace",                 OPTION_TEXT,   AT(space),                 "NAME",      "look at this namespace alone (default: all)"},
    {"runner-image",              OPTION_TEXT,   AT(runner_image),          "IMAGE",
     "the image that holds /runner (default $RUNNER_IMAGE)"                                                                           },
    {"version",                   OPTION_SWITCH, AT(wants_version),         NULL,        "print the version"                          },
    {"webhook-bind-address",      OPTION_TEXT,   AT(webhook_address),       "ADDRESS",
     "AdmissionReviews over TLS; 0: none (default 0)"                                                                                 },
    {"webhook-cert-dir",          OPTION_TEXT,   AT(certificate_directory), "DIRECTORY",
     "tls.crt and tls.key, which somebody else keeps (default: it makes its own)"                                                     },
    {"workers",                   OPTION_COUNT,  AT(workers),               "COUNT",     "reconciles at a time (default 32)"          },
};
#undef AT

static bool read_switch(const struct option_row *row, const char *value, bool *ret, struct err *err)
{
    if (value && !str_is(str_of(value), "true") && !str_is(str_of(value), "false"))
        return err_set(err, ERR_INVALID, "--%s=%s: true or false", row->name, value);
    *ret = !value || str_is(str_of(value), "true");
    return true;
}

static bool read_said(const struct option_row *row, const char *value, enum option_said *ret,
                      struct err *err)
{
    bool is_yes;

    if (!read_switch(row, value, &is_yes, err))
        return false;
    *ret = is_yes ? SAID_YES : SAID_NO;
    return true;
}

static bool read_count(const struct option_row *row, const char *value, uint32_t *ret,
                       struct err *err)
{
    int64_t count;

    if (!str_to_int(str_of(value), &count) || count < 1 || count > WORKERS_MAX)
        return err_set(err, ERR_INVALID, "--%s=%s: a number from 1 to %d", row->name, value,
                       WORKERS_MAX);
    *ret = (uint32_t)count;
    return true;
}

static bool read_life(const struct option_row *row, const char *value, int64_t *ret,
                      struct err *err)
{
    int64_t life_ms;

    if (!duration_parse(str_of(value), &life_ms) || life_ms < CERTIFICATE_LEAF_MIN_MS ||
        life_ms > CERTIFICATE_LEAF_MAX_MS)
        return err_set(err, ERR_INVALID, "--%s=%s: a time from 30s to 87600h", row->name, value);
    *ret = life_ms;
    return true;
}

static bool read_value(const struct option_row *row, const char *value, struct options *ret,
                       struct err *err)
{
    char *at = (char *)ret + row->at;

    switch (row->kind) {
    case OPTION_TEXT:
        if (!value[0])
            return err_set(err, ERR_INVALID, "--%s: needs a value that is not empty", row->name);
        memcpy(at, &value, sizeof(value));
        return true;
    case OPTION_SWITCH:
        return read_switch(row, value, (bool *)(void *)at, err);
    case OPTION_SAID:
        return read_said(row, value, (enum option_said *)(void *)at, err);
    case OPTION_LEVEL:
        return log_level_parse(str_of(value), (enum log_level *)(void *)at) ||
               err_set(err, ERR_INVALID, "--log-level=%s: debug, info, warn or error", value);
    case OPTION_FORMAT:
        return log_format_parse(str_of(value), (enum log_format *)(void *)at) ||
               err_set(err, ERR_INVALID, "--log-format=%s: json or console", value);
    case OPTION_COUNT:
        return read_count(row, value, (uint32_t *)(void *)at, err);
    case OPTION_LIFE:
        return read_life(row, value, (int64_t *)(void *)at, err);
    }
    assert(false);
    return false;
}

/* getopt takes any beginning of a name: a flag that comes later could change what it means. */
static bool is_whole(const char *word, const char *name)
{
    size_t size = strlen(name);

    return strncmp(word, "--", 2) == 0 && strncmp(word + 2, name, size) == 0 &&
           (word[2 + size] == '\0' || word[2 + size] == '=');
}

static bool is_switch(const struct option_row *row)
{
    return row->kind == OPTION_SWITCH || row->kind == OPTION_SAID;
}

static void list_flags(struct option *ret)
{
    for (size_t i = 0; i < countof(rows); i++)
        ret[i] = (struct option){
            .name = rows[i].name,
            .has_arg = is_switch(&rows[i]) ? optional_argument : required_argument,
            .val = (int)i + 1,
        };
    ret[countof(rows)] = (struct option){0};
}

static bool parse_flags(int argc, char **argv, struct options *ret, struct err *err)
{
    struct option flags[countof(rows) + 1];

    list_flags(flags);
    optind = 0; /* start anew */
    while (true) {
        int place = optind == 0 ? 1 : optind;
        int found = getopt_long(argc, argv, "+:", flags, NULL);
        if (found == -1)
            break;
        int row = found == ':' ? optopt : found; /* ':' may be a flag that lacks its value */
        if (found == '?' || row < 1 || row > (int)countof(rows) ||
            !is_whole(argv[place], rows[row - 1].name))
            return err_set(err, ERR_INVALID, "%s: no such flag; see --help", argv[place]);
        if (found == ':')
            return err_set(err, ERR_INVALID, "%s: needs a value; see --help", argv[place]);
        if (!read_value(&rows[found - 1], optarg, ret, err))
            return false;
    }
    return optind >= argc ||
           err_set(err, ERR_INVALID, "%s: not expected, there are flags only; see --help",
                   argv[optind]);
}

/* What is not behind TLS and a token is seen by this machine alone. */
static bool judge_metrics(struct options *options, struct err *err)
{
    struct str address = str_of(options->metrics_address);
    bool is_local =
        str_is(address, "0") || str_starts(address, "127.") || str_starts(address, "[::1]:");

    options->metrics_secure =
        options->metrics_said == SAID_YES || (options->metrics_said == UNSAID && !is_local);
    if (!options->metrics_secure && !is_local)
        return err_set(err, ERR_INVALID,
                       "--metrics-secure=false: would show /metrics to everybody at %.64s; plain "
                       "only at 127.0.0.1 or [::1]",
                       options->metrics_address);
    return true;
}

bool options_parse(int argc, char **argv, const char *runner_image, struct options *ret,
                   struct err *err)
{
    struct options options = {
        .health_address = ":8081",
        .metrics_address = "127.0.0.1:8080",
        .webhook_address = "0",
        .canary_address = "0",
        .runner_image = runner_image,
        .log_level = LEVEL_INFO,
    };

    if (!parse_flags(argc, argv, &options, err) || !judge_metrics(&options, err))
        return false;
    if (!options.wants_help && !options.wants_version &&
        (!options.runner_image || !options.runner_image[0]))
        return err_set(err, ERR_INVALID,
                       "--runner-image: which image holds /runner? Say it, or set RUNNER_IMAGE");
    if (options.config && options.config_map)
        return err_set(err, ERR_INVALID, "--config and --config-map: say one of them");
    *ret = options;
    return true;
}

void options_help(struct buf *ret)
{
    buf_print(ret, "Runs AgentTasks on a cluster.\n\nUsage: manager [flags]\n\nFlags:\n");
    for (size_t i = 0; i < countof(rows); i++) {
        char flag[48];
        snprintf(flag, sizeof(flag), "--%s%s%s", rows[i].name, rows[i].value ? " " : "",
                 rows[i].value ? rows[i].value : "");
        buf_print(ret, "  %-36s %s\n", flag, rows[i].help);
    }
}
