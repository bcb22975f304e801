// SPDX-License-Identifier: Apache-2.0
#include "sandbox/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/isolation.h"
#include "sandbox/identity.h"

enum {
    CONTROL_FD = 5, /* behind what the runner inherits; both close on exec */
    RUNNER_FILE_FD = 6,
    OPEN_FIRST = 7,
    HIGH_FD = 64, /* where descriptors wait while the low ones are given out */
    ETC_HOSTNAME_MAX = 64,
    CAPABILITIES_MAX = 64,
    OPTIONS_MAX = 96,
};

static bool is_off(const struct child *child, enum control control)
{
    return (child->switched_off & CONTROL_BIT(control)) != 0;
}

/* -- descriptors and signals ------------------------------------------------ */

/* The caller's numbers may be anything, also the ones we need: everything moves up, then down. */
static bool descriptors_arrange(const struct child *child)
{
    const int wanted[] = {child->input_fd,  child->output_fd,  child->errors_fd, child->report_fd,
                          child->frames_fd, child->control_fd, child->runner_fd};
    int high[countof(wanted)];

    for (size_t i = 0; i < countof(wanted); i++) {
        high[i] = wanted[i] < 0 ? -1 : fcntl(wanted[i], F_DUPFD_CLOEXEC, HIGH_FD);
        if (high[i] < 0 && wanted[i] >= 0)
            return false;
    }
    close(STDIN_FILENO); /* without input the first open after the pivot takes its number */
    for (size_t i = 0; i < countof(wanted); i++)
        if (high[i] >= 0 && dup3(high[i], (int)i, i >= CONTROL_FD ? O_CLOEXEC : 0) < 0)
            return false;
    return syscall(SYS_close_range, OPEN_FIRST, ~0U, 0) == 0;
}

/* Everything as in a fresh process, but TERM stays blocked, so that one that comes before the
 * runner is ready is not lost: PID 1 ignores what it does not handle. */
static void signals_reset(void)
{
    struct sigaction fresh = {.sa_handler = SIG_DFL};
    sigset_t blocked;

    for (int i = 1; i < SIGRTMIN; i++)
        sigaction(i, &fresh, NULL);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
}

static bool cgroups_join(const struct child *child)
{
    for (size_t i = 0; i < countof(child->join_fds); i++)
        if (child->join_fds[i] >= 0 && write(child->join_fds[i], "0", 1) != 1)
            return false;
    return true;
}

/* One byte from the caller; his death or another byte ends us. */
static void word_wait(char wanted)
{
    char word = 0;
    ssize_t got;

    do
        got = recv(CONTROL_FD, &word, 1, 0);
    while (got < 0 && errno == EINTR);
    if (got != 1 || word != wanted)
        _exit(CHILD_FAILED);
}

/* -- steps: each returns 0 or -1 with errno --------------------------------- */

static int step_namespaces(const struct child *child)
{
    int flags = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWCGROUP;

    if (!is_off(child, CONTROL_NETWORK_NAMESPACE))
        flags |= CLONE_NEWNET;
    if (!is_off(child, CONTROL_IPC_NAMESPACE))
        flags |= CLONE_NEWIPC;
    return unshare(flags);
}

/* A change of ids may take the effective capabilities away; the permitted ones stay. */
static int capabilities_raise(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2];

    if (syscall(SYS_capget, &header, sets))
        return -1;
    for (size_t i = 0; i < countof(sets); i++)
        sets[i].effective = sets[i].permitted;
    return (int)syscall(SYS_capset, &header, sets);
}

static int step_identity(const struct child *child)
{
    word_wait(CHILD_MAPPED);
    if ((child->drops_groups && syscall(SYS_setgroups, 0, NULL)) ||
        prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) ||
        syscall(SYS_setresgid, child->gid, child->gid, child->gid) ||
        syscall(SYS_setresuid, child->uid, child->uid, child->uid) || capabilities_raise())
        return -1;
    umask(0);
    return 0;
}

static void options_print(const struct step *step, char ret[OPTIONS_MAX])
{
    int size = snprintf(ret, OPTIONS_MAX, "mode=0%o", step->mode);

    if (step->size_max)
        size += snprintf(ret + size, (size_t)(OPTIONS_MAX - size), ",size=%lld",
                         (long long)step->size_max);
    if (step->count_max)
        snprintf(ret + size, (size_t)(OPTIONS_MAX - size), ",nr_inodes=%lld",
                 (long long)step->count_max);
}

/* Private first: what the host mounts later must not appear inside, nor the other way round. */
static int step_root(const struct step *step)
{
    char options[OPTIONS_MAX];

    options_print(step, options);
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount("tmpfs", step->source, "tmpfs", MS_NOSUID | MS_NODEV, options))
        return -1;
    return chdir(step->source);
}

