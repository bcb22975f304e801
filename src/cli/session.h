// SPDX-License-Identifier: Apache-2.0
#pragma once

/* All that a command may touch: streams, environment, clock, and the store, opened on first use.
 * A command reads no other stream, variable or clock, so tests hand it memory and a false time.
 * stdout is for data, stderr for people. */
#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"

struct global_options;
struct place;
struct store;

enum color_mode {
    COLOR_AUTO, /* on a terminal, unless NO_COLOR or TERM=dumb */
    COLOR_ALWAYS,
    COLOR_NEVER,
};

enum { /* exit codes */
    STATUS_OK = 0,
    STATUS_ERROR = 1,
    STATUS_USAGE = 2,
    STATUS_ABSENT = 3,
    STATUS_FORBIDDEN = 4,
    STATUS_TIME_OUT = 5, /* a --timeout of ours ran out */
};

struct session {
    FILE *in, *out, *err;
    bool in_is_terminal, out_is_terminal, err_is_terminal;
    char *const *environment;      /* "NAME=value" …, NULL */
    int64_t (*now_ms)(void);       /* wall clock */
    int64_t (*monotonic_ms)(void); /* for waiting */
    bool (*pause)(int64_t ms);     /* sleeps; false: stop waiting (tests) */
    enum color_mode color;
    struct arena arena; /* of the whole command */

    /* what the command says beside its error */
    int exit_code;    /* 0: success, or by the kind of the error */
    const char *hint; /* NULL, or what to do about the error */
    bool is_implied;  /* here because there is no kubeconfig, not because of --local */

    /* machinery */
    struct place *place; /* where the tasks are; NULL: not decided */
    const char *state;   /* state directory, once asked for */
    struct store *store;
    bool has_swept;
    int64_t sweep_at_ms; /* while waiting; 0: not yet */
    int64_t look_ms;     /* how long the next pause may be, here */
};

void session_fini(struct session *session); /* leaves its place; the streams are the caller's */

const char *session_env(const struct session *session, const char *name); /* NULL: not set */
bool session_has_color(const struct session *session);                    /* on stdout */

/* Decides where the tasks are, unless that is decided: --local, --context and --kubeconfig say it;
 * else the cluster of the kubeconfig that kubectl would use, and without one this machine. Never
 * silently another place: a cluster that cannot be reached is an error of the command. */
must_use bool session_place(struct session *session, const struct global_options *global,
                            struct err *err);

must_use bool session_state(struct session *session, const char **ret, struct err *err);

enum session_access {
    SESSION_READ,   /* ERR_ABSENT if there is no store yet; one that cannot be written is read */
    SESSION_CHANGE, /* the same, but it must be writable: nothing is done by halves */
    SESSION_WRITE,  /* makes it if needed */
};

/* The store, opened at the first call, which also sweeps it; a sweep that fails is a warning. */
must_use bool session_store(struct session *session, enum session_access access, struct store **ret,
                            struct err *err);
void session_sweep(struct session *session); /* again, while a command waits */

/* One line for people on stderr, foreign bytes escaped. */
void session_warn(struct session *session, const char *format, ...) printf_like(2, 3);
