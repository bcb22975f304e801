// SPDX-License-Identifier: Apache-2.0
#include "http/server.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/file.h"

/* A server on a real socket of this machine's loopback; the client is a process of its own, so
 * that it may block. */
struct fixture {
    struct loop *loop;
    struct http_server *server;
    struct arena arena;
    struct http_pages pages;
    int asked;
};

static void serve_hello(void *ctx, struct http_exchange *exchange)
{
    struct fixture *f = ctx;

    f->asked++;
    http_answer(exchange, 200, HTTP_TEXT, STR_LIT("hello\n"));
}

static void serve_unready(void *ctx, struct http_exchange *exchange)
{
    (void)ctx;
    http_answer(exchange, 503, "text/plain; version=0.0.4", STR_LIT("not yet\n"));
}

static void serve_long(void *ctx, struct http_exchange *exchange)
{
    auto_end(buf_fini) struct buf body = {0};

    (void)ctx;
    buf_init(&body, 1 << 20);
    for (int i = 0; i < 10000; i++)
        buf_add(&body, STR_LIT("twenty bytes a line\n"));
    http_answer(exchange, 200, HTTP_TEXT, buf_str(&body));
}

static const struct http_page pages[] = {
    {"/hello",   false, 0, serve_hello  },
    {"/unready", false, 0, serve_unready},
    {"/long",    false, 0, serve_long   },
};

static void child_ended(void *ctx)
{
    loop_stop(ctx);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct err err = {0};

    f->pages = (struct http_pages){pages, countof(pages), f};
    assert_true(loop_open(&f->loop, &err));
    assert_true(loop_signal(f->loop, SIGCHLD, child_ended, f->loop, &err));
    assert_true(http_server_open(f->loop,
                                 &(struct http_spec){.address = "127.0.0.1:0", .pages = &f->pages},
                                 &f->server, &err));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    http_server_close(f->server);
    loop_close(f->loop);
    arena_fini(&f->arena);
    free(f);
    return 0;
}

static void talk(uint16_t port, const char *request, int out)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct err err = {0};
    char bytes[4096];
    ssize_t got;

    alarm(30);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        _exit(1);
    if (!fd_write_all(fd, str_of(request), &err))
        _exit(2);
    while ((got = read(fd, bytes, sizeof(bytes))) > 0)
        if (!fd_write_all(out, (struct str){bytes, (size_t)got}, &err))
            _exit(3);
    _exit(0);
}

static const char *ask(struct fixture *f, const char *request)
{
    int out = memfd_create("answer", MFD_CLOEXEC), status;
    uint16_t port = http_server_port(f->server);
    struct err err = {0};
    struct str text;
    pid_t child;

    fflush(NULL);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        talk(port, request, out);
    loop_run(f->loop);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    lseek(out, 0, SEEK_SET);
    assert_true(fd_read_all(&f->arena, out, "answer", 1 << 20, &text, &err));
    fd_end(&out);
    return arena_text(&f->arena, text);
}

static void starts_with(const char *text, const char *head)
{
    if (strncmp(text, head, strlen(head)) != 0)
        fail_msg("'%s' does not start with '%s'", text, head);
}

static void a_page_is_answered(void **state)
{
    struct fixture *f = *state;
    const char *text = ask(f, "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

    starts_with(text, "HTTP/1.1 200 ");
    assert_non_null(strstr(text, "Content-Type: text/plain; charset=utf-8\r\n"));
    assert_non_null(strstr(text, "\r\n\r\nhello\n"));
    assert_int_equal(f->asked, 1);
}

static void a_page_may_say_its_status_and_type(void **state)
{
    const char *text = ask(*state, "GET /unready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

    starts_with(text, "HTTP/1.1 503 ");
    assert_non_null(strstr(text, "Content-Type: text/plain; version=0.0.4\r\n"));
}

static void one_connection_carries_several_requests(void **state)
{
    struct fixture *f = *state;
    const char *text = ask(f, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
                              "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n"
                              "GET /long HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

    assert_int_equal(f->asked, 2);
    assert_true(strlen(text) > 200000);
    assert_null(strstr(text, "hello\nhello")); /* a HEAD has no body */
}

static void other_paths_and_methods_are_refused(void **state)
{
    static const struct {
        const char *request, *says;
    } rows[] = {
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",            "HTTP/1.1 404 "},
        {"GET /hello/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",      "HTTP/1.1 404 "},
        {"GET /../hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",    "HTTP/1.1 404 "},
        {"DELETE /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",    "HTTP/1.1 405 "},
        {"POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde", "HTTP/1.1 405 "},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < countof(rows); i++)
        starts_with(ask(f, rows[i].request), rows[i].says);
    assert_int_equal(f->asked, 0);
}

static void a_head_without_end_is_bounded(void **state)
{
    struct fixture *f = *state;
    auto_end(buf_fini) struct buf request = {0};

    buf_init(&request, 1 << 20);
    buf_add(&request, STR_LIT("GET /hello HTTP/1.1\r\nHost: a\r\n"));
    for (int i = 0; request.size < 2 * HTTP_MEMORY_MAX; i++)
        buf_print(&request, "X-%d: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n", i);
    buf_add(&request, STR_LIT("\r\n"));
    buf_add_char(&request, '\0');
    starts_with(ask(f, request.at), "HTTP/1.1 431 ");
    assert_int_equal(f->asked, 0);
}

/* Whoever opens connections and says nothing does not keep others from being answered for long: of
 * one address no more than so many are kept. */
static void silent_connections_are_bounded(void **state)
{
    struct fixture *f = *state;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(http_server_port(f->server))};
    int fds[HTTP_PEER_MAX];

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < HTTP_PEER_MAX; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(fds[i], (struct sockaddr *)&address, sizeof(address)), 0);
    }
    assert_string_equal(ask(f, ""), ""); /* one too many: closed at once */
    for (int i = 0; i < HTTP_PEER_MAX; i++)
        fd_end(&fds[i]);
    starts_with(ask(f, "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
                "HTTP/1.1 200 ");
}

static void who_drains_answers_and_lets_go(void **state)
{
    struct fixture *f = *state;
    const char *text;

    http_server_drain(f->server);
    text = ask(f, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    starts_with(text, "HTTP/1.1 200 ");
    assert_non_null(strstr(text, "Connection: close\r\n"));
    assert_non_null(strstr(text, "\r\n\r\nhello\n"));
}

static void an_address_in_use_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct http_server *second;
    struct err err = {0};
    char address[32];
    struct http_spec spec = {.address = address, .pages = &f->pages};

    snprintf(address, sizeof(address), "127.0.0.1:%u", http_server_port(f->server));
    assert_false(http_server_open(f->loop, &spec, &second, &err));
    assert_true(str_starts(str_of(err.text), "listen on 127.0.0.1:"));
    err = (struct err){0};
    spec.address = "nonsense";
    assert_false(http_server_open(f->loop, &spec, &second, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_page_is_answered),
        TEST(a_page_may_say_its_status_and_type),
        TEST(one_connection_carries_several_requests),
        TEST(other_paths_and_methods_are_refused),
        TEST(a_head_without_end_is_bounded),
        TEST(silent_connections_are_bounded),
        TEST(who_drains_answers_and_lets_go),
        TEST(an_address_in_use_is_an_error),
    };

    return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
