#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The operator as people install it: dist/install.yaml in one apply, make deploy and make undeploy,
and who may do what then. Wants its image in the cluster's registry, named by IMG, and no operator
but the one it deploys."""
import json
import os
import subprocess
import tempfile
import time
import unittest

import yaml

from stage import (IMAGE, MERGE, PROFILES, ROOT, STATE, TASKS, Api, Refused, Stage, kubectl, wait_for)

SYSTEM = "agenttask-system"
SHIPPED = "ghcr.io/agenttask/agenttask-operator:v0.1.0"
DEPLOYMENT = "deployment/agenttask-controller-manager"
SLOW = "import time\nprint('begun', flush=True)\ntime.sleep(60)\n"
SMALL = {"limits": {"cpu": "100m"}}


def make(verb, seconds=240, **environment):
    """make in a place of its own: what is built is not touched."""
    return subprocess.run(["make", "-s", verb, f"IMG={IMAGE}"], cwd=ROOT, capture_output=True, text=True,
                          timeout=seconds, env={**os.environ, **environment, "KUBECONFIG": f"{STATE}/kubeconfig",
                                                "PATH": f"{STATE}/bin:{os.environ['PATH']}"})


def operators(api):
    return [pod for pod in api.items(f"/api/v1/namespaces/{SYSTEM}/pods")
            if "deletionTimestamp" not in pod["metadata"]]


def shipped():
    """{name: profile} of the folder."""
    def read(name):
        with open(os.path.join(ROOT, "profiles", name), encoding="utf-8") as file:
            return yaml.safe_load(file)
    profiles = [read(name) for name in read("kustomization.yaml")["resources"]]
    return {profile["metadata"]["name"]: profile for profile in profiles}


class Apply(Stage):
    """The file in dist, but for the image, applied once to a cluster that has never heard of us."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with open(os.path.join(ROOT, "dist/install.yaml"), encoding="utf-8") as file:
            text = file.read()
        assert text.count(SHIPPED) == 2, "the image is that of the manager and that of the runner"
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as cache:
            cls.said = kubectl(f"--cache-dir={cache}", "apply", "-f", "-", stdin=text.replace(SHIPPED, IMAGE)).stdout
        kubectl("-n", SYSTEM, "rollout", "status", DEPLOYMENT, "--timeout=120s")
        print(f"install: ready {time.monotonic() - start:.1f} s after kubectl apply", flush=True)

    @classmethod
    def tearDownClass(cls):
        done = make("undeploy")
        assert done.returncode == 0, done.stdout + done.stderr

    def profiles(self):
        return {profile["metadata"]["name"]: profile for profile in self.api.items(PROFILES)}

    def test_two_operators_and_the_profiles_stand(self):
        self.assertEqual([line for line in self.said.splitlines() if not line.endswith(" created")], [])
        self.assertEqual(len(operators(self.api)), 2)
        wait_for(lambda: len(self.profiles()) >= 7, 20, why=lambda: f"there are only {sorted(self.profiles())}")
        made = self.profiles()
        self.assertEqual(sorted(made), sorted(shipped()))
        for name, profile in shipped().items():
            self.assertEqual(made[name]["metadata"]["labels"], profile["metadata"]["labels"], name)
            self.assertEqual({key: made[name]["spec"].get(key) for key in profile["spec"]}, profile["spec"], name)
        self.task("first", resources=SMALL)
        self.assertEqual(self.wait_end("first")["phase"], "Succeeded")

    def restart_operators(self):
        before = {pod["metadata"]["name"] for pod in operators(self.api)}
        kubectl("-n", SYSTEM, "rollout", "restart", DEPLOYMENT)
        kubectl("-n", SYSTEM, "rollout", "status", DEPLOYMENT, "--timeout=120s")
        wait_for(lambda: not before & {pod["metadata"]["name"] for pod in self.api.items(
            f"/api/v1/namespaces/{SYSTEM}/pods")}, 60, why="the old ones do not go")

    def test_what_was_deleted_or_changed_does_not_come_back(self):
        wait_for(lambda: len(self.profiles()) == 7, 20, why="there are no profiles")
        self.api.delete(f"{PROFILES}/node22")
        self.api.patch(f"{PROFILES}/bash", {"spec": {"image": "example.com/mine:1"}})
        self.restart_operators()
        self.task("after", resources=SMALL)  # who looks at a task has looked at the profiles before
        self.assertEqual(self.wait_end("after")["phase"], "Succeeded")
        made = self.profiles()
        self.assertEqual(sorted(made), sorted(set(shipped()) - {"node22"}))
        self.assertEqual(made["bash"]["spec"]["image"], "example.com/mine:1")
        kubectl("apply", "-k", os.path.join(ROOT, "profiles"))  # as from a repository
        made = self.profiles()
        self.assertEqual(sorted(made), sorted(shipped()))
        self.assertEqual(made["bash"]["spec"]["image"], shipped()["bash"]["spec"]["image"])


