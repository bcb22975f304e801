// SPDX-License-Identifier: Apache-2.0
#include "driver/job_fill.h"

bool job_fill_args(const struct strs *command, const struct strs *args, struct job *job,
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

static bool env_add(struct arena *arena, const struct pairs *env, struct job *job, struct err *err)
{
    for (uint32_t i = 0; i < env->count; i++)
        if (!env_set(arena, job, env->at[i].name, env->at[i].value, err))
            return false;
    return true;
}

bool job_fill_env(struct arena *arena, const struct pairs *profile_env,
                  const struct pairs *task_env, struct job *job, struct err *err)
{
    const struct pair base[] = {
        {STR_LIT("PATH"), STR_LIT("/usr/local/bin:/usr/bin:/bin")},
        {STR_LIT("HOME"), STR_LIT("/tmp")                        },
        {STR_LIT("LANG"), STR_LIT("C.UTF-8")                     },
    };
    const struct pairs always = {base, countof(base)};

    return env_add(arena, &always, job, err) && env_add(arena, profile_env, job, err) &&
           env_add(arena, task_env, job, err);
}
