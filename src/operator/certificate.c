// SPDX-License-Identifier: Apache-2.0
#include "operator/certificate.h"

#include <assert.h>

#include "api/look.h"
#include "api/webhook_config.h"
#include "kube/client.h"
#include "kube/resource.h"
#include "sys/file.h"

#define CALL_MS  INT64_C(5000)
#define AGAIN_MS INT64_C(1000) /* as long as something is lacking */

enum {
    ORPHAN_LOOKS = 3, /* a leader would have done it by then */
    VERSION_MAX = 64,
    STEPS_MAX = 8, /* one after the other, before it waits in any case */
};

struct certificate_keeper {
    struct arena arena; /* of this struct and the texts of `spec` */
    struct certificate_spec spec;
    struct certificate_spans spans;
    struct kube_client client;
    struct alarm next;
    struct arena held_arena;
    struct tls_secret held;        /* what is served, and the bundle it was stored with */
    struct x509_term term;         /* of it */
    char version[VERSION_MAX + 1]; /* of the Secret, since when both stand still: */
    int64_t steady_from_ms;        /* monotonic */
    enum err_kind trouble;         /* the last that was told */
    uint32_t steps;
    int64_t undone_from_ms; /* monotonic; since when something is to be done; 0: nothing is */
    bool leads, is_trusted_once;
    bool is_running, is_pausing, is_stopping;
};

static int64_t monotonic_ms(const struct certificate_keeper *keeper)
{
    return keeper->spec.reactor->monotonic_ms(keeper->spec.reactor->self);
}

static int64_t wall_ms(const struct certificate_keeper *keeper)
{
    return keeper->spec.reactor->now_ms(keeper->spec.reactor->self);
}

bool certificate_is_valid(const struct certificate_keeper *keeper, int64_t now_ms)
{
    return keeper->held.certificate.size > 0 && keeper->is_trusted_once &&
           keeper->term.from_ms <= now_ms && now_ms < keeper->term.until_ms;
}

int64_t certificate_until_ms(const struct certificate_keeper *keeper)
{
    return keeper->term.until_ms;
}

bool certificate_is_idle(const struct certificate_keeper *keeper)
{
    return !keeper->is_running;
}

/* -- what is served ------------------------------------------------------------------ */

static void drop_held(struct certificate_keeper *keeper)
{
    tls_secret_wipe(&keeper->held);
    keeper->held = (struct tls_secret){0};
    arena_fini(&keeper->held_arena);
}

static void adopt(struct certificate_keeper *keeper, const struct tls_secret *pair)
{
    struct err ignored = {0};

    drop_held(keeper);
    keeper->held = (struct tls_secret){
        .certificate = arena_copy(&keeper->held_arena, pair->certificate),
        .key = arena_copy(&keeper->held_arena, pair->key),
        .bundle = arena_copy(&keeper->held_arena, pair->bundle),
    };
    if (!x509_read_term(keeper->held.certificate, &keeper->term, &ignored))
        keeper->term = (struct x509_term){0};
    keeper->spec.changed(keeper->spec.ctx, keeper->held.certificate, keeper->held.key);
    keeper->spec.told(keeper->spec.ctx, "serves another certificate", NULL, NULL);
}

/* -- the Secret and the configuration ---------------------------------------------------- */

struct turn { /* wiped at its end */
    struct arena arena;
    struct certificate_look look;
    struct json_value config, secret;
    struct str version; /* of the Secret; empty: there is none */
};

static void turn_end(struct turn *turn)
{
    tls_secret_wipe(&turn->look.stored);
    arena_fini(&turn->arena);
}

static bool get(struct certificate_keeper *keeper, struct arena *arena,
                const struct kube_resource *resource, const char *name, bool *ret_exists,
                struct json_value *ret, struct err *err)
{
    struct str space = resource->is_namespaced ? keeper->spec.space : (struct str){0};
    struct kube_request request = request_get(arena, resource, space, str_of(name));
    struct str what = arena_print(arena, "get %s", name);

