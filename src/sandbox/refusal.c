// SPDX-License-Identifier: Apache-2.0
#include "sandbox/refusal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/cgroup.h"
#include "sandbox/child.h"

/* -- switches of the kernel ------------------------------------------------- */

static bool switch_is(const char *directory, const char *file, long wanted)
{
    char text[32];

    return cgroup_read(directory, file, text, sizeof(text)) && strtol(text, NULL, 10) == wanted;
}

/* What keeps user namespaces from this machine's users, if a switch says so. */
static const char *namespaces_hint(void)
{
    if (switch_is("/proc/sys/user", "max_user_namespaces", 0))
        return "user.max_user_namespaces is 0: set it, e.g. sysctl user.max_user_namespaces=15000";
    if (switch_is("/proc/sys/kernel", "unprivileged_userns_clone", 0))
        return "set sysctl kernel.unprivileged_userns_clone=1";
    if (switch_is("/proc/sys/kernel", "apparmor_restrict_unprivileged_userns", 1))
        return "AppArmor restricts them: set sysctl kernel.apparmor_restrict_unprivileged_userns=0 "
               "or install a profile for agentctl that allows userns";
    return NULL;
}

/* -- refusals --------------------------------------------------------------- */

bool refusal_of_clone(int errnum, struct err *err)
{
    const char *hint = namespaces_hint();

    if (!hint && errnum == EPERM)
        hint = "inside a chroot? they need a real root: enter it with pivot_root; inside a "
               "container? it must allow clone with CLONE_NEWUSER";
    if (!hint && (errnum == ENOSPC || errnum == EUSERS))
        hint = "too many exist, or they are nested too deep";
    if (!hint && (errnum == ENOSYS || errnum == EINVAL))
        hint = "the kernel is built without them, or older than Linux 5.12";
    if (!hint)
        return err_sys(err, errnum, "cannot start the sandbox");
    return err_set(err, ERR_REFUSED, "this machine refuses user namespaces (%s): %s",
                   strerror(errnum), hint);
}

bool refusal_of_map(struct err *err, const struct err *own)
{
    return err_set(err, ERR_REFUSED,
                   "this machine refuses to map the sandbox's user (%s): as root inside a "
                   "container, run as an ordinary user instead",
                   own->text);
}

static const char *step_hint(const struct child_word *word)
{
    switch ((enum step_kind)word->kind) {
    case STEP_NAMESPACES:
    case STEP_ROOT:
        return namespaces_hint();
    case STEP_PROC:
        return "a fresh /proc needs one that is not masked; inside a container, unmask it "
               "(podman: --security-opt unmask=ALL, docker: --security-opt "
               "systempaths=unconfined)";
    case STEP_CHECK:
        return "the interpreter cannot be reached by the sandbox's user, who is nobody on this "
               "machine: install it below /usr or /opt, readable by all";
    case STEP_BIND:
        return word->errnum == EACCES ? "it must be readable by all: the sandbox's user is nobody "
                                        "on this machine"
               : word->errnum == ENOSYS ? "Linux 5.12 or newer is needed"
                                        : NULL;
    case STEP_IDENTITY:
    case STEP_DIRECTORY:
    case STEP_LINK:
    case STEP_FILE:
    case STEP_RUNNER:
    case STEP_DEVICE:
    case STEP_SCRATCH:
    case STEP_SCRATCH_BIND:
    case STEP_SEAL:
    case STEP_PIVOT:
    case STEP_HOSTNAME:
    case STEP_DROP_CAPABILITIES:
    case STEP_GATE:
    case STEP_EXEC:
        break;
    }
    return NULL;
}

bool refusal_of_step(const struct child_word *word, struct err *err)
{
    const char *hint = step_hint(word);
    bool is_passing = word->errnum == ENOMEM || word->errnum == EAGAIN || word->errnum == EIO;

    return err_set(err, is_passing ? ERR_RETRY : ERR_REFUSED,
                   "cannot set up the sandbox: step %s%s%s: %s%s%s",
                   step_word((enum step_kind)word->kind), word->target[0] ? " " : "", word->target,
                   strerror(word->errnum), hint ? "; " : "", hint ? hint : "");
}
