// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Can a referenced ConfigMap be mounted as code? It must have the key, and none that would hide the
 * artifacts. It is somebody's, of some MiB, and there may be many at a time: so it is looked at as
 * its bytes come by, and nothing of it is held. The bytes are an API server's: JSON, whole, with
 * keys that need no escapes. */
#include "base/err.h"
#include "core/task.h"

struct configmap_scan {
    struct str key;
    bool has_key, has_artifacts;
    /* where it is in the text */
    uint32_t depth;
    bool is_object[3];               /* the container at that depth is one */
    bool is_map;                     /* at depth 1: the next value is data; at 2: this is it */
    bool expects_key;                /* of the container that it is in */
    bool is_text, is_key, is_escape; /* in a text; a key; behind a backslash */
    char word[NAME_SIZE_MAX + 1];    /* of the key, as far as it fits */
    size_t word_size;
};

void configmap_scan_init(struct configmap_scan *scan, struct str key); /* key outlives it */
void configmap_scan_add(struct configmap_scan *scan, struct str bytes);

/* After the last byte. ERR_INVALID says what is wrong. */
must_use bool configmap_scan_end(const struct configmap_scan *scan, struct err *err);
