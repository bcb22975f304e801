// SPDX-License-Identifier: Apache-2.0
#include <signal.h>

#include "api/access_review.h"
#include "api/agenttask.h"
#include "api/webhook_config.h"
#include "base/date.h"
#include "cli/cluster_trial.h"
#include "cli/cmd_doctor.h"
#include "cli/exitcode.h"
#include "kube/resource.h"
#include "pki/x509.h"
#include "sys/entropy.h"

#define OPERATOR_SPACE "agenttask-system"
#define OPERATOR_SELECTOR                                                                          \
    "control-plane=controller-manager,app.kubernetes.io/name=agenttask-operator"
#define REFUSED_BY_US    "\"create.agenttasks.execution.agenttask.io\" denied the request"
#define METADATA_ADDRESS "169.254.169.254"
#define LISTEN_PORT      "8080"
#define START_MS         INT64_C(60000)
#define FINISH_MS        INT64_C(30000)
#define TASK_MS          INT64_C(120000)
#define EVICTED_MS       INT64_C(90000)
#define LOOK_MS          INT64_C(300)
#define SETTLED_MS       INT64_C(2000) /* by then an enforcer has come to know a Pod */
#define DAY_MS           INT64_C(86400000)
#define PROCESSES_TRY    "4000"
#define PROCESSES_GOOD   4000
#define MEBIBYTE         (INT64_C(1) << 20)

struct examination {
    const struct doctor_options *options;
    struct doctor *doctor;
    struct cluster *cluster;
    struct fiber *fiber;
    struct arena *arena;
    struct cluster_trials trials;
    struct str api_address, dns_address;
};

static bool ask(struct examination *e, const struct kube_request *request, const char *what,
                struct json_value *ret, struct err *err)
{
    return cluster_ask(e->cluster, e->fiber, e->arena, request, what, ret, err);
}

/* -- what is installed ---------------------------------------------------------------- */

static bool judge_server(struct examination *e, struct err *err)
{
    struct kube_request request = request_page("/version");
    struct json_value page;
    struct str version;
    int64_t minor;

    if (!ask(e, &request, "get the version", &page, err))
        return false;
    version = version_read(&page, &minor);
    doctor_add(e->doctor, "API server", minor == 0 || minor >= 25 ? DOCTOR_OK : DOCTOR_FAILED,
               "Kubernetes 1.25 or newer is needed", "%.*s", STR_ARG(version));
    return true;
}

static void judge_kinds(struct examination *e)
{
    const struct list_query one = {.limit = 1};
    struct kube_request request =
        request_list(e->arena, &resource_agenttasks, e->trials.space, &one);
    struct json_value list;
    struct err refused = {0};
    bool is_served = ask(e, &request, "list agenttasks", &list, &refused);

    doctor_add(e->doctor, "AgentTask", is_served ? DOCTOR_OK : DOCTOR_FAILED,
               "kubectl apply -f dist/install.yaml, or ask for the role agenttask-editor-role",
               "%s", is_served ? "served" : refused.text);
}

static void judge_operator(struct examination *e)
{
    const struct list_query ours = {.label_selector = STR_LIT(OPERATOR_SELECTOR)};
    struct kube_request request =
        request_list(e->arena, &resource_pods, STR_LIT(OPERATOR_SPACE), &ours);
    const struct json_value *items;
    uint32_t ready = 0, count = 0;
    struct err refused = {0};
    struct json_value list;
    struct str image;
    bool is_ready;

    if (!ask(e, &request, "list the operator's Pods", &list, &refused)) {
        doctor_add(e->doctor, "operator", DOCTOR_UNKNOWN, "--image says what holds /probe", "%s",
                   refused.text);
        return;
    }
    items = json_get(&list, "items");
    for (; items && count < items->count; count++) {
        operator_pod_read(&items->items[count], &image, &is_ready);
        ready += is_ready;
        if (e->trials.image.size == 0)
            e->trials.image = image;
    }
    doctor_add(e->doctor, "operator",
               ready == 0   ? DOCTOR_FAILED
               : count == 1 ? DOCTOR_WEAK
                            : DOCTOR_OK,
               ready == 0 ? "kubectl -n agenttask-system describe pods"
                          : "two replicas: while the only one restarts, no task can be created",
               "%u of %u Pods are ready", ready, count);
}

