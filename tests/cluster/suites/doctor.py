# SPDX-License-Identifier: Apache-2.0
"""agentctl doctor on a real cluster: what it says is so, and the opposite when the cluster is otherwise."""
import json
import os
import signal
import subprocess
import tempfile
import time

from stage import Stage, ctl, kubectl, wait_for

PODS = "/api/v1/namespaces/{}/pods"
SETTLED = "network policy, settled"


class Examination(Stage):
    def examine(self, *words, code=0, space=None, seconds=200):
        done = self.agentctl("doctor", "-o", "json", *words, code=code, space=space, seconds=seconds)
        report = json.loads(done.stdout)
        self.assertEqual(report["healthy"], code == 0)
        self.assertEqual([], self.left(space), "what it made stays")
        return {row["check"]: row for row in report["checks"]}

    def left(self, space=None):
        return [pod["metadata"]["name"] for pod in self.api.items(PODS.format(space or self.space))
                if "agenttask.io/doctor" in pod["metadata"].get("labels", {}) and
                "deletionTimestamp" not in pod["metadata"]] + \
               [task["metadata"]["name"] for task in self.api.items(self.path(space=space))
                if "deletionTimestamp" not in task["metadata"]]

    def verdicts(self, rows, expected):
        for check, verdict in expected.items():
            self.assertEqual(rows[check]["verdict"], verdict, json.dumps(rows[check]))


class Doctor(Examination):
    is_alone = True  # it measures how soon an enforcer acts, and one test freezes it

    def test_everything_in_force(self):
        rows = self.examine()
        self.verdicts(rows, dict.fromkeys((
            "API server", "AgentTask", "operator", "Pod security", "webhook configuration", "certificate", "webhook",
            "service account", "task", SETTLED, "reach: API server", "privileges", "capabilities", "seccomp",
            "root file system", "token", "landlock", "processes", "storage"), "ok"))
        self.assertIn("Evicted", rows["storage"]["seen"])
        self.assertIn("violates PodSecurity", rows["Pod security"]["seen"])
        self.assertIn("doctor-no-such-profile", rows["webhook"]["seen"])
        self.assertIn(rows["network policy, at once"]["verdict"], ("ok", "weak"))

    def test_frozen_enforcer(self):
        ctl("stop", "kube-router")
        self.addCleanup(ctl, "cont", "kube-router")
        rows = self.examine("--quick", code=1)
        self.verdicts(rows, {SETTLED: "failed", "reach: API server": "failed", "network policy, at once": "weak",
                             "task": "ok", "storage": "unknown", "seccomp": "ok"})
        self.assertIn("NetworkPolicy", rows[SETTLED]["remedy"])

    def test_open_namespace(self):
        """Neither Pod security nor a poor service account there: it says so, and is not alarmed."""
        space = self.space + "-open"
        self.api.create("/api/v1/namespaces", {"metadata": {"name": space}})
        self.addCleanup(self.drop_space, space)
        self.api.create(f"/apis/rbac.authorization.k8s.io/v1/namespaces/{space}/rolebindings", {
            "metadata": {"name": "too-much"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
            "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": space}]})
        rows = self.examine("--quick", space=space)
        self.verdicts(rows, {"Pod security": "weak", "service account": "weak"})
        self.assertIn("may create Pods", rows["service account"]["seen"])


class Refused(Examination):
    def test_who_may_not_make_pods_is_told(self):
        config = json.loads(kubectl("config", "view", "--raw", "-o", "json").stdout)
        for user in config["users"]:
            user["user"]["as"] = "nobody@example.com"
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(config, file)
            file.flush()
            done = self.agentctl("--kubeconfig", file.name, "doctor", "--quick", code=4)
        self.assertIn("cannot create resource", done.stderr)
        self.assertEqual("", done.stdout)

    def test_interrupted(self):
        process = subprocess.Popen(self.agentctl_words("doctor"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True,
                                   env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"})
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        wait_for(lambda: len(self.api.items(PODS.format(self.space))) >= 4, 60)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(20), 130)
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual([], self.left())

    def test_wrong_image(self):
        done = self.agentctl("doctor", "--quick", "--image", "example.com/none:such", "-o", "json", code=None)
        rows = {row["check"]: row for row in json.loads(done.stdout)["checks"]}
        self.verdicts(rows, {"Pods": "unknown"})
        self.assertNotIn(SETTLED, rows, "a row about what was not tried")
        self.assertEqual([], self.left())
