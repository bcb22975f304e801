// SPDX-License-Identifier: Apache-2.0
#include "core/egress.h"

#include <assert.h>
#include <stdio.h>

#include "core/validate_rule.h"

enum {
    PORT_MAX = 65535,
};
#define ALL "all" /* ports: of TCP and of UDP */

static const char *const protocols[] = {
    [EGRESS_TCP] = "TCP",
    [EGRESS_UDP] = "UDP",
    [EGRESS_SCTP] = "SCTP",
};

const char *egress_protocol_word(enum egress_protocol protocol)
{
    assert(protocol < countof(protocols));
    return protocols[protocol];
}

static bool protocol_read(struct str word, enum egress_protocol *ret)
{
    for (size_t i = 0; i < countof(protocols); i++) {
        if (!str_is(word, protocols[i]))
            continue;
        *ret = (enum egress_protocol)i;
        return true;
    }
    return false;
}

static bool port_read(struct str text, uint32_t *ret)
{
    int64_t port;

    if (text.size == 0 || text.at[0] == '0' || !str_to_int(text, &port) || port < 1 ||
        port > PORT_MAX)
        return false;
    *ret = (uint32_t)port;
    return true;
}

/* "443", "8000-8100", with "/UDP" behind or not. */
static bool span_read(struct str text, struct egress_span *ret)
{
    struct str ports = text, word, first, last;
    struct egress_span span = {.protocol = EGRESS_TCP};
    bool is_range;

    if (str_cut(text, '/', &ports, &word) && !protocol_read(word, &span.protocol))
        return false;
    is_range = str_cut(ports, '-', &first, &last);
    if (!port_read(is_range ? first : ports, &span.first) ||
        !port_read(is_range ? last : ports, &span.last) || span.first > span.last)
        return false;
    *ret = span;
    return true;
}

/* -- one spelling -------------------------------------------------------------- */

static bool is_closed_port(const struct egress_span *span)
{
    return span->protocol == EGRESS_TCP && span->first == CANARY_CLOSED_PORT &&
           span->last == CANARY_CLOSED_PORT;
}

static bool rule_spell(const struct egress *rule, char ret[EGRESS_RULE_MAX], struct err *err)
{
    char cidr[CIDR_TEXT_MAX], shown[QUOTE_TEXT];
    struct egress_span span;

    if (!cidr_spell(rule->cidr, cidr))
        return err_set(err, ERR_INVALID, "spec.network.egress: %s is no CIDR (10.0.0.0/8)",
                       quote(rule->cidr, shown));
    if (rule->ports.size == 0) {
        snprintf(ret, EGRESS_RULE_MAX, "%s " ALL, cidr);
        return true;
    }
    if (!span_read(rule->ports, &span))
        return err_set(err, ERR_INVALID,
                       "spec.network.egress: %s are no ports (443, 8000-8100, 53/UDP; absent: all)",
                       quote(rule->ports, shown));
    if (is_closed_port(&span))
        return err_set(err, ERR_INVALID,
                       "spec.network.egress: port %d is kept closed, to prove that the rest is; "
                       "give another",
                       CANARY_CLOSED_PORT);
    if (span.first == span.last)
        snprintf(ret, EGRESS_RULE_MAX, "%s %u/%s", cidr, span.first, protocols[span.protocol]);
    else
        snprintf(ret, EGRESS_RULE_MAX, "%s %u-%u/%s", cidr, span.first, span.last,
                 protocols[span.protocol]);
    return true;
}

/* Where it belongs, unless it is there. */
static void set_insert(struct egress_set *set, struct str rule)
{
    uint32_t at = set->count;

    while (at > 0 && str_order(set->rules[at - 1], rule) > 0)
        at--;
    if (at > 0 && str_equal(set->rules[at - 1], rule))
        return;
    memmove(&set->rules[at + 1], &set->rules[at], (set->count - at) * sizeof(*set->rules));
    set->rules[at] = rule;
    set->count++;
}

bool egress_set_make(const struct egress *rules, uint32_t count, struct egress_set *ret,
                     struct err *err)
{
    ret->count = 0;
    if (!check_count("spec.network.egress", count, EGRESS_MAX, err))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!rule_spell(&rules[i], ret->texts[i], err))
            return false;
        set_insert(ret, str_of(ret->texts[i]));
    }
    return true;
}

/* -- what it allows --------------------------------------------------------------- */

static void span_add(struct egress_rule *rule, enum egress_protocol protocol, uint32_t first,
                     uint32_t last)
{
    assert(rule->span_count < EGRESS_SPANS_MAX);
    if (first <= last)
        rule->spans[rule->span_count++] = (struct egress_span){protocol, first, last};
}

static void span_add_around(struct egress_rule *rule, const struct egress_span *span)
{
    bool is_split = span->protocol == EGRESS_TCP && span->first <= CANARY_CLOSED_PORT &&
                    span->last >= CANARY_CLOSED_PORT;

    if (!is_split) {
        span_add(rule, span->protocol, span->first, span->last);
        return;
    }
    span_add(rule, EGRESS_TCP, span->first, CANARY_CLOSED_PORT - 1);
    span_add(rule, EGRESS_TCP, CANARY_CLOSED_PORT + 1, span->last);
}

bool egress_rule_read(struct str text, struct egress_rule *ret)
{
    static const struct egress_span all_tcp = {EGRESS_TCP, 1, PORT_MAX};
    struct egress_span span;
    struct str ports;

    *ret = (struct egress_rule){0};
    if (!str_cut(text, ' ', &ret->cidr, &ports))
        return false;
    if (str_is(ports, ALL)) {
        span_add_around(ret, &all_tcp);
        span_add(ret, EGRESS_UDP, 1, PORT_MAX);
        return true;
    }
    if (!span_read(ports, &span))
        return false;
    span_add_around(ret, &span);
    return true;
}

void egress_id(const struct strs *rules, char ret[EGRESS_ID_SIZE + 1])
{
    char digest[SHA256_HEX + 1];
    struct sha256 sha;

    sha256_init(&sha);
    for (uint32_t i = 0; i < rules->count; i++) {
        sha256_add(&sha, rules->at[i]);
        sha256_add(&sha, STR_LIT("\n"));
    }
    sha256_hex(&sha, digest);
    memcpy(ret, digest, EGRESS_ID_SIZE);
    ret[EGRESS_ID_SIZE] = '\0';
}
