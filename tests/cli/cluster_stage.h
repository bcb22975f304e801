// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A stage for commands on a cluster: the requests of a command must be those of a script, in its
 * order, and get the answers that stand there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/cluster.h"

struct answer {
    const char *request; /* "GET /apis/…": what it begins with */
    int32_t status;      /* 0: no answer, the connection breaks */
    const char *body;
    bool breaks; /* behind the body */
};

struct cluster_stage {
    struct session session;
    struct cluster cluster;
    struct place place;
    const struct answer *script;
    size_t count, next;
    struct buf asked; /* "METHOD path body\n" of each request */
    char *out, *err;
    size_t out_size, err_size;
    int code;
};

/* Runs "agentctl " + line. All of the script must have been asked. */
void cluster_stage_run(struct cluster_stage *stage, const char *line, const struct answer *script,
                       size_t count);
void cluster_stage_fini(struct cluster_stage *stage);

#define REPLY(line, code, text)                                                                    \
    {                                                                                              \
        .request = line, .status = code, .body = text                                              \
    }
#define CUT_REPLY(line, code, text)                                                                \
    {                                                                                              \
        .request = line, .status = code, .body = text, .breaks = true                              \
    }
#define PLAY(stage, line, script) cluster_stage_run(stage, line, script, countof(script))
#define TASKS                     "/apis/execution.agenttask.io/v1alpha1/namespaces/team/agenttasks"
#define TASK(name, version, status)                                                                \
    "{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"team\",\"uid\":\"u-" name                \
    "\",\"resourceVersion\":\"" version                                                            \
    "\",\"creationTimestamp\":\"2026-11-24T07:39:00Z\"},\"spec\":{\"runtimeProfile\":"             \
    "\"python3.11\",\"code\":{\"source\":\"pass\\n\"}},\"status\":{" status "}}"
#define LIST(version, resume, items)                                                               \
    "{\"kind\":\"AgentTaskList\",\"metadata\":{\"resourceVersion\":\"" version                     \
    "\",\"continue\":\"" resume "\"},\"items\":[" items "]}"
#define EVENT(type, object) "{\"type\":\"" type "\",\"object\":" object "}\n"
#define RUNNING             "\"phase\":\"Running\",\"podRef\":{\"name\":\"a-pod\"}"
#define SUCCEEDED           "\"phase\":\"Succeeded\",\"exitCode\":0"
#define REFUSAL(code, reason, message)                                                             \
    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"reason\":\"" reason       \
    "\",\"message\":\"" message "\",\"code\":" code "}"

#define assert_has(text, part)                                                                     \
    do {                                                                                           \
        if (!strstr((text), (part)))                                                               \
            fail_msg("\"%s\" is not in \"%s\"", (part), (text));                                   \
    } while (0)
