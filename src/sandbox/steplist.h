// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A list of steps while it grows: one function per kind of step, directories made once. Too many
 * steps are remembered, and reported once at the end. */
#include "sandbox/steps.h"

struct steplist {
    struct steps *steps;
    struct arena *arena;
    bool is_full;
};

void steplist_add(struct steplist *list, struct step step);
/* The directory and the parents that no step made so far. */
void steplist_directory(struct steplist *list, const char *path, uint32_t mode);
void steplist_link(struct steplist *list, const char *path, const char *content);
void steplist_file(struct steplist *list, const char *path, struct str bytes, uint32_t mode);
/* Read-only bind at the same path or another, of a directory or a file. */
void steplist_bind(struct steplist *list, const char *source, const char *target,
                   bool is_directory);
/* True if the path is, or lies below, a bind or a link (which leads into one). */
bool steplist_is_bound(const struct steplist *list, const char *path);
