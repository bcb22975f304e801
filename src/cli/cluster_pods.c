// SPDX-License-Identifier: Apache-2.0
#include "cli/examination.h"
#include "kube/resource.h"

#define METADATA_ADDRESS "169.254.169.254"
#define LISTEN_PORT      "8080"
#define START_MS         INT64_C(60000)
#define FINISH_MS        INT64_C(30000)
#define EVICTED_MS       INT64_C(90000)
#define SETTLED_MS       INT64_C(2000) /* by then an enforcer has come to know a Pod */
#define PROCESSES_TRY    "4000"
#define PROCESSES_GOOD   4000
#define MEBIBYTE         (INT64_C(1) << 20)

bool examination_ask(struct examination *e, const struct kube_request *request, const char *what,
                     struct json_value *ret, struct err *err)
{
    return cluster_ask(e->cluster, e->fiber, e->arena, request, what, ret, err);
}

/* -- what Pods may do --------------------------------------------------------------------- */

static struct str service_of(struct examination *e, const char *space, const char *name)
{
    struct kube_request request =
        request_get(e->arena, &resource_services, str_of(space), str_of(name));
    struct json_value service;
    struct err ignored = {0};

    return examination_ask(e, &request, "get service", &service, &ignored)
               ? service_address(&service)
               : (struct str){0};
}

/* Nobody is at 192.0.2.1 (RFC 5737): what is not known is not reached. */
static const char *text_or_none(struct examination *e, struct str address)
{
    return address.size > 0 ? arena_text(e->arena, address) : "192.0.2.1";
}

static void start_trials(struct examination *e, const char *listener)
{
    const char *api = text_or_none(e, e->api_address), *dns = text_or_none(e, e->dns_address);
    const char *const at_once[] = {"connect", listener, LISTEN_PORT, "5", "facts", NULL};
    const char *const later[] = {"sleep",   "3", "connect", api, "443",     "1",
                                 "connect", dns, "53",      "1", "connect", METADATA_ADDRESS,
                                 "80",      "1", NULL};
    const char *const load[] = {"processes", PROCESSES_TRY, NULL};
    const char *const facts[] = {"facts", NULL};
    const char *const disk[] = {"disk", "/tmp", "64", "80", NULL};
    struct cluster_trials *trials = &e->trials;

    trial_add(trials, "plain", at_once);
    trial_add(trials, "plain-reach", later);
    trial_add(trials, "task", at_once)->is_task_like = true;
    trial_add(trials, "task-reach", later)->is_task_like = true;
    trial_add(trials, "load", load)->is_task_like = true;
    trial_add(trials, "userns", facts)->user_namespace = true;
    if (!e->options->is_quick)
        trial_add(trials, "disk", disk)->limits.storage_bytes = 16 * MEBIBYTE;
    for (uint32_t i = 1; i < trials->count; i++) /* the listener is there */
        trial_start(trials, &trials->at[i]);
}

static const struct cluster_trial *trial_of(const struct examination *e, const char *role)
{
    for (uint32_t i = 0; i < e->trials.count; i++)
        if (strcmp(e->trials.at[i].role, role) == 0)
            return &e->trials.at[i];
    return NULL;
}

/* What a trial said; NULL, and a row that says so, if it said nothing. */
static const struct finding *said(struct examination *e, const char *check, const char *role,
                                  const char *word)
{
    const struct cluster_trial *trial = trial_of(e, role);
    const struct finding *found = findings_get(&trial->findings, word);

    if (!found)
        doctor_add(e->doctor, check, DOCTOR_UNKNOWN, "", "the Pod did not tell: %s%.*s",
                   trial->is_made ? "" : trial->refused.text, STR_ARG(trial->seen.why));
    return found;
}

static void say_policy(struct examination *e, const struct finding *task)
{
    static const char at_once[] = "network policy, at once", settled[] = "network policy, settled";

    if (task->value == 0) {
        doctor_add(e->doctor, at_once, DOCTOR_OK, "", "none of %lld attempts got through",
                   (long long)task->tries);
        doctor_add(e->doctor, settled, DOCTOR_OK, "", "closed, while a plain Pod connects");
        return;
    }
    doctor_add(e->doctor, at_once, DOCTOR_WEAK, "the runner's own filter closes that gap for tasks",
               "%lld of %lld attempts got through, from %lld ms on", (long long)task->value,
               (long long)task->tries, (long long)task->first_ms);
    doctor_add(e->doctor, settled, task->last_ms < SETTLED_MS ? DOCTOR_OK : DOCTOR_FAILED,
               "install a network plugin that enforces NetworkPolicy; until then the runner's "
               "filter alone denies the network, and profiles with egress are refused",
               "the last attempt that got through: at %lld ms", (long long)task->last_ms);
}

static void judge_policy(struct examination *e)
{
    static const char check[] = "network policy";
    const struct finding *plain = said(e, check, "plain", "connect");
    const struct finding *task = plain ? said(e, check, "task", "connect") : NULL;

    if (task && plain->last_ms >= SETTLED_MS)
        say_policy(e, task);
    else if (task)
        doctor_add(e->doctor, check, DOCTOR_UNKNOWN, "do Pods of this cluster reach each other?",
                   "not even a plain Pod reaches the listener");
}

