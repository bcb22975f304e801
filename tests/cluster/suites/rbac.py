#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rights, as the audit log saw them used: over every kind of life a task can have, the deployed
operator uses each right that config/rbac grants it, no other, and is refused nothing. And what the
roles for people allow, verb by verb. Wants the deployed operator of config/default."""
import json
import os
import time
import unittest

import yaml

import metrics
from people import is_reviewed
from proxy import ACCOUNT, GROUPS
from stage import PROFILES, ROOT, Api, Refused, Stage, audit, audit_end, kubectl, wait_for

SYSTEM = "agenttask-system"
DEPLOYMENT = f"/apis/apps/v1/namespaces/{SYSTEM}/deployments/agenttask-controller-manager"
LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{SYSTEM}/leases/controller-manager.execution.agenttask.io"
POLICY = "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies/agenttask-default-deny"
SECRETS = f"/api/v1/namespaces/{SYSTEM}/secrets"
REGISTRATION = "/apis/admissionregistration.k8s.io/v1"
REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
SMALL = {"requests": {"cpu": "20m"}, "limits": {"cpu": "1"}}
SLEEP = "import time\nprint('first', flush=True)\ntime.sleep(300)\n"
LARGE = "import json\njson.dump('x' * 300000, open('result.json', 'w'))\n"
VERBS = ("create", "get", "list", "watch", "update", "patch", "delete", "deletecollection")
GROUP = "execution.agenttask.io"
ROLES = ("role.yaml", "leader_election_role.yaml", "config_role.yaml", "certificate_role.yaml", "webhook_role.yaml",
         "metrics_auth_role.yaml")  # of the operator
READ = {"get", "list", "watch"}
ONCE = ("create", GROUP, "runtimeprofiles")  # where there was none: long before this suite
EDIT = READ | {"create", "update", "patch", "delete"}
PEOPLE = {  # role: {resource: verbs}; everything else is denied
    "agenttask-admin-role": {"agenttasks": EDIT | {"deletecollection"}, "agenttasks/status": {"get"}},
    "agenttask-editor-role": {"agenttasks": EDIT, "agenttasks/status": {"get"}},
    "agenttask-viewer-role": {"agenttasks": READ, "agenttasks/status": {"get"}},
    "agenttask-runtimeprofile-admin-role": {"runtimeprofiles": EDIT | {"deletecollection"}},
    "agenttask-runtimeprofile-viewer-role": {"runtimeprofiles": READ},
}
FOREIGN = (("", "pods"), ("", "pods/log"), ("", "pods/exec"), ("", "configmaps"), ("", "secrets"),
           ("networking.k8s.io", "networkpolicies"), ("coordination.k8s.io", "leases"),
           ("rbac.authorization.k8s.io", "roles"))


def rules():
    """{(verb, group, resource, name or *, namespace or *)} that config/rbac grants the operator."""
    granted = set()
    for name in ROLES:
        with open(os.path.join(ROOT, "config/rbac", name), encoding="utf-8") as file:
            role = yaml.safe_load(file)
        space = role["metadata"].get("namespace", "*")
        for rule in role["rules"]:
            granted |= {(verb, group, resource, name, space) for verb in rule["verbs"]
                        for group in rule["apiGroups"] for resource in rule["resources"]
                        for name in rule.get("resourceNames", ["*"])}
    return granted


def used(begin):
    """What the operator asked for since then, each with one example, and what it was refused."""
    asked, refused = {}, []
    for event in audit(begin):
        ref, user = event.get("objectRef", {}), event["user"].get("username")
        if user != ACCOUNT or "resource" not in ref:
            continue
        resource = "/".join(filter(None, (ref["resource"], ref.get("subresource"))))
        key = (event["verb"], ref.get("apiGroup", ""), resource, ref.get("name", ""), ref.get("namespace", ""))
        asked.setdefault(key, event["requestURI"])
        message = event.get("responseStatus", {}).get("message", "")
        if event.get("responseStatus", {}).get("code") in (401, 403) and "being terminated" not in message:
            refused.append((key, message))
    return asked, refused


def covers(rule, key):
    return rule[:3] == key[:3] and rule[3] in ("*", key[3]) and rule[4] in ("*", key[4])


class Lives(Stage):
    """The operator starts anew, without a Lease, and lives through everything."""
    is_alone = True

    def restart_operator(self):
        self.api.patch(DEPLOYMENT, {"spec": {"replicas": 0}})
        self.addCleanup(self.api.patch, DEPLOYMENT, {"spec": {"replicas": 2}})
        wait_for(lambda: not self.api.items(f"/api/v1/namespaces/{SYSTEM}/pods"), 60)
        self.api.delete(LEASE)
        self.api.delete(f"{SECRETS}/agenttask-webhook-cert")
        begin = audit_end()
        self.api.patch(DEPLOYMENT, {"spec": {"replicas": 2}})
        wait_for(lambda: self.api.get(DEPLOYMENT)["status"].get("readyReplicas") == 2, 90)
        wait_for(lambda: is_reviewed(self.api), 20, why="the API server does not find the webhook")
        return begin

    def begin_lives(self):
        self.task("good", resources=SMALL, ttlSecondsAfterFinished=2)
        self.task("large", LARGE, resources=SMALL)
        self.task("bad", "raise SystemExit(3)\n", resources=SMALL)
        self.task("late", SLEEP, resources=SMALL, timeoutSeconds=2)
        self.task("oom", "x = bytearray(400 << 20)\n", resources={"requests": {"cpu": "20m"},
                                                                  "limits": {"cpu": "1", "memory": "64Mi"}})
        for bad in ({"profile": "nobody-made-it"}, {"resources": {"limits": {"memory": "64Gi"}}}):
            with self.assertRaises(Refused):
                self.task("bad-from-the-start", **bad)
        self.api.create(f"/api/v1/namespaces/{self.space}/configmaps", {
            "metadata": {"name": "code"}, "data": {"main.py": "print('mine')\n"}})
        self.task("refers", resources=SMALL, code={"configMapRef": {"name": "code", "key": "main.py"}})
        self.task("absent", profile=self.profile(image="example.com/nobody/made-it:1"), resources=SMALL)
        for name in ("canceled", "deleted", "poddeleted"):
            self.task(name, SLEEP, resources=SMALL)
        self.task("open", resources=SMALL, profile=self.profile(network={"egress": [{"cidr": "192.0.2.0/24"}]}))
        self.refuse("refused-code")
        self.task("refused", resources=SMALL)
        self.api.create(f"/api/v1/namespaces/{self.space}/configmaps", {"metadata": {"name": "taken-code"}})
        self.task("taken", resources=SMALL)

    def refuse(self, name):
        """Somebody else's admission refuses that ConfigMap: an Event that has to be repeated."""
        policy = f"{REGISTRATION}/validatingadmissionpolicies"
        self.api.create(policy, {"metadata": {"name": self.space}, "spec": {
            "failurePolicy": "Fail", "validations": [{"expression": f"object.metadata.name != '{name}'"}],
            "matchConstraints": {"resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"],
                                                    "resources": ["configmaps"]}]}}})
        self.addCleanup(self.api.delete, f"{policy}/{self.space}")
        binding = policy.replace("policies", "policybindings")
        self.api.create(binding, {"metadata": {"name": self.space}, "spec": {
            "policyName": self.space, "validationActions": ["Deny"], "matchResources": {"namespaceSelector": {
                "matchLabels": {"kubernetes.io/metadata.name": self.space}}}}})
        self.addCleanup(self.allow)
        path = f"/api/v1/namespaces/{self.space}/configmaps?dryRun=All"
        wait_for(lambda: self.api.raw("POST", path, {"metadata": {"name": name}})[0] == 422, 30)

    def allow(self):
        self.api.delete(f"{REGISTRATION}/validatingadmissionpolicybindings/{self.space}")

    def told_again(self):
        path = f"/apis/events.k8s.io/v1/namespaces/{self.space}/events"
        return any(event.get("series", {}).get("count", 0) >= 2 for event in self.api.items(path)
                   if event["regarding"]["name"] == "refused" and event["reason"] == "ReconcileFailed")

    def disturb(self):
        self.api.patch(f"/api/v1/namespaces/{self.space}", {"metadata": {"labels": {"metrics": "enabled"}}})
        time.sleep(2)  # until the enforcer of network policies knows the namespace's label
        token = metrics.Metrics.token(self, "reader", metrics.READER)
        got = metrics.Metrics.scrape(self, read=({"Authorization": "Bearer " + token}, "/metrics", "GET", True, True))
        self.assertEqual(got["read"][0], 200, got)
        secret = f"{SECRETS}/agenttask-webhook-cert"
        self.api.patch(secret, {"data": {"tls.crt": "anVuaw=="}})
        wait_for(lambda: self.api.get(secret)["data"]["tls.crt"] != "anVuaw==", 30, why="nobody mends the Secret")
        for name in ("canceled", "deleted", "poddeleted"):
            self.wait_phase(name, "Running", seconds=90)
        self.api.patch(self.path("canceled"), {"spec": {"canceled": True}})
        self.api.delete(self.path("deleted"))
        kubectl("-n", self.space, "delete", "pod", "poddeleted-pod", "--wait=false")
        policy = POLICY.format(self.space)
        self.api.patch(policy, {"spec": {"egress": [{}]}})
        wait_for(lambda: not self.api.get(policy)["spec"].get("egress"), 20, why="the policy stays open")
        self.api.delete(policy)
        wait_for(lambda: self.api.get(policy), 20, why="the policy does not come back")
        wait_for(self.told_again, 60, why="no Event is repeated")
        self.allow()

    def end_lives(self):
        endings = {"large": "", "open": "", "bad": "PodFailed", "late": "Timeout", "oom": "OOMKilled", "refers": "",
                   "absent": "ImagePullFailed", "canceled": "Canceled",
                   "poddeleted": "PodDeleted", "taken": "NameConflict", "refused": ""}
        got = {name: self.wait_end(name, 120).get("reason", "") for name in endings}
        self.assertEqual(got, endings)
        for name in ("good", "deleted"):
            self.wait_gone(self.path(name))
        for name in endings:
            self.api.delete(self.path(name))
        for name in endings:
            self.wait_gone(self.path(name))
        path = POLICY.format(self.space).rsplit("/", 1)[0]
        wait_for(lambda: not [policy for policy in self.api.items(path)
                              if policy["metadata"]["name"].startswith("agenttask-egress-")], 60,
                 why="the policy of egress that nobody has any more stays")

    def test_rights_are_those_that_are_used(self):
        """h54, over all endings, and by the names and the namespace of a right as well."""
        begin = self.restart_operator()
        self.begin_lives()
        self.disturb()
        self.end_lives()
        granted, (asked, refused) = rules(), used(begin)
        asked |= {key: uri for key, uri in used(0)[0].items() if key[:3] == ONCE}
        print(f"\nrbac: {len(granted)} rights granted, {len(asked)} kinds of requests in the audit log, "
              f"{len(refused)} refused", flush=True)
        self.assertEqual(refused, [])
        self.assertEqual(sorted(r for r in granted if not any(covers(r, key) for key in asked)), [],
                         "granted and never used")
        self.assertEqual(sorted(uri for key, uri in asked.items() if not any(covers(r, key) for r in granted)), [],
                         "used and not granted by config/rbac")


