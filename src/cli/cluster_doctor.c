// SPDX-License-Identifier: Apache-2.0
#include <signal.h>

#include "api/access_review.h"
#include "api/agenttask.h"
#include "api/webhook_config.h"
#include "base/date.h"
#include "cli/examination.h"
#include "cli/exitcode.h"
#include "kube/resource.h"
#include "pki/x509.h"
#include "sys/entropy.h"

#define OPERATOR_SPACE "agenttask-system"
#define OPERATOR_SELECTOR                                                                          \
    "control-plane=controller-manager,app.kubernetes.io/name=agenttask-operator"
#define REFUSED_BY_US "\"create.agenttasks.execution.agenttask.io\" denied the request"
#define TASK_MS       INT64_C(120000)
#define LOOK_MS       INT64_C(300)
#define DAY_MS        INT64_C(86400000)
#define MEBIBYTE      (INT64_C(1) << 20)

/* -- what is installed ---------------------------------------------------------------- */

static bool judge_server(struct examination *e, struct err *err)
{
    struct kube_request request = request_page("/version");
    struct json_value page;
    struct str version;
    int64_t minor;

    if (!examination_ask(e, &request, "get the version", &page, err))
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
    bool is_served = examination_ask(e, &request, "list agenttasks", &list, &refused);

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

    if (!examination_ask(e, &request, "list the operator's Pods", &list, &refused)) {
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

    if (!examination_ask(e, &request, "get the webhook's configuration", &object, &refused)) {
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
    return examination_ask(e, &request, "create agenttask", ret, err);
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

    return examination_ask(e, &request, "ask for the rights of a service account", &answer, err) &&
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
    return examination_ask(e, &request, "create a Pod", &stored, err);
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
        if (!examination_ask(e, &request, "get agenttask", &value, err) ||
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

    if (!examination_ask(e, &request, "delete agenttask", &ignored, &left) &&
        left.kind != ERR_ABSENT)
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
    if (!e->trials.is_canceled)
        examination_try_pods(e);
    trials_clear(&e->trials);
    if (!e->trials.is_canceled)
        return true;
    cluster->session->exit_code = EXIT_INTERRUPTED;
    cluster->session->hint = NULL; /* of a refusal that was wanted */
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
