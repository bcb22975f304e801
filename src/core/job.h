// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The job file: all that the runner is told, written by the launcher (local) or by the operator
 * (Pod), read once, before any code runs. A text of lines "key size\n" + size bytes + "\n": no
 * escaping, every byte but the framing is opaque, order of args and env kept. Bounded by
 * JOB_SIZE_MAX; decoding is strict (unknown key, missing key, repeated single key: false) and does
 * not allocate: views point into the text, arrays are the caller's. Only the canary's keys may be
 * missing, and then all of them are. */
#include "base/str.h"
#include "core/isolation.h"
#include "core/task.h"

enum {
    JOB_SIZE_MAX = 384 * 1024,
    JOB_ARGS_MAX = ARGS_MAX + 64,
    JOB_ENV_MAX = ENV_MAX + 64,
};

enum job_input {      /* what the code's stdin is */
    JOB_INPUT_NONE,   /* /dev/null */
    JOB_INPUT_TEXT,   /* job.input, then end of file */
    JOB_INPUT_STREAM, /* the runner's own stdin */
};

struct job {
    struct str args[JOB_ARGS_MAX]; /* argv of the code; args[0] is the program: a path
                                    * from the root, or a name to be found along PATH */
    struct str env[JOB_ENV_MAX];   /* "NAME=value" */
    uint32_t arg_count, env_count;
    enum job_input input_kind;
    struct str input;
    int64_t timeout_ms; /* 0: none (control off) */
    int64_t grace_ms;
    int64_t file_size_max;   /* RLIMIT_FSIZE, bytes */
    int64_t open_files_max;  /* RLIMIT_NOFILE */
    int64_t processes_max;   /* RLIMIT_NPROC; 0: held by a cgroup */
    int64_t output_size_max; /* live bytes, before only the tail is kept */
    struct str report_path;  /* where the report goes; "fd:N": an open descriptor */
    struct str frames_path;  /* where frames go; "fd:1": behind the output */
    bool network_allowed;    /* the profile allows egress: no socket rule */
    /* Where to prove that the network policy is in force; without it, a job that is allowed the
     * network never starts. Left out where empty: who reads an older job, or is older, never sees
     * it. */
    struct str canary; /* an address, IPv4 or IPv6, without brackets */
    int64_t canary_open_port, canary_closed_port;
    int64_t proof_ms;      /* how long that may take */
    uint32_t switched_off; /* CONTROL_BIT of what the runner must leave out */
};

struct buf;
void job_encode(const struct job *job, struct buf *ret);
must_use bool job_decode(struct str text, struct job *ret);