/* -- admission -------------------------------------------------------------------------- */

static void judge_certificate(struct examination *e, const struct json_value *object)
{
    struct str bundle = webhook_config_bundle(e->arena, object, STR_LIT(OPERATOR_SPACE));
    int64_t now_ms = e->cluster->session->now_ms();
    struct x509_term term;
    struct err unread = {0};

    if (bundle.size == 0 || !x509_read_term(bundle, &term, &unread)) {
        doctor_add(e->doctor, "certificate", DOCTOR_FAILED,
                   "the operator's log says why it injects no caBundle",
                   "the API server trusts none");
        return;
    }
    doctor_add(e->doctor, "certificate",
               now_ms >= term.from_ms && now_ms < term.until_ms ? DOCTOR_OK : DOCTOR_FAILED,
               "the operator renews it when it leads: see its log",
               "the authority that the API server trusts: %lld days left",
               (long long)((term.until_ms - now_ms) / DAY_MS));
}

static void judge_webhook(struct examination *e)
{
    struct kube_request request = request_get(e->arena, &resource_validatingwebhookconfigurations,
                                              (struct str){0}, STR_LIT(WEBHOOK_CONFIGURATION));
    struct json_value object;
    struct err refused = {0};
    const char *why = "";
    bool is_guarding;

    if (!ask(e, &request, "get the webhook's configuration", &object, &refused)) {
        doctor_add(e->doctor, "webhook configuration",
                   refused.kind == ERR_ABSENT ? DOCTOR_FAILED : DOCTOR_UNKNOWN,
                   "kubectl apply -f dist/install.yaml", "%s", refused.text);
        return;
    }
    is_guarding = webhook_config_guards(&object, STR_LIT(OPERATOR_SPACE), &why);
    doctor_add(e->doctor, "webhook configuration", is_guarding ? DOCTOR_OK : DOCTOR_FAILED,
               "kubectl apply -f dist/install.yaml", "%s",
               is_guarding ? "every new task is reviewed or refused" : why);
    judge_certificate(e, &object);
}

static struct task task_of(struct examination *e, const char *profile, const char *source)
{
    struct task task = {.name = e->trials.doctor, .space = e->trials.space};

    task_status_init(&task.status);
    task.spec = (struct task_spec){
        .profile = str_of(profile),
        .source = str_of(source),
        .ttl_ms = TTL_KEEP,
    };
    return task;
}

static bool create_task(struct examination *e, const char *profile, const char *source, bool is_dry,
                        struct json_value *ret, struct err *err)
{
    struct task task = task_of(e, profile, source);
    struct json_value value = agenttask_value(e->arena, &task);
    struct kube_request request = request_create(e->arena, &resource_agenttasks, e->trials.space,
                                                 json_compact(e->arena, &value));

    if (is_dry)
        request = request_dry(e->arena, request);
    return ask(e, &request, "create agenttask", ret, err);
}

/* No profile can be called so: only a webhook knows that there is none. */
static void judge_reviews(struct examination *e)
{
    struct json_value stored;
    struct err refused = {0};
    bool is_taken = create_task(e, "doctor-no-such-profile", "# doctor\n", true, &stored, &refused);
    bool is_reviewed = !is_taken && strstr(refused.text, REFUSED_BY_US) != NULL;

    doctor_add(e->doctor, "webhook", is_reviewed ? DOCTOR_OK : DOCTOR_FAILED,
               is_taken ? "the webhook is not asked: kubectl apply -f dist/install.yaml"
                        : "no task can be created until it answers: see the operator's Pods",
               "%s",
               is_taken ? "a task with an unknown profile was let in (dry run)" : refused.text);
}

/* -- rights ------------------------------------------------------------------------------ */

static bool may(struct examination *e, const char *verb, const char *resource, bool *ret,
                struct err *err)
{
    const struct access_question question = {
        .user = {.name = arena_print(e->arena, "system:serviceaccount:%.*s:default",
                                     STR_ARG(e->trials.space))},
        .verb = str_of(verb),
        .version = STR_LIT("v1"),
        .resource = str_of(resource),
        .space = e->trials.space,
    };
    struct json_value value = access_question_value(e->arena, &question), answer;
    struct kube_request request = request_create(e->arena, &resource_subjectaccessreviews,
                                                 (struct str){0}, json_compact(e->arena, &value));