class Install(Stage):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        start = time.monotonic()
        done = make("deploy")
        assert done.returncode == 0, done.stdout + done.stderr
        print(f"install: ready {time.monotonic() - start:.1f} s after make deploy", flush=True)

    @classmethod
    def tearDownClass(cls):
        done = make("undeploy")
        assert done.returncode == 0, done.stdout + done.stderr

    def test_two_replicas_stand_ready(self):
        pods = operators(self.api)
        self.assertEqual(len(pods), 2)
        for pod in pods:
            self.assertEqual(pod["spec"]["containers"][0]["image"], IMAGE)
            self.assertIn({"type": "Ready", "status": "True"}, [
                {"type": one["type"], "status": one["status"]} for one in pod["status"]["conditions"]])

    def test_deploying_again_changes_nothing(self):
        before = {pod["metadata"]["uid"] for pod in operators(self.api)}
        done = make("deploy")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual({pod["metadata"]["uid"] for pod in operators(self.api)}, before)

    def test_samples_run(self):
        kubectl("apply", "-n", self.space, "-f", os.path.join(ROOT, "config/samples"))
        for name in ("bash-greeting", "node18-agent", "periodic-agent"):
            self.assertEqual(self.wait_end(name)["phase"], "Succeeded", name)

    def bind(self, role):
        name = "somebody-" + role
        self.api.create(f"/apis/rbac.authorization.k8s.io/v1/namespaces/{self.space}/rolebindings", {
            "metadata": {"name": role}, "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": name}]})
        return name

    def may(self, name, verb, what, *more):
        done = kubectl("auth", "can-i", verb, what, "-n", self.space, "--as", name, *more, check=False)
        return done.stdout.strip() == "yes"

    def test_built_in_roles_reach_tasks(self):
        """view, edit and admin of Kubernetes, as far as ours are aggregated to them."""
        tasks = "agenttasks.execution.agenttask.io"
        for role, verbs in (("view", "get list watch"), ("edit", "get list watch create update patch delete"),
                            ("admin", "get list watch create update patch delete deletecollection")):
            name = self.bind(role)
            wait_for(lambda: self.may(name, "list", tasks), 20, why=f"{role} does not see tasks")
            for verb in "get list watch create update patch delete deletecollection".split():
                self.assertEqual(self.may(name, verb, tasks), verb in verbs.split(), f"{role} {verb}")
            for verb in ("update", "patch"):
                self.assertFalse(self.may(name, verb, tasks, "--subresource=status"), f"{role} {verb} status")
            for verb in ("create", "patch", "delete"):
                self.assertFalse(self.may(name, verb, "runtimeprofiles.execution.agenttask.io"), f"{role} {verb}")

    def test_editor_runs_a_task_and_viewer_does_not(self):
        editor, viewer = (Api(user=self.bind(role)) for role in ("edit", "view"))
        task = {"apiVersion": "execution.agenttask.io/v1alpha1", "kind": "AgentTask", "metadata": {"name": "t"},
                "spec": {"runtimeProfile": "python3.11", "code": {"source": "print(1)"}}}
        path = TASKS.format(self.space)
        wait_for(lambda: self.may("somebody-edit", "create", "agenttasks.execution.agenttask.io"), 20)
        with self.assertRaises(Refused) as refused:
            viewer.create(path, task)
        self.assertEqual(refused.exception.code, 403)
        editor.create(path, task)
        self.assertEqual(self.wait_end("t")["phase"], "Succeeded")
        with self.assertRaises(Refused) as refused:
            editor.call("PATCH", f"{path}/t/status", {"status": {"message": "mine"}}, MERGE)
        self.assertEqual(refused.exception.code, 403)


class Undeploy(Stage):
    """With an operator of its own each time."""

    def deploy(self):
        done = make("deploy")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.addCleanup(make, "undeploy")

    def test_everything_is_drained_and_gone(self):
        self.deploy()
        self.task("done")
        self.wait_end("done")
        self.task("busy", SLOW)
        self.wait_phase("busy", "Running")
        done = make("undeploy")
        self.assertEqual(done.returncode, 0, done.stderr)
        left = kubectl("get", "crd,namespaces,clusterroles,clusterrolebindings", "-o", "name").stdout
        self.assertEqual([name for name in left.split() if "agenttask" in name], [])
        left = kubectl("get", "pods,configmaps,networkpolicies", "-n", self.space, "-o", "json").stdout
        names = [item["metadata"]["name"] for item in json.loads(left)["items"]]
        self.assertEqual([name for name in names if name != "kube-root-ca.crt"], [])

    def test_without_an_operator_it_says_so_and_removes_nothing(self):
        self.deploy()
        self.task("kept")
        self.wait_end("kept")
        scale = f"/apis/apps/v1/namespaces/{SYSTEM}/deployments/agenttask-controller-manager"
        self.api.patch(scale, {"spec": {"replicas": 0}})
        wait_for(lambda: not self.api.items(f"/api/v1/namespaces/{SYSTEM}/pods"), 60)
        done = make("undeploy", SECONDS_MAX="4")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("kept", done.stderr)
        self.assertIn("nothing else was removed", done.stderr)
        self.assertIsNotNone(self.get("kept"))
        self.api.patch(scale, {"spec": {"replicas": 2}})

    def drop_space(self, name):
        """There may be no kind any more."""
        self.api.delete(f"/api/v1/namespaces/{name}")


if __name__ == "__main__":
    unittest.main()