static int step_file(const struct step *step, const char *target)
{
    int fd = open(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, step->mode);
    struct str left = step->bytes;
    ssize_t put = 1;

    if (fd < 0)
        return -1;
    while (left.size > 0 && put > 0) {
        put = write(fd, left.at, left.size);
        left = str_skip(left, put > 0 ? (size_t)put : 0);
    }
    close(fd);
    return left.size > 0 ? -1 : 0;
}

static int step_runner(const struct step *step, const char *target)
{
    int fd = open(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, step->mode);
    int64_t size = 0;
    ssize_t put = 1;

    while (fd >= 0 && size <= step->size_max && put > 0) {
        put = sendfile(fd, RUNNER_FILE_FD, NULL, (size_t)step->size_max);
        size += put;
    }
    if (fd < 0 || put < 0)
        return -1;
    close(fd);
    return 0;
}

static int mount_restrict(const char *target, uint64_t attributes)
{
    struct mount_attr wanted = {.attr_set = attributes, .propagation = MS_PRIVATE};

    return (int)syscall(SYS_mount_setattr, AT_FDCWD, target, AT_RECURSIVE, &wanted, sizeof(wanted));
}

static int step_bind(const struct step *step, const char *target)
{
    if (mount(step->source, target, NULL, MS_BIND | MS_REC, NULL))
        return -1;
    return mount_restrict(target, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

static int step_device(const struct step *step, const char *target)
{
    if (mknod(target, S_IFREG | 0444, 0) || mount(step->source, target, NULL, MS_BIND, NULL))
        return -1;
    return mount_restrict(target, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
}

static int step_scratch(const struct child *child, const struct step *step, const char *target)
{
    unsigned long flags = MS_NOSUID | MS_NODEV;
    char options[OPTIONS_MAX];

    if (!is_off(child, CONTROL_NO_EXEC))
        flags |= MS_NOEXEC;
    options_print(step, options);
    return mount("tmpfs", target, "tmpfs", flags, options);
}

static int step_pivot(void)
{
    if (syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) || chdir("/"))
        return -1;
    if (fcntl(STDIN_FILENO, F_GETFD) >= 0)
        return 0;
    return open("/dev/null", O_RDONLY) == STDIN_FILENO ? 0 : -1;
}

/* Kept on purpose: without no_new_privs the runner needs them for its filters, and drops them
 * after. Through an exec by somebody who is not 0 only ambient ones survive. */
static int capabilities_keep(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2];

    if (syscall(SYS_capget, &header, sets))
        return -1;
    for (size_t i = 0; i < countof(sets); i++)
        sets[i].inheritable = sets[i].permitted;
    if (syscall(SYS_capset, &header, sets))
        return -1;
    for (int i = 0; i < CAPABILITIES_MAX; i++)
        if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1 &&
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0))
            return -1;
    return 0;
}

static int step_drop_capabilities(const struct child *child)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct none[2] = {0};

    if (is_off(child, CONTROL_CAPABILITIES) || is_off(child, CONTROL_NO_NEW_PRIVILEGES))
        return capabilities_keep();
    for (int i = 0; i < CAPABILITIES_MAX && prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
        if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0))
            return -1;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
        return -1;
    return (int)syscall(SYS_capset, &header, none);
}

/* -- what is really in force ------------------------------------------------ */

static bool has_flags(const char *path, unsigned long flags)
{
    struct statvfs facts;

    return statvfs(path, &facts) == 0 && (facts.f_flag & flags) == flags;
}

static bool has_quota(const char *path, int64_t size_max)
{
    struct statvfs facts;

    return statvfs(path, &facts) == 0 && facts.f_blocks > 0 &&
           (int64_t)(facts.f_blocks - 1) * (int64_t)facts.f_frsize < size_max;
}

static bool has_no_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2];
    uint32_t any = 0;

    if (syscall(SYS_capget, &header, sets))
        return false;
    for (size_t i = 0; i < countof(sets); i++)
        any |= sets[i].effective | sets[i].permitted | sets[i].inheritable;
    for (int i = 0; i < CAPABILITIES_MAX; i++)
        any |= prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1;
    return any == 0;
}

static int64_t quota_of(const struct steps *steps)
{
    for (uint32_t i = 0; i < steps->count; i++)
        if (steps->at[i].kind == STEP_SCRATCH)
            return steps->at[i].size_max;
    return 0;
}

static uint32_t bit_if(bool holds, enum control control)
{
    return holds ? CONTROL_BIT(control) : 0;
}

