// SPDX-License-Identifier: Apache-2.0
#include "operator/leader.h"

#include <assert.h>
#include <stdio.h>

#include "api/lease_spec.h"
#include "kube/informer.h"
#include "kube/lease.h"
#include "kube/resource.h"

#define CALL_MS   INT64_C(4000) /* two may fail before the lease is lost */
#define JITTER_MS UINT32_C(400)

enum {
    VERSION_MAX = 64,
    SPEC_MAX = 64 * 1024,
};

struct leader {
    struct arena arena; /* of this struct and the texts of `spec` */
    struct leader_spec spec;
    struct lease lease;
    struct informer *informer;
    struct kube_client client;
    struct alarm deadline; /* rings when the lease is lost */
    struct alarm next;     /* rings when the fiber shall look again */
    /* Our last write, as long as nobody is known to have written since. */
    bool is_last_ours;
    char version[VERSION_MAX + 1];
    struct buf content;
    bool is_in_doubt; /* the informer does not know all yet: look at the source */
    bool is_running, is_pausing, is_leaving, is_elected, is_lost, is_refused;
};

static int64_t now_ms(const struct leader *leader)
{
    const struct reactor *reactor = leader->spec.reactor;

    return reactor->monotonic_ms(reactor->self);
}

bool leader_holds(void *ctx)
{
    const struct leader *leader = ctx;

    return lease_holds(&leader->lease, now_ms(leader));
}

bool leader_is_refused(const struct leader *leader)
{
    return leader->is_refused;
}

bool leader_is_idle(const struct leader *leader)
{
    return !leader->is_running;
}

/* -- waiting --------------------------------------------------------------- */

static void go_on(void *ctx)
{
    struct leader *leader = ctx;

    if (leader->is_pausing)
        fiber_wake(leader->client.fiber);
}

static void arm(const struct leader *leader, struct alarm *alarm, int64_t at_ms)
{
    leader->spec.reactor->arm(leader->spec.reactor->self, alarm, at_ms);
}

static void disarm(const struct leader *leader, struct alarm *alarm)
{
    leader->spec.reactor->disarm(leader->spec.reactor->self, alarm);
}

/* By the loop, not from here: who nudges may be a fiber in the middle of something. */
static void nudge(struct leader *leader)
{
    if (leader->is_pausing)
        arm(leader, &leader->next, now_ms(leader));
}

static void pause_until(struct leader *leader, int64_t at_ms)
{
    if (leader->is_leaving || leader->is_lost)
        return;
    leader->is_pausing = true;
    arm(leader, &leader->next, at_ms);
    fiber_wait(leader->client.fiber);
    leader->is_pausing = false;
    disarm(leader, &leader->next);
}

/* -- what the record says -------------------------------------------------- */

struct view {
    struct lease_record record;
    struct lease_spec spec;
};

static bool view_of(struct arena *arena, struct str version, struct str content, struct view *ret,
                    struct err *err)
{
    struct json_value kept;

    if (!json_read(arena, content, &kept, err))
        return false;
    lease_spec_read(&kept, &ret->spec);
    ret->record = (struct lease_record){
        .exists = true,
        .holder = ret->spec.holder,
        .version = version,
        .content = content,
    };
    return true;
}

static bool view_object(struct arena *arena, const struct json_value *object, struct view *ret,
                        struct err *err)
{
    auto_end(buf_fini) struct buf content;

    buf_init(&content, SPEC_MAX);
    if (!lease_keep(arena, object, &content) || content.is_full)
        return err_set(err, ERR_LIMIT, "a lease of more than %d bytes", SPEC_MAX);
    return view_of(arena, object_meta(object).version, arena_copy(arena, buf_str(&content)), ret,
                   err);
}

static bool read_source(struct leader *leader, struct arena *arena, struct view *ret,
                        struct err *err)
{
    struct kube_request request =
        request_get(arena, &resource_leases, leader->spec.space, leader->spec.name);
    struct err failure = {0};
    struct json_value object;

    request.timeout_ms = CALL_MS;
    if (kube_call(&leader->client, arena, &request, "get the lease", &object, &failure))
        return view_object(arena, &object, ret, err);
    *ret = (struct view){0};
    if (failure.kind == ERR_ABSENT)
        return true;
    *err = failure;
    return false;
}

/* Where the next look goes. Before a lease that stands still is taken, it is looked at itself. */
static bool needs_source(const struct leader *leader)
{
    return leader->is_in_doubt || leader->lease.is_held || !informer_is_synced(leader->informer) ||
           now_ms(leader) >= leader->lease.changed_ms + LEASE_DURATION_MS;
}

static bool find_cached(const struct leader *leader, struct cached *ret)
{
    return cache_find(informer_cache(leader->informer), leader->spec.space, leader->spec.name, ret);
}

