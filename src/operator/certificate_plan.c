// SPDX-License-Identifier: Apache-2.0
#include "operator/certificate_plan.h"

#include "base/date.h"

enum {
    CARRIED_MAX = 8, /* older authorities in a bundle */
};

#define HOUR_MS INT64_C(3600000)

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

struct certificate_spans certificate_spans_of(int64_t leaf_ms)
{
    return (struct certificate_spans){
        .leaf_ms = leaf_ms,
        .authority_ms = leaf_ms * 4,
        .overlap_ms = smaller(60000, leaf_ms / 10),
        .slack_ms = smaller(HOUR_MS, leaf_ms / 10),
        .look_ms = smaller(10000, leaf_ms / 30),
    };
}

/* -- what of it counts ------------------------------------------------------------------ */

static bool is_valid(const struct x509_term *term, int64_t now_ms)
{
    return term->from_ms <= now_ms && now_ms < term->until_ms;
}

/* Those of a bundle that are authorities and valid, as a bundle; the first of all is ret_newest,
 * valid or not. */
static struct str usable(struct arena *arena, struct str bundle, int64_t now_ms,
                         struct str *ret_newest, uint32_t *ret_count)
{
    struct str parts[X509_BUNDLE_MAX], ret = {0};
    struct err ignored = {0};
    struct x509_term term;

    *ret_count = 0;
    *ret_newest = (struct str){0};
    if (!x509_split(arena, bundle, parts, ret_count, &ignored))
        return ret;
    *ret_newest = parts[0];
    for (uint32_t i = 0; i < *ret_count; i++) {
        struct err unread = {0};
        if (x509_is_authority(parts[i], &unread) && x509_read_term(parts[i], &term, &unread) &&
            is_valid(&term, now_ms))
            ret = arena_print(arena, "%.*s%.*s", STR_ARG(ret), STR_ARG(parts[i]));
    }
    return ret;
}

static bool is_good(const struct certificate_look *look, const struct tls_secret *pair,
                    struct str bundle, struct x509_term *ret)
{
    struct err ignored = {0};

    return x509_read_term(pair->certificate, ret, &ignored) && is_valid(ret, look->now_ms) &&
           x509_key_fits(pair->certificate, pair->key, &ignored) &&
           x509_serves(pair->certificate, &look->names, &ignored) &&
           x509_is_signed(pair->certificate, bundle, &ignored);
}

static bool is_authority_good(const struct certificate_look *look, struct str newest,
                              struct x509_term *ret)
{
    struct err ignored = {0};

    return x509_is_authority(newest, &ignored) && x509_read_term(newest, ret, &ignored) &&
           is_valid(ret, look->now_ms) &&
           x509_key_fits(newest, look->stored.authority_key, &ignored);
}

/* The pair that may be served, if there is any. */
static const struct tls_secret *find_leaf(const struct certificate_look *look, struct str bundle,
                                          struct x509_term *ret)
{
    if (is_good(look, &look->stored, bundle, ret))
        return &look->stored;
    return is_good(look, &look->held, bundle, ret) ? &look->held : NULL;
}

static bool is_signed(const struct tls_secret *pair, struct str authority)
{
    struct err ignored = {0};

    return x509_is_signed(pair->certificate, authority, &ignored);
}

/* Somebody put other authorities there, and who still shows what is shown would be refused. */
static bool is_torn(const struct certificate_look *look, struct str bundle)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct x509_term term;
    struct str ignored;
    uint32_t count;

    return bundle.size > 0 && !is_good(look, &look->held, bundle, &term) &&
           is_good(look, &look->held,
                   usable(&arena, look->held.bundle, look->now_ms, &ignored, &count), &term);
}

void certificate_view_of(const struct certificate_look *look, struct certificate_view *ret)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct certificate_view view = {
        .now_ms = look->now_ms,
        .steady_ms = look->steady_ms,
        .spans = look->spans,
        .is_trusted = !look->has_config || look->is_trusted,
    };
    struct str newest, ignored;
    uint32_t others;
    struct str bundle =
        usable(&arena, look->stored.bundle, look->now_ms, &newest, &view.authorities);

    if (bundle.size == 0)
        bundle = usable(&arena, look->held.bundle, look->now_ms, &ignored, &others);
    const struct tls_secret *leaf = find_leaf(look, bundle, &view.leaf);
    view.has_leaf = leaf;
    view.is_torn = is_torn(look, bundle);
    view.is_stored = leaf == &look->stored;
    view.has_authority = is_authority_good(look, newest, &view.authority);
    view.is_newest = leaf && view.has_authority && is_signed(leaf, newest);
    *ret = view;
}