    request.timeout_ms = CALL_MS;
    *ret_exists = kube_call(&keeper->client, arena, &request, what.at, ret, err);
    if (*ret_exists)
        return true;
    if (err->kind != ERR_ABSENT)
        return false;
    *err = (struct err){0};
    return true;
}

static int64_t steady_ms(struct certificate_keeper *keeper, const struct turn *turn)
{
    bool is_known = turn->version.size > 0 && turn->version.size <= VERSION_MAX;

    if (!is_known || !turn->look.is_trusted || !str_is(turn->version, keeper->version)) {
        keeper->steady_from_ms = monotonic_ms(keeper);
        memset(keeper->version, 0, sizeof(keeper->version));
        if (is_known && turn->look.is_trusted)
            memcpy(keeper->version, turn->version.at, turn->version.size);
    }
    return monotonic_ms(keeper) - keeper->steady_from_ms;
}

/* First the configuration: whoever wrote the Secret after we read it, and told the configuration,
 * has made our write to the configuration stale. */
static bool look(struct certificate_keeper *keeper, struct turn *turn, struct err *err)
{
    struct certificate_look *ret = &turn->look;
    struct str space = keeper->spec.space;
    bool exists;

    if (!get(keeper, &turn->arena, &resource_validatingwebhookconfigurations, WEBHOOK_CONFIGURATION,
             &ret->has_config, &turn->config, err) ||
        !get(keeper, &turn->arena, &resource_secrets, TLS_SECRET, &exists, &turn->secret, err))
        return false;
    if (exists) {
        turn->version = look_text(json_get(&turn->secret, "metadata"), "resourceVersion");
        tls_secret_read(&turn->arena, &turn->secret, &ret->stored);
    }
    if (ret->has_config)
        ret->trusted = webhook_config_bundle(&turn->arena, &turn->config, space);
    ret->is_trusted =
        !ret->has_config || webhook_config_trusts(&turn->config, space, ret->stored.bundle);
    ret->held = keeper->held;
    ret->names = keeper->spec.names;
    ret->spans = keeper->spans;
    ret->now_ms = wall_ms(keeper);
    ret->steady_ms = steady_ms(keeper, turn);
    return true;
}

static bool write_secret(struct certificate_keeper *keeper, struct turn *turn,
                         enum certificate_step step, struct err *err)
{
    struct arena *arena = &turn->arena;
    struct str space = keeper->spec.space;
    struct tls_secret issued = {0};
    struct kube_request request;
    struct json_value ignored;
    bool is_written = certificate_issue(arena, &turn->look, step, &issued, err);

    if (is_written) {
        struct json_value value = tls_secret_value(arena, space, turn->version, &issued);
        struct str body = json_compact(arena, &value);
        request = turn->version.size > 0 ? request_patch(arena, &resource_secrets, space,
                                                         STR_LIT(TLS_SECRET), "", body)
                                         : request_create(arena, &resource_secrets, space, body);
        request.timeout_ms = CALL_MS;
        is_written =
            kube_call(&keeper->client, arena, &request, "write " TLS_SECRET, &ignored, err);
        x509_wipe(body);
    }
    tls_secret_wipe(&issued);
    return is_written;
}

static bool write_config(struct certificate_keeper *keeper, struct turn *turn, struct err *err)
{
    struct json_value patch = webhook_config_patch(&turn->arena, &turn->config, keeper->spec.space,
                                                   turn->look.stored.bundle);
    struct kube_request request =
        request_patch(&turn->arena, &resource_validatingwebhookconfigurations, (struct str){0},
                      STR_LIT(WEBHOOK_CONFIGURATION), "", json_compact(&turn->arena, &patch));
    struct json_value ignored;

    request.timeout_ms = CALL_MS;
    return kube_call(&keeper->client, &turn->arena, &request, "patch " WEBHOOK_CONFIGURATION,
                     &ignored, err);
}