static void say_reach(struct examination *e, const char *check, const struct finding *plain,
                      const struct finding *task)
{
    if (task->value > 0)
        doctor_add(e->doctor, check, DOCTOR_FAILED,
                   "install a network plugin that enforces NetworkPolicy",
                   "reached from a Pod with the label of tasks");
    else if (plain->value > 0)
        doctor_add(e->doctor, check, DOCTOR_OK, "", "not reached, while a plain Pod reaches it");
    else
        doctor_add(e->doctor, check, DOCTOR_UNKNOWN, "", "not even a plain Pod reaches it");
}

static void judge_reach(struct examination *e)
{
    static const char *const checks[] = {"reach: API server", "reach: DNS", "reach: metadata"};
    const struct cluster_trial *plain = trial_of(e, "plain-reach");
    const struct cluster_trial *task = trial_of(e, "task-reach");
    const struct str known[] = {e->api_address, e->dns_address, STR_LIT(METADATA_ADDRESS)};

    for (uint32_t i = 0; i < countof(checks); i++) {
        const struct finding *theirs = findings_nth(&plain->findings, "connect", i);
        const struct finding *ours = findings_nth(&task->findings, "connect", i);
        if (known[i].size == 0 || !theirs || !ours)
            doctor_add(e->doctor, checks[i], DOCTOR_UNKNOWN, "", "%s",
                       known[i].size == 0 ? "its Service is not to be found"
                                          : "the Pods did not tell");
        else
            say_reach(e, checks[i], theirs, ours);
    }
}

static void judge_processes(struct examination *e)
{
    const struct finding *found = said(e, "processes", "load", "processes");

    if (found)
        doctor_add(e->doctor, "processes", found->value < PROCESSES_GOOD ? DOCTOR_OK : DOCTOR_WEAK,
                   "set podPidsLimit in the configuration of the kubelets",
                   found->value < PROCESSES_GOOD ? "a Pod gets %lld" : "a Pod gets %lld or more",
                   (long long)found->value);
}

static void judge_user_namespace(struct examination *e)
{
    const struct finding *found = said(e, "user namespace", "userns", "user-namespace");

    if (found)
        doctor_add(e->doctor, "user namespace", found->value == 1 ? DOCTOR_OK : DOCTOR_WEAK,
                   "Kubernetes 1.33, containerd 2 and Linux 6.3 or newer on every node", "%.*s",
                   STR_ARG(found->text));
}

static void judge_landlock(struct examination *e)
{
    const struct finding *found = said(e, "landlock", "task", "landlock");

    if (found)
        doctor_add(e->doctor, "landlock", found->value > 0 ? DOCTOR_OK : DOCTOR_WEAK,
                   "Linux 5.13 or newer, with landlock in its list of security modules (lsm=)",
                   found->value > 0 ? "ABI %lld%.*s" : "none (%lld): %.*s", (long long)found->value,
                   STR_ARG(found->text));
}

static void judge_storage(struct examination *e)
{
    const struct cluster_trial *trial = trial_of(e, "disk");

    if (!trial)
        doctor_add(e->doctor, "storage", DOCTOR_UNKNOWN, "", "left out (--quick)");
    else if (!trial->seen.is_evicted && !findings_get(&trial->findings, "disk"))
        doctor_add(e->doctor, "storage", DOCTOR_UNKNOWN, "", "the Pod did not tell: %.*s",
                   STR_ARG(trial->seen.why));
    else
        doctor_add(e->doctor, "storage", trial->seen.is_evicted ? DOCTOR_OK : DOCTOR_WEAK,
                   "do the kubelets measure ephemeral storage (localStorageCapacityIsolation)?",
                   trial->seen.is_evicted ? "64 MiB under a limit of 16: %.*s"
                                          : "64 MiB under a limit of 16, not evicted: %.*s",
                   STR_ARG(trial->seen.why));
}

void examination_try_pods(struct examination *e)
{
    static const char *const words[] = {"listen", LISTEN_PORT, "150", NULL};
    struct cluster_trials *trials = &e->trials;
    struct cluster_trial *listener = trial_add(trials, "listener", words);

    e->api_address = service_of(e, "default", "kubernetes");
    e->dns_address = service_of(e, "kube-system", "kube-dns");
    trial_start(trials, listener);
    if (!trial_await(trials, listener, START_MS) || listener->seen.ip.size == 0) {
        doctor_add(e->doctor, "Pods", DOCTOR_UNKNOWN,
                   "may you create Pods here? Is the image right?",
                   "the first Pod does not run: %s%.*s", listener->refused.text,
                   STR_ARG(listener->seen.why));
        return;
    }
    start_trials(e, arena_text(e->arena, listener->seen.ip));
    for (uint32_t i = 1; i < trials->count; i++)
        trial_finish(trials, &trials->at[i],
                     strcmp(trials->at[i].role, "disk") == 0 ? EVICTED_MS : FINISH_MS);
    judge_policy(e);
    judge_reach(e);
    doctor_judge_facts(e->doctor, &trial_of(e, "task")->findings, false);
    judge_user_namespace(e);
    judge_landlock(e);
    judge_processes(e);
    judge_storage(e);
}
