// SPDX-License-Identifier: Apache-2.0
/* Whatever is taken for a job is one: in bounds, and the same after writing and reading it. */
#include <stdlib.h>

#include "base/buf.h"
#include "core/job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_met)
{
    if (!is_met)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_end(buf_fini) struct buf first = {0}, second = {0};
    struct job job, again;

    if (!job_decode((struct str){(const char *)data, size}, &job))
        return 0;
    demand(job.arg_count > 0 && job.arg_count <= JOB_ARGS_MAX && job.env_count <= JOB_ENV_MAX);
    demand((str_starts(job.args[0], "/") || !memchr(job.args[0].at, '/', job.args[0].size)) &&
           (job.switched_off & ~CONTROLS_ALL) == 0);
    buf_init(&first, 2 * JOB_SIZE_MAX);
    buf_init(&second, 2 * JOB_SIZE_MAX);
    job_encode(&job, &first);
    demand(first.size <= JOB_SIZE_MAX); /* canonical is never longer */
    demand(job_decode(buf_str(&first), &again));
    job_encode(&again, &second);
    demand(str_equal(buf_str(&first), buf_str(&second)));
    return 0;
}
