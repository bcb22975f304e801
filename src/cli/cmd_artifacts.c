// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>

#include "cli/command.h"
#include "cli/extract.h"
#include "cli/place.h"
#include "cli/present.h"
#include "cli/target.h"
#include "sys/file.h"

struct artifacts_options {
    struct global_options global;
    const char *directory;
};

static const struct flag flags[] = {
    {"output", 'o', FLAG_TEXT, offsetof(struct artifacts_options, directory), "DIR",
     "write the files below this directory, made if needed"},
};

static const char *const titles[] = {"SIZE", "SHA256", "PATH"};

static bool refuse(const struct task *task, struct err *err)
{
    if (!phase_is_terminal(task->status.phase))
        return err_set(err, ERR_REFUSED, "agenttask \"%.*s\" has no artifacts yet: it is %s",
                       STR_ARG(task->name), phase_word(task->status.phase));
    return err_set(err, ERR_REFUSED,
                   "agenttask \"%.*s\": the artifacts were too large, none is kept",
                   STR_ARG(task->name));
}

static void print_list(struct session *session, const struct extract *extract)
{
    struct arena *arena = &session->arena;
    auto_end(buf_fini) struct buf page = {0};
    struct table table;

    if (extract->count == 0) {
        fputs("No artifacts.\n", session->err);
        return;
    }
    buf_init(&page, PAGE_SIZE_MAX);
    table_init(&table, arena, titles, countof(titles));
    for (uint32_t i = 0; i < extract->count; i++) {
        struct extract_file *file = &extract->files[i];
        struct str cells[] = {arena_print(arena, "%zu", file->bytes.size), str_of(file->sha256),
                              file->path};

        table_add(&table, cells);
    }
    table_print(&table, true, NULL, &page);
    fwrite(page.at, 1, page.size, session->out);
}

static bool write_files(const char *directory, const struct extract *extract, struct err *err)
{
    auto_end(fd_end) int fd = -1;

    if (!directory_make(directory, err))
        return false;
    fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* their own: links are theirs too */
    if (fd < 0)
        return err_sys(err, errno, "open %s", directory);
    for (uint32_t i = 0; i < extract->count; i++)
        if (!extract_write(&extract->files[i], fd, err))
            return err_wrap(err, "%s", directory);
    return true;
}

static bool run(struct session *session, const void *options, struct err *err)
{
    const struct artifacts_options *asked = options;
    struct extract extract;
    struct str frames;
    struct task task;

    if (!target_find(session, SESSION_READ, asked->global.operands.words.at[0], &session->arena,
                     &task, err))
        return false;
    if (!phase_is_terminal(task.status.phase) || task.status.artifacts_too_large)
        return refuse(&task, err);
    if (!session->place->artifacts(session->place->self, &task, &session->arena, &frames, err) ||
        !extract_read(&session->arena, frames, &extract, err))
        return err_wrap(err, "artifacts of %.*s", STR_ARG(task.name));
    if (asked->directory && !write_files(asked->directory, &extract, err))
        return false;
    print_list(session, &extract);
    if (extract.is_broken)
        return err_set(err, ERR_REFUSED, "artifacts of %.*s: some are damaged and left out",
                       STR_ARG(task.name));
    return true;
}

const struct command command_artifacts = {
    .name = "artifacts",
    .summary = "list or fetch the files that a task left",
    .usage = "NAME [--output DIR]",
    .details =
        "All that the code left in /workspace/artifacts. Files that stand in DIR already are\n"
        "never overwritten.\n",
    .flags = flags,
    .flag_count = countof(flags),
    .options_size = sizeof(struct artifacts_options),
    .operands_min = 1,
    .operands_max = 1,
    .operand = OPERAND_TASK,
    .run = run,
};
