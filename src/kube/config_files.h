// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The files of $KUBECONFIG as one: of equal names in a section the first file's is taken, whole. */
#include "kube/entry.h"
#include "kube/kubeconfig.h"

struct config_files {
    struct entry at[KUBECONFIG_FILES_MAX]; /* value: the document; NULL if the file is empty */
    uint32_t count;
};

enum config_section {
    CONFIG_CLUSTERS,
    CONFIG_CONTEXTS,
    CONFIG_USERS,
};

/* Files that are not there are left out, unless a flag names the one. */
must_use bool config_files_read(struct arena *arena, const struct kubeconfig_sources *sources,
                                struct config_files *ret, struct err *err);

/* True if config_files_read() would find something in them. */
bool config_files_exist(const struct kubeconfig_sources *sources);

/* ret->value is NULL if none has that name. */
must_use bool config_files_find(const struct config_files *files, enum config_section section,
                                struct str name, struct entry *ret, struct err *err);

/* current-context; empty: there is none. */
must_use bool config_files_current(struct arena *arena, const struct config_files *files,
                                   struct str *ret, struct err *err);

/* The names in a section for people: "a, b, c"; empty: none. */
const char *config_files_names(struct arena *arena, const struct config_files *files,
                               enum config_section section);