static bool is_behind(const struct leader *leader, const struct lease_record *record)
{
    struct cached held;

    if (!find_cached(leader, &held))
        return record->exists;
    return !str_equal(held.version, record->version);
}

static bool read_record(struct leader *leader, struct arena *arena, struct view *ret,
                        struct err *err)
{
    struct cached held;

    if (leader->is_last_ours)
        return view_of(arena, str_of(leader->version), buf_str(&leader->content), ret, err);
    if (needs_source(leader)) {
        if (!read_source(leader, arena, ret, err))
            return false;
        leader->is_in_doubt = is_behind(leader, &ret->record);
        return true;
    }
    *ret = (struct view){0};
    if (!find_cached(leader, &held))
        return true;
    return view_of(arena, arena_copy(arena, held.version), arena_copy(arena, held.kept), ret, err);
}

/* News of the lease. Those of our own renewals are none. */
static void changed(void *ctx, const struct cached *was, const struct cached *now)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct leader *leader = ctx;
    struct err ignored = {0};
    struct view view;

    (void)was;
    if (leader->lease.is_held && now && view_of(&arena, now->version, now->kept, &view, &ignored) &&
        str_is(view.spec.holder, leader->lease.self))
        return;
    if (leader->lease.is_held)
        leader->is_last_ours = false;
    nudge(leader);
}

/* -- writing --------------------------------------------------------------- */

static struct lease_spec next_spec(const struct leader *leader, const struct view *view)
{
    const struct reactor *reactor = leader->spec.reactor;
    int64_t wall_ms = reactor->now_ms(reactor->self);
    bool is_ours = str_is(view->spec.holder, leader->lease.self);

    return (struct lease_spec){
        .holder = str_of(leader->lease.self),
        .duration_ms = LEASE_DURATION_MS,
        .acquired_ms = is_ours && view->spec.acquired_ms > 0 ? view->spec.acquired_ms : wall_ms,
        .renewed_ms = wall_ms,
        .transitions = view->spec.transitions + (view->record.exists && !is_ours),
    };
}

static struct kube_request write_request(const struct leader *leader, struct arena *arena,
                                         const struct view *view, const struct lease_spec *spec)
{
    struct str space = leader->spec.space, name = leader->spec.name;
    struct json_value value = lease_value(arena, space, name, view->record.version, spec);
    struct str body = json_compact(arena, &value);
    struct kube_request request =
        view->record.exists ? request_patch(arena, &resource_leases, space, name, "", body)
                            : request_create(arena, &resource_leases, space, body);

    request.timeout_ms = CALL_MS;
    return request;
}

static bool write_lease(struct leader *leader, struct arena *arena, const struct view *view,
                        const struct lease_spec *spec, struct view *ret, struct err *err)
{
    struct kube_request request = write_request(leader, arena, view, spec);
    struct json_value object;

    leader->is_last_ours = false; /* whatever comes of it */
    leader->is_in_doubt = true;
    return kube_call(&leader->client, arena, &request, "write the lease", &object, err) &&
           view_object(arena, &object, ret, err);
}

static void remember(struct leader *leader, const struct view *written)
{
    leader->is_in_doubt = false;
    if (written->record.version.size > VERSION_MAX)
        return;
    leader->is_last_ours = true;
    snprintf(leader->version, sizeof(leader->version), "%.*s", STR_ARG(written->record.version));
    buf_drop(&leader->content, leader->content.size);
    buf_add(&leader->content, written->record.content);
}

/* -- the life of a leader -------------------------------------------------- */

static void lose(struct leader *leader, const struct err *err)
{
    if (leader->is_lost)
        return;
    leader->is_lost = true;
    lease_leave(&leader->lease, now_ms(leader));
    disarm(leader, &leader->deadline);
    nudge(leader);
    leader->spec.lost(leader->spec.ctx, err);
}

static void run_out(void *ctx)
{
    struct err err = {0};

    err_set(&err, ERR_REFUSED, "the lease could not be renewed in %d s",
            (int)(LEASE_RENEW_MS / 1000));
    lose(ctx, &err);
}

static void trouble(struct leader *leader, const struct err *err)
{
    leader->is_refused = err->kind == ERR_REFUSED;
    leader->spec.troubled(leader->spec.ctx, err);
}

static void hold(struct leader *leader, struct arena *arena, const struct view *view)
{
    struct lease_spec spec = next_spec(leader, view);
    int64_t sent_ms = now_ms(leader);
    struct view written;
    struct err err = {0};

    if (!write_lease(leader, arena, view, &spec, &written, &err)) {
        if (!leader->is_lost && lease_failed(&leader->lease, now_ms(leader)) == LEASE_LOST)
            lose(leader, &err);
        else if (!leader->is_lost)
            trouble(leader, &err);
        return;
    }
    if (leader->is_lost) /* meanwhile */
        return;
    remember(leader, &written);
    leader->is_refused = false;
    lease_written(&leader->lease, sent_ms);
    arm(leader, &leader->deadline, sent_ms + LEASE_RENEW_MS);
    if (!leader->is_elected && !leader->is_leaving) {
        leader->is_elected = true;
        leader->spec.elected(leader->spec.ctx);
    }
}

