# SPDX-License-Identifier: Apache-2.0
"""Who asks, and what an administrator has set up around the operator: users with roles in a
namespace, the webhook's registration, limits, the Deployment. Everything is put back afterwards."""
import json
import os
import time

import yaml

from stage import MERGE, PROFILES, Api, Refused, Stage, kubectl, wait_for

GROUP = "execution.agenttask.io"
SYSTEM = "agenttask-system"
DEPLOYMENT = f"/apis/apps/v1/namespaces/{SYSTEM}/deployments/agenttask-controller-manager"
CONFIG = f"/api/v1/namespaces/{SYSTEM}/configmaps/agenttask-config"
WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
WEBHOOK = WEBHOOKS + "/agenttask-validating-webhook-configuration"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
SMALL = {"requests": {"cpu": "20m"}, "limits": {"cpu": "1"}}
SETTLE_SECONDS = 7  # a registration must be older than a task by so much; driver/kube_guard.h
CONFIG_SECONDS = 2  # until both operators have read a change; suite tenants measures it
SERVER_MADE = ("uid", "resourceVersion", "creationTimestamp", "managedFields", "generation")


def task_body(name, space=None, **spec):
    spec = {"runtimeProfile": "python3.11", "code": {"source": "pass\n"}, **spec}
    return {"apiVersion": f"{GROUP}/v1alpha1", "kind": "AgentTask",
            "metadata": {"name": name, **({"namespace": space} if space else {})}, "spec": spec}


def layer_of(refused):
    """Who refused, as the answer itself says it."""
    message, status = refused.status.get("message", ""), refused.status
    if "admission webhook" in message and "denied the request" in message:
        return "webhook"
    if "failed calling webhook" in message:
        return "no webhook"
    if "exceeded quota" in message:
        return "quota"
    if refused.code == 403 and " cannot " in message:
        return "RBAC"
    if refused.code == 400 and "unknown field" in message:
        return "schema"
    causes = status.get("details", {}).get("causes", [])
    if refused.code == 422 and causes:
        return "CEL" if any(cause.get("message", "").endswith(tuple(cel_messages())) for cause in causes) else "schema"
    return f"somebody: {refused}"


def cel_messages(known=[]):  # pylint: disable=dangerous-default-value
    """What the rules in our CRDs say."""
    if not known:
        root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../config/crd/bases")
        for name in os.listdir(root):
            with open(os.path.join(root, name), encoding="utf-8") as file:
                known.extend(rule["message"] for rule in rules_in(yaml.safe_load(file)))
    return known


def rules_in(value):
    if isinstance(value, dict):
        yield from value.get("x-kubernetes-validations", [])
        for below in value.values():
            yield from rules_in(below)
    elif isinstance(value, list):
        for below in value:
            yield from rules_in(below)


# -- the webhook's registration ----------------------------------------------------------------------

def take_webhook(api):
    """From now on nobody reviews. What there was, or None; only when the server has noticed."""
    was = api.get(WEBHOOK)
    if was:
        api.delete(WEBHOOK)
        wait_for(lambda: not is_reviewed(api), 20, why="the webhook is still asked")
    return was


def put_webhook(api, was):
    """Back again, and in force."""
    if not was:
        return
    meta = {key: value for key, value in was["metadata"].items() if key not in SERVER_MADE}
    if api.get(WEBHOOK) is None:
        api.create(WEBHOOKS, {**was, "metadata": meta})
    wait_for(lambda: is_reviewed(api), 60, why="the webhook refuses nothing")
    time.sleep(SETTLE_SECONDS)


def is_reviewed(api):
    """By trying, twice in a row: a server that has just changed its mind may waver."""
    for _ in range(2):
        try:
            api.create(f"/apis/{GROUP}/v1alpha1/namespaces/default/agenttasks?dryRun=All",
                       task_body("tried", runtimeProfile="there-is-no-such-profile"))
            return False
        except Refused as refused:
            if layer_of(refused) != "webhook":
                return False
    return True


# -- the limits ----------------------------------------------------------------------------------------

