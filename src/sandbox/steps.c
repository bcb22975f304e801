// SPDX-License-Identifier: Apache-2.0
#include "sandbox/steps.h"

#include <assert.h>
#include <inttypes.h>

#include "sandbox/sandbox.h"
#include "sandbox/tree.h"

enum {
    SCRATCH_INODE_BYTES = 4096, /* one inode for so many bytes of quota */
    SCRATCH_INODES_MIN = 1024,
    SCRATCH_INODES_MAX = 65536,
    ROOT_INODES_MAX = 1024,
    ROOT_SLACK = 1024 * 1024, /* for all files of the root but code, job and runner */
    RUNNER_SIZE_MAX = 8 * 1024 * 1024,
};

static bool is_off(const struct sandbox_spec *spec, enum control control)
{
    return (spec->switched_off & CONTROL_BIT(control)) != 0;
}

/* -- the parts of the root -------------------------------------------------- */

static void add_root(struct steplist *list)
{
    steplist_add(list, (struct step){.kind = STEP_NAMESPACES});
    steplist_add(list, (struct step){.kind = STEP_IDENTITY});
    steplist_add(list,
                 (struct step){
                     .kind = STEP_ROOT,
                     .source = "/proc", /* exists everywhere, and nothing is bound from there */
                     .target = "/",
                     .mode = 0755,
                     .size_max = RUNNER_SIZE_MAX + JOB_SIZE_MAX + CODE_SIZE_MAX + ROOT_SLACK,
                     .count_max = ROOT_INODES_MAX,
                 });
}

static void add_etc(struct steplist *list)
{
    static const struct {
        const char *path, *text;
    } files[] = {
        {"/etc/passwd",        "root:x:0:0:root:/:/usr/sbin/nologin\n"
                        "task:x:1000:1000:task:/tmp:/bin/sh\n"
                        "nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n"},
        {"/etc/group",         "root:x:0:\ntask:x:1000:\nnogroup:x:65534:\n"                      },
        {"/etc/hosts",         "127.0.0.1 localhost agenttask\n::1 localhost agenttask\n"         },
        {"/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"                      },
    };

    if (steplist_is_bound(list, "/etc"))
        return;
    for (size_t i = 0; i < countof(files); i++)
        steplist_file(list, files[i].path, str_of(files[i].text), 0444);
}

static void add_dev(struct steplist *list)
{
    static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random",
                                          "/dev/urandom"};
    static const char *const links[][2] = {
        {"/dev/fd",     "/proc/self/fd"  },
        {"/dev/stdin",  "/proc/self/fd/0"},
        {"/dev/stdout", "/proc/self/fd/1"},
        {"/dev/stderr", "/proc/self/fd/2"},
    };

    steplist_directory(list, "/dev", 0755);
    for (size_t i = 0; i < countof(devices); i++)
        steplist_add(list, (struct step){
                               .kind = STEP_DEVICE,
                               .source = devices[i],
                               .target = devices[i],
                           });
    for (size_t i = 0; i < countof(links); i++)
        steplist_link(list, links[i][0], links[i][1]);
}

static void add_proc(struct steplist *list)
{
    steplist_directory(list, "/proc", 0555);
    steplist_add(list, (struct step){.kind = STEP_PROC, .target = "/proc"});
}

static int64_t inodes_of(int64_t size_max)
{
    int64_t count = size_max / SCRATCH_INODE_BYTES;

    if (count < SCRATCH_INODES_MIN)
        return SCRATCH_INODES_MIN;
    return count < SCRATCH_INODES_MAX ? count : SCRATCH_INODES_MAX;
}

/* One file system, one quota, three places: its own root is hidden under the last of them. */
static void add_scratch(struct steplist *list, const struct sandbox_spec *spec)
{
    static const struct {
        const char *name, *target;
        uint32_t mode;
    } places[] = {
        {"tmp",       "/tmp",                 01777},
        {"shm",       "/dev/shm",             01777},
        {"artifacts", "/workspace/artifacts", 0755 },
    };
    static const char hidden[] = "/workspace/artifacts";
    int64_t size_max = is_off(spec, CONTROL_STORAGE_LIMIT) ? 0 : spec->limits.storage_bytes;

    for (size_t i = 0; i < countof(places); i++)
        steplist_directory(list, places[i].target, 0755);
    steplist_add(list, (struct step){
                           .kind = STEP_SCRATCH,
                           .target = hidden,
                           .size_max = size_max,
                           .count_max = size_max ? inodes_of(size_max) : 0,
                           .mode = 0755,
                       });
    for (size_t i = 0; i < countof(places); i++) {
        const char *source = arena_print(list->arena, "%s/%s", hidden, places[i].name).at;
        steplist_directory(list, source, places[i].mode);
        steplist_add(list, (struct step){
                               .kind = STEP_SCRATCH_BIND,
                               .source = source,
                               .target = places[i].target,
                           });
    }
}

/* -- whole ------------------------------------------------------------------ */

static bool add_workspace(struct steplist *list, const struct sandbox_spec *spec,
                          struct buf *job_text, struct err *err)
{
    const char *path = arena_print(list->arena, "/workspace/%s", spec->code_name).at;