    return ask(e, &request, "ask for the rights of a service account", &answer, err) &&
           access_answer_read(e->arena, &answer, ret, err);
}

static void judge_rights(struct examination *e)
{
    struct err refused = {0};
    bool makes_pods, reads_secrets;

    if (!may(e, "create", "pods", &makes_pods, &refused) ||
        !may(e, "get", "secrets", &reads_secrets, &refused)) {
        doctor_add(e->doctor, "service account", DOCTOR_UNKNOWN, "", "%s", refused.text);
        return;
    }
    doctor_add(e->doctor, "service account", makes_pods || reads_secrets ? DOCTOR_WEAK : DOCTOR_OK,
               "tasks get no token, but other Pods of the namespace do: take the rights away",
               "default of this namespace may%s create Pods, may%s read Secrets",
               makes_pods ? "" : " not", reads_secrets ? "" : " not");
}

static bool is_let_in(struct examination *e, bool is_privileged, struct err *err)
{
    struct cluster_trial trial = {
        .role = "dry", .words = {"facts"       },
             .limits = { 100, 16 * MEBIBYTE, 16 * MEBIBYTE}
    };
    struct json_value pod = trial_pod(&e->trials, &trial, is_privileged), stored;
    struct kube_request request =
        request_create(e->arena, &resource_pods, e->trials.space, json_compact(e->arena, &pod));

    request = request_dry(e->arena, request);
    return ask(e, &request, "create a Pod", &stored, err);
}

/* A hardened Pod is let in, a privileged one is not: then it was refused for that. */
static bool judge_pod_security(struct examination *e, struct err *err)
{
    struct err refused = {0};
    bool is_taken = is_let_in(e, false, &refused);

    if (!is_taken && strstr(refused.text, "cannot create resource")) {
        e->cluster->session->exit_code = STATUS_FORBIDDEN;
        *err = refused;
        return false;
    }
    if (!is_taken) {
        doctor_add(e->doctor, "Pod security", DOCTOR_UNKNOWN, "--image says what holds /probe",
                   "not even a hardened Pod is let in: %s", refused.text);
        return true;
    }
    is_taken = is_let_in(e, true, &refused);
    doctor_add(e->doctor, "Pod security", is_taken ? DOCTOR_WEAK : DOCTOR_OK,
               "label the namespace pod-security.kubernetes.io/enforce=restricted: tasks pass",
               "%s", is_taken ? "a privileged Pod would be let into this namespace" : refused.text);
    return true;
}

/* -- a task ------------------------------------------------------------------------------- */

static const struct sample { /* a program that does nothing, in each language */
    const char *profile, *source;
} samples[] = {
    {"bash",       "# doctor\n" },
    {"python3.11", "# doctor\n" },
    {"python3.12", "# doctor\n" },
    {"python3.13", "# doctor\n" },
    {"node22",     "// doctor\n"},
    {"node20",     "// doctor\n"},
    {"node18",     "// doctor\n"},
};

static int64_t now_of(const struct examination *e)
{
    const struct reactor *reactor = &e->cluster->reactor;

    return reactor->monotonic_ms(reactor->self);
}

/* Until it is over, or the time is up. */
static bool watch_task(struct examination *e, struct task *ret, struct err *err)
{
    struct kube_request request =
        request_get(e->arena, &resource_agenttasks, e->trials.space, e->trials.doctor);
    int64_t until_ms = now_of(e) + TASK_MS;
    struct json_value value;

    do {
        if (!ask(e, &request, "get agenttask", &value, err) ||
            !agenttask_read(e->arena, &value, NULL, API_LENIENT, ret, err))
            return false;
        if (phase_is_terminal(ret->status.phase) || e->trials.is_canceled)
            return true;
        fiber_sleep(e->fiber, &e->cluster->reactor, LOOK_MS);
    } while (now_of(e) < until_ms);
    return true;
}

static void drop_task(struct examination *e, struct str uid)
{
    struct kube_request request = request_delete(e->arena, &resource_agenttasks, e->trials.space,
                                                 e->trials.doctor, uid, (struct str){0}, -1);
    struct json_value ignored;
    struct err left = {0};

    if (!ask(e, &request, "delete agenttask", &ignored, &left) && left.kind != ERR_ABSENT)
        session_warn(e->cluster->session, "AgentTask %.*s is still there: %s",
                     STR_ARG(e->trials.doctor), left.text);
}