/* Somebody else was faster: then his is looked at next. */
static bool is_overtaken(const struct err *err)
{
    return err->kind == ERR_STALE || err->kind == ERR_PRESENT;
}

static bool act(struct certificate_keeper *keeper, struct turn *turn, enum certificate_step step,
                const char *because, struct err *err)
{
    bool is_done = step == CERTIFICATE_TRUST ? write_config(keeper, turn, err)
                                             : write_secret(keeper, turn, step, err);

    if (is_done)
        keeper->spec.told(keeper->spec.ctx, certificate_step_words(step), because, NULL);
    else if (is_overtaken(err))
        *err = (struct err){0};
    return err->kind == ERR_NONE;
}

/* Whoever leads acts at once. What nobody does, anybody may do: the leader may be an older operator
 * that knows nothing of this, and is not replaced before we are ready. */
static bool shall_act(struct certificate_keeper *keeper, enum certificate_step step)
{
    int64_t now_ms = monotonic_ms(keeper);

    if (step == CERTIFICATE_REST)
        keeper->undone_from_ms = 0;
    else if (keeper->undone_from_ms == 0)
        keeper->undone_from_ms = now_ms;
    return step != CERTIFICATE_REST && (keeper->leads || now_ms - keeper->undone_from_ms >=
                                                             keeper->spans.look_ms * ORPHAN_LOOKS);
}

static bool keep_secret(struct certificate_keeper *keeper, int64_t *ret_wait_ms, struct err *err)
{
    auto_end(turn_end) struct turn turn = {0};
    struct certificate_view view;
    const char *because;
    enum certificate_step step;

    if (!look(keeper, &turn, err))
        return false;
    if (certificate_is_better(&turn.look)) {
        adopt(keeper, &turn.look.stored);
        turn.look.held = keeper->held;
    }
    keeper->is_trusted_once |= turn.look.is_trusted && keeper->held.certificate.size > 0;
    certificate_view_of(&turn.look, &view);
    step = certificate_next(&view, &because);
    if (!shall_act(keeper, step)) {
        keeper->steps = 0;
        *ret_wait_ms = keeper->is_trusted_once ? keeper->spans.look_ms : AGAIN_MS;
        return true;
    }
    *ret_wait_ms = ++keeper->steps < STEPS_MAX ? 0 : AGAIN_MS;
    return act(keeper, &turn, step, because, err);
}

/* -- files ---------------------------------------------------------------------------------- */

static bool read_file(struct certificate_keeper *keeper, struct arena *arena, const char *name,
                      struct str *ret, struct err *err)
{
    struct str path = arena_print(arena, "%.*s/%s", STR_ARG(keeper->spec.directory), name);

    return file_read(arena, path.at, X509_PEM_MAX, ret, err);
}

/* Between two files of which one is new and one is old there is a moment: then they do not fit. */
static bool keep_files(struct certificate_keeper *keeper, int64_t *ret_wait_ms, struct err *err)
{
    auto_end(turn_end) struct turn turn = {0};
    struct tls_secret *read = &turn.look.stored;
    const struct x509_names any = {0}; /* who keeps them knows by which name we are called */

    if (!read_file(keeper, &turn.arena, "tls.crt", &read->certificate, err) ||
        !read_file(keeper, &turn.arena, "tls.key", &read->key, err))
        return false;
    if (!str_equal(read->certificate, keeper->held.certificate) ||
        !str_equal(read->key, keeper->held.key)) {
        if (!x509_key_fits(read->certificate, read->key, err) ||
            !x509_serves(read->certificate, &any, err))
            return err_wrap(err, "%.*s", STR_ARG(keeper->spec.directory));
        adopt(keeper, read);
        keeper->is_trusted_once = true;
    }
    *ret_wait_ms = keeper->spans.look_ms;
    return true;
}

/* -- the fiber -------------------------------------------------------------------------------- */

static void go_on(void *ctx)
{
    struct certificate_keeper *keeper = ctx;

    if (keeper->is_pausing)
        fiber_wake(keeper->client.fiber);
}

