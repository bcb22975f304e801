// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A stage for commands: a session on memory streams, a false clock, an environment of its own and
 * a state directory that goes with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/session.h"
#include "core/task.h"

#define STAGE_NOW_MS INT64_C(1795506000000) /* 2026-11-24T07:40:00Z */

struct stage {
    char directory[64]; /* $XDG_STATE_HOME */
    const char *state;  /* the state directory below it */
    const char *environment[8];
    bool out_is_terminal, err_is_terminal;
    int holder; /* pid of the process that plays the supervisor; 0: none */
    struct arena arena;
    /* of the last command */
    int code;
    char *out, *err;
};

void stage_init(struct stage *stage);
void stage_fini(struct stage *stage);

/* Runs "agentctl " + line; words are separated by blanks. */
void stage_run(struct stage *stage, const char *line);
void stage_run_words(struct stage *stage, int argc, char **argv);

/* Stores a task, with the status as it is. */
void stage_put(struct stage *stage, const struct task *task);
/* A task with a name and a phase, all else plausible. */
struct task stage_task(struct stage *stage, const char *name, enum phase phase, enum reason reason);

#define assert_out(stage, expected) assert_string_equal((stage)->out, expected)
#define assert_err(stage, expected) assert_string_equal((stage)->err, expected)
#define assert_contains(text, part)                                                                \
    do {                                                                                           \
        if (!strstr((text), (part)))                                                               \
            fail_msg("\"%s\" is not in \"%s\"", (part), (text));                                   \
    } while (0)

/* How long waiting commands may look before the false pause says stop. */
void stage_pauses(int count);
/* Called once, at the next pause. */
void stage_on_pause(void (*hook)(void));

/* A running task whose supervisor lives: another process holds its lock until the release. */
void stage_hold(struct stage *stage, const char *name);
void stage_release(struct stage *stage);
void stage_end(struct stage *stage, const char *name, enum phase phase, enum reason reason,
               int32_t exit_code);
