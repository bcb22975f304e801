// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The set-up of a sandbox as data: an ordered list of steps, made from a spec without touching
 * anything, printed by `agentctl run --dry-run`, carried out by the child. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct sandbox_spec;

enum step_kind {
    STEP_ROOT,      /* a tmpfs that becomes "/" */
    STEP_DIRECTORY, /* mkdir target */
    STEP_LINK,      /* symlink target -> source */
    STEP_FILE,      /* a file with given bytes */
    STEP_BIND,      /* recursive bind source -> target, read-only, nosuid, nodev */
    STEP_DEVICE,    /* bind of a device node */
    STEP_SCRATCH,   /* the one writable tmpfs, quota in bytes and inodes, noexec */
    STEP_SCRATCH_BIND,
    STEP_PROC,
    STEP_SEAL,  /* remount target read-only */
    STEP_PIVOT, /* the new root; the old one goes */
    STEP_HOSTNAME,
    STEP_DROP_CAPABILITIES,
    STEP_GATE, /* wait for the supervisor's word */
    STEP_EXEC, /* become the runner */
};

struct step {
    enum step_kind kind;
    const char *source, *target;
    struct str bytes;
    int64_t size_max, count_max; /* STEP_SCRATCH */
    uint32_t mode;
};

enum {
    STEPS_MAX = 128
};

struct steps {
    struct step at[STEPS_MAX];
    uint32_t count;
};

must_use bool steps_make(const struct sandbox_spec *spec, struct arena *arena, struct steps *ret,
                         struct err *err);
void steps_print(const struct steps *steps, struct buf *ret);
