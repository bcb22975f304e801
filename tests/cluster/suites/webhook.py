# SPDX-License-Identifier: Apache-2.0
"""The webhook as a part that fails, is attacked and renews itself: certificates change under load,
nobody answers, its registration is weakened, hostile clients knock. Wants the deployed operator."""
import base64
import calendar
import collections
import hashlib
import json
import os
import re
import statistics
import subprocess
import sys
import threading
import time
import unittest

from network import plain_pod
from people import (DEPLOYMENT, GET_CONFIG_MAPS, SETTLE_SECONDS, SMALL, SYSTEM, WEBHOOK, People, put_webhook,
                    rolled_out, scale, take_webhook, task_body)
from stage import MERGE, PROFILES, TASKS, Api, wait_for

SECRET = f"/api/v1/namespaces/{SYSTEM}/secrets/agenttask-webhook-cert"
RATE, CONNECTIONS = 200, 8
LIFETIME_S = 30
KNOCKS = ("large", "slow", "bad_tls", "garbage", "forged", "many")
KNOCK_S = 12


class Load(threading.Thread):
    """Creates, for show only, at a fixed rate over several connections that stay open."""

    def __init__(self, space, rate, connections):
        super().__init__(daemon=True)
        self.space, self.rate, self.connections = space, rate, connections
        self.offered, self.seconds, self.failed, self.is_over = 0, [], collections.Counter(), False
        self.start()

    def run(self):
        workers = [threading.Thread(target=self.work, args=(i,), daemon=True) for i in range(self.connections)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    def work(self, number):
        api, due, path = Api(), time.monotonic() + number / self.rate, TASKS.format(self.space) + "?dryRun=All"
        while not self.is_over:
            time.sleep(max(0, due - time.monotonic()))
            due += self.connections / self.rate
            self.offered += 1
            began = time.monotonic()
            try:
                code, data = api.raw("POST", path, task_body(f"load-{number}"))
                if code != 201:
                    self.failed[data[:300].decode()] += 1
            except OSError as error:
                self.failed[str(error)] += 1
            self.seconds.append(time.monotonic() - began)

    def end(self):
        """In words; what failed is in `failed`."""
        self.is_over = True
        self.join()
        ordered = sorted(self.seconds)
        return (f"offered {self.offered}, answered {len(ordered)}, failed {sum(self.failed.values())}, median "
                f"{1000 * statistics.median(ordered):.1f} ms, p99 {1000 * ordered[len(ordered) * 99 // 100]:.1f} ms")


def operators(api):
    path = f"/api/v1/namespaces/{SYSTEM}/pods?labelSelector=control-plane%3Dcontroller-manager"
    return [pod for pod in api.items(path)
            if "deletionTimestamp" not in pod["metadata"]]


def processes(wanted):
    """The numbers of the processes whose cgroup, or whose environment, holds that text."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                environment = file.read()
            with open(f"/proc/{pid}/cgroup", "rb") as file:
                if wanted.encode() in environment + file.read():
                    yield int(pid)
        except OSError:
            pass


def memory_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        text = file.read()
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1]), int(re.search(r"VmHWM:\s+(\d+)", text)[1])


def is_ready(pod):
    return any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", []))


class Rotation(People):
    is_alone = True

    def operate_with(self, *flags):
        """The Deployment with these flags as well, until the test is over."""
        was = self.api.get(DEPLOYMENT)["spec"]["template"]["spec"]["containers"][0]["args"]
        path = "/spec/template/spec/containers/0/args"

        def set_args(args):
            change = [{"op": "replace", "path": path, "value": args}]
            self.api.call("PATCH", DEPLOYMENT, change, "application/json-patch+json")
            rolled_out()
        self.addCleanup(set_args, was)
        names = [flag.split("=")[0] for flag in flags]
        set_args([one for one in was if one.split("=")[0] not in names] + list(flags))

    def shown(self):
        """What the Secret holds: leaf and authorities, as digests."""
        data = (self.api.get(SECRET) or {}).get("data", {})
        bundle = base64.b64decode(data.get("ca.crt", "")).split(b"-----END CERTIFICATE-----")[:-1]
        return hashlib.sha256(data.get("tls.crt", "").encode()).hexdigest()[:8], [
            hashlib.sha256(one.strip()).hexdigest()[:8] for one in bundle]

    def watch_for(self, load, seconds, enough):
        """All leaves and authorities that were seen meanwhile."""
        leaves, authorities, until = [], [], time.monotonic() + seconds
        while time.monotonic() < until and not (enough(leaves, authorities) and load.offered > 20 * RATE):
            leaf, bundle = self.shown()
            leaves += [leaf] if leaf not in leaves else []
            authorities += [one for one in bundle if one not in authorities]
            time.sleep(0.5)
        time.sleep(3)
        return leaves, authorities

    def test_leaf_and_authority_change_under_load(self):
        self.operate_with(f"--cert-lifetime={LIFETIME_S}s")
        load = Load(self.space, RATE, CONNECTIONS)
        leaves, authorities = self.watch_for(load, 300, lambda leaves, ones: len(leaves) >= 5 and len(ones) >= 3)
        said = load.end()
        print(f"\nwebhook: {RATE}/s while {len(leaves) - 1} leaves and {len(authorities) - 1} authorities "
              f"were renewed: {said}", flush=True)
        self.assertEqual(dict(load.failed), {})
        self.assertGreaterEqual(len(leaves), 3)
        self.assertGreaterEqual(len(authorities), 2)

    def test_secret_is_deleted_under_load(self):
        load = Load(self.space, RATE, CONNECTIONS)
        time.sleep(3)
        self.api.delete(SECRET)
        wait_for(lambda: self.api.get(SECRET), 60, why="there is no new one")
        time.sleep(20)
        said = load.end()
        print(f"\nwebhook: {RATE}/s while its Secret was deleted: {said}", flush=True)
        self.assertEqual(dict(load.failed), {})
        self.assertEqual(self.refusal(self.api, "POST", self.path() + "?dryRun=All", task_body("t")), None)

    def test_a_bundle_that_somebody_breaks_is_mended(self):
        """The control: with another authority in it nobody can create; and soon again."""
        entries = self.api.get(WEBHOOK)["webhooks"]
        foreign = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                                  "-nodes", "-keyout", "/dev/null", "-subj", "/CN=foreign"],
                                 check=True, capture_output=True).stdout
        for entry in entries:
            entry["clientConfig"]["caBundle"] = base64.b64encode(foreign).decode()
        self.api.patch(WEBHOOK, {"webhooks": entries})
        began, seen = time.monotonic(), set()

        def is_well():
            refused = self.refusal(self.api, "POST", self.path() + "?dryRun=All", task_body("t"))
            seen.add("certificate" in str(refused))
            return refused is None
        time.sleep(0.3)
        wait_for(is_well, 60, every=0.1)
        time.sleep(2)
        wait_for(is_well, 60, every=0.1)
        print(f"\nwebhook: a foreign bundle was replaced within {time.monotonic() - began - 2:.1f} s"
              f"{'; meanwhile creates failed' if True in seen else ''}", flush=True)
        self.assertNotEqual(self.api.get(WEBHOOK)["webhooks"][0]["clientConfig"]["caBundle"],
                            base64.b64encode(foreign).decode())


class Knocking(People):
    is_alone = True

    def knocker(self):
        """A Pod, and the number of its process."""
        path = f"/api/v1/namespaces/{self.space}/pods"
        self.api.create(path, plain_pod("knocker", "import time\ntime.sleep(900)\n", {}))
        path += "/knocker"
        wait_for(lambda: self.api.get(path)["status"].get("phase") == "Running", 60)
        uid = self.api.get(path)["metadata"]["uid"]
        return wait_for(lambda: next(processes(uid), None), 20)

    def knock(self, pid, mode, pods):
        """At all operators at once; what the clients say."""
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "knocker.py")
        clients = [subprocess.Popen(["nsenter", "-t", str(pid), "-n", sys.executable, script, pod["status"]["podIP"],
                                     "9443", str(KNOCK_S), mode], stdout=subprocess.PIPE, text=True) for pod in pods]
        return [json.loads(client.communicate(timeout=KNOCK_S + 60)[0]) for client in clients]

    def test_hostile_clients(self):
        pid, pods = self.knocker(), operators(self.api)
        self.assertEqual(len(pods), 2)
        names = [pod["metadata"]["name"] for pod in pods]
        here = [wait_for(lambda name=name: next(processes("POD_NAME=" + name), None), 10) for name in names]
        limit = pods[0]["spec"]["containers"][0]["resources"]["limits"]["memory"]
        before = [memory_kib(one)[0] for one in here]
        tasks = len(self.api.items(TASKS.format("default")))
        print(f"\nwebhook: operators at {', '.join(f'{kib / 1024:.1f}' for kib in before)} MiB, limit {limit}")
        for mode in KNOCKS:
            load, ready, over = Load(self.space, 20, 2), [], threading.Event()
            probe = threading.Thread(target=self.probe, args=(ready, over), daemon=True)
            probe.start()
            said = self.knock(pid, mode, pods)
            over.set()
            probe.join()
            told = load.end()
            peak = [memory_kib(one)[1] for one in here]
            print(f"webhook: {mode}: {json.dumps(said)}\n    peak "
                  f"{', '.join(f'{kib / 1024:.1f}' for kib in peak)} MiB; meanwhile {told}", flush=True)
            with self.subTest(mode=mode):
                self.assertEqual(dict(load.failed), {})
                self.assertTrue(all(ready) and len(ready) > 5, f"{ready.count(False)} of {len(ready)} probes failed")
                self.assertTrue(all(not one.get("wrong") for one in said), said)
                self.assertLess(max(peak), int(limit.removesuffix("Mi")) * 1024 * 0.95)
                self.assertLess(max(one.get("slowest_s", 0) for one in said), 5)
        after = operators(self.api)
        self.assertEqual({pod["metadata"]["name"]: [one["restartCount"] for one in pod["status"]["containerStatuses"]]
                          for pod in after}, {pod["metadata"]["name"]: [0] for pod in pods})
        self.assertEqual(len(self.api.items(TASKS.format("default"))), tasks, "a forged review has made nothing")

    def probe(self, ready, over):
        while not over.wait(0.5):
            ready.append(all(is_ready(pod) for pod in operators(self.api)))


class Down(People):
    """t91: nobody answers."""

    is_alone = True

    def test_nothing_but_creation_is_held_up(self):
        editor = self.editor()
        self.task("running", "import time\nprint('begun', flush=True)\ntime.sleep(8)\n", resources=SMALL)
        self.task("stopped", "import time\ntime.sleep(300)\n", resources=SMALL)
        self.task("done", resources=SMALL)
        self.wait_end("done")
        for name in ("running", "stopped"):
            self.wait_phase(name, "Running")
        self.addCleanup(scale, 2)
        scale(0)
        for who in (editor, self.api):
            refused = self.refused_by("no webhook", who, "POST", self.path(), task_body("t"))
            self.assertIn("create.agenttasks.execution.agenttask.io", str(refused))
        profile = {"apiVersion": "execution.agenttask.io/v1alpha1", "kind": "RuntimeProfile",
                   "metadata": {"name": self.space}, "spec": {"image": "i:1", "allowTag": True, "fileName": "x.py"}}
        self.refused_by("no webhook", self.api, "POST", PROFILES, profile)
        editor.patch(self.path("running"), {"metadata": {"labels": {"team": "x"}, "annotations": {"a": "b"}}})
        editor.patch(self.path("stopped"), {"spec": {"canceled": True}})
        editor.patch(self.path("done"), {"spec": {"ttlSecondsAfterFinished": 100000}})
        editor.delete(self.path("done"))
        self.assertIn("deletionTimestamp", self.get("done")["metadata"])
        wait_for(lambda: self.pod("running")["status"]["phase"] == "Succeeded", 60, why="nobody runs on")
        self.assertEqual(self.status("running")["phase"], "Running", "nobody says that it ended")
        scale(2)
        self.assertEqual(self.wait_end("running")["phase"], "Succeeded")
        self.assertEqual(self.wait_end("stopped")["phase"], "Canceled")
        self.wait_gone(self.path("done"))
        wait_for(lambda: self.refusal(editor, "POST", self.path() + "?dryRun=All", task_body("t")) is None, 20)

    def test_one_of_two_is_gone(self):
        """Service and readiness: whoever is left answers."""
        load = Load(self.space, 50, 4)
        time.sleep(2)
        gone = operators(self.api)[0]["metadata"]["name"]
        self.api.delete(f"/api/v1/namespaces/{SYSTEM}/pods/{gone}")
        time.sleep(10)
        said = load.end()
        rolled_out()
        print(f"\nwebhook: one of two operators is deleted: {said}", flush=True)
        self.assertEqual(dict(load.failed), {})


class Enforced(People):
    """References are followed only while the webhook's registration stands as it was shipped."""

    is_alone = True

    def setUp(self):
        super().setUp()
        self.config_map_of("c", {"main.py": "print('mine')\n"})
        wait_for(lambda: time.time() - self.registered() > SETTLE_SECONDS, 20)

    def registered(self):
        text = self.api.get(WEBHOOK)["metadata"]["creationTimestamp"]
        return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))

    def refer(self, name, who=None, **spec):
        return (who or self.api).create(self.path(), task_body(
            name, code={"configMapRef": {"name": "c", "key": "main.py"}}, resources=SMALL, **spec))

    def ended(self, name):
        status = self.wait_end(name)
        return status["phase"], status.get("reason", "")

    def test_as_shipped_it_runs(self):
        self.refer("t", self.editor(GET_CONFIG_MAPS))
        self.assertEqual(self.ended("t"), ("Succeeded", ""))

    def weakened(self, number, change):
        """One run while the entry for creates is so."""
        was = self.api.get(WEBHOOK)
        entries = json.loads(json.dumps(was["webhooks"]))
        entry = next(one for one in entries if one["name"].startswith("create.agenttasks"))
        change(entry)
        self.api.patch(WEBHOOK, {"webhooks": entries})
        try:
            self.refer(f"t{number}")
            return self.ended(f"t{number}")
        finally:
            self.api.patch(WEBHOOK, {"webhooks": was["webhooks"]})

    def test_weakened_it_fails_closed(self):
        labels = {"matchLabels": {"no": "such"}}
        changes = {
            "it fails open": lambda entry: entry.update(failurePolicy="Ignore"),
            "namespaces are left out": lambda entry: entry.update(namespaceSelector=labels),
            "objects are left out": lambda entry: entry.update(objectSelector=labels),
            "conditions": lambda entry: entry.update(matchConditions=[{"name": "none", "expression": "false"}]),
            "creates are left out": lambda entry: entry["rules"][0].update(operations=["UPDATE"]),
            "another kind": lambda entry: entry["rules"][0].update(resources=["others"]),
            "another group": lambda entry: entry["rules"][0].update(apiGroups=["example.com"]),
            "cluster only": lambda entry: entry["rules"][0].update(scope="Cluster"),
        }
        for number, (what, change) in enumerate(changes.items()):
            with self.subTest(what=what):
                self.assertEqual(self.weakened(number, change), ("Failed", "PolicyUnenforceable"))
        with self.subTest(what="a longer time limit weakens nothing"):
            self.assertEqual(self.weakened(99, lambda entry: entry.update(timeoutSeconds=9)), ("Succeeded", ""))

    def test_a_task_that_is_older_than_the_webhook_is_not_trusted(self):
        """Nobody reviewed it, whatever stands now."""
        self.tenant(self.space, maxRunning=1)
        self.task("first", "import time\ntime.sleep(300)\n", resources=SMALL)
        self.wait_phase("first", "Running")
        was = take_webhook(self.api)
        try:
            self.refer("old", self.editor())
            time.sleep(1.1)
        finally:
            put_webhook(self.api, was)
        self.refer("new")
        self.api.patch(self.path("first"), {"spec": {"canceled": True}})
        self.assertEqual(self.ended("old"), ("Failed", "PolicyUnenforceable"))
        self.assertEqual(self.ended("new"), ("Succeeded", ""))

    def test_a_config_map_that_goes_or_loses_its_key_while_the_task_waits(self):
        """h44, t86 later: what was checked is looked at again."""
        self.tenant(self.space, maxRunning=1)
        self.task("first", "import time\ntime.sleep(300)\n", resources=SMALL)
        self.wait_phase("first", "Running")
        self.refer("t")
        path = f"/api/v1/namespaces/{self.space}/configmaps/c"
        self.api.call("PATCH", path, {"data": {"main.py": None, "other.py": "pass\n"}}, MERGE)
        self.api.patch(self.path("first"), {"spec": {"canceled": True}})
        self.assertEqual(self.ended("t"), ("Failed", "CodeNotFound"))

    def test_deletion_needs_no_valid_object(self):
        """h42: the profile is gone, the registration is there."""
        profile = self.profile()
        self.task("t", profile=profile, resources=SMALL)
        self.task("u", "import time\ntime.sleep(300)\n", profile=profile, resources=SMALL)
        self.wait_end("t")
        self.wait_phase("u", "Running")
        self.api.delete(f"{PROFILES}/{profile}")
        for name in ("t", "u"):
            self.api.patch(self.path(name), {"metadata": {"labels": {"team": "x"}}})
            self.api.delete(self.path(name))
        for name in ("t", "u"):
            self.wait_gone(self.path(name))
        body = task_body("v", runtimeProfile=profile)
        self.assertIn(profile, str(self.refusal(self.api, "POST", self.path(), body)))


if __name__ == "__main__":
    unittest.main()
