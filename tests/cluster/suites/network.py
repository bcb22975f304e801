# SPDX-License-Identifier: Apache-2.0
"""From the first instruction on, a task reaches nobody; the same code in a plain Pod does."""
import json
import unittest

from stage import Stage, ctl, wait_for

TASKS_COUNT = 20
CONNECTS = '''
import json, socket, time
connected, errors = 0, {}
until = time.monotonic() + 3
while time.monotonic() < until:
    try:
        socket.create_connection((%r, 8080), timeout=0.2).close()
        connected += 1
    except OSError as error:
        name = type(error).__name__ + " " + str(error.errno)
        errors[name] = errors.get(name, 0) + 1
    time.sleep(0.01)
result = {"connected": connected, "errors": errors}
try:
    json.dump(result, open("/workspace/artifacts/result.json", "w"))
except OSError:
    pass
print(json.dumps(result), flush=True)
'''
LISTENS = ('import socket\ns = socket.socket()\ns.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n'
           's.bind(("", 8080))\ns.listen(512)\nwhile True:\n    s.accept()[0].close()\n')


def plain_pod(name, code, labels):
    return {"metadata": {"name": name, "labels": labels}, "spec": {
        "restartPolicy": "Never", "terminationGracePeriodSeconds": 0, "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{"name": "c", "image": "docker.io/library/python:3.11-slim",
                        "command": ["python3", "-c", code],
                        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}]}}


class Network(Stage):
    def setUp(self):
        super().setUp()
        self.pods = f"/api/v1/namespaces/{self.space}/pods"
        self.api.create(self.pods, plain_pod("listener", LISTENS, {"app": "listener"}))
        wait_for(lambda: self.api.get(self.pods + "/listener")["status"].get("phase") == "Running", 60)
        self.address = self.api.get(self.pods + "/listener")["status"]["podIP"]

    def test_no_connection_succeeds(self):
        for i in range(TASKS_COUNT):
            self.task(f"t{i}", CONNECTS % self.address)
        total, errors = 0, {}
        for i in range(TASKS_COUNT):
            status = self.wait_end(f"t{i}", 180)
            self.assertEqual(status["phase"], "Succeeded", json.dumps(status))
            result = json.loads(status["result"]["json"])
            total += result["connected"]
            for name, count in result["errors"].items():
                errors[name] = errors.get(name, 0) + count
            self.assertEqual(status["isolation"]["network"], "denied")
        print(f"\nnetwork: {TASKS_COUNT} tasks: {total} connections, refused attempts: {errors}")
        self.assertEqual(total, 0)
        self.assertGreater(sum(errors.values()), TASKS_COUNT * 10, "they did try")

    def connections(self, stem, count):
        """How many connections that many plain Pods, labelled like tasks, made between them."""
        total = 0
        for i in range(count):
            name = f"{stem}{i}"
            self.api.create(self.pods, plain_pod(name, CONNECTS % self.address, {"agenttask.io/task": name}))
            wait_for(lambda: self.api.get(f"{self.pods}/{name}")["status"].get("phase") == "Succeeded", 60)
            said = self.api.raw("GET", f"{self.pods}/{name}/log")[1]
            total += json.loads(said)["connected"]
        return total

    def test_a_plain_pod_with_the_same_labels_connects(self):
        """The control: whoever enforces policies comes too late. Here he does not come at all, and a
        task reaches nobody all the same."""
        self.task("t")
        self.wait_end("t")  # so that the policy stands
        print(f"\nnetwork: 5 plain Pods with the same label: {self.connections('plain', 5)} connections", flush=True)
        ctl("stop", "kube-router")
        self.addCleanup(ctl, "cont", "kube-router")
        total = self.connections("open", 2)
        print(f"network: 2 plain Pods while the enforcer sleeps: {total} connections", flush=True)
        self.assertGreater(total, 0)
        self.task("late", CONNECTS % self.address)
        result = json.loads(self.wait_end("late")["result"]["json"])
        self.assertEqual(result["connected"], 0)
        self.assertGreater(sum(result["errors"].values()), 10, "it did try")


if __name__ == "__main__":
    unittest.main()
