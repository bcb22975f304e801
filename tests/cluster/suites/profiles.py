# SPDX-License-Identifier: Apache-2.0
"""A RuntimeProfile in force: what it says is what its tasks get, from when they start, and what it
does not say they cannot have."""
import json
import os
import time

import yaml

from people import SMALL
from stage import PROFILES, ROOT, Refused, Stage, audit_end, pods_made, wait_for

RUNTIME_CLASSES = "/apis/node.k8s.io/v1/runtimeclasses"
STATUS = ('import json\n'
          'words = dict(line.split(":", 1) for line in open("/proc/self/status"))\n'
          'json.dump({"caps": words["CapBnd"].strip(), "uids": open("/proc/self/uid_map").read().split()},\n'
          '          open("result.json", "w"))\n')
SAYS = {"python": 'import sys\nprint("says", sys.argv[1])\n', "node": 'console.log("says", process.argv[2])\n',
        "bash": 'echo says "$1"\n'}
IN_REGISTRY = ("bash", "node18", "python3.11")  # of tests/cluster/images.py
NET_BIND_SERVICE = "0000000000000400"
SLEEPS = 'import time\ntime.sleep(%d)\n'


def shipped():
    folder = os.path.join(ROOT, "profiles")
    for name in sorted(os.listdir(folder)):
        if name != "kustomization.yaml":
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                yield yaml.safe_load(file)


