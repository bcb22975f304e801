// SPDX-License-Identifier: Apache-2.0
#include "http/tls.h"

#include <errno.h>
#include <sys/socket.h>

#include "http/exchange.h"
#include "sys/clock.h"

/* -- pairs ------------------------------------------------------------------------ */

/* The session's own pointer is the daemon's: its connection. */
static struct visitor *visitor_at(gnutls_session_t session)
{
    return visitor_of(gnutls_session_get_ptr(session));
}

int tls_lend_pair(gnutls_session_t session, const gnutls_datum_t *authorities, int count,
                  const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
                  gnutls_pcert_st **ret_chain, unsigned *ret_chain_count, gnutls_privkey_t *ret_key)
{
    struct keypair *pair = visitor_at(session)->server->pair;

    (void)authorities; /* of clients' certificates: we ask for none */
    (void)count;
    (void)algorithms;
    (void)algorithm_count;
    if (!pair)
        return -1;
    *ret_chain = pair->chain;
    *ret_chain_count = pair->chain_count;
    *ret_key = pair->key;
    return 0;
}

void tls_free_retired(struct http_server *server)
{
    struct keypair **place = server->pair ? &server->pair->older : NULL;

    while (place && *place) {
        struct keypair *pair = *place;
        if (visitors_are_newer(&server->visitors, pair->retired_ms)) {
            *place = pair->older;
            keypair_free(pair);
        } else {
            place = &pair->older;
        }
    }
}

void tls_free_pairs(struct http_server *server)
{
    while (server->pair) {
        struct keypair *older = server->pair->older;
        keypair_free(server->pair);
        server->pair = older;
    }
}

bool http_server_identify(struct http_server *server, struct str certificate_pem,
                          struct str key_pem, struct err *err)
{
    struct keypair *pair;

    if (!keypair_new(certificate_pem, key_pem, &pair, err))
        return false;
    if (server->pair)
        server->pair->retired_ms = clock_monotonic_ms();
    pair->older = server->pair;
    server->pair = pair;
    tls_free_retired(server);
    return true;
}

/* -- what clients say ---------------------------------------------------------------- */

static void move(struct visitor *visitor, enum visitor_stage from, enum visitor_stage to)
{
    if (visitor->stage == from)
        visitors_move(&visitor->server->visitors, visitor, to, clock_monotonic_ms());
}

/* Go's clients open connections beforehand: they idle before their first request, too. */
static int hear_finished(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                         const gnutls_datum_t *message)
{
    struct visitor *visitor = visitor_at(session);

    (void)type;
    (void)when;
    (void)message;
    if (!incoming)
        return 0;
    visitor->unheard_size = 0;
    move(visitor, VISITOR_ASKING, VISITOR_IDLE);
    return 0;
}

/* GnuTLS collects a handshake's message of up to 16 MiB before it looks at it, and others later:
 * we read for it, and end it. */
static ssize_t pull(gnutls_transport_ptr_t ctx, void *bytes, size_t size)
{
    struct visitor *visitor = ctx;
    ssize_t got;

    if (visitor->unheard_size > HTTP_UNHEARD_MAX) {
        errno = EPROTO; /* the daemon closes the connection */
        return -1;
    }
    got = recv(visitor->fd, bytes, size, 0);
    if (got > 0) {
        visitor->unheard_size += (size_t)got;
        move(visitor, VISITOR_IDLE, VISITOR_ASKING);
    }
    return got;
}

void tls_watch(struct MHD_Connection *connection, struct visitor *visitor)
{
    gnutls_session_t session =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;

    gnutls_transport_set_ptr2(session, visitor, (gnutls_transport_ptr_t)(intptr_t)visitor->fd);
    gnutls_transport_set_pull_function(session, pull);
    gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST,
                                       hear_finished);
}
