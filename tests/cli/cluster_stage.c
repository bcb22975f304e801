// SPDX-License-Identifier: Apache-2.0
#include "cluster_stage.h"

#include <stdlib.h>
#include <string.h>

#include "cli/dispatch.h"

enum {
    LINE_WORDS_MAX = 16,
    ASKED_MAX = 64 * 1024,
};

struct exchange { /* lives as long as the command */
    struct cluster_stage *stage;
    const struct exchange_events *events;
    void *ctx;
    const struct answer *answer;
    struct alarm alarm;
    bool is_stopped;
};

static void answer_now(void *ctx)
{
    struct exchange *exchange = ctx;
    const struct answer *answer = exchange->answer;
    struct err broken = {0};

    (void)err_set(&broken, ERR_RETRY, "the connection broke");
    if (answer->status != 0)
        exchange->events->head(exchange->ctx, answer->status, -1);
    if (answer->status != 0 && answer->body)
        exchange->events->bytes(exchange->ctx, str_of(answer->body));
    if (!exchange->is_stopped)
        exchange->events->end(exchange->ctx,
                              answer->status == 0 || answer->breaks ? &broken : NULL);
}

static const struct answer *answer_for(struct cluster_stage *stage, const char *line)
{
    const struct answer *answer = &stage->script[stage->next];

    if (stage->next == stage->count)
        fail_msg("not in the script: %s", line);
    if (strncmp(line, answer->request, strlen(answer->request)) != 0)
        fail_msg("asked: %s\nin the script: %s", line, answer->request);
    stage->next++;
    return answer;
}

static struct exchange *start(void *self, const struct kube_request *request,
                              const struct exchange_events *events, void *ctx)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    struct cluster_stage *stage = self;
    const struct reactor *reactor = &stage->cluster.reactor;
    struct exchange *exchange = arena_alloc(&stage->session.arena, sizeof(*exchange));
    const char *line = arena_print(&stage->session.arena, "%s %.*s %.*s", methods[request->method],
                                   STR_ARG(request->path), STR_ARG(request->body))
                           .at;

    buf_print(&stage->asked, "%s\n", line);
    *exchange = (struct exchange){
        .stage = stage,
        .events = events,
        .ctx = ctx,
        .answer = answer_for(stage, line),
        .alarm = {.ring = answer_now, .ctx = exchange},
    };
    reactor->arm(reactor->self, &exchange->alarm, reactor->monotonic_ms(reactor->self));
    return exchange;
}

static void stop(void *self, struct exchange *exchange)
{
    struct cluster_stage *stage = self;

    stage->cluster.reactor.disarm(stage->cluster.reactor.self, &exchange->alarm);
    exchange->is_stopped = true;
}

static int64_t still_ms(void)
{
    return INT64_C(1795506000000); /* 2026-11-24T07:40:00Z */
}

static bool no_pause(int64_t ms)
{
    (void)ms;
    return true;
}

static void stage_open(struct cluster_stage *stage)
{
    static char home[] = "HOME=/nonexistent";
    static char *const environment[] = {home, NULL};
    struct err err = {0};

    stage->session = (struct session){
        .in = stdin,
        .out = open_memstream(&stage->out, &stage->out_size),
        .err = open_memstream(&stage->err, &stage->err_size),
        .environment = environment,
        .now_ms = still_ms,
        .monotonic_ms = still_ms,
        .pause = no_pause,
        .place = &stage->place,
    };
    stage->cluster = (struct cluster){
        .session = &stage->session,
        .access.space = STR_LIT("team"),
        .fibers = fiber_pool_new(CLUSTER_FIBERS_MAX),
        .transport = {.self = stage, .start = start, .stop = stop},
    };
    assert_true(loop_open(&stage->cluster.loop, &err));
    stage->cluster.reactor = loop_reactor(stage->cluster.loop);
    cluster_place(&stage->cluster, &stage->place);
}

void cluster_stage_run(struct cluster_stage *stage, const char *line, const struct answer *script,
                       size_t count)
{
    char words[256], program[] = "agentctl", *argv[LINE_WORDS_MAX + 2] = {program}, *rest = NULL;
    int argc = 1;

    cluster_stage_fini(stage);
    *stage = (struct cluster_stage){.script = script, .count = count};
    buf_init(&stage->asked, ASKED_MAX);
    stage_open(stage);
    assert_true(strlen(line) < sizeof(words));
    strcpy(words, line);
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        assert_true(argc <= LINE_WORDS_MAX);
        argv[argc++] = word;
    }
    stage->code = dispatch(&stage->session, argc, argv);
    session_fini(&stage->session);
    fclose(stage->session.out);
    fclose(stage->session.err);
    if (stage->next != stage->count)
        fail_msg("not asked: %s\nsaid: %s", script[stage->next].request, stage->err);
}

void cluster_stage_fini(struct cluster_stage *stage)
{
    buf_fini(&stage->asked);
    free(stage->out);
    free(stage->err);
    stage->out = stage->err = NULL;
}