bool certificate_is_better(const struct certificate_look *look)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct x509_term term;
    struct str newest;
    uint32_t count;
    struct str bundle = usable(&arena, look->stored.bundle, look->now_ms, &newest, &count);

    if (!is_good(look, &look->stored, bundle, &term))
        return false;
    if (str_equal(look->stored.certificate, look->held.certificate))
        return false;
    return !look->has_config || !is_good(look, &look->held, look->trusted, &term) ||
           is_good(look, &look->stored, look->trusted, &term);
}

/* -- the next step ------------------------------------------------------------------------- */

/* By what it was made for, or by what is wanted now, if that is less. */
static bool is_old(const struct x509_term *term, int64_t life_ms, int64_t now_ms)
{
    return now_ms - term->from_ms >= smaller(term->until_ms - term->from_ms, life_ms) / 3 * 2;
}

static bool has_nothing(const struct certificate_view *v)
{
    return !v->has_leaf && !v->has_authority;
}

static bool is_torn_off(const struct certificate_view *v)
{
    return v->is_torn;
}

static bool has_no_authority(const struct certificate_view *v)
{
    return !v->has_authority;
}

static bool has_no_leaf(const struct certificate_view *v)
{
    return !v->has_leaf || !v->is_stored;
}

static bool has_old_authority(const struct certificate_view *v)
{
    return is_old(&v->authority, v->spans.authority_ms, v->now_ms);
}

static bool has_old_leaf(const struct certificate_view *v)
{
    return v->is_newest && is_old(&v->leaf, v->spans.leaf_ms, v->now_ms);
}

static bool is_not_trusted(const struct certificate_view *v)
{
    return !v->is_trusted;
}

static bool has_heir(const struct certificate_view *v)
{
    return !v->is_newest && v->steady_ms >= v->spans.overlap_ms;
}

static bool has_ancestors(const struct certificate_view *v)
{
    return v->is_newest && v->authorities > 1 && v->steady_ms >= v->spans.overlap_ms;
}

static bool is_well(const struct certificate_view *v)
{
    (void)v;
    return true;
}

/* The first that applies. What is lacking comes first; then what is old, whether or not anybody
 * trusts it, for that may never be for us to say; what only tidies up comes last. */
static const struct rule {
    const char *because;
    bool (*applies)(const struct certificate_view *v);
    enum certificate_step step;
} rules[] = {
    {"the Secret has lost what is served",         is_torn_off,       CERTIFICATE_SUCCEED},
    {"there is neither certificate nor authority", has_nothing,       CERTIFICATE_BEGIN  },
    {"there is no authority that can sign",        has_no_authority,  CERTIFICATE_SUCCEED},
    {"there is no certificate that can be served", has_no_leaf,       CERTIFICATE_RENEW  },
    {"the authority grows old",                    has_old_authority, CERTIFICATE_SUCCEED},
    {"the certificate grows old",                  has_old_leaf,      CERTIFICATE_RENEW  },
    {"the webhook trusts another bundle",          is_not_trusted,    CERTIFICATE_TRUST  },
    {"the new authority is trusted by now",        has_heir,          CERTIFICATE_RENEW  },
    {"nobody shows the old authority's any more",  has_ancestors,     CERTIFICATE_RETIRE },
    {"all is well",                                is_well,           CERTIFICATE_REST   },
};

enum certificate_step certificate_next(const struct certificate_view *view,
                                       const char **ret_because)
{
    size_t i = 0;

    while (!rules[i].applies(view))
        i++;
    *ret_because = rules[i].because;
    return rules[i].step;
}

const char *certificate_step_words(enum certificate_step step)
{
    static const char *const words[] = {
        [CERTIFICATE_REST] = "nothing",
        [CERTIFICATE_BEGIN] = "made an authority and a certificate",
        [CERTIFICATE_SUCCEED] = "made a new authority, beside the old one",
        [CERTIFICATE_RENEW] = "made a new certificate",
        [CERTIFICATE_TRUST] = "told the webhook's configuration whom to trust",
        [CERTIFICATE_RETIRE] = "dropped the old authorities",
    };

    return words[step];
}

