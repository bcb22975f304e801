# SPDX-License-Identifier: Apache-2.0
"""Foreign hands: policies deleted, edited and added, labels taken off, Pods changed on their way to the store,
names taken, status edited, certificates spoilt. What a promise rests on is repaired or said; nothing runs twice."""
import base64
import json
import time
import unittest

from network import plain_pod
from people import SMALL, SYSTEM, WEBHOOK, People, is_reviewed, task_body
from stage import MERGE, Refused, audit, audit_end, pods_made, wait_for

POLICIES = "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies"
STANDING = "agenttask-default-deny"
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
LABEL = "agenttask.io/task"
SLEEP = "import time\nprint('first', flush=True)\ntime.sleep({})\n"
SECRET = f"/api/v1/namespaces/{SYSTEM}/secrets/agenttask-webhook-cert"
EVERYWHERE = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]}


class Foreign(People):
    def run_one(self, name, seconds=120, **spec):
        self.task(name, SLEEP.format(seconds), resources=SMALL, **spec)
        self.wait_phase(name, "Running")

    def weakened(self, name):
        """The reason of its condition IsolationWeakened, or None."""
        found = [one for one in self.status(name).get("conditions", []) if one["type"] == "IsolationWeakened"]
        return found[0]["reason"] if found and found[0]["status"] == "True" else None

    def wait_weakened(self, name, reason, seconds=10):
        wait_for(lambda: self.weakened(name) == reason, seconds,
                 why=lambda: f"{name}: no {reason}: {json.dumps(self.status(name))}")

    def stop(self, *names):
        for name in names:
            self.api.patch(self.path(name), {"spec": {"canceled": True}})
        for name in names:
            self.assertEqual(self.wait_end(name)["phase"], "Canceled")

    def refused_status(self, name, status, *says):
        """By a CEL rule, whoever asks."""
        refused = self.refusal(self.api, "PATCH", self.path(name) + "/status", {"status": status}, MERGE)
        self.assertIsNotNone(refused, f"accepted: {status}")
        self.assertEqual(refused.code, 422, str(refused))
        for word in says:
            self.assertIn(word, str(refused))


class Policies(Foreign):
    def setUp(self):
        super().setUp()
        self.policies = POLICIES.format(self.space)

    def policy(self, name, spec):
        return self.api.create(self.policies, {"metadata": {"name": name}, "spec": spec})

    def test_h53_the_standing_policy_comes_back_while_tasks_run(self):
        self.run_one("a")
        self.run_one("b")
        was = self.api.get(f"{self.policies}/{STANDING}")
        self.api.delete(f"{self.policies}/{STANDING}")
        now = wait_for(lambda: self.api.get(f"{self.policies}/{STANDING}"), 5, why="it does not come back")
        self.assertNotEqual(now["metadata"]["uid"], was["metadata"]["uid"])
        self.assertEqual(now["spec"], was["spec"])
        for change in ({"egress": [{}]}, {"ingress": [{}]}, {"policyTypes": ["Ingress"]},
                       {"podSelector": {"matchLabels": {"app": "web"}}},
                       {"podSelector": {"matchExpressions": [{"key": "nobody", "operator": "Exists"}]}}):
            self.api.patch(f"{self.policies}/{STANDING}", {"spec": change})
            wait_for(lambda: self.api.get(f"{self.policies}/{STANDING}")["spec"] == was["spec"], 5,
                     why=f"{change} is not repaired")
        self.stop("a", "b")

    def test_what_opens_our_pods_is_said_of_those_that_run(self):
        self.task("gone")
        self.assertEqual(self.wait_end("gone")["phase"], "Succeeded")
        self.run_one("runs")
        self.policy("web", dict(EVERYWHERE, podSelector={"matchLabels": {"app": "web"}}))
        self.policy("denies", {"podSelector": {}, "policyTypes": ["Ingress"]})
        time.sleep(3)
        self.assertIsNone(self.weakened("runs"), "neither opens it")
        self.policy("all", EVERYWHERE)
        self.wait_weakened("runs", "ForeignPolicy")
        self.assertIsNone(self.weakened("gone"))
        self.api.delete(f"{self.policies}/all")
        self.run_one("later")
        self.assertIsNone(self.weakened("later"), "the policy is gone")
        self.stop("runs", "later")
        self.assertEqual(self.weakened("runs"), "ForeignPolicy", "it was open for a time")

    def test_a_pod_that_no_policy_selects_is_marked_again(self):
        self.task("t", SLEEP.format(8), resources=SMALL)
        self.wait_phase("t", "Running")
        pod = f"/api/v1/namespaces/{self.space}/pods/t-pod"
        self.api.patch(pod, {"metadata": {"labels": {LABEL: None}}})
        wait_for(lambda: self.pod("t")["metadata"]["labels"].get(LABEL) == "t", 5, why="nobody marks it")
        self.wait_weakened("t", "LabelRemoved")
        self.api.patch(pod, {"metadata": {"labels": {LABEL: "another"}}})
        wait_for(lambda: self.pod("t")["metadata"]["labels"].get(LABEL) == "t", 5, why="nobody marks it")
        self.assertEqual(self.wait_end("t")["phase"], "Succeeded")
        self.assertEqual(pods_made(self.space), ["t-pod"])

    def test_a_label_that_lets_a_policy_in_is_seen(self):
        self.run_one("t")
        self.policy("web", dict(EVERYWHERE, podSelector={"matchLabels": {"app": "web"}}))
        time.sleep(2)
        self.assertIsNone(self.weakened("t"))
        self.api.patch(f"/api/v1/namespaces/{self.space}/pods/t-pod", {"metadata": {"labels": {"app": "web"}}})
        self.wait_weakened("t", "ForeignPolicy")
        self.stop("t")


