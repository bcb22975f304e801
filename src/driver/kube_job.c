// SPDX-License-Identifier: Apache-2.0
#include "driver/kube_job.h"

#include "api/configmap.h"
#include "core/deadline.h"
#include "core/egress.h"
#include "driver/job_fill.h"

enum {
    /* With the tails, a result and artifacts as frames the log stays below 6 MiB; a kubelet rotates
     * at 10, and then no longer gives out all of it. */
    OUTPUT_LIVE_MAX = 3584 * 1024,
};

static struct str path_of(struct arena *arena, struct str file_name)
{
    return arena_print(arena, "/workspace/%.*s", STR_ARG(file_name));
}

/* The profile's command; in it the referenced key stands in the place of the profile's file. */
static struct strs command_of(struct arena *arena, const struct task_spec *spec,
                              const struct profile *profile)
{
    struct str file = path_of(arena, profile->file_name);
    struct str key = spec->config_map.at ? path_of(arena, spec->config_map_key) : file;
    uint32_t count = profile->command.count;
    struct str *words;

    if (count == 0) {
        words = arena_array(arena, profile->interpreter_args.count + 2, sizeof(*words));
        words[count++] = profile->interpreter;
        for (uint32_t i = 0; i < profile->interpreter_args.count; i++)
            words[count++] = profile->interpreter_args.at[i];
        words[count++] = key;
        return (struct strs){words, count};
    }
    words = arena_array(arena, count, sizeof(*words));
    for (uint32_t i = 0; i < count; i++)
        words[i] = str_equal(profile->command.at[i], file) ? key : profile->command.at[i];
    return (struct strs){words, count};
}

static bool egress_of(struct arena *arena, const struct profile *profile, struct strs *ret,
                      struct err *err)
{
    struct egress_set set;
    struct str *rules;

    if (profile->egress_count == 0)
        return true;
    if (!egress_set_make(profile->egress, profile->egress_count, &set, err))
        return false;
    rules = arena_array(arena, set.count, sizeof(*rules));
    for (uint32_t i = 0; i < set.count; i++)
        rules[i] = arena_copy(arena, set.rules[i]);
    *ret = (struct strs){rules, set.count};
    return true;
}

bool kube_effective(struct arena *arena, const struct task *task, const struct profile *profile,
                    bool has_canary, struct task_effective *ret, struct err *err)
{
    struct task_effective effective = {0};
    struct str program;

    if (profile->egress_count > 0 && !has_canary) /* a policy that nobody has seen is none */
        return err_set(err, ERR_REFUSED,
                       "profile %.*s opens the network, and this operator has no canary to prove "
                       "that the rest of it stays closed (--canary-bind-address)",
                       STR_ARG(profile->name));
    if (!profile_apply(profile, &task->spec, &effective, err) ||
        !egress_of(arena, profile, &effective.egress, err))
        return false;
    effective.command = command_of(arena, &task->spec, profile);
    program = effective.command.at[0];
    if (program.size == 0 || (program.at[0] != '/' && memchr(program.at, '/', program.size)))
        return err_set(err, ERR_INVALID,
                       "profile %.*s: spec.command must begin with a program, as a name or an "
                       "absolute path, to be run in a Pod",
                       STR_ARG(profile->name));
    if (str_is(profile->file_name, KEY_JOB))
        return err_set(err, ERR_INVALID, "profile %.*s: spec.fileName: %s is taken",
                       STR_ARG(profile->name), KEY_JOB);
    *ret = effective;
    return true;
}

/* Without a canary it will not start. */
static void network_allow(struct str canary, struct job *job)
{
    job->network_allowed = true;
    job->canary = canary;
    job->canary_open_port = CANARY_OPEN_PORT;
    job->canary_closed_port = CANARY_CLOSED_PORT;
    job->proof_ms = PROOF_MAX_MS;
}

bool kube_job_make(struct arena *arena, const struct task *task, const struct profile *profile,
                   const struct task_effective *effective, bool user_namespace, struct str canary,
                   struct str *ret, struct err *err)
{
    struct job *job = arena_alloc(arena, sizeof(*job));
    auto_end(buf_fini) struct buf text = {0};

    *job = (struct job){
        .input_kind = task->spec.input.at ? JOB_INPUT_TEXT : JOB_INPUT_NONE,
        .input = task->spec.input,
        .timeout_ms = effective->timeout_ms,
        .grace_ms = GRACE_MS,
        .file_size_max = effective->limits.storage_bytes,
        .open_files_max = OPEN_FILES_MAX,
        /* Elsewhere it would count the processes of all Pods of this user id. */
        .processes_max = user_namespace ? PROCESSES_MAX : 0,
        .output_size_max = OUTPUT_LIVE_MAX,
        .report_path = STR_LIT("/dev/termination-log"),
        .frames_path = STR_LIT("fd:1"),
    };
    if (effective->egress.count > 0)
        network_allow(canary, job);
    if (!job_fill_args(&effective->command, &task->spec.args, job, err) ||
        !job_fill_env(arena, &profile->env, &task->spec.env, job, err))
        return false;
    buf_init(&text, JOB_SIZE_MAX);
    job_encode(job, &text);
    if (text.is_full)
        return err_set(err, ERR_INVALID, "arguments, environment and stdin are too large together");
    *ret = arena_copy(arena, buf_str(&text));
    return true;
}
