// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor_here.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "cli/run_here.h"
#include "cli/session.h"
#include "driver/catalog.h"
#include "driver/supervisor.h"
#include "sys/entropy.h"
#include "sys/file.h"

#define MEBIBYTE       (INT64_C(1) << 20)
#define TRIAL_MS       INT64_C(30000)
#define SHORT_MS       INT64_C(1000)
#define MEMORY_MAX     (64 * MEBIBYTE)
#define STORAGE_MAX    (16 * MEBIBYTE)
#define CPU_MILLI      INT64_C(500)
#define CPU_PERCENT    65  /* of half a processor: a period of the scheduler more is no harm */
#define CPU_WHOLE      115 /* of one, where affinity holds it */
#define PROCESSES_TRY  "4000"
#define PROCESSES_GOOD 4000

enum {
    PROBE_SIZE_MAX = 4 * 1024 * 1024,
    DIRECTORIES_OPEN_MAX = 16,
};

struct trials { /* a machine under examination */
    struct session *session;
    struct doctor *doctor;
    char state[64]; /* a directory of its own */
    const char *secret, *runner, *probe;
    struct profile profile;
};

struct trial { /* one task */
    struct task task;
    struct findings findings;
};

/* -- one task --------------------------------------------------------------------- */

static struct task task_of(struct trials *trials, const char *const *words, int64_t timeout_ms)
{
    struct arena *arena = &trials->session->arena;
    char *uid = arena_alloc(arena, UUID_TEXT);
    struct task task = {.name = STR_LIT("doctor"), .space = STR_LIT("default")};
    uint32_t count = 0;
    struct str *args;

    while (words[count])
        count++;
    args = arena_array(arena, count, sizeof(*args));
    for (uint32_t i = 0; i < count; i++)
        args[i] = str_of(words[i]);
    uuid_new(uid);
    task.name = arena_print(arena, "doctor-%.8s", uid);
    task.uid = str_of(uid);
    task.created_ms = trials->session->now_ms();
    task.generation = 1;
    task.has_finalizer = true;
    task_status_init(&task.status);
    task.spec = (struct task_spec){
        .profile = trials->profile.name,
        .source = STR_LIT("The probe needs no code.\n"),
        .args = {args,        count      },
        .limits = { CPU_MILLI, MEMORY_MAX, STORAGE_MAX},
        .timeout_ms = timeout_ms,
        .ttl_ms = TTL_KEEP,
    };
    return task;
}

static bool output_read(struct trials *trials, int fd, struct findings *ret, struct err *err)
{
    struct str output;

    if (lseek(fd, 0, SEEK_SET) < 0)
        return err_sys(err, errno, "read what the probe found");
    if (!fd_read_all(&trials->session->arena, fd, "what the probe found", FINDINGS_SIZE_MAX,
                     &output, err))
        return false;
    findings_read(&trials->session->arena, output, ret);
    return true;
}

static bool try(struct trials *trials, const char *const *words, int64_t timeout_ms,
                struct trial *ret, struct err *err)
{
    struct task task = task_of(trials, words, timeout_ms);
    char holder[NAME_SIZE_MAX + 1];
    auto_end(fd_end) int fd = memfd_create("findings", MFD_CLOEXEC);
    struct supervisor_spec spec = {
        .state = trials->state,
        .runner_path = trials->runner,
        .task = &task,
        .profile = &trials->profile,
        .interpreter = trials->probe,
        .input_fd = -1,
        .copies = {fd, -1, NULL, NULL},
    };

    return (fd >= 0 || err_sys(err, errno, "memory for what the probe finds")) &&
           supervisor_run(&spec, &trials->session->arena, holder, &ret->task, err) &&
           output_read(trials, fd, &ret->findings, err);
}

/* -- rows --------------------------------------------------------------------------- */

static bool has(const struct isolation *isolation, enum control control)
{
    return isolation->controls & CONTROL_BIT(control);
}

static void judge_identity(struct doctor *doctor, const struct trial *trial)
{
    const struct finding *found = findings_get(&trial->findings, "user-namespace");

    if (found)
        doctor_add(doctor, "user namespace", found->value == 1 ? DOCTOR_OK : DOCTOR_FAILED,
                   "report this: a sandbox has one, or does not start", "%.*s",
                   STR_ARG(found->text));
    if (has(&trial->task.status.isolation, CONTROL_HOST_IDENTITY))
        doctor_add(doctor, "host identity", DOCTOR_OK, "", "a host id that nobody else has");
    else
        doctor_add(doctor, "host identity", DOCTOR_WEAK,
                   "as root each task gets a host id of its own",
                   "outside, processes and files are yours");
}

static void judge_network(struct doctor *doctor, const struct trial *trial)
{
    const struct finding *found = findings_get(&trial->findings, "socket");

    if (found)
        doctor_add(doctor, "network", found->value == 0 ? DOCTOR_OK : DOCTOR_FAILED,
                   "report this: the call filter is not in force",
                   found->value == 0 ? "socket() fails: %.*s" : "a socket can be made%.*s",
                   STR_ARG(found->text));
}

