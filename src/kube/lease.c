// SPDX-License-Identifier: Apache-2.0
#include "kube/lease.h"

#include <assert.h>

void lease_init(struct lease *lease, struct str self)
{
    *lease = (struct lease){0};
    assert(self.size > 0 && self.size <= LEASE_HOLDER_MAX);
    memcpy(lease->self, self.at, self.size);
}

static bool is_over(const struct lease *lease, int64_t now_ms)
{
    return now_ms - lease->renewed_ms >= LEASE_RENEW_MS;
}

bool lease_holds(const struct lease *lease, int64_t now_ms)
{
    return lease->is_held && !is_over(lease, now_ms);
}

static enum lease_next lose(struct lease *lease)
{
    lease->is_held = false;
    return LEASE_LOST;
}

static void note(struct lease *lease, const struct lease_record *record, int64_t now_ms)
{
    char digest[SHA256_HEX + 1] = "";

    if (record->exists)
        sha256_of(record->content, digest);
    if (strcmp(digest, lease->seen) == 0)
        return;
    memcpy(lease->seen, digest, sizeof(digest));
    lease->has_seen = true;
    lease->changed_ms = now_ms;
}

enum lease_next lease_look(struct lease *lease, const struct lease_record *record, int64_t now_ms)
{
    bool is_ours = record->exists && str_is(record->holder, lease->self);
    bool is_others = record->exists && record->holder.size > 0 && !is_ours;

    note(lease, record, now_ms);
    lease->next_ms = now_ms + LEASE_RETRY_MS;
    if (lease->is_held)
        return is_others || is_over(lease, now_ms) ? lose(lease) : LEASE_RENEW;
    bool is_free = record->exists ? record->holder.size == 0 : !lease->has_seen;
    int64_t runs_out_ms = lease->changed_ms + LEASE_DURATION_MS;
    if (is_free || is_ours || now_ms >= runs_out_ms) /* ours: a write whose answer was lost */
        return LEASE_ACQUIRE;
    lease->next_ms = runs_out_ms;
    return LEASE_WAIT;
}

void lease_written(struct lease *lease, int64_t sent_ms)
{
    lease->is_held = true;
    lease->renewed_ms = sent_ms;
    lease->next_ms = sent_ms + LEASE_RETRY_MS;
}

enum lease_next lease_failed(struct lease *lease, int64_t now_ms)
{
    lease->next_ms = now_ms + LEASE_RETRY_MS;
    return lease->is_held && is_over(lease, now_ms) ? lose(lease) : LEASE_WAIT;
}

bool lease_leave(struct lease *lease, int64_t now_ms)
{
    bool was_held = lease_holds(lease, now_ms);

    lease->is_held = false;
    return was_held;
}
