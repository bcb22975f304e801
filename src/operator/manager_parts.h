// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The process from inside, for those files that each do one of its jobs: manager.c begins and ends
 * it, pages.c answers probes, scrapes and reviews, tls_pair.c shows who we are, config_file.c keeps
 * to the file of limits. */
#include "http/server.h"
#include "kube/curl_transport.h"
#include "operator/access.h"
#include "operator/admission.h"
#include "operator/canary.h"
#include "operator/certificate.h"
#include "operator/config_map.h"
#include "operator/controller.h"
#include "operator/leader.h"
#include "operator/options.h"

#define LEASE_NAME "controller-manager.execution.agenttask.io"

/* The process: all state there is hangs from here. */
struct manager {
    struct arena arena;
    struct options options;
    struct config config;
    struct arena config_arena; /* of the config that holds now */
    struct str config_text;
    bool is_config_bad;            /* the newest one was not taken over */
    struct config_map *config_map; /* NULL: it is a file, or nothing */
    struct kube_access access;
    struct loop *loop;
    struct reactor reactor;
    struct log log;
    struct metrics metrics;
    struct curl_transport *curl, *lease_curl;
    struct transport transport, lease_transport;
    struct fiber_pool *fibers;
    struct str canary;   /* where it is reached; empty: there is none */
    struct str instance; /* who we are: no two processes are ever called the same */
    struct controller *controller;
    struct leader *leader; /* NULL: nobody is asked whether we may act */
    struct admission *admission;
    struct access *readers; /* of /metrics; NULL: whoever is on this machine */
    struct http_pages probe_pages, metrics_pages, webhook_pages;
    struct http_server *probes, *scrapes, *webhooks;
    struct certificate_keeper *certificates; /* NULL: nothing is served over TLS */
    struct alarm config_alarm, stop_alarm, trim_alarm;
    int64_t started_ms, stop_ms, linger_ms;
    int exit_code;
    bool is_stopping, is_leaving;
};

int64_t manager_now(const struct manager *manager); /* monotonic */
void manager_say(struct manager *manager, enum log_level level, const char *message,
                 struct str detail, const struct err *err);

/* -- pages.c -------------------------------------------------------------------- */

must_use bool pages_open(struct manager *manager, struct err *err);

/* -- tls_pair.c ------------------------------------------------------------------- */

/* After the pages are open. Whoever leads says certificate_lead(), if there is a keeper. */
must_use bool tls_open(struct manager *manager, struct err *err);
bool tls_is_valid(const struct manager *manager);    /* or nothing is served over TLS */
int64_t tls_until_ms(const struct manager *manager); /* 0: nothing is */

/* -- config_file.c ---------------------------------------------------------------- */

/* Sets what holds from now on, if there is a file, its text is another, and is good. */
must_use bool config_file_load(struct manager *manager, bool *ret_is_new, struct err *err);
void config_file_watch(struct manager *manager); /* from now on, if there is a file */
/* The same with the ConfigMap: nothing is started before it was read once, and is good. */
must_use bool config_map_open(struct manager *manager, struct err *err);