    if (spec->code_name[0] == '\0' || spec->code_name[0] == '.' || strchr(spec->code_name, '/') ||
        strcmp(spec->code_name, "artifacts") == 0)
        return err_set(err, ERR_INVALID, "%s: not a name for the code", spec->code_name);
    job_encode(&spec->job, job_text);
    if (job_text->is_full)
        return err_set(err, ERR_LIMIT, "arguments, environment and input together are too large");
    steplist_file(list, path, spec->code, is_off(spec, CONTROL_READ_ONLY) ? 0644 : 0444);
    steplist_file(list, "/agenttask/job", arena_copy(list->arena, buf_str(job_text)), 0400);
    steplist_add(list, (struct step){
                           .kind = STEP_RUNNER,
                           .source = spec->runner_path,
                           .target = "/agenttask/runner",
                           .size_max = RUNNER_SIZE_MAX,
                           .mode = 0555,
                       });
    return true;
}

static bool add_trees(struct steplist *list, const struct sandbox_spec *spec, struct err *err)
{
    if (is_off(spec, CONTROL_MOUNT_NAMESPACE) && !tree_add_host(list, err))
        return false;
    tree_add_system(list);
    return tree_add_interpreter(list, spec->interpreter, err);
}

static void add_end(struct steplist *list, const struct sandbox_spec *spec)
{
    if (!is_off(spec, CONTROL_READ_ONLY))
        steplist_add(list, (struct step){.kind = STEP_SEAL, .target = "/"});
    steplist_add(list, (struct step){.kind = STEP_PIVOT, .target = "/"});
    steplist_add(list, (struct step){.kind = STEP_HOSTNAME, .source = "agenttask"});
    steplist_add(list, (struct step){.kind = STEP_DROP_CAPABILITIES});
    steplist_add(list, (struct step){.kind = STEP_CHECK, .target = spec->interpreter});
    steplist_add(list, (struct step){.kind = STEP_GATE});
    steplist_add(list, (struct step){.kind = STEP_EXEC, .target = "/agenttask/runner"});
}

static void buf_end(struct buf *buf)
{
    buf_fini(buf);
}

bool steps_make(const struct sandbox_spec *spec, struct arena *arena, struct steps *ret,
                struct err *err)
{
    auto_end(buf_end) struct buf job_text = {0};
    struct steplist list = {.steps = ret, .arena = arena};

    buf_init(&job_text, JOB_SIZE_MAX);
    ret->count = 0;
    add_root(&list);
    if (!add_trees(&list, spec, err))
        return false;
    add_etc(&list);
    add_dev(&list);
    if (!add_workspace(&list, spec, &job_text, err))
        return false;
    add_proc(&list);
    add_scratch(&list, spec);
    add_end(&list, spec);
    if (list.is_full)
        return err_set(err, ERR_LIMIT, "the sandbox needs more than %d steps", STEPS_MAX);
    return true;
}

/* -- printing --------------------------------------------------------------- */

const char *step_word(enum step_kind kind)
{
    static const char *const words[] = {
        [STEP_NAMESPACES] = "namespaces",
        [STEP_IDENTITY] = "identity",
        [STEP_ROOT] = "root",
        [STEP_DIRECTORY] = "directory",
        [STEP_LINK] = "link",
        [STEP_FILE] = "file",
        [STEP_RUNNER] = "runner",
        [STEP_BIND] = "bind",
        [STEP_DEVICE] = "device",
        [STEP_SCRATCH] = "scratch",
        [STEP_SCRATCH_BIND] = "scratch-bind",
        [STEP_PROC] = "proc",
        [STEP_SEAL] = "seal",
        [STEP_PIVOT] = "pivot",
        [STEP_HOSTNAME] = "hostname",
        [STEP_DROP_CAPABILITIES] = "drop-capabilities",
        [STEP_CHECK] = "check",
        [STEP_GATE] = "gate",
        [STEP_EXEC] = "exec",
    };
    static_assert(countof(words) == STEP_EXEC + 1, "one word per kind");
    return words[kind];
}

static void step_print(const struct step *step, struct buf *ret)
{
    buf_print(ret, "%s", step_word(step->kind));
    if (step->target)
        buf_print(ret, " %s", step->target);
    if (step->kind == STEP_LINK)
        buf_print(ret, " -> %s", step->source);
    else if (step->source && (!step->target || strcmp(step->source, step->target) != 0))
        buf_print(ret, " from %s", step->source);
    if (step->mode)
        buf_print(ret, " mode %04" PRIo32, step->mode);
    if (step->bytes.size)
        buf_print(ret, " bytes %zu", step->bytes.size);
    if (step->size_max)
        buf_print(ret, " size %" PRId64, step->size_max);
    if (step->count_max)
        buf_print(ret, " inodes %" PRId64, step->count_max);
    buf_add_char(ret, '\n');
}

void steps_print(const struct steps *steps, struct buf *ret)
{
    for (uint32_t i = 0; i < steps->count; i++)
        step_print(&steps->at[i], ret);
}
