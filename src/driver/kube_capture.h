// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The output of a Pod's container `task`, read through the API server: head and tail of the text,
 * and the frames behind it. Bounded by KUBE_CAPTURE_MAX whatever comes; grows with what comes.
 *
 * It is read when the run has ended. Where somebody else deletes a Pod while its code runs, the
 * kubelet removes the log with the container: then a follower must be at it before that. It is a
 * fiber of its own: capture = kube_capture_new(); kube_capture_read(follow); and when the task is
 * being concluded, kube_task.followed = capture. */
#include "driver/harvest.h"
#include "kube/client.h"

enum {
    KUBE_ARTIFACTS_MAX =
        832 * 1024, /* as frames: a ConfigMap holds 1 MiB, the text is in it, too */
    KUBE_STREAM_MAX = 16 * 1024 * 1024, /* of bytes read of one Pod; the runner sends below 6 MiB */
    KUBE_CAPTURE_MAX = LOG_HEAD_SIZE + 2 * LOG_TAIL_SIZE + RESULT_SIZE_MAX + KUBE_ARTIFACTS_MAX,
};

struct kube_capture {
    struct arena arena; /* holds this */
    struct harvest harvest;
    struct buf head, tail; /* the tail's last LOG_TAIL_SIZE bytes count */
    int64_t text_bytes;    /* of the text, kept or not */
    int64_t stream_bytes;
    bool is_over; /* the log was read to its end */
};

struct kube_capture *kube_capture_new(void);
struct kube_capture *kube_capture_free(struct kube_capture *capture); /* NULL is fine; NULL */

/* A kubelet that finds no log says so in the log itself, and calls that a success. Is that all that
 * was read? Not if the runner sent so many bytes (-1: nobody knows): the code may say the same. */
bool kube_capture_is_excuse(const struct kube_capture *capture, int64_t sent);
void kube_capture_clear(struct kube_capture *capture); /* of what it holds of the text */

void kube_capture_add(struct kube_capture *capture, struct str bytes);
struct str kube_capture_tail(const struct kube_capture *capture);

/* Reads the log from its beginning; follow: until the container has ended. until_ms: monotonic.
 * Errors are those of kube_stream(); what came before stays. */
must_use bool kube_capture_read(struct kube_capture *capture, const struct kube_client *client,
                                struct str space, struct str pod, bool follow, int64_t until_ms,
                                struct err *err);
