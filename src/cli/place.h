// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Where the tasks are: this machine (local_place.c) or a cluster (the module agentctl-cluster.so,
 * loaded on first use: cluster_door.h). A command asks its place and never knows which it is. */
#include "cli/session.h"
#include "core/task.h"
#include "store/runlog.h"
#include "store/store.h"

struct doctor;
struct doctor_options;
struct listing;
struct run_options;
struct run_request;
struct output;
struct words;

struct place_log {      /* what to show of a task's output, and to whom */
    int64_t tail_lines; /* -1: all */
    int64_t since_ms;   /* 0: all */
    bool follow;        /* until the task is over */
    bool timestamps;    /* times are wanted: they cost something */
    void (*visit)(void *ctx, int64_t time_ms, enum log_stream stream, struct str bytes,
                  bool ends_line);
    /* Called when all there is at the moment has been visited; false: stop. */
    bool (*shown)(void *ctx);
    void *ctx;
};

struct place_query { /* which tasks */
    bool all_spaces;
    struct str name;   /* empty: all */
    struct str labels; /* a selector that was checked (cli/selector.h); empty: all */
};

struct place {
    void *self;
    const char *title; /* for people: "this machine", or the API server */
    const char *space; /* the namespace that commands are about */
    bool has_spaces;   /* -A makes sense */

    /* The whole task, in the arena. "@latest": the newest. ERR_ABSENT: there is none, nor perhaps
     * any place for one yet. */
    bool (*find)(void *self, enum session_access access, struct str name, struct arena *arena,
                 struct task *ret, struct err *err);
    /* Rows in order of name (of all namespaces: of namespace and name); a place may leave it to
     * the caller to select by labels. ERR_ABSENT: no place yet, which is as good as none. */
    bool (*list)(void *self, enum session_access access, const struct place_query *query,
                 bool (*visit)(void *ctx, const struct store_row *row), void *ctx, struct err *err);
    /* Every task of those that changes from what was shown (by list() or find(), last), whole,
     * until visit returns false. The caller selects by labels, as above. */
    bool (*follow)(void *self, const struct place_query *query, const struct listing *shown,
                   bool (*visit)(void *ctx, const struct task *task), void *ctx, struct err *err);
    /* Whole tasks for documents; those that are gone by now are left out. */
    bool (*read)(void *self, const struct store_row *row, struct arena *arena, struct task *ret,
                 struct err *err);
    /* False when the caller should stop waiting. Returns after ms at the latest, earlier if what
     * was found last may have changed; does what has to be done meanwhile. */
    bool (*pause)(void *self, int64_t ms);

    bool (*cancel)(void *self, const struct task *task, struct err *err);
    /* Stops it if it runs, and returns when it is gone. */
    bool (*remove)(void *self, const struct task *task, struct err *err);
    /* The valid result: minified JSON. */
    bool (*result)(void *self, const struct task *task, struct arena *arena, struct str *ret,
                   struct err *err);
    /* The frames of the artifacts (core/frame.h); empty: it left none. */
    bool (*artifacts)(void *self, const struct task *task, struct arena *arena, struct str *ret,
                      struct err *err);
    bool (*log)(void *self, const struct task *task, const struct place_log *log, struct err *err);
    bool (*profiles)(void *self, const struct words *names, const char *output_word,
                     struct err *err);

    /* `run`: fills in what follows from the place (profile, interpreter), and checks all; then
     * runs one of them, and sets session->exit_code. */
    bool (*prepare)(void *self, const struct run_options *options, struct run_request *request,
                    struct err *err);
    bool (*run)(void *self, const struct run_options *options, const struct output *output,
                const struct run_request *request, struct err *err);
    /* Tries what this place enforces. */
    bool (*doctor)(void *self, const struct doctor_options *options, struct doctor *doctor,
                   struct err *err);
    void (*close)(void *self);
};
