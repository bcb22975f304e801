// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The operator's command line. Values stay views into argv and the environment. Pure but for
 * getopt's own statics. */
#include "base/buf.h"
#include "base/err.h"
#include "operator/log.h"

enum {
    WORKERS_DEFAULT = 32,
    WORKERS_MAX = 256,
};

enum option_said { /* of a switch whose default depends on another flag */
    UNSAID,
    SAID_NO,
    SAID_YES,
};

struct options {
    const char *kubeconfig; /* NULL: as inside a Pod */
    bool leader_elect;
    const char *lease_namespace; /* NULL: that of the access */
    const char *health_address;  /* "0": none */
    const char *metrics_address; /* "0": none */
    enum option_said metrics_said;
    bool metrics_secure;               /* TLS, and only for whom the API server lets read it */
    const char *webhook_address;       /* "0": none */
    const char *certificate_directory; /* NULL: the Secret */
    int64_t certificate_life_ms;       /* 0: not given */
    const char *runner_image;
    const char *config;         /* NULL: none */
    const char *config_map;     /* NULL: none; never both */
    const char *space;          /* the one namespace to look at; NULL: all */
    const char *canary_address; /* "0": none */
    bool allow_config_map_refs;
    enum log_level log_level;
    enum log_format log_format;
    uint32_t workers; /* 0: not given */
    bool wants_help, wants_version;
};

/* ERR_INVALID: a wrong command line; says what to do. runner_image stands for $RUNNER_IMAGE. */
must_use bool options_parse(int argc, char **argv, const char *runner_image, struct options *ret,
                            struct err *err);
void options_help(struct buf *ret);