static void judge_landlock(struct doctor *doctor, const struct trial *trial)
{
    int abi = trial->task.status.isolation.landlock_abi;

    doctor_add(doctor, "landlock", abi > 0 ? DOCTOR_OK : DOCTOR_WEAK,
               "Linux 5.13 or newer, with landlock in its list of security modules (lsm=)",
               abi > 0 ? "ABI %d" : "the kernel has none (ABI %d)", abi);
}

static void judge_files(struct doctor *doctor, const struct trial *trial)
{
    const struct finding *found = findings_get(&trial->findings, "file");

    if (found)
        doctor_add(doctor, "files of the host", found->value == 0 ? DOCTOR_OK : DOCTOR_FAILED,
                   "report this: a sandbox has a root of its own",
                   found->value == 0 ? "a file of yours is not there: %.*s"
                                     : "a file of yours can be read%.*s",
                   STR_ARG(found->text));
}

static const char *holder_of(const struct trial *trial)
{
    return limiter_word(trial->task.status.isolation.limiter);
}

static void judge_processes(struct doctor *doctor, const struct trial *trial)
{
    const struct finding *found = findings_get(&trial->findings, "processes");

    if (found)
        doctor_add(doctor, "processes", found->value < PROCESSES_GOOD ? DOCTOR_OK : DOCTOR_FAILED,
                   "report this: no bound on processes holds", "at most %lld, held by %s",
                   (long long)found->value, holder_of(trial));
}

static void judge_cpu(struct doctor *doctor, const struct trial *trial)
{
    const struct finding *found = findings_get(&trial->findings, "cpu");

    if (found)
        doctor_add(doctor, "cpu",
                   found->value <= CPU_PERCENT ? DOCTOR_OK
                   : found->value <= CPU_WHOLE ? DOCTOR_WEAK
                                               : DOCTOR_FAILED,
                   "delegate a cgroup to your session (systemd, cgroup v2), or run as root",
                   "%lld %% of a processor under a limit of 50 %%, held by %s",
                   (long long)found->value, holder_of(trial));
}

static void judge_storage(struct doctor *doctor, const struct trial *trial)
{
    const struct finding *found = findings_get(&trial->findings, "disk");

    if (found)
        doctor_add(doctor, "storage",
                   found->value * MEBIBYTE <= STORAGE_MAX ? DOCTOR_OK : DOCTOR_FAILED,
                   "report this: the tmpfs of the task has no bound",
                   "%lld MiB written under a limit of 16 MiB", (long long)found->value);
}

/* -- the trials ----------------------------------------------------------------------- */

static bool try_facts(struct trials *trials, struct err *err)
{
    const char *const words[] = {"facts", "file", trials->secret, "processes", PROCESSES_TRY, "cpu",
                                 "1000",  "disk", "/tmp",         "64",        "0",           NULL};
    struct doctor *doctor = trials->doctor;
    struct err refused = {0};
    struct trial trial;

    if (!try(trials, words, TRIAL_MS, &trial, &refused)) {
        doctor_add(doctor, "sandbox", DOCTOR_FAILED, "as it says", "%s", refused.text);
        return true;
    }
    if (findings_get(&trial.findings, "seccomp") == NULL)
        return err_set(err, ERR_REFUSED, "the probe did not run: %.*s",
                       STR_ARG(trial.task.status.message));
    doctor_add(doctor, "sandbox", DOCTOR_OK, "", "a task runs in namespaces of its own");
    judge_identity(doctor, &trial);
    judge_network(doctor, &trial);
    doctor_judge_facts(doctor, &trial.findings, true);
    judge_landlock(doctor, &trial);
    judge_files(doctor, &trial);
    judge_processes(doctor, &trial);
    judge_cpu(doctor, &trial);
    judge_storage(doctor, &trial);
    return true;
}

static bool try_memory(struct trials *trials, struct err *err)
{
    static const char *const words[] = {"memory", "512", NULL};
    const struct finding *found;
    struct trial trial;
    bool is_killed;

    if (!try(trials, words, TRIAL_MS, &trial, err))
        return false;
    is_killed = trial.task.status.reason == REASON_OOM_KILLED;
    found = findings_get(&trial.findings, "memory");
    doctor_add(trials->doctor, "memory",
               !is_killed                                              ? DOCTOR_FAILED
               : trial.task.status.isolation.limiter == LIMITER_POLLED ? DOCTOR_WEAK
                                                                       : DOCTOR_OK,
               is_killed
                   ? "delegate a cgroup to your session (systemd, cgroup v2), or run as root: a "
                     "polled limit is late by up to 100 ms"
                   : "report this: no bound on memory holds",
               "%s at %lld MiB or soon after, under a limit of 64 MiB, held by %s",
               is_killed ? "killed" : "not killed", found ? (long long)found->value : 0LL,
               holder_of(&trial));
    return true;
}

