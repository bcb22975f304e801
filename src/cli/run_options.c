// SPDX-License-Identifier: Apache-2.0
#include "cli/run_options.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/manifest.h"
#include "cli/place.h"
#include "core/validate.h"
#include "sys/entropy.h"
#include "sys/file.h"

enum {
    MANIFEST_SIZE_MAX = 4 * 1024 * 1024,
    MANIFEST_FILES_MAX = 1000,
    REQUESTS_MAX = 1000,
    NAME_STEM_MAX = 40, /* of a generated name */
};

struct requests {
    struct run_request *at;
    uint32_t count;
};

/* -- names ------------------------------------------------------------------ */

/* A valid name from any file name (promise H63): "My Agent.py" -> "my-agent-x7k2p". */
static struct str name_generate(struct arena *arena, const char *file)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    const char *slash = strrchr(file, '/');
    char stem[NAME_STEM_MAX + 1];
    char tail[6] = {0};
    size_t size = 0;

    for (const char *c = slash ? slash + 1 : file; *c && *c != '.' && size < NAME_STEM_MAX; c++) {
        char low = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
        bool is_plain = (low >= 'a' && low <= 'z') || (low >= '0' && low <= '9');
        if (is_plain)
            stem[size++] = low;
        else if (size > 0 && stem[size - 1] != '-')
            stem[size++] = '-';
    }
    while (size > 0 && stem[size - 1] == '-')
        size--;
    stem[size] = 0;
    for (size_t i = 0; i < sizeof(tail) - 1; i++)
        tail[i] = letters[entropy_u32() % (sizeof(letters) - 1)];
    return arena_print(arena, "%s-%s", size > 0 ? stem : "task", tail);
}

static void task_init(struct arena *arena, int64_t now_ms, struct task *task)
{
    char *uid = arena_alloc(arena, UUID_TEXT);

    uuid_new(uid);
    task->uid = str_of(uid);
    task->created_ms = now_ms;
    task->generation = 1;
    task->has_finalizer = true;
    task_status_init(&task->status);
}

/* -- from a program --------------------------------------------------------- */

static bool source_read(struct session *session, const char *file, struct str *ret, struct err *err)
{
    if (strcmp(file, "-") == 0)
        return fd_read_all(&session->arena, STDIN_FILENO, "the program on stdin", CODE_SIZE_MAX,
                           ret, err);
    return file_read(&session->arena, file, CODE_SIZE_MAX, ret, err);
}

/* A program is text: an image, an archive or a binary was surely not meant. */
static bool source_check(const char *file, struct str source, struct err *err)
{
    if (source.size > 0 && memchr(source.at, 0, source.size))
        return err_set(err, ERR_INVALID, "%s is a binary file: a task runs a script", file);
    if (!str_is_utf8(source))
        return err_set(err, ERR_INVALID, "%s is not UTF-8 text", file);
    return true;
}

static bool task_from_file(struct session *session, const struct run_options *options,
                           struct task *ret, struct err *err)
{
    const struct words *words = &options->global.operands.words;
    const char *file = words->at[0];
    struct str *args = arena_array(&session->arena, words->count, sizeof(*args));

    for (uint32_t i = 1; i < words->count; i++)
        args[i - 1] = str_of(words->at[i]);
    ret->spec = (struct task_spec){
        .ttl_ms = TTL_KEEP,
        .args = {args, words->count - 1},
    };
    ret->name = name_generate(&session->arena, strcmp(file, "-") == 0 ? "stdin" : file);
    return source_read(session, file, &ret->spec.source, err) &&
           source_check(file, ret->spec.source, err);
}

/* -- from manifests --------------------------------------------------------- */

static bool request_add(struct requests *requests, const struct task *task, struct err *err)
{
    if (requests->count == REQUESTS_MAX)
        return err_set(err, ERR_LIMIT, "more than %d tasks at once", REQUESTS_MAX);
    requests->at[requests->count++] = (struct run_request){.task = *task};
    return true;
}

static bool manifest_add(struct session *session, struct str text, const char *file,
                         struct requests *requests, struct err *err)
{
    struct manifest_item *items;
    uint32_t count;

    if (!manifest_read(&session->arena, text, file, &items, &count, err))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (items[i].kind == MANIFEST_PROFILE)
            return err_set(err, ERR_INVALID, "%s: a RuntimeProfile is not run: %s", file,
                           session->place->has_spaces
                               ? "kubectl apply makes it known to the cluster"
                               : "put it in ~/.config/agenttask/profiles.d");
        if (!request_add(requests, &items[i].task, err))
            return false;
    }
    return true;
}

static bool manifest_file_add(struct session *session, const char *file, struct requests *requests,
                              struct err *err)
{
    struct str text;

    if (strcmp(file, "-") == 0)
        return fd_read_all(&session->arena, STDIN_FILENO, "stdin", MANIFEST_SIZE_MAX, &text, err) &&
               manifest_add(session, text, "stdin", requests, err);
    return file_read(&session->arena, file, MANIFEST_SIZE_MAX, &text, err) &&
           manifest_add(session, text, file, requests, err);
}

static int is_manifest(const struct dirent *entry)
{
    struct str name = str_of(entry->d_name);

    return str_ends(name, ".yaml") || str_ends(name, ".yml") || str_ends(name, ".json");
}

static bool manifest_directory_add(struct session *session, const char *path,
                                   struct requests *requests, struct err *err)
{
    struct dirent **entries;
    int count = scandir(path, &entries, is_manifest, alphasort);
    bool is_done = count >= 0 || err_sys(err, errno, "read %s", path);

