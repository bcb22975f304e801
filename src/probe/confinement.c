// SPDX-License-Identifier: Apache-2.0
#include "probe/confinement.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe/finding.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif
#define LANDLOCK_VERSION 1U /* LANDLOCK_CREATE_RULESET_VERSION */
#define TOKEN            "/var/run/secrets/kubernetes.io/serviceaccount/token"

extern char **environ;

/* -- /proc/self ------------------------------------------------------------------ */

static void read_text(const char *path, char *ret, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t used = 0;
    ssize_t got;

    while (fd >= 0 && used + 1 < size && (got = read(fd, ret + used, size - 1 - used)) > 0)
        used += (size_t)got;
    ret[used] = '\0';
    if (fd >= 0)
        close(fd);
}

static unsigned long long status_number(const char *status, const char *name, int base)
{
    const char *line = strstr(status, name);

    return line ? strtoull(line + strlen(name), NULL, base) : 0;
}

static int bits(unsigned long long set)
{
    return __builtin_popcountll(set);
}

void confinement_identity(void)
{
    static const char *const sets[] = {
        "\nCapInh:", "\nCapPrm:", "\nCapEff:", "\nCapBnd:", "\nCapAmb:"};
    char status[8192], map[512];
    unsigned inside = 0, outside = 0, count = 0;
    int capabilities = 0;

    read_text("/proc/self/status", status, sizeof(status));
    read_text("/proc/self/uid_map", map, sizeof(map));
    sscanf(map, "%u %u %u", &inside, &outside, &count);
    snprintf(map, sizeof(map), "uid %u; %u is %u outside, %u of them", (unsigned)getuid(), inside,
             outside, count);
    finding_print("user-namespace", inside != outside || count != 4294967295U, map);
    finding_print("no-new-privileges", (int64_t)status_number(status, "\nNoNewPrivs:", 10), "");
    finding_print("seccomp", (int64_t)status_number(status, "\nSeccomp:", 10), "");
    for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++)
        capabilities += bits(status_number(status, sets[i], 16));
    finding_print("capabilities", capabilities, "in all five sets together");
}

/* -- calls that only an escape wants ------------------------------------------------ */

static bool try_user_namespace(void)
{
    return unshare(CLONE_NEWUSER) == 0;
}

/* In a namespace of its own: whoever may mount may make one, and nobody else sees what is mounted.
 */
static bool try_mount(void)
{
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", "/tmp", "tmpfs", 0, NULL) == 0;
}

static bool try_ptrace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}

static bool try_bpf(void)
{
    unsigned attributes[32] = {2, 4, 4, 1}; /* BPF_MAP_TYPE_ARRAY: key, value, one entry */

    return syscall(SYS_bpf, 0, attributes, sizeof(attributes)) >= 0;
}

static bool try_io_uring(void)
{
    unsigned parameters[30] = {0};

    return syscall(SYS_io_uring_setup, 1, parameters) >= 0;
}

static bool try_keyctl(void)
{
    return syscall(SYS_add_key, "user", "probe", "x", 1, -1) >= 0; /* the thread's keyring */
}

static bool try_userfaultfd(void)
{
    return syscall(SYS_userfaultfd, O_CLOEXEC) >= 0;
}

static bool try_perf(void)
{
    unsigned attributes[32] = {0, 128}; /* PERF_TYPE_HARDWARE, its size: cycles of this process */

    return syscall(SYS_perf_event_open, attributes, 0, -1, -1, 0) >= 0;
}

static const struct attempt {
    const char *name;
    bool (*try)(void);
} attempts[] = {
    {"user-namespace", try_user_namespace},
    {"mount",          try_mount         },
    {"ptrace",         try_ptrace        },
    {"bpf",            try_bpf           },
    {"io_uring",       try_io_uring      },
    {"keyctl",         try_keyctl        },
    {"userfaultfd",    try_userfaultfd   },
    {"perf",           try_perf          },
};

/* In a child: what works changes the process that does it. */
static bool works(const struct attempt *attempt)
{
    pid_t child = fork();
    int status = 1;

    if (child == 0)
        _exit(attempt->try() ? 0 : 1);
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

void confinement_calls(void)
{
    char list[256] = "";
    size_t used = 0;
    int count = 0;

    for (size_t i = 0; i < sizeof(attempts) / sizeof(*attempts); i++) {
        if (!works(&attempts[i]))
            continue;
        used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", count ? ", " : "",
                                 attempts[i].name);
        count++;
    }
    finding_print("calls", count, count ? list : "none of them works");
}

/* -- network, Landlock, files -------------------------------------------------------- */

void confinement_socket(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int error = errno;

    if (fd >= 0)
        close(fd);
    finding_try("socket", fd >= 0, error);
}

void confinement_landlock(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION);

    finding_print("landlock", abi > 0 ? abi : 0, abi > 0 ? "" : strerror(errno));
}

void confinement_files(void)
{
    int fd = open("/agenttask-probe", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int error = errno, names = 0;
    bool has_token;

    if (fd >= 0) {
        close(fd);
        unlink("/agenttask-probe");
    }
    finding_try("root", fd >= 0, error);
    has_token = access(TOKEN, R_OK) == 0;
    finding_try("token", has_token, errno);
    for (char **entry = environ; *entry; entry++)
        names += strncmp(*entry, "KUBERNETES_", 11) == 0;
    finding_print("environment", names, "names of the cluster in the environment");
}

void confinement_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int error = errno;

    if (fd >= 0)
        close(fd);
    finding_try("file", fd >= 0, error);
}