class Account(Stage):
    def test_operator_may_nothing_else(self):
        """Not even what a small mistake of its own would ask for."""
        api = Api(user=ACCOUNT, groups=GROUPS)
        own, others = f"{REGISTRATION}/validatingwebhookconfigurations", f"{REGISTRATION}/mutatingwebhookconfigurations"
        name = "/agenttask-validating-webhook-configuration"
        for verb, path in (("GET", SECRETS), ("GET", SECRETS + "/x"), ("DELETE", SECRETS + "/agenttask-webhook-cert"),
                           ("PUT", SECRETS + "/agenttask-webhook-cert"), ("PATCH", SECRETS + "/x"), ("GET", own),
                           ("POST", own), ("PATCH", own + "/x"), ("DELETE", own + name), ("PUT", own + name),
                           ("GET", others), ("POST", f"/api/v1/namespaces/{self.space}/secrets"),
                           ("GET", "/api/v1/secrets"), ("GET", "/api/v1/configmaps"),
                           ("GET", f"/api/v1/namespaces/{self.space}/secrets"),
                           ("POST", f"/api/v1/namespaces/{self.space}/serviceaccounts"),
                           ("POST", f"/api/v1/namespaces/{self.space}/pods/x/exec"),
                           ("PATCH", f"{PROFILES}/bash"), ("DELETE", f"{PROFILES}/x"),
                           ("GET", f"/apis/coordination.k8s.io/v1/namespaces/{self.space}/leases"),
                           ("DELETE", LEASE), ("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings")):
            code, _ = api.raw(verb, path, {"metadata": {"name": "x"}} if verb == "POST" else None)
            self.assertEqual(code, 403, f"{verb} {path}")


