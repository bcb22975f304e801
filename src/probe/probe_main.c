// SPDX-License-Identifier: Apache-2.0

/* Tries what a sandbox is to deny, and says what came of it (probe/finding.h). `agentctl doctor`
 * runs it in tasks and Pods. Static, no library but libc; bounded in count, time and bytes.
 *
 *   probe [/PATH] facts | file PATH | processes N | cpu MS | memory MIB | disk DIRECTORY MIB
 * SECONDS | connect ADDRESS PORT SECONDS | listen PORT SECONDS | sleep SECONDS ...
 *
 * One after the other. A path before the first word is passed over: as the interpreter of a task it
 * is given the name of a file. Exit status 2: not as above. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/confinement.h"
#include "probe/load.h"
#include "probe/reach.h"

static bool number(const char *word, long max, long *ret)
{
    char *end;

    *ret = strtol(word, &end, 10);
    return *word && !*end && *ret >= 0 && *ret <= max;
}

static bool run_facts(char **words)
{
    (void)words;
    confinement_identity();
    confinement_calls();
    confinement_socket();
    confinement_landlock();
    confinement_files();
    return true;
}

static bool run_file(char **words)
{
    confinement_file(words[0]);
    return true;
}

static bool run_processes(char **words)
{
    long count;

    if (!number(words[0], LOAD_PROCESSES_MAX, &count))
        return false;
    load_processes(count);
    return true;
}

static bool run_cpu(char **words)
{
    long milliseconds;

    if (!number(words[0], LOAD_SECONDS_MAX * 1000L, &milliseconds))
        return false;
    load_cpu(milliseconds);
    return true;
}

static bool run_memory(char **words)
{
    long mebibytes;

    if (!number(words[0], LOAD_MEBIBYTES_MAX, &mebibytes))
        return false;
    load_memory(mebibytes);
    return true;
}

static bool run_disk(char **words)
{
    long mebibytes, seconds;

    if (!number(words[1], LOAD_MEBIBYTES_MAX, &mebibytes) ||
        !number(words[2], LOAD_SECONDS_MAX, &seconds))
        return false;
    load_disk(words[0], mebibytes, seconds);
    return true;
}

static bool run_connect(char **words)
{
    long port, seconds;

    if (!number(words[1], 65535, &port) || !number(words[2], LOAD_SECONDS_MAX, &seconds))
        return false;
    reach_connect(words[0], port, seconds);
    return true;
}

static bool run_listen(char **words)
{
    long port, seconds;

    if (!number(words[0], 65535, &port) || !number(words[1], LOAD_SECONDS_MAX, &seconds))
        return false;
    reach_listen(port, seconds);
    return true;
}

static bool run_sleep(char **words)
{
    long seconds;

    if (!number(words[0], LOAD_SECONDS_MAX, &seconds))
        return false;
    sleep((unsigned)seconds);
    return true;
}

static const struct word {
    const char *name;
    int operands;
    bool (*run)(char **words);
} words[] = {
    {"facts",     0, run_facts    },
    {"file",      1, run_file     },
    {"processes", 1, run_processes},
    {"cpu",       1, run_cpu      },
    {"memory",    1, run_memory   },
    {"disk",      3, run_disk     },
    {"connect",   3, run_connect  },
    {"listen",    2, run_listen   },
    {"sleep",     1, run_sleep    },
};

static const struct word *find(const char *name)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (strcmp(words[i].name, name) == 0)
            return &words[i];
    return NULL;
}

int main(int argc, char **argv)
{
    int at = argc > 1 && argv[1][0] == '/' ? 2 : 1;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* too large a file is an answer like others */
    if (at >= argc)
        return 2;
    while (at < argc) {
        const struct word *word = find(argv[at]);
        if (!word || at + word->operands >= argc || !word->run(argv + at + 1)) {
            fprintf(stderr, "probe: %s: not understood\n", argv[at]);
            return 2;
        }
        at += 1 + word->operands;
    }
    return 0;
}
