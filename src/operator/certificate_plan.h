// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What is to be done about the certificates of our TLS servers, as a pure state machine: from what
 * the Secret holds, whom the webhook's configuration trusts, what this process serves, and the
 * time, it says the next step; and makes what the Secret shall hold after it (the only chance in it
 * is that of new keys). Who acts twice, or beside another, does the same; every write has a
 * precondition.
 *
 * A bundle names the newest authority first. A new authority joins the bundle beside the old one,
 * and only when both have been trusted for a while does a certificate of the new one follow; when
 * that has stood for a while, the old authority goes. So whoever still shows, or still trusts, what
 * was there before is never refused. What is damaged, foreign or expired is replaced the same way,
 * as long as anything good is left. */
#include "api/secret.h"
#include "pki/x509.h"

struct certificate_spans { /* milliseconds */
    int64_t leaf_ms, authority_ms;
    int64_t overlap_ms; /* until everybody has heard of a change */
    int64_t slack_ms;   /* so much earlier a certificate begins: clocks differ */
    int64_t look_ms;    /* how often to look again */
};

#define CERTIFICATE_LEAF_MS     (INT64_C(90) * 24 * 3600 * 1000)
#define CERTIFICATE_LEAF_MIN_MS INT64_C(30000)
#define CERTIFICATE_LEAF_MAX_MS (INT64_C(87600) * 3600 * 1000)

/* All of them, from the lifetime of a server's certificate: an authority lives four times as long;
 * both are renewed after two thirds of their lives, or of these if they were made for longer. */
struct certificate_spans certificate_spans_of(int64_t leaf_ms);

struct certificate_look {
    struct tls_secret stored; /* all empty: there is no Secret, or it is damaged */
    struct tls_secret held;   /* what this process serves, with its bundle; may be empty */
    struct str trusted;       /* what the configuration trusts; empty: nothing, or there is none */
    bool has_config;
    bool is_trusted; /* it trusts exactly stored.bundle */
    struct x509_names names;
    struct certificate_spans spans;
    int64_t now_ms;
    int64_t steady_ms; /* how long both have been seen as they are, and is_trusted */
};

struct certificate_view { /* what of it counts */
    struct certificate_spans spans;
    int64_t now_ms, steady_ms;
    bool has_leaf;  /* a certificate that may be served now: the stored one, else the held one */
    bool is_stored; /* it is the stored one */
    bool is_torn;   /* what is held is good, but none of the stored authorities signed it */
    bool is_newest; /* the newest authority signed it */
    bool has_authority; /* the newest one is valid, and its key is there */
    bool is_trusted;    /* or there is no configuration that could */
    uint32_t authorities;
    struct x509_term leaf, authority;
};

enum certificate_step {
    CERTIFICATE_REST,
    CERTIFICATE_BEGIN,   /* a new authority and a certificate of it */
    CERTIFICATE_SUCCEED, /* a new authority joins, the certificate stays */
    CERTIFICATE_RENEW,   /* a certificate of the newest authority */
    CERTIFICATE_TRUST,   /* the configuration is told the bundle */
    CERTIFICATE_RETIRE,  /* the newest authority stays alone */
};

const char *certificate_step_words(enum certificate_step step); /* what has been done */

void certificate_view_of(const struct certificate_look *look, struct certificate_view *ret);
enum certificate_step certificate_next(const struct certificate_view *view,
                                       const char **ret_because);

/* True: what is stored may be served instead of what is held. Of two that are good it is the one
 * that the configuration trusts already. */
bool certificate_is_better(const struct certificate_look *look);

/* What the Secret shall hold after a step that is neither REST nor TRUST; wipe it. */
must_use bool certificate_issue(struct arena *arena, const struct certificate_look *look,
                                enum certificate_step step, struct tls_secret *ret,
                                struct err *err);
