// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Directories of the cgroup file systems: finding, making, filling, emptying and removing them.
 * The versions differ in cgroup1.c and cgroup2.c. A directory of ours is called
 * ".../agenttask/<name>". */
#include "sandbox/limiter.h"

enum {
    CGROUP_TEXT_MAX = 64 * 1024, /* of /proc/self/mountinfo and /proc/self/cgroup */
};
#define CGROUP_PARENT "agenttask"

/* Reads a small text file; false if it is not there or holds nothing. */
bool cgroup_read(const char *directory, const char *file, char *ret, size_t size);
bool cgroup_write(const char *directory, const char *file, const char *text);
bool cgroup_write_int(const char *directory, const char *file, int64_t value);
/* The number behind "word " in a flat-keyed text; -1 if there is none. */
int64_t cgroup_number(const char *text, const char *word);

/* "<above>/agenttask/<name>" in ret, made if it is not there. */
bool cgroup_make(const char *above, const char *name, char ret[CGROUP_PATH_MAX]);
/* Kills what is in it, waits for the dead (at most 2 s) and removes it; its parent too, if that
 * is empty then. */
void cgroup_remove(const char *directory);
void cgroup_kill(const char *directory);

/* Where a hierarchy is mounted: version 1 by controller, version 2 with NULL. Pure. */
bool cgroup_mount_find(const char *mountinfo, const char *controller, char ret[CGROUP_PATH_MAX]);
/* Our path in the version 2 hierarchy, from the text of /proc/self/cgroup. Pure. */
bool cgroup2_own_find(const char *text, char ret[CGROUP_PATH_MAX]);

/* Each fills hold (held, directories, descriptors) as far as it can; false: nothing is held. */
bool cgroup1_open(struct hold *hold, const char *mountinfo, const char *name);
bool cgroup2_open(struct hold *hold, const char *mountinfo, const char *name);
void cgroup1_watch(const struct hold *hold, bool *ret_is_oom, int64_t *ret_peak);
void cgroup2_watch(const struct hold *hold, bool *ret_is_oom, int64_t *ret_peak);
void cgroup1_sweep(const char *mountinfo, const char *name);
void cgroup2_sweep(const char *mountinfo, const char *name);
