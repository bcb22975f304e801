// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The config as an administrator edits it: key config.yaml of one ConfigMap, watched. Whoever may
 * edit that object decides about limits and tenants: it belongs into the operator's own namespace.
 * What the text means is not looked at here. */
#include "kube/transport.h"
#include "sys/reactor.h"

#define CONFIG_MAP_KEY "config.yaml"

enum {
    CONFIG_MAP_FIBERS = 1
};

struct config_map_spec { /* all of it outlives the config_map */
    const struct transport *transport;
    const struct reactor *reactor;
    struct fiber_pool *fibers;
    struct str space, name;
    /* It says that now, at first and whenever it has changed; NULL: there is no such object, or it
     * lacks the key. A text that is longer than CONFIG_SIZE_MAX comes cut, one byte longer. Valid
     * during the call, which must not wait. */
    void (*changed)(void *ctx, const struct str *text);
    void (*troubled)(void *ctx, const struct err *err); /* for a log line: it is tried again */
    void *ctx;
};

struct config_map;
struct config_map *config_map_new(const struct config_map_spec *spec);
struct config_map *config_map_free(struct config_map *map); /* stopped before; NULL is fine */
must_use bool config_map_start(struct config_map *map, struct err *err);
void config_map_stop(struct config_map *map);