class People(Stage):
    def may(self, user, verb, group, resource):
        attributes = dict(zip(("resource", "subresource"), resource.split("/")), verb=verb, group=group, version="*",
                          namespace="" if resource == "runtimeprofiles" else self.space, name="")
        return self.api.create(REVIEWS, {"spec": {"user": user, "resourceAttributes": attributes}})["status"]["allowed"]

    def bind(self, role):
        user, name = "u-" + role, "t-" + os.urandom(4).hex()
        body = {"metadata": {"name": name}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
                                                        "name": role},
                "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": user}]}
        path = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
        self.api.create(path, body)
        self.addCleanup(self.api.delete, f"{path}/{name}")
        return user

    def test_each_role_allows_exactly_what_it_says(self):
        count = 0
        for role, allowed in PEOPLE.items():
            user = self.bind(role)
            first = next(iter(allowed))
            wait_for(lambda: self.may(user, "get", GROUP, first), 20)
            for resource in ("agenttasks", "agenttasks/status", "agenttasks/finalizers", "runtimeprofiles"):
                for verb in VERBS:
                    with self.subTest(role=role, resource=resource, verb=verb):
                        self.assertEqual(self.may(user, verb, GROUP, resource), verb in allowed.get(resource, ()))
                        count += 1
            for group, resource in FOREIGN:
                for verb in ("get", "create"):
                    with self.subTest(role=role, resource=resource, verb=verb):
                        self.assertFalse(self.may(user, verb, group, resource))
                        count += 1
        print(f"\nrbac: {count} questions about {len(PEOPLE)} roles for people", flush=True)

    def test_kubectl_says_the_same(self):
        user = self.bind("agenttask-viewer-role")
        wait_for(lambda: self.may(user, "get", GROUP, "agenttasks"), 20)
        for verb, answer in (("list", "yes"), ("create", "no"), ("delete", "no")):
            done = kubectl("auth", "can-i", verb, "agenttasks.execution.agenttask.io", "-n", self.space, "--as", user,
                           check=False)
            self.assertEqual(done.stdout.strip(), answer, verb)


class Samples(Stage):
    def test_each_ends_as_it_should(self):
        directory = os.path.join(ROOT, "config/samples")
        kubectl("apply", "-n", self.space, "-f", directory)
        names = []
        for file in sorted(os.listdir(directory)):
            with open(os.path.join(directory, file), encoding="utf-8") as text:
                names += [one["metadata"]["name"] for one in yaml.safe_load_all(text) if one["kind"] == "AgentTask"]
        self.assertGreaterEqual(len(names), 3)
        for name in names:
            status = self.wait_end(name)
            self.assertEqual((status["phase"], status.get("exitCode")), ("Succeeded", 0), json.dumps(status))
            self.assertIn("json", status["result"], name)


if __name__ == "__main__":
    unittest.main()
