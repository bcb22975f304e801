// SPDX-License-Identifier: Apache-2.0
#include "runner/outlet.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "runner/timer.h"

static bool is_ready(const struct outlet *outlet, int wait_ms)
{
    struct pollfd poll_fd = {.fd = outlet->fd, .events = POLLOUT};

    return poll(&poll_fd, 1, wait_ms) == 1;
}

size_t outlet_try(struct outlet *outlet, struct str bytes)
{
    size_t done = 0;

    while (done < bytes.size && !outlet->is_broken && is_ready(outlet, 0)) {
        size_t left = bytes.size - done;
        ssize_t got = write(outlet->fd, bytes.at + done, left < PIPE_BUF ? left : PIPE_BUF);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (got <= 0)
            outlet->is_broken = true;
        else
            done += (size_t)got;
    }
    outlet->bytes += (int64_t)done;
    if (done > 0)
        outlet->is_mid_line = bytes.at[done - 1] != '\n';
    return outlet->is_broken ? bytes.size : done;
}

bool outlet_write(struct outlet *outlet, struct str bytes, int64_t deadline_ms)
{
    while (bytes.size > 0 && !outlet->is_broken) {
        if (is_ready(outlet, timer_left(deadline_ms)))
            bytes = str_skip(bytes, outlet_try(outlet, bytes));
        else if (timer_left(deadline_ms) == 0)
            outlet->is_broken = true;
    }
    return !outlet->is_broken;
}
