// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The local launcher: one sandbox for one run. A spec becomes an ordered list of set-up steps
 * (sandbox/steps.h: data first, printable), then a child that carries them out in namespaces of its
 * own and waits at a gate, then, released, becomes the runner. Works as root and as an ordinary
 * user. Isolation is never best effort: what cannot be set up is ERR_REFUSED with what to do;
 * limits are held by what the machine offers, and `isolation` says by what.
 *
 * The child dies with the calling thread: by parent-death signal, and before that by the gate.
 * The runner starts with TERM blocked, so that one that comes early waits for it, and with
 * descriptors 0 to 4 only: input, output, errors, report, frames.
 *
 * Switched off (CONTROL_BIT): without MOUNT_NAMESPACE the host's directories are bound too,
 * read-only; without USER_NAMESPACE (root only) the host id is used directly; without READ_ONLY
 * what is bound from the host stays read-only; PID_NAMESPACE cannot be off. */
#include "base/arena.h"
#include "base/err.h"
#include "core/job.h"
#include "sandbox/limiter.h"
#include "sandbox/steps.h"

struct sandbox_spec {
    const char *runner_path; /* the static runner on this machine */
    struct str code;         /* bytes of the program */
    const char *code_name;   /* file name below /workspace */
    const char *interpreter; /* absolute path on this machine; is bound with its tree */
    struct job job;          /* report_path and frames_path are set by the launcher */
    struct resources limits; /* all given */
    int64_t processes_max;
    const char *cgroup_name; /* unique, safe: "agenttask-<uid>" */
    uint32_t switched_off;   /* CONTROL_BIT: --insecure-without */
    int input_fd;            /* the code's stdin if job.input_kind is STREAM; else -1 */
};

struct sandbox {
    int pid;       /* of the runner, in our PID namespace; 0: none, or reaped */
    int pid_fd;    /* readable when it has ended */
    int output_fd; /* read ends, non-blocking: stdout, stderr, frames */
    int errors_fd;
    int frames_fd;
    int report_fd; /* the report, readable after the end */
    int gate_fd;
    struct isolation isolation; /* the launcher's part; the runner's comes with the report */
    struct hold hold;
    int64_t memory_max, memory_peak; /* peak: as far as we know; 0: unknown */
    bool is_oom_killed;
    int host_id; /* uid outside */
};

/* Clones the child; it sets itself up and waits. Errors of the set-up itself appear at release. */
must_use bool sandbox_prepare(const struct sandbox_spec *spec, struct sandbox *ret,
                              struct err *err);

/* Waits until the set-up is done, then lets the runner start. ERR_REFUSED/…: it could not be set up
 * (which step, why, what to do); nothing of the code ran. */
must_use bool sandbox_release(struct sandbox *sandbox, struct err *err);

void sandbox_stop(struct sandbox *sandbox); /* TERM to the runner: it ends the code, with grace */
void sandbox_kill(struct sandbox *sandbox); /* KILL to all; idempotent */

/* Call every 100 ms while it runs: enforces polled limits, notices out-of-memory kills
 * (is_oom_killed; the run is then killed as a whole), records the peak. */
void sandbox_watch(struct sandbox *sandbox);

/* After pid_fd is readable: reaps. `ret_status` as from waitpid. */
must_use bool sandbox_reap(struct sandbox *sandbox, int *ret_status, struct err *err);

/* Reads the report (<= REPORT_SIZE_MAX bytes) into the arena; empty if there is none. */
struct str sandbox_report(struct sandbox *sandbox, struct arena *arena);

/* Kills what lives, reaps, removes cgroups, closes all. Safe on a half-made sandbox. */
void sandbox_fini(struct sandbox *sandbox);

/* Removes the cgroups that a killed supervisor left for this run (and kills what is in them). */
void sandbox_sweep(const char *cgroup_name);
