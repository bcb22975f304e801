// SPDX-License-Identifier: Apache-2.0
#include "loopback.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/file.h"

static void loopback_start(struct loopback *loopback)
{
    int in[2], out[2];
    FILE *ports;

    strcpy(loopback->directory, "/tmp/kube-test-XXXXXX");
    assert_non_null(mkdtemp(loopback->directory));
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    loopback->pid = fork();
    assert_true(loopback->pid >= 0);
    if (loopback->pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[1]);
        close(out[0]);
        execlp("python3", "python3", KUBE_TEST_SERVER, loopback->directory, NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    loopback->to_server = in[1];
    ports = fdopen(out[0], "r");
    assert_non_null(ports);
    assert_int_equal(fscanf(ports, "%d %d %d %d %d %d", &loopback->plain, &loopback->tls,
                            &loopback->tls_client, &loopback->tls_named, &loopback->proxy,
                            &loopback->silent),
                     6);
    fclose(ports);
}

static void loopback_stop(struct loopback *loopback)
{
    char command[128];

    close(loopback->to_server);
    waitpid((pid_t)loopback->pid, NULL, 0);
    snprintf(command, sizeof(command), "rm -rf %s", loopback->directory);
    assert_int_equal(system(command), 0);
}

int loopback_setup(void **state)
{
    struct loopback *loopback = calloc(1, sizeof(*loopback));

    assert_non_null(loopback);
    loopback_start(loopback);
    *state = loopback;
    return 0;
}

int loopback_teardown(void **state)
{
    loopback_stop(*state);
    free(*state);
    return 0;
}

struct str loopback_file(struct arena *arena, const struct loopback *loopback, const char *file)
{
    struct err err = {0};
    struct str ret;
    const char *path = arena_print(arena, "%s/%s", loopback->directory, file).at;

    if (!file_read(arena, path, 65536, &ret, &err))
        fail_msg("%s", err.text);
    return ret;
}

void loopback_write(const struct loopback *loopback, const char *file, const char *text)
{
    char path[128];
    FILE *stream;

    snprintf(path, sizeof(path), "%s/%s", loopback->directory, file);
    stream = fopen(path, "we");
    assert_non_null(stream);
    fputs(text, stream);
    fclose(stream);
}

struct str loopback_url(struct arena *arena, const char *scheme, int port)
{
    return arena_print(arena, "%s://127.0.0.1:%d", scheme, port);
}

struct kube_access loopback_plain(struct arena *arena, const struct loopback *loopback)
{
    return (struct kube_access){.server = loopback_url(arena, "http", loopback->plain)};
}

struct kube_access loopback_tls(struct arena *arena, const struct loopback *loopback)
{
    return (struct kube_access){
        .server = loopback_url(arena, "https", loopback->tls),
        .ca_pem = loopback_file(arena, loopback, "ca.pem"),
    };
}

static void run(struct fiber *fiber, void *ctx)
{
    struct visit *visit = ctx;

    visit->client = (struct kube_client){
        .transport = &visit->transport,
        .reactor = &visit->reactor,
        .fiber = fiber,
    };
    visit->main(visit);
    loop_stop(visit->loop);
}

static void take_too_long(void *ctx)
{
    (void)ctx;
    fail_msg("the visit took too long");
}

void visit_make(struct visit *visit)
{
    struct err err = {0};
    struct alarm alarm = {.ring = take_too_long};

    assert_true(loop_open(&visit->loop, &err));
    visit->reactor = loop_reactor(visit->loop);
    if (!curl_transport_open(visit->loop, visit->access, "agenttask-test/1", &visit->curl, &err))
        fail_msg("%s", err.text);
    visit->transport = curl_transport_door(visit->curl);
    visit->fibers = fiber_pool_new(256);
    visit->reactor.arm(visit->reactor.self, &alarm,
                       visit->reactor.monotonic_ms(visit->reactor.self) + 60000);
    assert_true(fiber_start(visit->fibers, run, visit));
    loop_run(visit->loop);
    visit->reactor.disarm(visit->reactor.self, &alarm);
    curl_transport_close(visit->curl);
    fiber_pool_free(visit->fibers);
    loop_close(visit->loop);
    arena_fini(&visit->arena);
}

void visit_as(const struct loopback *loopback, const struct kube_access *access,
              void (*main)(struct visit *visit), const void *ctx)
{
    visit_make(&(struct visit){.loopback = loopback, .access = access, .main = main, .ctx = ctx});
}

struct kube_request visit_request(enum http_method method, const char *path)
{
    return (struct kube_request){
        .method = method,
        .path = str_of(path),
        .timeout_ms = 10000,
        .size_max = 1024 * 1024,
    };
}

struct json_value visit_get(struct visit *visit, const char *path)
{
    struct kube_request request = visit_request(HTTP_GET, path);
    struct json_value ret;
    struct err err = {0};

    if (!kube_call(&visit->client, &visit->arena, &request, path, &ret, &err))
        fail_msg("%s", err.text);
    return ret;
}

void visit_expect(struct visit *visit, const struct kube_request *request, enum err_kind kind,
                  int32_t status)
{
    struct kube_response response = {0};
    struct err err = {0};
    bool is_sent = kube_send(&visit->client, &visit->arena, request, &response, &err);

    if (err.kind != kind)
        fail_msg("%.*s: kind %d, not %d: %s", STR_ARG(request->path), (int)err.kind, (int)kind,
                 err.text);
    assert_int_equal(is_sent, kind == ERR_NONE);
    assert_int_equal(response.status, status);
}

bool answer_is(const struct json_value *answer, const char *key, const char *wanted)
{
    const struct json_value *value = json_get(answer, key);

    return value && value->kind == JSON_TEXT && str_is(value->text, wanted);
}

long answer_number(const struct json_value *answer, const char *key)
{
    const struct json_value *value = json_get(answer, key);
    int64_t ret = -1;

    assert_non_null(value);
    assert_true(str_to_int(value->text, &ret));
    return (long)ret;
}

bool answer_has_header(const struct json_value *echo, const char *header)
{
    const struct json_value *headers = json_get(echo, "headers");

    assert_non_null(headers);
    for (uint32_t i = 0; i < headers->count; i++)
        if (str_is(headers->items[i].text, header))
            return true;
    return false;
}

bool answer_names_header(const struct json_value *echo, const char *name)
{
    const struct json_value *headers = json_get(echo, "headers");

    assert_non_null(headers);
    for (uint32_t i = 0; i < headers->count; i++)
        if (str_starts(headers->items[i].text, name))
            return true;
    return false;
}