static bool try_clock(struct trials *trials, struct err *err)
{
    static const char *const words[] = {"sleep", "30", NULL};
    struct trial trial;
    bool is_late;

    if (!try(trials, words, SHORT_MS, &trial, err))
        return false;
    is_late = trial.task.status.reason != REASON_TIMEOUT;
    doctor_add(trials->doctor, "timeout", is_late ? DOCTOR_FAILED : DOCTOR_OK,
               "report this: the runner's clock does not hold", "stopped after %lld ms of 1000",
               (long long)(trial.task.status.finished_ms - trial.task.status.started_ms));
    return true;
}

static bool show_profiles(struct trials *trials, struct err *err)
{
    struct session *session = trials->session;
    struct catalog catalog =
        catalog_of(&session->arena, session_env(session, "XDG_CONFIG_HOME"),
                   session_env(session, "XDG_CACHE_HOME"), session_env(session, "HOME"));
    struct str names = {0};
    struct profile *profiles;
    uint32_t count;

    if (!catalog_list(&catalog, &session->arena, &profiles, &count, err))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        struct err absent = {0};
        const char *path;
        if (catalog_interpreter(&catalog, &session->arena, &profiles[i], &path, &absent))
            names = arena_print(&session->arena, "%.*s%s%.*s", STR_ARG(names),
                                names.size > 0 ? ", " : "", STR_ARG(profiles[i].name));
    }
    doctor_add(trials->doctor, "profiles", names.size > 0 ? DOCTOR_OK : DOCTOR_WEAK,
               "install an interpreter: agentctl profiles says which would do", "%s%.*s",
               names.size > 0 ? "" : "no interpreter is here", STR_ARG(names));
    return true;
}

static bool try_all(struct trials *trials, struct err *err)
{
    return try_facts(trials, err) &&
           (doctor_has_failed(trials->doctor) ||
            (try_memory(trials, err) && try_clock(trials, err))) &&
           show_profiles(trials, err);
}

/* -- before and after ------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *place)
{
    (void)facts;
    (void)kind;
    (void)place;
    (void)remove(path);
    return 0;
}

static bool file_write(const char *path, struct str bytes, mode_t mode, struct err *err)
{
    auto_end(fd_end) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

    if (fd < 0 || fchmod(fd, mode) < 0)
        return err_sys(err, errno, "%s", path);
    return fd_write_all(fd, bytes, err);
}

static bool directory_new(const char *path, struct err *err)
{
    return (mkdir(path, 0755) == 0 && chmod(path, 0755) == 0) || err_sys(err, errno, "%s", path);
}

/* A sandbox sees the directory above that of its interpreter: so the probe gets one of its own, and
 * the secret lies beside it. The sandbox's user is nobody here, and must get there. */
static bool files_make(struct trials *trials, const char *probe, struct err *err)
{
    struct arena *arena = &trials->session->arena;
    const char *top = arena_print(arena, "%s/probe", trials->state).at;
    const char *bin = arena_print(arena, "%s/bin", top).at;
    struct str program;

    trials->probe = arena_print(arena, "%s/probe", bin).at;
    trials->secret = arena_print(arena, "%s/secret", trials->state).at;
    if (chmod(trials->state, 0711) < 0)
        return err_sys(err, errno, "%s", trials->state);
    return file_read(arena, probe, PROBE_SIZE_MAX, &program, err) && directory_new(top, err) &&
           directory_new(bin, err) && file_write(trials->probe, program, 0755, err) &&
           file_write(trials->secret, STR_LIT("not for sandboxes\n"), 0644, err);
}

bool doctor_here(void *self, const struct doctor_options *options, struct doctor *doctor,
                 struct err *err)
{
    struct session *session = self;
    struct trials trials = {
        .session = session,
        .doctor = doctor,
        .state = "/var/tmp/agenttask-doctor-XXXXXX",
        .profile =
            {
                      .name = STR_LIT("doctor"),
                      .file_name = STR_LIT("none"),
                      .limits_max = {CPU_MILLI, MEMORY_MAX, STORAGE_MAX},
                      },
    };
    const char *probe;
    bool is_done;

    (void)options; /* nothing here takes a minute, and there are no images */
    if (!run_here_program(&session->arena, "runner", &trials.runner, err) ||
        !run_here_program(&session->arena, "probe", &probe, err))
        return false;
    if (!mkdtemp(trials.state))
        return err_sys(err, errno, "%s", trials.state);
    is_done = files_make(&trials, probe, err) && try_all(&trials, err);
    nftw(trials.state, remove_one, DIRECTORIES_OPEN_MAX, FTW_DEPTH | FTW_PHYS);
    return is_done;
}