/* Namespaces are in force where the calls that made them succeeded, else we would not be here. */
static uint32_t controls_look(const struct child *child)
{
    bool has_own_user = !is_off(child, CONTROL_USER_NAMESPACE) && getuid() == IDENTITY_INSIDE;
    bool is_read_only = has_flags("/", ST_RDONLY) && has_flags("/usr", ST_RDONLY);
    uint32_t controls = 0;

    controls |= bit_if(has_own_user, CONTROL_USER_NAMESPACE);
    controls |= bit_if(!is_off(child, CONTROL_MOUNT_NAMESPACE), CONTROL_MOUNT_NAMESPACE);
    controls |= bit_if(getpid() == 1, CONTROL_PID_NAMESPACE);
    controls |= bit_if(!is_off(child, CONTROL_NETWORK_NAMESPACE), CONTROL_NETWORK_NAMESPACE);
    controls |= bit_if(!is_off(child, CONTROL_IPC_NAMESPACE), CONTROL_IPC_NAMESPACE);
    controls |= bit_if(is_read_only, CONTROL_READ_ONLY);
    controls |= bit_if(has_flags("/tmp", ST_NOEXEC | ST_NOSUID | ST_NODEV), CONTROL_NO_EXEC);
    controls |= bit_if(has_no_capabilities(), CONTROL_CAPABILITIES);
    controls |= bit_if(has_quota("/tmp", quota_of(child->steps)), CONTROL_STORAGE_LIMIT);
    return controls;
}

/* -- whole ------------------------------------------------------------------ */

static void word_send(const struct child_word *word)
{
    if (send(CONTROL_FD, word, sizeof(*word), MSG_NOSIGNAL) != (ssize_t)sizeof(*word))
        _exit(CHILD_FAILED);
}

/* The death signal is forgotten at every change of credentials: this is behind the last one. A
 * caller that died before is noticed at the gate. */
static int step_gate(const struct child *child)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
        return -1;
    word_send(&(struct child_word){.controls = controls_look(child)});
    word_wait(CHILD_GO);
    umask(022);
    return 0;
}

static int step_exec(const char *target)
{
    char name[] = "runner", job[] = "/agenttask/job";
    char *const args[] = {name, job, NULL};
    char *const environment[] = {NULL};

    return execve(target, args, environment);
}

/* Before the pivot we stand in the new root, afterwards at it: relative targets fit both. */
static int step_carry_out(const struct child *child, const struct step *step)
{
    const char *target = step->target && step->target[1] ? step->target + 1 : ".";

    switch (step->kind) {
    case STEP_NAMESPACES:
        return step_namespaces(child);
    case STEP_IDENTITY:
        return step_identity(child);
    case STEP_ROOT:
        return step_root(step);
    case STEP_DIRECTORY:
        return mkdir(target, step->mode);
    case STEP_LINK:
        return symlink(step->source, target);
    case STEP_FILE:
        return step_file(step, target);
    case STEP_RUNNER:
        return step_runner(step, target);
    case STEP_BIND:
        return step_bind(step, target);
    case STEP_DEVICE:
        return step_device(step, target);
    case STEP_SCRATCH:
        return step_scratch(child, step, target);
    case STEP_SCRATCH_BIND:
        return mount(step->source + 1, target, NULL, MS_BIND, NULL);
    case STEP_PROC:
        return mount("proc", target, "proc", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
    case STEP_SEAL:
        return mount(NULL, target, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV,
                     NULL);
    case STEP_PIVOT:
        return step_pivot();
    case STEP_HOSTNAME:
        return sethostname(step->source, strnlen(step->source, ETC_HOSTNAME_MAX));
    case STEP_DROP_CAPABILITIES:
        return step_drop_capabilities(child);
    case STEP_CHECK:
        return faccessat(AT_FDCWD, step->target, X_OK, AT_EACCESS);
    case STEP_GATE:
        return step_gate(child);
    case STEP_EXEC:
        return step_exec(step->target);
    }
    return -1;
}

/* What the caller shows: the host's name of the thing, where it has one. */
static void failure_send(const struct step *step, int errnum)
{
    struct child_word word = {.errnum = errnum, .kind = (uint32_t)step->kind};
    const char *name =
        step->kind == STEP_BIND || step->kind == STEP_DEVICE ? step->source : step->target;

    if (name)
        strncpy(word.target, name, sizeof(word.target) - 1);
    word_send(&word);
}

_Noreturn void child_run(const struct child *child)
{
    signals_reset();
    if (!cgroups_join(child) || !descriptors_arrange(child))
        _exit(CHILD_FAILED);
    for (uint32_t i = 0; i < child->steps->count; i++) {
        const struct step *step = &child->steps->at[i];
        if (step_carry_out(child, step)) {
            failure_send(step, errno);
            _exit(CHILD_FAILED);
        }
    }
    _exit(CHILD_FAILED);
}