def edit_config(api, change):
    """`change` gets the settings as a dict, to be changed."""
    while True:
        found = api.get(CONFIG)
        settings = yaml.safe_load(found["data"]["config.yaml"]) or {}
        settings["tenants"] = settings.get("tenants") or {}
        change(settings)
        found["data"]["config.yaml"] = yaml.safe_dump(settings)
        try:
            return api.call("PUT", CONFIG, found)
        except Refused as refused:
            if refused.code != 409:
                raise


# -- the Deployment --------------------------------------------------------------------------------------

def scale(replicas):
    kubectl("-n", SYSTEM, "scale", "deployment/agenttask-controller-manager", f"--replicas={replicas}")
    if replicas:
        rolled_out()
    else:
        kubectl("-n", SYSTEM, "wait", "--for=delete", "pod", "-l", "control-plane=controller-manager", "--timeout=60s")


def rolled_out():
    kubectl("-n", SYSTEM, "rollout", "status", "deployment/agenttask-controller-manager", "--timeout=120s")


class People(Stage):
    """Tests in which more than the cluster's admin asks."""

    def user(self, *roles, rules=(), groups=(), space=None, name=None):
        """Somebody with these ClusterRoles and these rules in a namespace, and nothing else."""
        name, space = name or "u-" + os.urandom(4).hex(), space or self.space
        for role in roles:
            self.bind(name, "ClusterRole", role, space)
        if rules:
            role = "r-" + os.urandom(4).hex()
            self.api.create(f"{RBAC}/namespaces/{space}/roles", {"metadata": {"name": role}, "rules": list(rules)})
            self.bind(name, "Role", role, space)
        if "agenttask-editor-role" in roles:
            wait_for(lambda: self.may(name, "create", GROUP, "agenttasks", space=space), 20)
        for rule in rules:
            wait_for(lambda: self.may(name, rule["verbs"][0], rule["apiGroups"][0], rule["resources"][0],
                                      rule.get("resourceNames", [""])[0], space), 20)
        return Api(user=name, groups=["system:authenticated", *groups])

    def editor(self, *rules, **more):
        return self.user("agenttask-editor-role", rules=rules, **more)

    def bind(self, user, kind, role, space):
        self.api.create(f"{RBAC}/namespaces/{space}/rolebindings", {
            "metadata": {"name": "b-" + os.urandom(4).hex()},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role},
            "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": user}]})

    def bind_everywhere(self, user, role):
        path, name = f"{RBAC}/clusterrolebindings", "t-" + os.urandom(4).hex()
        self.api.create(path, {
            "metadata": {"name": name}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
                                                    "name": role},
            "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": user}]})
        self.addCleanup(self.api.delete, f"{path}/{name}")

    def may(self, user, verb, group, resource, name="", space=None):
        asked = dict(zip(("resource", "subresource"), resource.split("/")), verb=verb, group=group, version="*",
                     namespace=space or self.space, name=name)
        return self.api.create(REVIEWS, {"spec": {"user": user, "groups": ["system:authenticated"],
                                                  "resourceAttributes": asked}})["status"]["allowed"]

    def refusal(self, who, method, path, body=None, kind="application/json"):
        """The Refused, or None: it was accepted."""
        try:
            who.call(method, path, body, kind)
            return None
        except Refused as refused:
            return refused

    def merge_refusal(self, who, path, change):
        return self.refusal(who, "PATCH", path, change, MERGE)

    def refused_by(self, layer, who, method, path, body=None, says=()):
        kind = MERGE if method == "PATCH" else "application/json"
        refused = self.refusal(who, method, path, body, kind)
        self.assertIsNotNone(refused, f"{method} {path} was accepted: {json.dumps(body)[:300]}")
        self.assertEqual(layer_of(refused), layer, str(refused))
        for word in says:
            self.assertIn(word, str(refused))
        return refused

    def config_map_of(self, name, data, space=None):
        return self.api.create(f"/api/v1/namespaces/{space or self.space}/configmaps",
                               {"metadata": {"name": name}, "data": data})

    def tenant(self, name, **settings):
        """An entry of the config, until the test is over."""
        edit_config(self.api, lambda config: config["tenants"].update({name: settings}))
        self.addCleanup(edit_config, self.api, lambda config: config["tenants"].pop(name, None))
        time.sleep(CONFIG_SECONDS)
        return name

    def profile_exists(self, name):
        return self.api.get(f"{PROFILES}/{name}") is not None


GET_CONFIG_MAPS = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}
