// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The set-up of a sandbox as data: an ordered list of steps, made from a spec by looking at the
 * host without changing it, printed by `agentctl run --dry-run`, carried out by the child
 * (sandbox/child.h). Targets are absolute paths of the new root; sources are the host's unless the
 * kind says otherwise. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct sandbox_spec;

enum step_kind {
    STEP_NAMESPACES,   /* all but the user and pid namespaces, which the child is born in */
    STEP_IDENTITY,     /* waits until the ids are mapped, then becomes uid and gid 1000 */
    STEP_ROOT,         /* a tmpfs that becomes "/"; until then it covers source */
    STEP_DIRECTORY,    /* mkdir target */
    STEP_LINK,         /* symlink target -> source */
    STEP_FILE,         /* a file with given bytes */
    STEP_RUNNER,       /* a copy of the runner (source), so that no host file is executed */
    STEP_BIND,         /* recursive bind source -> target, read-only, nosuid, nodev */
    STEP_DEVICE,       /* bind of a device node */
    STEP_SCRATCH,      /* the one writable tmpfs, quota in bytes and inodes, noexec */
    STEP_SCRATCH_BIND, /* one of its directories (source: in the new root) at target */
    STEP_PROC,
    STEP_SEAL,  /* remount target read-only */
    STEP_PIVOT, /* the new root; the old one goes */
    STEP_HOSTNAME,
    STEP_DROP_CAPABILITIES,
    STEP_CHECK, /* the code's identity can execute target */
    STEP_GATE,  /* wait for the supervisor's word */
    STEP_EXEC,  /* become the runner */
};

struct step {
    enum step_kind kind;
    const char *source, *target;
    struct str bytes;
    int64_t size_max, count_max; /* STEP_ROOT, STEP_SCRATCH; 0: the kernel's default */
    uint32_t mode;
};

enum {
    STEPS_MAX = 128
};

struct steps {
    struct step at[STEPS_MAX];
    uint32_t count;
};

/* ERR_INVALID: the spec is wrong; ERR_LIMIT: more than STEPS_MAX steps. */
must_use bool steps_make(const struct sandbox_spec *spec, struct arena *arena, struct steps *ret,
                         struct err *err);
void steps_print(const struct steps *steps, struct buf *ret);

const char *step_word(enum step_kind kind); /* "bind", "proc", … */