# What of the Pod is changed, the patch, and the field that the message must name.
HARDENING = {
    "privileged": (("containers/0/securityContext/allowPrivilegeEscalation", "true"), "securityContext"),
    "writable": (("containers/0/securityContext/readOnlyRootFilesystem", "false"), "readOnlyRootFilesystem"),
    "root": (("securityContext/fsGroup", "0"), "spec.securityContext"),
    "seccomp": (("containers/0/securityContext/seccompProfile", '{"type": "Unconfined"}'), "seccompProfile"),
    "capabilities": (("containers/0/securityContext/capabilities/add", '["NET_RAW"]'),
                     "capabilities"),
    "host-network": (("hostNetwork", "true"), "spec.hostNetwork"),
    "host-pid": (("hostPID", "true"), "spec.hostPID"),
    "host-ipc": (("hostIPC", "true"), "spec.hostIPC"),
    "shared-pids": (("shareProcessNamespace", "true"), "spec.shareProcessNamespace"),
    "token": (("automountServiceAccountToken", "true"), "automountServiceAccountToken"),
    "volume": (("volumes/0", 'Object.spec.volumes{name: "agenttask", hostPath: '
                'Object.spec.volumes.hostPath{path: "/"}}'), "spec.volumes"),
    "mount": (("containers/0/volumeMounts/0/mountPath", '"/elsewhere"'), "volumeMounts"),
    "writable-mount": (("containers/0/volumeMounts/0/readOnly", "false"), "volumeMounts"),
    "image": (("containers/0/image", '"docker.io/library/bash:5.2"'), "image"),
    "command": (("containers/0/command", '["/bin/sh", "-c", "echo first"]'), "command"),
    "args": (("containers/0/args", '["x"]'), "args"),
    "environment": (("containers/0/env",
                     '[Object.spec.containers.env{name: "LD_PRELOAD", value: "/tmp/x.so"}]'), "env"),
    "runner-image": (("initContainers/0/image", '"docker.io/library/bash:5.2"'), "initContainers"),
    "runtime-class": (("runtimeClassName", '"t-foreign"'), "runtimeClassName"),
    "dns": (("dnsPolicy", '"ClusterFirst"'), "dns"),
    "deadline": (("activeDeadlineSeconds", "1000000"), "activeDeadlineSeconds"),
}
SIDECAR = """Object.spec.containers{name: "mesh", image: "docker.io/library/bash:5.2", command: ["sleep", "600"],
    securityContext: Object.spec.containers.securityContext{allowPrivilegeEscalation: false, runAsNonRoot: true,
        runAsUser: 1000, capabilities: Object.spec.containers.securityContext.capabilities{drop: ["ALL"]},
        seccompProfile: Object.spec.containers.securityContext.seccompProfile{type: "RuntimeDefault"}}}"""
WITNESS = "import json, os\nprint('it ran', flush=True)\njson.dump(1, open('result.json', 'w'))\n"


