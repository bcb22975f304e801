// SPDX-License-Identifier: Apache-2.0
#include "sandbox/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "sys/entropy.h"
#include "sys/file.h"

enum {
    ID_FILE_SIZE_MAX = 4 * 1024 * 1024,
    ATTEMPTS_MAX = 64,
};

/* -- choosing --------------------------------------------------------------- */

static bool field_read(struct str line, unsigned index, int64_t *ret)
{
    struct str field = line, rest = line;

    for (unsigned i = 0; i <= index; i++) {
        field = rest;
        if (!str_cut(rest, ':', &field, &rest))
            rest = (struct str){0};
    }
    return str_to_int(field, ret);
}

static bool line_names(struct str line, unsigned first, bool is_range, uint32_t id)
{
    int64_t start, count = 1;

    if (!field_read(line, first, &start) || (is_range && !field_read(line, first + 1, &count)))
        return false;
    return start <= (int64_t)id && (int64_t)id - start < count;
}

bool identity_is_named(struct str text, unsigned first, bool is_range, uint32_t id)
{
    struct str line, rest = text;

    while (rest.size > 0) {
        if (!str_cut(rest, '\n', &line, &rest)) {
            line = rest;
            rest = (struct str){0};
        }
        if (line_names(line, first, is_range, id))
            return true;
    }
    return false;
}

static const struct id_file {
    const char *path;
    unsigned field;
    bool is_range;
} id_files[] = {
    {"/etc/passwd", 2, false},
    {"/etc/passwd", 3, false},
    {"/etc/group",  2, false},
    {"/etc/subuid", 1, true },
    {"/etc/subgid", 1, true },
};

static bool id_files_read(struct arena *arena, struct str ret[countof(id_files)], struct err *err)
{
    for (size_t i = 0; i < countof(id_files); i++) {
        struct err own = {0};
        ret[i] = (struct str){0};
        if (file_read(arena, id_files[i].path, ID_FILE_SIZE_MAX, &ret[i], &own))
            continue;
        if (own.kind != ERR_ABSENT)
            return err_set(err, own.kind, "%s", own.text);
    }
    return true;
}

static bool id_is_free(const struct str texts[countof(id_files)], uint32_t id)
{
    for (size_t i = 0; i < countof(id_files); i++)
        if (identity_is_named(texts[i], id_files[i].field, id_files[i].is_range, id))
            return false;
    return true;
}

static bool id_choose(uint32_t *ret, struct arena *arena, struct err *err)
{
    struct str texts[countof(id_files)];

    if (!id_files_read(arena, texts, err))
        return false;
    for (unsigned i = 0; i < ATTEMPTS_MAX; i++) {
        uint32_t id = IDENTITY_FIRST + entropy_u32() % (IDENTITY_LAST - IDENTITY_FIRST + 1);
        if (id_is_free(texts, id)) {
            *ret = id;
            return true;
        }
    }
    return err_set(err, ERR_REFUSED,
                   "no unused host id between %d and %d: /etc/subuid or /etc/passwd name them all",
                   IDENTITY_FIRST, IDENTITY_LAST);
}

bool identity_choose(bool is_own, struct identity *ret, struct err *err)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct identity identity = {
        .uid = geteuid(), .gid = getegid(), .is_privileged = geteuid() == 0};
    uint32_t id;

    if (identity.is_privileged && !is_own) {
        if (!id_choose(&id, &arena, err))
            return false;
        identity.uid = id;
        identity.gid = id;
    }
    *ret = identity;
    return true;
}

/* -- mapping ---------------------------------------------------------------- */

static bool proc_write(int pid, const char *file, const char *text, struct err *err)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
    auto_end(fd_end) int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        return err_sys(err, errno, "write \"%s\" to %s", text, path);
    return true;
}

bool identity_map(const struct identity *identity, int pid, struct err *err)
{
    char uids[64], gids[64];

    snprintf(uids, sizeof(uids), "%d %" PRIu32 " 1", IDENTITY_INSIDE, (uint32_t)identity->uid);
    snprintf(gids, sizeof(gids), "%d %" PRIu32 " 1", IDENTITY_INSIDE, (uint32_t)identity->gid);
    /* Who may map only himself must give up setgroups first; who was root drops his groups. */
    return (identity->is_privileged || proc_write(pid, "setgroups", "deny", err)) &&
           proc_write(pid, "gid_map", gids, err) && proc_write(pid, "uid_map", uids, err);
}
