// SPDX-License-Identifier: Apache-2.0
#pragma once

/* How much of something this process gets, up to a bound of the caller's: it may be killed over it.
 * Everything is given back before it returns. */

enum {
    LOAD_PROCESSES_MAX = 8192,
    LOAD_MEBIBYTES_MAX = 16 * 1024,
    LOAD_SECONDS_MAX = 600,
};

void load_processes(long count);  /* processes: how many more there can be */
void load_cpu(long milliseconds); /* cpu: percent of one processor, by four */
void load_memory(long mebibytes); /* memory: how many could be used */
/* disk: how many could be written; they stay for so long. */
void load_disk(const char *directory, long mebibytes, long seconds);