class Profiles(Stage):
    def container(self, name):
        return wait_for(lambda: self.pod(name), 30, why=f"{name} gets no Pod")["spec"]["containers"][0]

    def refused(self, **changes):
        with self.assertRaises(Refused) as caught:
            self.profile(**changes)
        self.assertEqual(caught.exception.code, 422, str(caught.exception))
        return str(caught.exception)

    def test_each_shipped_command_is_run(self):
        seen = {}
        for profile in shipped():
            name, spec = profile["metadata"]["name"], profile["spec"]
            task = name.replace(".", "-")
            source = SAYS[next(word for word in SAYS if name.startswith(word))]
            self.task(task, source, name, args=["this"], resources=SMALL)
            seen[name] = (task, spec)
        for name, (task, spec) in seen.items():
            if name in IN_REGISTRY:
                status = self.wait_end(task, 120)
                self.assertEqual(status["phase"], "Succeeded", json.dumps(status))
                self.assertEqual(status["logs"]["text"].strip(), "says this")
                self.assertIn("@sha256:", status["effective"]["imageID"])
            else:
                self.assertEqual(self.container(task)["image"], spec["image"])
                status = wait_for(lambda task=task: self.status(task) if self.status(task).get("effective") else None)
                self.api.patch(self.path(task), {"spec": {"canceled": True}})
            self.assertEqual(status["effective"]["command"], spec["command"])
            self.assertEqual(status["effective"]["image"], spec["image"])

    def test_default_and_maximum_of_resources(self):
        profile = self.profile(resources={"default": {"cpu": "200m", "memory": "96Mi", "ephemeral-storage": "64Mi"},
                                          "max": {"cpu": "1", "memory": "128Mi", "ephemeral-storage": "80Mi"}},
                               timeoutSeconds={"default": 40, "max": 60})
        self.task("plain", profile=profile)
        self.task("most", profile=profile, timeoutSeconds=60, resources={
            "limits": {"cpu": "1", "memory": "128Mi", "ephemeral-storage": "80Mi"}, "requests": {"cpu": "50m"}})
        self.assertEqual(self.container("plain")["resources"], {
            "limits": {"cpu": "200m", "memory": "96Mi", "ephemeral-storage": "64Mi"},
            "requests": {"cpu": "20m", "memory": "96Mi", "ephemeral-storage": "64Mi"}})
        self.assertEqual(self.container("most")["resources"]["limits"],
                         {"cpu": "1", "memory": "128Mi", "ephemeral-storage": "80Mi"})
        self.assertEqual(self.wait_end("plain")["effective"]["timeoutSeconds"], 40)
        self.assertEqual(self.wait_end("most")["effective"]["timeoutSeconds"], 60)
        for what, field in (({"resources": {"limits": {"memory": "129Mi"}}}, "spec.resources.limits.memory"),
                            ({"resources": {"limits": {"cpu": "1001m"}}}, "spec.resources.limits.cpu"),
                            ({"timeoutSeconds": 61}, "spec.timeoutSeconds")):
            with self.assertRaises(Refused) as caught:
                self.task("over", profile=profile, **what)
            self.assertIn(field, str(caught.exception))

    def test_an_edit_changes_nothing_for_who_runs(self):
        profile = self.profile(resources={"default": {"cpu": "100m", "memory": "96Mi"}})
        self.task("old", SLEEPS % 6, profile)
        before = self.wait_phase("old", "Running")["effective"]
        pod = self.pod("old")["spec"]
        self.api.patch(f"{PROFILES}/{profile}", {"spec": {
            "image": "docker.io/library/python:3.11-slim-bookworm", "resources": {"default": {"memory": "128Mi"}},
            "env": [{"name": "EDITED", "value": "yes"}], "timeoutSeconds": {"default": 3}}})
        self.task("new", profile=profile)
        new = wait_for(lambda: self.status("new").get("effective"), 30)
        self.assertEqual((new["image"], new["timeoutSeconds"], new["resources"]["limits"]["memory"]),
                         ("docker.io/library/python:3.11-slim-bookworm", 3, "128Mi"), "the control: it is in force")
        self.assertEqual(self.container("new")["image"], "docker.io/library/python:3.11-slim-bookworm")
        self.assertEqual(self.pod("old")["spec"]["containers"], pod["containers"])
        status = self.wait_end("old")
        self.assertEqual(status["phase"], "Succeeded", json.dumps(status))
        self.assertEqual({**status["effective"], "imageID": ""}, {**before, "imageID": ""})
        self.api.patch(self.path("new"), {"spec": {"canceled": True}})

    def test_a_profile_that_goes_while_tasks_wait(self):
        self.api.create(f"/api/v1/namespaces/{self.space}/resourcequotas", {
            "metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}})
        profile = self.profile()
        for name in ("a", "b"):
            self.task(name, profile=profile)
        for name in ("a", "b"):
            wait_for(lambda name=name: self.status(name).get("reason") == "QuotaExceeded", 60,
                     why=lambda: json.dumps(self.status("a")))
        self.api.delete(f"{PROFILES}/{profile}")
        for name in ("a", "b"):
            status = self.wait_end(name, 60)
            self.assertEqual((status["phase"], status["reason"]), ("Failed", "ProfileNotFound"), json.dumps(status))
            self.assertIn(profile, status["message"])

    def test_a_profile_that_goes_while_a_task_runs(self):
        profile = self.profile()
        self.task("t", SLEEPS % 4, profile)
        self.wait_phase("t", "Running")
        self.api.delete(f"{PROFILES}/{profile}")
        self.assertEqual(self.wait_end("t")["phase"], "Succeeded")

    def test_a_runtime_class_that_is_there(self):
        name = "t-" + os.urandom(4).hex()
        self.api.create(RUNTIME_CLASSES, {"metadata": {"name": name}, "handler": "runc"})
        self.addCleanup(self.api.delete, f"{RUNTIME_CLASSES}/{name}")
        self.task("t", profile=self.profile(runtimeClassName=name))
        wait_for(lambda: self.pod("t"), 30)
        self.assertEqual(self.pod("t")["spec"]["runtimeClassName"], name)
        self.assertEqual(self.wait_end("t")["phase"], "Succeeded")

    def test_a_runtime_class_that_is_not(self):
        offset, began = audit_end(), time.monotonic()
        self.task("t", profile=self.profile(runtimeClassName="nobody-made-it"))
        status = self.wait_end("t", 120)
        print(f"\nprofiles: no such RuntimeClass, after {time.monotonic() - began:.0f} s: {status.get('message')}",
              flush=True)
        self.assertEqual((status["phase"], status["reason"]), ("Failed", "Invalid"), json.dumps(status))
        self.assertIn("nobody-made-it", status["message"])
        self.assertEqual(pods_made(self.space, offset), [])

    def test_a_runtime_class_whose_handler_no_node_has(self):
        name = "t-" + os.urandom(4).hex()
        self.api.create(RUNTIME_CLASSES, {"metadata": {"name": name}, "handler": "nobody-has-it"})
        self.addCleanup(self.api.delete, f"{RUNTIME_CLASSES}/{name}")
        self.task("t", profile=self.profile(runtimeClassName=name), queueTimeoutSeconds=8)
        status = self.wait_end("t", 60)
        self.assertEqual(status["phase"], "Failed", json.dumps(status))
        self.assertIn(status["reason"], ("QueueTimeout", "StartFailed"), json.dumps(status))

    def test_capabilities(self):
        """With no_new_privileges, and for who is not root, it stands in the bounding set alone: no
        more is anywhere, and the rest is nowhere."""
        given = self.profile(capabilities={"add": ["NET_BIND_SERVICE"]})
        self.task("given", STATUS, given)
        self.task("plain", STATUS)
        self.assertEqual(self.container("given")["securityContext"]["capabilities"],
                         {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]})
        for name, expected in (("given", NET_BIND_SERVICE), ("plain", "0" * 16)):
            status = self.wait_end(name)
            self.assertEqual(status["phase"], "Succeeded", json.dumps(status))
            self.assertEqual(json.loads(status["result"]["json"])["caps"], expected)
        for other in ("SYS_ADMIN", "NET_RAW", "ALL", "net_bind_service", "CAP_NET_BIND_SERVICE"):
            self.assertIn("spec.capabilities.add", self.refused(capabilities={"add": [other]}))

    def test_host_users(self):
        whole = ["0", "0", "4294967295"]
        for given, flag in ((True, None), (False, False)):
            name = f"users-{given}".lower()
            self.task(name, STATUS, self.profile(hostUsers=given))
            wait_for(lambda name=name: self.pod(name), 30)
            self.assertEqual(self.pod(name)["spec"].get("hostUsers"), flag)
            status = self.wait_end(name, 90)
            self.assertEqual(status["phase"], "Succeeded", json.dumps(status))
            uids = json.loads(status["result"]["json"])["uids"]
            self.assertEqual(uids == whole, given, uids)
            self.assertEqual(status["isolation"].get("userNamespace", False), not given)

    def test_a_tag_wants_to_be_allowed(self):
        said = self.refused(allowTag=False)
        self.assertIn("allowTag: true", said)
        self.assertIn("spec", self.refused(image="docker.io/library/python@sha256:12", allowTag=None))
        self.task("t")
        digest = self.wait_end("t")["effective"]["imageID"]
        self.assertRegex(digest, r"@sha256:[0-9a-f]{64}$")
        by_digest = self.profile(image=f"docker.io/library/python@{digest.split('@')[1]}", allowTag=None)
        self.task("u", profile=by_digest)
        status = self.wait_end("u")
        self.assertEqual(status["phase"], "Succeeded", json.dumps(status))
        self.assertEqual(status["effective"]["imageID"].split("@")[1], digest.split("@")[1])
