// SPDX-License-Identifier: Apache-2.0
#include "runner/landlock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runner/descriptor.h"

/* The kernel's interface, spelt here because headers in the field are older than kernels. */
enum {
    CREATE_RULESET = 444, /* the same numbers on every machine */
    ADD_RULE = 445,
    RESTRICT_SELF = 446,
    CREATE_VERSION = 1,
    RULE_PATH = 1,
};

enum right {
    RIGHT_EXECUTE = 1 << 0,
    RIGHT_WRITE_FILE = 1 << 1,
    RIGHT_READ_FILE = 1 << 2,
    RIGHT_READ_DIR = 1 << 3,
    RIGHT_MAKE_CHAR = 1 << 6,
    RIGHT_MAKE_BLOCK = 1 << 11,
    RIGHTS_ABI_1 = (1 << 13) - 1,
    RIGHT_REFER = 1 << 13,     /* ABI 2 */
    RIGHT_TRUNCATE = 1 << 14,  /* ABI 3 */
    RIGHT_IOCTL_DEV = 1 << 15, /* ABI 5 */
    SCOPE_ABSTRACT_SOCKET = 1 << 0,
    SCOPE_SIGNAL = 1 << 1, /* both ABI 6 */
};

struct ruleset {
    uint64_t files, network, scoped;
};

struct path_rule {
    uint64_t allowed;
    int32_t parent_fd;
} __attribute__((packed));

static uint64_t rights_of(int abi)
{
    return RIGHTS_ABI_1 | (abi >= 2 ? RIGHT_REFER : 0) | (abi >= 3 ? RIGHT_TRUNCATE : 0) |
           (abi >= 5 ? RIGHT_IOCTL_DEV : 0);
}

/* What cannot be opened gets no rule: fewer rights, never more. */
static bool rule_add(int ruleset_fd, int dir_fd, const char *path, uint64_t allowed,
                     struct err *err)
{
    auto_end(descriptor_end) int fd = openat(dir_fd, path, O_PATH | O_CLOEXEC);
    struct path_rule rule = {allowed, fd};

    if (fd >= 0 && syscall(ADD_RULE, ruleset_fd, RULE_PATH, &rule, 0) != 0)
        return err_sys(err, errno, "landlock rule for %s", path);
    return true;
}

static bool is_writable_place(const char *name)
{
    static const char *const places[] = {".", "..", "dev", "proc", "sys", "tmp", "workspace"};

    for (size_t i = 0; i < countof(places); i++)
        if (strcmp(name, places[i]) == 0)
            return true;
    return false;
}

/* Rights only ever add up on the way down, so execution is granted beside the writable places and
 * not at the root. */
static bool execution_add(int ruleset_fd, struct err *err)
{
    DIR *root = opendir("/");
    struct dirent *entry;
    bool is_done = true;

    if (!root)
        return err_sys(err, errno, "open /");
    while (is_done && (entry = readdir(root)))
        if (!is_writable_place(entry->d_name))
            is_done = rule_add(ruleset_fd, dirfd(root), entry->d_name, RIGHT_EXECUTE, err);
    closedir(root);
    return is_done;
}

static bool rules_add(int ruleset_fd, const char *program, uint64_t rights, struct err *err)
{
    static const char *const directories[] = {"/workspace/artifacts", "/tmp", "/dev/shm"};
    static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/tty"};
    const uint64_t of_file = RIGHT_WRITE_FILE | RIGHT_TRUNCATE | RIGHT_IOCTL_DEV;
    const uint64_t in_directory =
        rights & ~(uint64_t)(RIGHT_EXECUTE | RIGHT_MAKE_CHAR | RIGHT_MAKE_BLOCK | RIGHT_IOCTL_DEV);

    if (!rule_add(ruleset_fd, AT_FDCWD, "/", RIGHT_READ_FILE | RIGHT_READ_DIR, err) ||
        !execution_add(ruleset_fd, err) ||
        !rule_add(ruleset_fd, AT_FDCWD, program, RIGHT_EXECUTE, err))
        return false;
    for (size_t i = 0; i < countof(directories); i++)
        if (!rule_add(ruleset_fd, AT_FDCWD, directories[i], in_directory, err))
            return false;
    for (size_t i = 0; i < countof(devices); i++)
        if (!rule_add(ruleset_fd, AT_FDCWD, devices[i], of_file & rights, err))
            return false;
    return true;
}

bool landlock_make(const char *program, int *ret_fd, int *ret_abi, struct err *err)
{
    int abi = (int)syscall(CREATE_RULESET, NULL, 0, CREATE_VERSION);
    struct ruleset ruleset = {.files = rights_of(abi)};
    int fd;

    *ret_fd = -1;
    *ret_abi = 0;
    if (abi < 1)
        return true;
    if (abi >= 6)
        ruleset.scoped = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL;
    fd = (int)syscall(CREATE_RULESET, &ruleset, sizeof(ruleset), 0);
    if (fd < 0)
        return err_sys(err, errno, "make the landlock rule set");
    if (!rules_add(fd, program, ruleset.files, err)) {
        close(fd);
        return false;
    }
    *ret_fd = fd;
    *ret_abi = abi;
    return true;
}

int landlock_enter(int ruleset_fd)
{
    return syscall(RESTRICT_SELF, ruleset_fd, 0) == 0 ? 0 : errno;
}
