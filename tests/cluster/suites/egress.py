# SPDX-License-Identifier: Apache-2.0
"""A profile with egress: its tasks reach what it names and nothing else, from their first instruction
on, or they do not start at all."""
import json
import time

from network import plain_pod
from people import DEPLOYMENT, SYSTEM, rolled_out
from stage import PROFILES, Stage, audit_end, ctl, pods_made, wait_for

LISTENS = '''
import select, socket
def listen(port):
    s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("", port)); s.listen(512); return s
ports = [listen(8080), listen(8081)]
while True:
    for s in select.select(ports, [], [])[0]:
        s.accept()[0].close()
'''
# Everything again and again for three seconds, beginning with the first instruction.
TRIES = '''
import json, socket, time
targets = %r
result = {name: {"reached": 0, "tried": 0} for name in targets}
until = time.monotonic() + 3
while time.monotonic() < until:
    for name, (kind, address, port) in targets.items():
        result[name]["tried"] += 1
        try:
            if kind == "udp":
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(0.1)
                s.connect((address, port))
                s.send(b"\\0\\1\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\1a\\0\\0\\1\\0\\1"); s.recv(512)
            else:
                socket.create_connection((address, port), timeout=0.1).close()
            result[name]["reached"] += 1
        except OSError:
            pass
try:
    json.dump(result, open("/workspace/artifacts/result.json", "w"))
except OSError:
    pass
print(json.dumps(result), flush=True)
'''
SLEEPS = 'import time\nprint("ran", flush=True)\ntime.sleep(%d)\n'
OPERATORS = f"/api/v1/namespaces/{SYSTEM}/pods?labelSelector=control-plane%3Dcontroller-manager"
POLICIES = "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies"


class Reach(Stage):
    """Two Pods that listen on two ports, and a profile that names one of each."""

    def setUp(self):
        super().setUp()
        self.pods = f"/api/v1/namespaces/{self.space}/pods"
        self.policies = POLICIES.format(self.space)
        for name in ("listener", "other"):
            self.api.create(self.pods, plain_pod(name, LISTENS, {"app": name}))
        self.listener, self.other = (self.pod_address(name) for name in ("listener", "other"))
        self.rule = f"{self.listener}/32 8080/TCP"
        self.open = self.profile(network={"egress": [{"cidr": self.listener + "/32", "ports": "8080"}]})

    def pod_address(self, name):
        wait_for(lambda: self.api.get(f"{self.pods}/{name}")["status"].get("phase") == "Running", 60)
        return self.api.get(f"{self.pods}/{name}")["status"]["podIP"]

    def targets(self):
        operator = next(pod["status"]["podIP"] for pod in
                        self.api.items(OPERATORS))
        return {"allowed": ("tcp", self.listener, 8080), "other port": ("tcp", self.listener, 8081),
                "other Pod": ("tcp", self.other, 8080), "API server": ("tcp", "10.96.0.1", 443),
                "DNS": ("udp", "10.96.0.10", 53), "DNS by TCP": ("tcp", "10.96.0.10", 53),
                "metadata": ("tcp", "169.254.169.254", 80), "canary, closed": ("tcp", operator, 9445),
                "webhook": ("tcp", operator, 9443)}

    def plain_result(self, name, code, labels):
        self.api.create(self.pods, plain_pod(name, code, labels))
        wait_for(lambda: self.api.get(f"{self.pods}/{name}")["status"].get("phase") == "Succeeded", 90)
        return json.loads(self.api.raw("GET", f"{self.pods}/{name}/log")[1])

    def egress_policies(self):
        return {policy["metadata"]["name"]: policy for policy in self.api.items(self.policies)
                if policy["metadata"]["name"].startswith("agenttask-egress-")}

    def assert_never_ran(self, status, name):
        self.assertEqual((status["phase"], status.get("reason")), ("Failed", "PolicyUnenforceable"), json.dumps(status))
        self.assertNotIn("exitCode", status)
        self.assertNotIn("result", status)
        self.assertEqual(status.get("logs", {}).get("bytes", 0), 0, json.dumps(status))
        self.assertNotIn("isolation", status, "nothing held what never ran")
        self.wait_gone(f"{self.pods}/{name}-pod")