/* -- carrying it out -------------------------------------------------------------------------- */

/* The older ones stay, too, if they have not expired: somebody may still show what they signed. One
 * that is not valid yet may be so by the right clock. */
static void carry(struct arena *arena, struct str from, int64_t now_ms, struct str *bundle,
                  uint32_t *count)
{
    struct str parts[X509_BUNDLE_MAX];
    struct err ignored = {0};
    struct x509_term term;
    uint32_t found;

    if (!x509_split(arena, from, parts, &found, &ignored))
        return;
    for (uint32_t i = 0; i < found && *count < CARRIED_MAX; i++) {
        struct err unread = {0};
        if (!x509_is_authority(parts[i], &unread) || !x509_read_term(parts[i], &term, &unread) ||
            term.until_ms <= now_ms || memmem(bundle->at, bundle->size, parts[i].at, parts[i].size))
            continue;
        *bundle = arena_print(arena, "%.*s%.*s", STR_ARG(*bundle), STR_ARG(parts[i]));
        *count += 1;
    }
}

static struct x509_term term_of(const struct certificate_look *look, int64_t life_ms)
{
    return (struct x509_term){look->now_ms - look->spans.slack_ms, look->now_ms + life_ms};
}

static bool found_authority(struct arena *arena, const struct certificate_look *look,
                            struct tls_secret *ret, struct err *err)
{
    struct x509_term term = term_of(look, look->spans.authority_ms);
    char date[DATE_TEXT];
    struct x509_pair made;
    uint32_t count = 0;

    date_print(look->now_ms, date);
    if (!x509_make_authority(arena, arena_print(arena, "agenttask-operator %s", date), &term, &made,
                             err))
        return false;
    ret->authority_key = made.key;
    ret->bundle = made.certificate;
    carry(arena, look->held.bundle, look->now_ms, &ret->bundle, &count);
    carry(arena, look->stored.bundle, look->now_ms, &ret->bundle, &count);
    carry(arena, look->trusted, look->now_ms, &ret->bundle, &count);
    return true;
}

/* No certificate outlives its authority. */
static bool sign_leaf(struct arena *arena, const struct certificate_look *look,
                      struct tls_secret *ret, struct err *err)
{
    struct x509_pair authority = {ret->bundle, ret->authority_key}, made;
    struct x509_term term = term_of(look, look->spans.leaf_ms), above;

    if (!x509_read_term(authority.certificate, &above, err))
        return false;
    term.until_ms = smaller(term.until_ms, above.until_ms);
    if (!x509_make_server(arena, &authority, &look->names, &term, &made, err))
        return false;
    ret->certificate = made.certificate;
    ret->key = made.key;
    return true;
}

/* A copy, for what is issued is wiped as a whole. */
static void keep_leaf(struct arena *arena, const struct certificate_look *look,
                      struct tls_secret *ret)
{
    struct certificate_view view;
    const struct tls_secret *from;

    certificate_view_of(look, &view);
    from = view.is_stored ? &look->stored : &look->held;

    ret->certificate = arena_copy(arena, from->certificate);
    ret->key = arena_copy(arena, from->key);
}

static bool retire(struct arena *arena, const struct certificate_look *look, struct tls_secret *ret,
                   struct err *err)
{
    struct str parts[X509_BUNDLE_MAX];
    uint32_t count;

    if (!x509_split(arena, look->stored.bundle, parts, &count, err))
        return false;
    ret->bundle = parts[0];
    return true;
}

bool certificate_issue(struct arena *arena, const struct certificate_look *look,
                       enum certificate_step step, struct tls_secret *ret, struct err *err)
{
    bool is_founded = step == CERTIFICATE_BEGIN || step == CERTIFICATE_SUCCEED;
    bool is_kept = step == CERTIFICATE_SUCCEED || step == CERTIFICATE_RETIRE;
    struct tls_secret next = {.bundle = look->stored.bundle};

    if (!is_founded)
        next.authority_key = arena_copy(arena, look->stored.authority_key);
    if (is_kept)
        keep_leaf(arena, look, &next);
    if ((is_founded && !found_authority(arena, look, &next, err)) ||
        (step == CERTIFICATE_RETIRE && !retire(arena, look, &next, err)) ||
        (!is_kept && !sign_leaf(arena, look, &next, err))) {
        tls_secret_wipe(&next);
        return false;
    }
    *ret = next;
    return true;
}
