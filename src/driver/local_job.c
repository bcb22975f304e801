// SPDX-License-Identifier: Apache-2.0
#include "driver/local_job.h"

#include "driver/local_run.h"

enum {
    OPEN_FILES_MAX = 4096,
    OUTPUT_LIVE_MAX = 4 * 1024 * 1024,
};

/* -- command line ----------------------------------------------------------- */

static struct strs command_of(const struct supervisor_spec *spec, struct arena *arena)
{
    const struct profile *profile = spec->profile;
    struct str *words = arena_array(arena, profile->interpreter_args.count + 2, sizeof(*words));
    uint32_t count = 0;

    words[count++] = str_of(spec->interpreter);
    for (uint32_t i = 0; i < profile->interpreter_args.count; i++)
        words[count++] = profile->interpreter_args.at[i];
    words[count++] = arena_print(arena, "/workspace/%.*s", STR_ARG(profile->file_name));
    return (struct strs){words, count};
}

static bool args_fill(const struct strs *command, const struct strs *args, struct job *job,
                      struct err *err)
{
    if (command->count + args->count > JOB_ARGS_MAX)
        return err_set(err, ERR_INVALID, "more than %d words on the command line", JOB_ARGS_MAX);
    for (uint32_t i = 0; i < command->count; i++)
        job->args[job->arg_count++] = command->at[i];
    for (uint32_t i = 0; i < args->count; i++)
        job->args[job->arg_count++] = args->at[i];
    return true;
}

/* -- environment ------------------------------------------------------------ */

/* A later setting of a name replaces an earlier one, in its place. */
static bool env_set(struct arena *arena, struct job *job, struct str name, struct str value,
                    struct err *err)
{
    struct str setting = arena_print(arena, "%.*s=%.*s", STR_ARG(name), STR_ARG(value));
    const char *prefix = arena_print(arena, "%.*s=", STR_ARG(name)).at;

    for (uint32_t i = 0; i < job->env_count; i++) {
        if (str_starts(job->env[i], prefix)) {
            job->env[i] = setting;
            return true;
        }
    }
    if (job->env_count == JOB_ENV_MAX)
        return err_set(err, ERR_INVALID, "more than %d environment variables", JOB_ENV_MAX);
    job->env[job->env_count++] = setting;
    return true;
}

static bool env_fill(struct arena *arena, const struct pairs *env, struct job *job, struct err *err)
{
    for (uint32_t i = 0; i < env->count; i++)
        if (!env_set(arena, job, env->at[i].name, env->at[i].value, err))
            return false;
    return true;
}

/* Nothing of the caller's environment: what the code sees is the same everywhere. */
static bool environment_fill(const struct supervisor_spec *spec, struct arena *arena,
                             struct job *job, struct err *err)
{
    const struct pair base[] = {
        {STR_LIT("PATH"), STR_LIT("/usr/local/bin:/usr/bin:/bin")},
        {STR_LIT("HOME"), STR_LIT("/tmp")                        },
        {STR_LIT("LANG"), STR_LIT("C.UTF-8")                     },
    };
    const struct pairs always = {base, countof(base)};

    return env_fill(arena, &always, job, err) && env_fill(arena, &spec->profile->env, job, err) &&
           env_fill(arena, &spec->task->spec.env, job, err);
}

/* -- whole ------------------------------------------------------------------ */

bool local_job_make(const struct supervisor_spec *spec, struct arena *arena,
                    struct task_effective *ret_effective, struct sandbox_spec *ret, struct err *err)
{
    const struct task_spec *asked = &spec->task->spec;
    struct task_effective effective = {0};
    struct sandbox_spec sandbox = {0};

    if (!profile_apply(spec->profile, asked, &effective, err))
        return false;
    effective.command = command_of(spec, arena);
    effective.image_id = str_of(spec->interpreter);
    sandbox = (struct sandbox_spec){
        .runner_path = spec->runner_path,
        .code = asked->source,
        .code_name = arena_text(arena, spec->profile->file_name),
        .interpreter = spec->interpreter,
        .limits = effective.limits,
        .processes_max = PROCESSES_MAX,
        .cgroup_name = local_cgroup_name(arena, spec->task),
        .switched_off = spec->switched_off,
        .input_fd = spec->input_fd,
        .job =
            {
                  .input_kind = spec->input_fd >= 0 ? JOB_INPUT_STREAM
                              : asked->input.at   ? JOB_INPUT_TEXT
                                                  : JOB_INPUT_NONE,
                  .input = asked->input,
                  .timeout_ms = effective.timeout_ms,
                  .grace_ms = GRACE_MS,
                  .file_size_max = effective.limits.storage_bytes,
                  .open_files_max = OPEN_FILES_MAX,
                  .output_size_max = OUTPUT_LIVE_MAX,
                  .switched_off = spec->switched_off,
                  },
    };
    if (!args_fill(&effective.command, &asked->args, &sandbox.job, err) ||
        !environment_fill(spec, arena, &sandbox.job, err))
        return false;
    *ret_effective = effective;
    *ret = sandbox;
    return true;
}