static void say_task(struct examination *e, const struct task *task, const struct err *failed)
{
    bool is_good = task->status.phase == PHASE_SUCCEEDED;
    uint32_t controls = task->status.isolation.controls;

    doctor_add(e->doctor, "task", is_good ? DOCTOR_OK : DOCTOR_FAILED,
               "agentctl describe, and the operator's log, say more", "%s%s%s%.*s%s",
               phase_word(task->status.phase), is_good ? ", profile " : ": ",
               failed->kind != ERR_NONE ? failed->text : "",
               STR_ARG(is_good ? task->spec.profile : task->status.message),
               is_good && (controls & CONTROL_BIT(CONTROL_SECCOMP_NETWORK))
                   ? "; its sockets are denied from the first instruction"
                   : "");
}

/* The first of the shipped profiles that the webhook lets in. */
static void judge_task(struct examination *e)
{
    struct err refused = {0};

    for (size_t i = 0; i < countof(samples); i++) {
        struct json_value stored;
        struct task task = {0};
        struct err failed = {0};
        refused = (struct err){0};
        if (!create_task(e, samples[i].profile, samples[i].source, false, &stored, &refused))
            continue;
        if (!watch_task(e, &task, &failed))
            task_status_init(&task.status);
        say_task(e, &task, &failed);
        drop_task(e, object_meta(&stored).uid);
        return;
    }
    doctor_add(e->doctor, "task", DOCTOR_UNKNOWN, "kubectl apply -k profiles brings them back",
               "no shipped profile can be used: %s", refused.text);
}

/* -- what Pods may do --------------------------------------------------------------------- */

static struct str service_of(struct examination *e, const char *space, const char *name)
{
    struct kube_request request =
        request_get(e->arena, &resource_services, str_of(space), str_of(name));
    struct json_value service;
    struct err ignored = {0};

    return ask(e, &request, "get service", &service, &ignored) ? service_address(&service)
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

static void try_pods(struct examination *e)
{
    static const char *const words[] = {"listen", LISTEN_PORT, "150", NULL};
    struct cluster_trials *trials = &e->trials;
    struct cluster_trial *listener = trial_add(trials, "listener", words);

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

/* -- all of it ------------------------------------------------------------------------------ */

static void interrupted(void *ctx)
{
    struct examination *e = ctx;

    e->trials.is_canceled = true; /* what was made goes first */
}

static bool examine(struct cluster *cluster, struct fiber *fiber, void *ctx, struct err *err)
{
    struct examination *e = ctx;

    e->fiber = e->trials.fiber = fiber;
    if (!loop_signal(cluster->loop, SIGINT, interrupted, e, err) ||
        !loop_signal(cluster->loop, SIGTERM, interrupted, e, err) || !judge_server(e, err))
        return false;
    judge_kinds(e);
    judge_operator(e);
    if (!judge_pod_security(e, err))
        return false;
    judge_webhook(e);
    judge_reviews(e);
    judge_rights(e);
    judge_task(e); /* it also brings the namespace its policy */
    e->api_address = service_of(e, "default", "kubernetes");
    e->dns_address = service_of(e, "kube-system", "kube-dns");
    if (!e->trials.is_canceled)
        try_pods(e);
    trials_clear(&e->trials);
    if (!e->trials.is_canceled)
        return true;
    cluster->session->exit_code = EXIT_INTERRUPTED;
    return err_set(err, ERR_REFUSED, "interrupted: what was made is deleted");
}

bool cluster_doctor(void *self, const struct doctor_options *options, struct doctor *doctor,
                    struct err *err)
{
    struct cluster *cluster = self;
    struct examination *e = arena_alloc(&cluster->session->arena, sizeof(*e));
    char uuid[UUID_TEXT];

    uuid_new(uuid);
    *e = (struct examination){
        .options = options,
        .doctor = doctor,
        .cluster = cluster,
        .arena = &cluster->session->arena,
        .trials =
            {
                     .cluster = cluster,
                     .space = cluster->access.space,
                     .image = str_of(options->image),
                     .doctor = arena_print(&cluster->session->arena, "agenttask-doctor-%.8s", uuid),
                     },
    };
    return cluster_do(cluster, examine, e, err);
}