class Egress(Reach):
    def test_reaches_what_it_may_and_nothing_else(self):
        targets = self.targets()
        tries = {key: value for key, value in targets.items() if key != "allowed"}
        for i in range(4):
            self.task(f"t{i}", TRIES % targets, self.open)
        self.task("first", TRIES % {"other Pod": targets["other Pod"]}, self.open)
        totals = {}
        for i in range(4):
            status = self.wait_end(f"t{i}", 180)
            self.assertEqual(status["phase"], "Succeeded", json.dumps(status))
            self.assertEqual(status["isolation"]["network"], "limited")
            self.assertIn("network-policy", status["isolation"]["controls"])
            self.assertNotIn("seccomp-network", status["isolation"]["controls"])
            self.assertEqual(status["effective"]["egress"], [self.rule])
            for name, counts in json.loads(status["result"]["json"]).items():
                total = totals.setdefault(name, {"reached": 0, "tried": 0})
                total["reached"] += counts["reached"]
                total["tried"] += counts["tried"]
        first = json.loads(self.wait_end("first")["result"]["json"])["other Pod"]
        print(f"\negress: 4 tasks: {json.dumps(totals)}; one that tries nothing else: {first}", flush=True)
        self.assertEqual(totals["allowed"]["reached"], totals["allowed"]["tried"])
        self.assertGreater(totals["allowed"]["reached"], 0)
        self.assertEqual({name: totals[name]["reached"] for name in tries}, dict.fromkeys(tries, 0))
        self.assertEqual(first["reached"], 0)
        self.assertGreater(first["tried"], 20)
        plain = self.plain_result("plain", TRIES % targets, {"app": "plain"})
        print(f"egress: a plain Pod: {json.dumps(plain)}", flush=True)
        for name in ("allowed", "other port", "other Pod", "API server", "canary, closed"):
            self.assertGreater(plain[name]["reached"], 0, f"{name}: the control: it does answer")

    def test_a_profile_that_is_edited_leaves_running_tasks_theirs(self):
        self.task("old", TRIES.replace("+ 3", "+ 12") % {"allowed": ("tcp", self.listener, 8080),
                                                        "new": ("tcp", self.other, 8080)}, self.open)
        self.wait_phase("old", "Running")
        before = set(self.egress_policies())
        self.assertEqual(len(before), 1)
        generation = self.status("old")["effective"]["profileGeneration"]
        self.api.patch(f"{PROFILES}/{self.open}", {"spec": {"network": {"egress": [
            {"cidr": self.other + "/32", "ports": "8080"}]}}})
        self.task("new", TRIES % {"old": ("tcp", self.listener, 8080), "allowed": ("tcp", self.other, 8080)},
                  self.open)
        self.wait_phase("new", "Running")
        self.assertEqual(len(set(self.egress_policies()) - before), 1)
        new, old = self.wait_end("new"), self.wait_end("old")
        for status, rule in ((old, self.rule), (new, f"{self.other}/32 8080/TCP")):
            self.assertEqual(status["phase"], "Succeeded", json.dumps(status))
            self.assertEqual(status["effective"]["egress"], [rule])
        result = json.loads(old["result"]["json"])
        self.assertEqual((result["allowed"]["reached"], result["new"]["reached"]), (result["allowed"]["tried"], 0))
        result = json.loads(new["result"]["json"])
        self.assertEqual((result["allowed"]["reached"], result["old"]["reached"]), (result["allowed"]["tried"], 0))
        self.assertEqual(old["effective"]["profileGeneration"], generation)
        self.assertGreater(new["effective"]["profileGeneration"], generation)
        wait_for(lambda: not self.egress_policies(), 60, why="what nobody has any more stays")

    def test_a_policy_that_somebody_changes_is_put_right(self):
        self.task("t", SLEEPS % 40, self.open)
        self.wait_phase("t", "Running")
        (name, before), = self.egress_policies().items()
        self.assertEqual(self.pod("t")["metadata"]["labels"]["agenttask.io/egress"], name.rsplit("-", 1)[1])
        path, took = f"{self.policies}/{name}", {}
        for what, act in (("deleted", lambda: self.api.delete(path)),
                          ("opened", lambda: self.api.patch(path, {"spec": {"egress": [{}]}})),
                          ("aimed elsewhere", lambda: self.api.patch(path, {"spec": {"podSelector": {
                              "matchLabels": {"agenttask.io/egress": "x"}}}}))):
            began = time.monotonic()
            act()
            wait_for(lambda: (self.api.get(path) or {}).get("spec") == before["spec"], 5, why=f"{what}: not put right")
            took[what] = round(time.monotonic() - began, 2)
        print(f"\negress: a policy is put right after (s): {took}", flush=True)
        self.api.patch(self.path("t"), {"spec": {"canceled": True}})
        self.assertEqual(self.wait_end("t")["phase"], "Canceled")

    def test_a_foreign_policy_that_opens_more_keeps_the_code_from_starting(self):
        self.api.create(self.policies, {"metadata": {"name": "all"}, "spec": {
            "podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]}})
        time.sleep(2)
        self.task("t", SLEEPS % 1, self.open)
        status = self.wait_end("t", 90)
        self.assert_never_ran(status, "t")
        self.assertIn("still answers", status["message"])
        self.api.delete(self.policies + "/all")
        self.task("u", SLEEPS % 1, self.open)
        self.assertEqual(self.wait_end("u")["phase"], "Succeeded", "the control: without it")


class NoEnforcer(Reach):
    """Whoever enforces policies sleeps: what was in force stays so, new Pods get nothing."""
    is_alone = True

    def setUp(self):
        super().setUp()
        self.task("warm", SLEEPS % 0, self.open)  # so that the policies stand, and have settled
        self.assertEqual(self.wait_end("warm")["phase"], "Succeeded")
        self.label = next(iter(self.egress_policies())).rsplit("-", 1)[1]
        ctl("stop", "kube-router")
        self.addCleanup(ctl, "cont", "kube-router")

    def test_the_code_does_not_start(self):
        began = time.monotonic()
        self.task("t", TRIES % {"other Pod": ("tcp", self.other, 8080)}, self.open)
        status = self.wait_end("t", 90)
        took = time.monotonic() - began
        print(f"\negress: without an enforcer: {status.get('message')} ({took:.1f} s)", flush=True)
        self.assertLess(took, 45)
        self.assert_never_ran(status, "t")
        plain = self.plain_result("plain", TRIES % {"other Pod": ("tcp", self.other, 8080)},
                                  {"agenttask.io/task": "plain", "agenttask.io/egress": self.label})
        print(f"egress: a plain Pod with the same labels: {plain}", flush=True)
        self.assertGreater(plain["other Pod"]["reached"], 0, "the control: with the proof left out it connects")

    def test_canceled_while_it_waits_for_the_proof(self):
        self.task("t", SLEEPS % 1, self.open)
        self.wait_phase("t", "Running")
        self.api.patch(self.path("t"), {"spec": {"canceled": True}})
        began = time.monotonic()
        status = self.wait_end("t", 60)
        self.assertEqual(status["phase"], "Canceled", json.dumps(status))
        self.assertNotIn("exitCode", status)
        self.assertEqual(status.get("logs", {}).get("bytes", 0), 0, json.dumps(status))
        self.assertLess(time.monotonic() - began, 15)


class Canary(Reach):
    """The operator's own part of the proof is missing, or deaf."""
    is_alone = True

    def restart_with(self, address):
        container = self.api.get(DEPLOYMENT)["spec"]["template"]["spec"]["containers"][0]
        words = [word for word in container["args"] if not word.startswith("--canary-bind-address")]
        if address:
            words.append(f"--canary-bind-address={address}")
        self.api.call("PATCH", DEPLOYMENT, [{"op": "replace", "path": "/spec/template/spec/containers/0/args",
                                             "value": words}], "application/json-patch+json")
        rolled_out()

    def setUp(self):
        super().setUp()
        self.addCleanup(self.restart_with, "*")

    def test_a_dead_listener_proves_nothing(self):
        self.restart_with("127.0.0.1")
        began = time.monotonic()
        self.task("t", SLEEPS % 1, self.open)
        status = self.wait_end("t", 90)
        took = time.monotonic() - began
        print(f"\negress: with a deaf canary: {status.get('message')} ({took:.1f} s)", flush=True)
        self.assertLess(took, 45)
        self.assert_never_ran(status, "t")
        self.assertIn("does not answer", status["message"])

    def test_without_one_nothing_is_even_tried(self):
        self.restart_with(None)
        offset = audit_end()
        self.task("t", SLEEPS % 1, self.open)
        status = self.wait_end("t", 60)
        self.assert_never_ran(status, "t")
        self.assertIn("this operator has no canary", status["message"])
        self.assertEqual(pods_made(self.space, offset), [])
        self.task("u", SLEEPS % 0)
        self.assertEqual(self.wait_end("u")["phase"], "Succeeded", "the control: a profile without egress")
