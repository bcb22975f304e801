// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Limits held by looking: memory is what all processes of the run hold (proportional set size) plus
 * what its scratch file system holds (a file there that is mapped counts twice; what the kernel
 * holds for it, in sockets, pipes and System V segments that nobody has attached, does not count);
 * cpu is an affinity that is put back when the code changes it. Costs a few reads per process and
 * look; at most POLLED_PROCESSES_MAX are looked at. */
#include <stdint.h>

enum {
    POLLED_PROCESSES_MAX = 4096,
};

/* Bytes in use by the run whose first process is `pid`. */
int64_t polled_memory(int pid);
/* Keeps every thread of the run on at most ceil(cpu_milli / 1000) processors, always the same for
 * one pid. */
void polled_cpu(int pid, int64_t cpu_milli);
