// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Where the tasks of a profile may connect to: rules as an administrator writes them, the one
 * spelling of a set of them (by which its network policy is known), and the spans of ports that a
 * policy can say. The canary's closed port is in no set: that it cannot be reached is the proof
 * that the policy is in force (docs/decisions/0011-egress-proof.md). Pure. */
#include "base/sha256.h"
#include "core/cidr.h"
#include "core/profile.h"

enum {
    CANARY_OPEN_PORT = 9444,   /* of the operator's Pods: always allowed, so that it must answer */
    CANARY_CLOSED_PORT = 9445, /* never allowed, so that it must not */
    EGRESS_RULE_MAX = 72,      /* the spelling of one rule, with its NUL */
    EGRESS_SPANS_MAX = 3,
    EGRESS_ID_SIZE = 10,
};

enum egress_protocol {
    EGRESS_TCP,
    EGRESS_UDP,
    EGRESS_SCTP,
};
const char *egress_protocol_word(enum egress_protocol protocol); /* "TCP" … */

struct egress_span {
    enum egress_protocol protocol;
    uint32_t first, last;
};

struct egress_rule {
    struct str cidr;
    struct egress_span spans[EGRESS_SPANS_MAX];
    uint32_t span_count;
};

/* Rules in their one spelling, "10.0.0.0/8 443/TCP" or "10.0.0.0/8 all", sorted, each once. */
struct egress_set {
    char texts[EGRESS_MAX][EGRESS_RULE_MAX];
    struct str rules[EGRESS_MAX]; /* views into texts: a copy of the set needs new ones */
    uint32_t count;
};

/* ERR_INVALID: says which rule, and what would be right. */
must_use bool egress_set_make(const struct egress *rules, uint32_t count, struct egress_set *ret,
                              struct err *err);

/* What a rule so spelt allows, without the closed port. False: it is not so spelt. */
must_use bool egress_rule_read(struct str text, struct egress_rule *ret);

/* Names a set: digits of the digest of its rules. */
void egress_id(const struct strs *rules, char ret[EGRESS_ID_SIZE + 1]);