    for (int i = 0; i < count; i++) {
        const char *file = arena_print(&session->arena, "%s/%s", path, entries[i]->d_name).at;
        if (is_done && i >= MANIFEST_FILES_MAX)
            is_done = err_set(err, ERR_LIMIT, "%s holds more than %d manifests", path,
                              MANIFEST_FILES_MAX);
        is_done = is_done && manifest_file_add(session, file, requests, err);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return is_done;
}

static bool manifests_add(struct session *session, const char *path, struct requests *requests,
                          struct err *err)
{
    struct stat found;
    bool is_directory = strcmp(path, "-") != 0 && stat(path, &found) == 0 && S_ISDIR(found.st_mode);
    bool is_done = is_directory ? manifest_directory_add(session, path, requests, err)
                                : manifest_file_add(session, path, requests, err);

    if (is_done && requests->count == 0)
        return err_set(err, ERR_INVALID, "%s holds no AgentTask", path);
    return is_done;
}

/* -- flags over it ---------------------------------------------------------- */

static bool env_apply(struct session *session, const struct words *settings, struct pairs *env,
                      struct err *err)
{
    struct pair *pairs = arena_array(&session->arena, env->count + settings->count, sizeof(*pairs));
    uint32_t count = env->count;

    if (count > 0)
        memcpy(pairs, env->at, count * sizeof(*pairs));
    for (uint32_t i = 0; i < settings->count; i++) {
        struct str name = str_of(settings->at[i]), value = {0};
        if (!str_cut(name, '=', &name, &value)) { /* as docker: NAME alone passes ours on */
            const char *own = session_env(session, settings->at[i]);
            if (!own)
                return err_set(err, ERR_INVALID, "--env %s: not set here; write %s=VALUE",
                               settings->at[i], settings->at[i]);
            value = str_of(own);
        }
        pairs[count++] = (struct pair){name, value};
    }
    *env = (struct pairs){pairs, count};
    return true;
}

/* In the spec a 0 is a field that was not given, so it is refused here. */
static bool number_apply(const char *flag, int64_t given, int64_t *ret, struct err *err)
{
    if (given == 0)
        return err_set(err, ERR_INVALID, "--%s: 0 is too small: it must be above 0", flag);
    if (given != NOT_GIVEN)
        *ret = given;
    return true;
}

static bool flags_apply(struct session *session, const struct run_options *options,
                        struct task *task, struct err *err)
{
    struct task_spec *spec = &task->spec;
    struct resources *limits = &spec->limits;

    if (options->name)
        task->name = str_of(options->name);
    if (options->profile)
        spec->profile = str_of(options->profile);
    if (options->ttl_ms != NOT_GIVEN)
        spec->ttl_ms = options->ttl_ms;
    return number_apply("timeout", options->timeout_ms, &spec->timeout_ms, err) &&
           number_apply("cpu", options->cpu_milli, &limits->cpu_milli, err) &&
           number_apply("memory", options->memory_bytes, &limits->memory_bytes, err) &&
           number_apply("ephemeral-storage", options->storage_bytes, &limits->storage_bytes, err) &&
           env_apply(session, &options->env, &spec->env, err);
}

/* -- whole ------------------------------------------------------------------ */

static bool request_complete(struct session *session, const struct run_options *options,
                             struct run_request *request, struct err *err)
{
    struct task *task = &request->task;

    task_init(&session->arena, session->now_ms(), task);
    task->space = str_of(session->place->space);
    if (!flags_apply(session, options, task, err))
        return false;
    if (task->spec.profile.size > 0 && !task_validate(task, err))
        return false; /* before anything is looked up by a name that is none */
    return session->place->prepare(session->place->self, options, request, err) &&
           task_validate(task, err);
}

static bool options_check(const struct run_options *options, struct err *err)
{
    uint32_t count = options->global.operands.words.count;

    if (options->manifest && count > 0)
        return err_set(err, ERR_INVALID, "give a FILE or -f MANIFEST, not both");
    if (!options->manifest && count == 0)
        return err_set(err, ERR_INVALID, "what shall run? usage: agentctl run FILE [flags]");
    if (options->detach && options->input)
        return err_set(err, ERR_INVALID, "--detach and --stdin contradict each other");
    if (options->input && count > 0 && strcmp(options->global.operands.words.at[0], "-") == 0)
        return err_set(err, ERR_INVALID, "stdin cannot be both the program and its input");
    if (options->input && options->manifest && strcmp(options->manifest, "-") == 0)
        return err_set(err, ERR_INVALID, "stdin cannot be both the manifest and the code's input");
    return true;
}

bool run_requests_make(struct session *session, const struct run_options *options,
                       struct run_request **ret, uint32_t *ret_count, struct err *err)
{
    struct requests requests = {
        .at = arena_array(&session->arena, options->manifest ? REQUESTS_MAX : 1,
                          sizeof(*requests.at)),
    };
    struct task task = {0};

    if (!options_check(options, err))
        return false;
    if (options->manifest) {
        if (!manifests_add(session, options->manifest, &requests, err))
            return false;
    } else if (!task_from_file(session, options, &task, err) ||
               !request_add(&requests, &task, err)) {
        return false;
    }
    if (requests.count > 1 && (options->name || options->key))
        return err_set(err, ERR_INVALID, "--name and --idempotency-key are for one task, not %u",
                       requests.count);
    for (uint32_t i = 0; i < requests.count; i++)
        if (!request_complete(session, options, &requests.at[i], err))
            return false;
    *ret = requests.at;
    *ret_count = requests.count;
    return true;
}