class Mutations(Foreign):
    """By a MutatingAdmissionPolicy, which needs no server; of one namespace each."""

    def setUp(self):
        super().setUp()
        served = {one["name"] for one in self.api.get(ADMISSION)["resources"]}
        if "mutatingadmissionpolicies" not in served:
            self.skipTest("this API server has no MutatingAdmissionPolicy v1")
        self.api.patch(f"/api/v1/namespaces/{self.space}",
                       {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}})

    def mutate(self, name, expression, label=None):
        """From now on every Pod of a task in this namespace (of that name) is changed that way."""
        name = f"{self.space}-{name}"
        ours = f'has(object.metadata.labels) && "{LABEL}" in object.metadata.labels'
        if label:
            ours += f' && object.metadata.labels["{LABEL}"] == "{label}"'
        for kind, spec in (("mutatingadmissionpolicies", {
                "failurePolicy": "Fail", "reinvocationPolicy": "Never",
                "matchConstraints": {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": self.space}},
                    "resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"],
                                       "resources": ["pods"]}]},
                "matchConditions": [{"name": "ours", "expression": ours}],
                "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": f"[{expression}]"}}]}),
                           ("mutatingadmissionpolicybindings", {"policyName": name})):
            kind_name = "MutatingAdmissionPolicy" + ("Binding" if "binding" in kind else "")
            self.api.create(f"{ADMISSION}/{kind}", {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind_name,
                                                    "metadata": {"name": name}, "spec": spec})
            self.addCleanup(self.api.delete, f"{ADMISSION}/{kind}/{name}")

    def wait_in_force(self, names):
        """Until the server applies them: a dry run of a Pod with that label comes back changed."""
        pods = f"/api/v1/namespaces/{self.space}/pods?dryRun=All"

        def changed(name):
            pod = plain_pod("probe", "pass", {LABEL: name})
            pod["spec"].update(volumes=[{"name": "x", "emptyDir": {}}], initContainers=[
                dict(pod["spec"]["containers"][0], name="i")])
            pod["spec"]["containers"][0]["volumeMounts"] = [{"name": "x", "mountPath": "/x", "readOnly": True}]
            stored = None
            try:
                stored = self.api.create(pods, pod)
            except Refused:
                return True  # what became of it was no valid Pod
            other = self.api.create(pods, dict(pod, metadata={"name": "probe", "labels": {}}))
            return stored["spec"] != other["spec"]
        for name in names:
            wait_for(lambda: changed(name), 30, every=0.5, why=f"{name} is not in force")

    def runtime_class(self):
        path = "/apis/node.k8s.io/v1/runtimeclasses"
        self.api.create(path, {"metadata": {"name": "t-foreign"}, "handler": "runc"})
        self.addCleanup(self.api.delete, f"{path}/t-foreign")

    def check_mutated(self, name, field, since):
        status = self.wait_end(name)
        self.assertEqual((status["phase"], status.get("reason")), ("Failed", "PodMutated"), f"{name}: {status}")
        self.assertIn(field, status["message"], name)
        self.assertNotIn("runTime", status, f"{name}: its code started")
        self.assertNotIn("logs", status, name)
        times = {}
        for event in audit(since):
            ref = event.get("objectRef", {})
            if ref.get("resource") == "pods" and ref.get("name") == f"{name}-pod" and "subresource" not in ref and \
                    ref.get("namespace") == self.space and event["verb"] in ("create", "delete") and \
                    event.get("responseStatus", {}).get("code") in (200, 201):
                times.setdefault(event["verb"], event["stageTimestamp"])
        seconds = self.seconds(times["delete"]) - self.seconds(times["create"])
        self.assertLess(seconds, 3, f"{name}: deleted {seconds:.2f} s after its creation")

    @staticmethod
    def seconds(stamp):
        whole, part = stamp.rstrip("Z").split(".")
        return time.mktime(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float("0." + part)

    def test_x9_a_pod_that_is_not_as_we_sent_it_never_runs(self):
        """One task per field, each with a hand of its own; beside them one that nobody changes."""
        since = audit_end()
        self.runtime_class()
        for name, ((path, value), _) in HARDENING.items():
            operation = "replace" if name == "volume" else "add"
            patch = f'JSONPatch{{op: "{operation}", path: "/spec/{path}", value: {value}}}'
            if name.startswith("host-"):  # of the host, and without a user namespace: no server takes both
                patch = f'JSONPatch{{op: "remove", path: "/spec/hostUsers"}}, {patch}'
            self.mutate(name, patch, name)
        self.wait_in_force([name for name in HARDENING if name != "dns"])  # which a plain Pod has anyway
        for name in HARDENING:
            self.task(name, WITNESS, resources=SMALL)
        self.task("control", WITNESS, resources=SMALL)
        for name, (_, field) in HARDENING.items():
            with self.subTest(name):
                self.check_mutated(name, field, since)
        status = self.wait_end("control")
        self.assertEqual(status["phase"], "Succeeded", status)
        self.assertIn("it ran", self.log_of("control"))
        made = [name for name in pods_made(self.space, since) if name != "probe"]  # which were dry runs
        self.assertEqual(sorted(made), sorted(f"{name}-pod" for name in [*HARDENING, "control"]))

    def log_of(self, name):
        return json.dumps(self.status(name).get("logs", {})) + self.agentctl("logs", name).stdout

    def test_a_label_or_finalizer_taken_off_on_the_way(self):
        since = audit_end()
        self.mutate("label", f'JSONPatch{{op: "remove", path: "/metadata/labels/{LABEL.replace("/", "~1")}"}}', "label")
        self.mutate("held", 'JSONPatch{op: "remove", path: "/metadata/finalizers"}', "held")
        time.sleep(5)
        self.task("label", WITNESS, resources=SMALL)
        self.task("held", WITNESS, resources=SMALL)
        for name in ("label", "held"):
            status = self.wait_end(name)
            self.assertEqual(status["phase"], "Failed", f"{name}: {status}")
            self.assertIn(status["reason"], ("PodMutated", "PodDeleted"), name)
            self.assertNotIn("runTime", status, f"{name}: its code started")
        self.assertEqual(sorted(pods_made(self.space, since)), ["held-pod", "label-pod"])

    def test_a_container_of_others_is_said_and_the_task_runs(self):
        self.mutate("mesh", f'JSONPatch{{op: "add", path: "/spec/containers/-", value: {SIDECAR}}}', "mesh")
        self.wait_in_force(["mesh"])
        self.task("mesh", SLEEP.format(6), resources=SMALL)
        self.task("alone", SLEEP.format(6), resources=SMALL)
        self.wait_phase("mesh", "Running")
        self.wait_weakened("mesh", "ForeignContainer")
        for name, reason in (("mesh", "ForeignContainer"), ("alone", None)):
            self.assertEqual(self.wait_end(name)["phase"], "Succeeded")
            self.assertEqual(self.weakened(name), reason)


class Names(Foreign):
    """H48: what stands under a name of ours and is not ours is neither used nor touched."""

    def untouched(self, path, was):
        now = self.api.get(path)
        self.assertIsNotNone(now, f"{path} is gone")
        self.assertEqual(now["metadata"]["uid"], was["metadata"]["uid"])
        self.assertEqual(now.get("data", now["spec"] if "spec" in now else None),
                         was.get("data", was["spec"] if "spec" in was else None))
        self.assertNotIn("deletionTimestamp", now["metadata"])

    def test_h48_a_pod_of_that_name(self):
        since, path = audit_end(), f"/api/v1/namespaces/{self.space}/pods/t-pod"
        self.api.create(path.rpartition("/")[0], plain_pod("t-pod", "import time\ntime.sleep(600)\n", {LABEL: "t"}))
        was = wait_for(lambda: (self.api.get(path)["spec"].get("nodeName") and self.api.get(path)), 20)
        self.task("t", WITNESS, resources=SMALL)
        status = self.wait_end("t", seconds=120)
        self.assertEqual((status["phase"], status.get("reason")), ("Failed", "NameConflict"))
        self.assertNotIn("runTime", status)
        self.untouched(path, was)
        self.assertEqual(pods_made(self.space, since), ["t-pod"])

    def test_h48_a_pod_of_that_name_that_claims_to_be_ours(self):
        """With the label and an owner of the kind, but of another uid: still a stranger."""
        pod = plain_pod("t-pod", "import time\ntime.sleep(600)\n", {LABEL: "t"})
        pod["metadata"]["ownerReferences"] = [{
            "apiVersion": "execution.agenttask.io/v1alpha1", "kind": "AgentTask", "name": "owner", "controller": True,
            "uid": self.task("owner", resources=SMALL)["metadata"]["uid"]}]
        self.api.create(f"/api/v1/namespaces/{self.space}/pods", pod)
        self.task("t", WITNESS, resources=SMALL)
        status = self.wait_end("t", seconds=120)
        self.assertEqual((status["phase"], status.get("reason")), ("Failed", "NameConflict"))

    def test_h48_code_of_that_name_is_not_run(self):
        path = f"/api/v1/namespaces/{self.space}/configmaps"
        foreign = {"metadata": {"name": "t-code", "labels": {LABEL: "t"}},
                   "data": {"entrypoint.py": "print('foreign')\n", "agenttask.job": "x"}}
        was = self.api.create(path, foreign)
        self.task("t", WITNESS, resources=SMALL)
        time.sleep(8)
        self.assertNotIn(self.status("t").get("phase"), ("Running", "Succeeded"))
        self.untouched(f"{path}/t-code", was)
        self.assertEqual(pods_made(self.space), [])
        self.api.delete(f"{path}/t-code")  # and when it is gone, the task's own code runs
        self.assertEqual(self.wait_end("t")["phase"], "Succeeded")
        self.assertNotIn("foreign", self.agentctl("logs", "t").stdout)

    def test_h48_results_and_logs_of_that_name_stay_the_strangers(self):
        path = f"/api/v1/namespaces/{self.space}/configmaps"
        was = {name: self.api.create(path, {"metadata": {"name": name}, "data": {"a": "foreign"}})
               for name in ("t-result", "t-logs")}
        self.task("t", "import json\nprint('y' * 100000)\njson.dump('x' * 300000, open('result.json', 'w'))\n",
                  resources=SMALL)
        status = self.wait_end("t")
        self.assertNotEqual(status.get("result", {}).get("configMapRef", {}).get("name"), "t-result", status)
        self.assertNotEqual(status.get("logs", {}).get("configMapRef", {}).get("name"), "t-logs", status)
        for name, before in was.items():
            self.untouched(f"{path}/{name}", before)
        done = self.agentctl("result", "t", code=None)
        self.assertNotIn("foreign", done.stdout)


class Edits(Foreign):
    """Of the status, by whom may and by whom may not; and of what else belongs to a task."""

    def test_an_editor_writes_no_status(self):
        editor = self.editor()
        self.run_one("t")
        for change in ({"phase": "Succeeded"}, {"attempt": None}, {"message": "x"}):
            self.refused_by("RBAC", editor, "PATCH", self.path("t") + "/status", {"status": change})
        editor.patch(self.path("t"), {"status": {"phase": "Succeeded"}})  # the main resource ignores it
        self.assertEqual(self.status("t")["phase"], "Running")
        self.stop("t")

    def test_what_is_over_is_final(self):
        self.task("t", resources=SMALL)
        status = self.wait_end("t")
        self.assertEqual(status["phase"], "Succeeded")
        for field in status:
            self.refused_status("t", {field: None}, "status is final")
        for change in ({"phase": "Running"}, {"phase": "Failed"}, {"reason": "Timeout"}, {"exitCode": 7},
                       {"message": "forged"}, {"podRef": {"uid": "x"}}, {"result": {"json": "[]"}},
                       {"logs": {"text": "forged"}}, {"conditions": []}, {"usage": {"cpuSeconds": 0}}):
            self.refused_status("t", change)
        self.assertEqual(self.status("t"), status)

    def test_what_runs_is_not_rewritten(self):
        since = audit_end()
        self.run_one("t", 15)
        was = self.status("t")
        for change, says in (
                ({"phase": "Pending"}, "never goes back"), ({"phase": "Scheduled"}, "never goes back"),
                ({"phase": None}, "never goes back"),
                ({"attempt": None}, "attempt is set once"), ({"attempt": 2}, "set once"),
                ({"podRef": None}, "podRef"), ({"podRef": {"uid": "another"}}, "podRef.uid"),
                ({"podRef": {"name": "another"}}, "podRef.name"),
                ({"podRef": {"nodeName": "another"}}, "podRef.nodeName"),
                ({"startTime": "2020-01-01T00:00:00Z"}, "startTime"), ({"startTime": None}, "startTime"),
                ({"runTime": "2020-01-01T00:00:00Z"}, "runTime"), ({"queueTime": None}, "queueTime"),
                ({"effective": None}, "effective"), ({"effective": {"timeoutSeconds": 1}}, "effective"),
                ({"effective": {"image": "x"}}, "effective"), ({"effective": {"resources": None}}, "effective")):
            with self.subTest(str(change)):
                self.refused_status("t", change, says)
        for change in ({"reason": "Queued"}, {"message": "forged"}, {"queue": {"position": 3, "ahead": 2}}):
            with self.subTest(str(change)):
                self.api.call("PATCH", self.path("t") + "/status", {"status": change}, MERGE)
                field, value = next(iter(change.items()))
                wait_for(lambda: self.status("t").get(field) == was.get(field), 10,
                         why=lambda: f"{field} is not repaired: {self.status('t')}")
                self.assertNotEqual(self.status("t").get(field), value)
        self.api.call("PATCH", self.path("t") + "/status", {"status": {"exitCode": 9}}, MERGE)
        end = self.wait_end("t")
        self.assertEqual((end["phase"], end["exitCode"], end["podRef"]), ("Succeeded", 0, was["podRef"]))
        self.assertEqual(pods_made(self.space, since), ["t-pod"])

    def test_a_forged_end_starts_nothing_anew(self):
        """Whoever holds agenttasks/status can end a task, as who may cancel it: but not run it twice."""
        since = audit_end()
        for name, change in (("timeout", {"reason": "Timeout"}), ("canceled", {"reason": "Canceled"}),
                             ("over", {"phase": "Succeeded"})):
            self.run_one(name)
            self.api.call("PATCH", self.path(name) + "/status", {"status": change}, MERGE)
        for name in ("timeout", "canceled", "over"):
            self.wait_end(name)
            wait_for(lambda: self.pod(name) is None, 60, why=f"{name}: its Pod stays")
        time.sleep(3)
        self.assertEqual(sorted(pods_made(self.space, since)), ["canceled-pod", "over-pod", "timeout-pod"])

    def test_a_forged_intent_gives_nothing_away(self):
        """Of a task that waits, somebody says that it was started: it gets what its profile gives, once."""
        since = audit_end()
        quota = f"/api/v1/namespaces/{self.space}/resourcequotas"
        self.api.create(quota, {"metadata": {"name": "q"}, "spec": {"hard": {"pods": "0"}}})
        time.sleep(1)
        self.task("t", WITNESS, resources=SMALL)
        wait_for(lambda: self.status("t").get("reason") == "QuotaExceeded", 20)
        if "attempt" not in self.status("t"):
            self.api.call("PATCH", self.path("t") + "/status", {"status": {"attempt": 1}}, MERGE)
        self.api.delete(f"{quota}/q")
        status = self.wait_end("t")
        self.assertEqual(status["phase"], "Succeeded", status)
        self.assertGreater(status["effective"]["timeoutSeconds"], 0)
        self.assertEqual(pods_made(self.space, since), ["t-pod"])

    def test_who_holds_a_task_holds_it_again(self):
        since = audit_end()
        self.run_one("t", 5)
        self.api.patch(self.path("t"), {"metadata": {"finalizers": None}})
        wait_for(lambda: self.get("t")["metadata"].get("finalizers"), 10, why="nobody holds it any more")
        self.assertEqual(self.wait_end("t")["phase"], "Succeeded")
        self.assertEqual(pods_made(self.space, since), ["t-pod"])


class Certificates(Foreign):
    is_alone = True

    def test_a_spoilt_certificate_is_made_anew(self):
        was = self.api.get(SECRET)["data"]
        junk = base64.b64encode(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").decode()
        for change in ({"tls.crt": junk}, {"tls.key": junk}, {"ca.crt": junk}):
            with self.subTest(str(list(change))):
                self.api.patch(SECRET, {"data": change})
                field, value = next(iter(change.items()))
                wait_for(lambda: self.api.get(SECRET)["data"][field] != value, 40, why=f"{field} stays spoilt")
                wait_for(lambda: is_reviewed(self.api), 30, why="nobody reviews any more")
        self.assertEqual(set(self.api.get(SECRET)["data"]), set(was))

    def test_a_webhook_that_trusts_nobody_is_put_right(self):
        found = self.api.get(WEBHOOK)
        self.assertTrue(is_reviewed(self.api))
        for entry in found["webhooks"]:
            entry["clientConfig"].pop("caBundle")
        self.api.call("PUT", WEBHOOK, found)
        wait_for(lambda: all(one["clientConfig"].get("caBundle") for one in self.api.get(WEBHOOK)["webhooks"]), 40,
                 why="no caBundle comes back")
        wait_for(lambda: is_reviewed(self.api), 30, why="nobody reviews any more")

    def test_a_secret_that_is_gone_is_made_anew(self):
        self.api.delete(SECRET)
        wait_for(lambda: self.api.get(SECRET), 40, why="there is no Secret")
        wait_for(lambda: is_reviewed(self.api), 60, why="nobody reviews any more")
        self.assertIsNotNone(self.refusal(self.api, "POST", self.path(), task_body("t", runtimeProfile="no-such")))


if __name__ == "__main__":
    unittest.main()
