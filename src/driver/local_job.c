// SPDX-License-Identifier: Apache-2.0
#include "driver/local_job.h"

#include "driver/job_fill.h"
#include "driver/local_run.h"

enum {
    OUTPUT_LIVE_MAX = 4 * 1024 * 1024,
};

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
    if (!job_fill_args(&effective.command, &asked->args, &sandbox.job, err) ||
        !job_fill_env(arena, &spec->profile->env, &asked->env, &sandbox.job, err))
        return false;
    *ret_effective = effective;
    *ret = sandbox;
    return true;
}
