// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What the server does about GnuTLS itself, beside libmicrohttpd: which pair a handshake gets, and
 * how much a client may say that means nothing. */
#include <gnutls/abstract.h>

#include "http/server_parts.h"

/* Forward secrecy and authenticated encryption alone, the server's choice first. There are no
 * tickets: nothing outlives a connection. */
#define TLS_PRIORITIES                                                                             \
    "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+ECDHE-ECDSA:+ECDHE-RSA:+AES-128-GCM:+AES-256-GCM:"            \
    "+CHACHA20-POLY1305:+AEAD:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+SIGN-ALL:"          \
    "+COMP-NULL:+CTYPE-X509:%SERVER_PRECEDENCE"

gnutls_certificate_retrieve_function2 tls_lend_pair;
/* From the first byte of a new connection on. */
void tls_watch(struct MHD_Connection *connection, struct visitor *visitor);
void tls_free_retired(struct http_server *server); /* those that no handshake has any more */
void tls_free_pairs(struct http_server *server);   /* all, when no connection is left */