static enum lease_next look(struct leader *leader, struct arena *arena, struct view *ret,
                            struct err *err)
{
    if (read_record(leader, arena, ret, err))
        return lease_look(&leader->lease, &ret->record, now_ms(leader));
    leader->is_last_ours = false;
    return lease_failed(&leader->lease, now_ms(leader));
}

static void turn(struct leader *leader)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct err err = {0};
    struct view view;
    enum lease_next next = look(leader, &arena, &view, &err);

    if (leader->is_lost || leader->is_leaving)
        return;
    if (err.kind != ERR_NONE)
        trouble(leader, &err);
    if (next == LEASE_LOST) {
        err = (struct err){0};
        err_set(&err, ERR_REFUSED, "the lease is held by another");
        lose(leader, &err);
    } else if (next != LEASE_WAIT) {
        hold(leader, &arena, &view);
    } else if (err.kind == ERR_NONE) {
        leader->is_refused = false;
    }
}

/* As client-go has it: held by nobody, for one second more. */
static void give_back(struct leader *leader)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct err err = {0};
    struct view view, written;

    if (!lease_leave(&leader->lease, now_ms(leader)))
        return;
    leader->is_in_doubt = true; /* if it is not our last write that stands */
    if (!read_record(leader, &arena, &view, &err)) {
        trouble(leader, &err);
        return;
    }
    struct lease_spec spec = next_spec(leader, &view);
    spec.holder = (struct str){0};
    spec.duration_ms = 1000;
    if (str_is(view.spec.holder, leader->lease.self) &&
        !write_lease(leader, &arena, &view, &spec, &written, &err))
        trouble(leader, &err);
}

static void run(struct fiber *fiber, void *ctx)
{
    struct leader *leader = ctx;
    const struct reactor *reactor = leader->spec.reactor;

    leader->client.fiber = fiber;
    while (!leader->is_leaving && !leader->is_lost) {
        turn(leader);
        int64_t next_ms = leader->lease.next_ms;
        if (leader->is_in_doubt && next_ms > now_ms(leader) + LEASE_RETRY_MS)
            next_ms = now_ms(leader) + LEASE_RETRY_MS;
        pause_until(leader, next_ms + reactor->chance(reactor->self) % JITTER_MS);
    }
    disarm(leader, &leader->deadline);
    give_back(leader);
    informer_stop(leader->informer);
    leader->is_running = false;
}

static struct informer *watcher(struct leader *leader, struct arena *arena)
{
    struct informer_spec spec = {
        .resource = &resource_leases,
        .space = leader->spec.space,
        .field_selector = arena_print(arena, "metadata.name=%.*s", STR_ARG(leader->spec.name)),
        .keep = lease_keep,
        .changed = changed,
        .ctx = leader,
    };

    return informer_new(&spec, leader->spec.transport, leader->spec.reactor);
}

struct leader *leader_new(const struct leader_spec *spec)
{
    struct arena arena = {0};
    struct leader *leader = arena_alloc(&arena, sizeof(*leader));

    leader->spec = *spec;
    leader->spec.space = arena_copy(&arena, spec->space);
    leader->spec.name = arena_copy(&arena, spec->name);
    leader->informer = watcher(leader, &arena);
    leader->arena = arena;
    leader->client = (struct kube_client){.transport = spec->transport, .reactor = spec->reactor};
    leader->deadline = (struct alarm){.ring = run_out, .ctx = leader};
    leader->next = (struct alarm){.ring = go_on, .ctx = leader};
    lease_init(&leader->lease, spec->self);
    buf_init(&leader->content, SPEC_MAX);
    return leader;
}

struct leader *leader_free(struct leader *leader)
{
    if (!leader)
        return NULL;
    assert(!leader->is_running);
    struct arena arena = leader->arena;
    informer_free(leader->informer);
    buf_fini(&leader->content);
    arena_fini(&arena);
    return NULL;
}

bool leader_start(struct leader *leader, struct err *err)
{
    if (!informer_start(leader->informer, leader->spec.fibers))
        return err_set(err, ERR_LIMIT, "no fiber for the watch of the lease");
    leader->is_running = true;
    if (fiber_start(leader->spec.fibers, run, leader))
        return true;
    leader->is_running = false;
    informer_stop(leader->informer);
    return err_set(err, ERR_LIMIT, "no fiber for the lease");
}

void leader_leave(struct leader *leader)
{
    leader->is_leaving = true;
    nudge(leader);
}