static void rest(struct certificate_keeper *keeper, int64_t wait_ms)
{
    const struct reactor *reactor = keeper->spec.reactor;

    if (keeper->is_stopping)
        return;
    keeper->is_pausing = true;
    reactor->arm(reactor->self, &keeper->next, monotonic_ms(keeper) + wait_ms);
    fiber_wait(keeper->client.fiber);
    keeper->is_pausing = false;
    reactor->disarm(reactor->self, &keeper->next);
}

/* The same trouble again and again is told once. */
static void tell_trouble(struct certificate_keeper *keeper, const struct err *err)
{
    if (err->kind != ERR_NONE && err->kind != keeper->trouble)
        keeper->spec.told(keeper->spec.ctx, "cannot keep the certificates", NULL, err);
    keeper->trouble = err->kind;
}

static void run(struct fiber *fiber, void *ctx)
{
    struct certificate_keeper *keeper = ctx;

    keeper->client.fiber = fiber;
    while (!keeper->is_stopping) {
        struct err err = {0};
        int64_t wait_ms = AGAIN_MS;
        bool is_done = keeper->spec.directory.size > 0 ? keep_files(keeper, &wait_ms, &err)
                                                       : keep_secret(keeper, &wait_ms, &err);
        if (!keeper->is_stopping)
            tell_trouble(keeper, &err);
        rest(keeper, is_done ? wait_ms : AGAIN_MS);
    }
    keeper->is_running = false;
}

/* -- its life ------------------------------------------------------------------------------------
 */

static struct x509_names copy_names(struct arena *arena, const struct x509_names *names)
{
    struct str *at = arena_array(arena, names->count, sizeof(*at));

    for (uint32_t i = 0; i < names->count; i++)
        at[i] = arena_copy(arena, names->at[i]);
    return (struct x509_names){at, names->count};
}

struct certificate_keeper *certificate_new(const struct certificate_spec *spec)
{
    struct arena arena = {0};
    struct certificate_keeper *keeper = arena_alloc(&arena, sizeof(*keeper));

    keeper->spec = *spec;
    keeper->spec.space = arena_copy(&arena, spec->space);
    keeper->spec.directory = arena_copy(&arena, spec->directory);
    keeper->spec.names = copy_names(&arena, &spec->names);
    keeper->spans = certificate_spans_of(spec->leaf_ms ? spec->leaf_ms : CERTIFICATE_LEAF_MS);
    keeper->next = (struct alarm){.ring = go_on, .ctx = keeper};
    keeper->client = (struct kube_client){
        .transport = spec->transport,
        .reactor = spec->reactor,
        .is_stopped = &keeper->is_stopping,
    };
    keeper->arena = arena;
    return keeper;
}

struct certificate_keeper *certificate_free(struct certificate_keeper *keeper)
{
    if (!keeper)
        return NULL;
    assert(!keeper->is_running);
    drop_held(keeper);
    struct arena arena = keeper->arena;
    arena_fini(&arena);
    return NULL;
}

bool certificate_start(struct certificate_keeper *keeper, struct err *err)
{
    keeper->is_running = true;
    if (fiber_start(keeper->spec.fibers, run, keeper))
        return true;
    keeper->is_running = false;
    return err_set(err, ERR_LIMIT, "no fiber for the certificates");
}

/* By the loop, not from here: who says so may be a fiber in the middle of something. */
void certificate_lead(struct certificate_keeper *keeper)
{
    const struct reactor *reactor = keeper->spec.reactor;

    keeper->leads = true;
    if (keeper->is_pausing)
        reactor->arm(reactor->self, &keeper->next, monotonic_ms(keeper));
}

void certificate_stop(struct certificate_keeper *keeper)
{
    keeper->is_stopping = true;
    if (keeper->is_running)
        fiber_wake(keeper->client.fiber); /* it waits: we are not in it */
    assert(!keeper->is_running);
}
