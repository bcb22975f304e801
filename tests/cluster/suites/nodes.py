# SPDX-License-Identifier: Apache-2.0
"""What happens to the whole node, and to the tasks on it."""
import os
import subprocess
import time
import unittest

from endings import SLEEP, Ending
from stage import ROOT, Manager, ctl, kubectl, wait_for


class Nodes(Ending):
    """One after the other: what they do is done to all."""

    is_alone = True

    def test_registry_comes_back_in_time(self):
        image = "docker.io/library/node:18-slim"
        subprocess.run([os.path.join(ROOT, "tests/cluster/shell"), "ctr", "-n", "k8s.io", "images", "rm", image],
                       capture_output=True, timeout=60, check=False)
        ctl("kill", "registry")
        try:
            self.task("t", "console.log('hello')\n", profile="node18")
            wait_for(lambda: self.status("t").get("reason") == "ImagePulling", 60)
            time.sleep(5)
        finally:
            ctl("start", "registry")
        self.ended("t", "Succeeded", "", 0, seconds=150)

    def test_kubelet_restarts_during_the_run(self):
        self.task("t", 'import time\nprint("first", flush=True)\ntime.sleep(8)\nprint("last")\n')
        self.running("t")
        ctl("restart", "kubelet")
        self.ended("t", "Succeeded", "", 0, "complete")
        self.assertEqual(self.log("t"), "first\nlast\n")

    def test_preempted(self):
        name = "t-" + os.urandom(3).hex()
        self.api.create("/apis/scheduling.k8s.io/v1/priorityclasses", {"metadata": {"name": name}, "value": 1000000})
        self.addCleanup(self.api.delete, f"/apis/scheduling.k8s.io/v1/priorityclasses/{name}")
        room = self.free_cpu_milli()
        self.task("t", SLEEP, profile=self.profile(resources={"max": {"cpu": "64"}}),
                  resources={"requests": {"cpu": f"{room - 50}m"}, "limits": {"cpu": "2"}})
        self.running("t")
        self.api.create(f"/api/v1/namespaces/{self.space}/pods", important_pod(name, room - 50))
        self.ended("t", "Failed", "Preempted", logs="complete|partial")

    def free_cpu_milli(self):
        node = self.api.items("/api/v1/nodes")[0]
        used = 0
        for pod in self.api.items("/api/v1/pods"):
            if pod["status"].get("phase") in ("Pending", "Running"):
                used += sum(milli(c.get("resources", {}).get("requests", {}).get("cpu", "0"))
                            for c in pod["spec"]["containers"])
        return milli(node["status"]["allocatable"]["cpu"]) - used


class Gone(Ending):
    """Here the operator is a process of this machine: on a node that is gone it would be gone, too."""

    is_alone = is_bare = True

    def test_node_is_gone_for_good(self):
        node = self.api.items("/api/v1/nodes")[0]["metadata"]["name"]
        self.addCleanup(Manager("--namespace", self.space).kill)
        self.task("t", SLEEP)
        self.running("t")
        ctl("kill", "kubelet")
        try:
            kubectl("delete", "node", node)
            self.ended("t", "Failed", "NodeLost", "", "lost|partial", seconds=180)
        finally:
            ctl("start", "kubelet")
            wait_for(lambda: self.node_is_ready(), 60)

    def node_is_ready(self):
        return any(c["type"] == "Ready" and c["status"] == "True" for node in self.api.items("/api/v1/nodes")
                   for c in node["status"].get("conditions", []))


class Code(Ending):
    """Code in somebody's ConfigMap: only an operator that is told to trusts it without admission."""

    is_alone = is_bare = True

    def setUp(self):
        super().setUp()
        self.maps = f"/api/v1/namespaces/{self.space}/configmaps"
        self.addCleanup(Manager("--namespace", self.space, "--allow-configmap-refs").kill)

    def refer(self, name, key="main.py"):
        self.api.create(self.path(), {
            "apiVersion": "execution.agenttask.io/v1alpha1", "kind": "AgentTask", "metadata": {"name": "t"},
            "spec": {"runtimeProfile": "python3.11", "code": {"configMapRef": {"name": name, "key": key}}}})

    def put_code(self):
        self.api.create(self.maps, {"metadata": {"name": "code"}, "data": {
            "main.py": "import other\nprint(other.WORD)\n", "other.py": "WORD = 'beside'\n"}})

    def test_all_of_it_is_there(self):
        self.put_code()
        self.refer("code")
        self.ended("t", "Succeeded", "", 0, "complete")
        self.assertEqual(self.log("t"), "beside\n")

    def test_it_is_not_there(self):
        self.refer("absent")
        self.ended("t", "Failed", "CodeNotFound", "", "none")

    def test_its_key_is_not_there(self):
        self.put_code()
        self.refer("code", "absent.py")
        self.ended("t", "Failed", "CodeNotFound", "", "none")

    def test_it_is_deleted_before_the_pod_has_a_node(self):
        self.put_code()
        ctl("stop", "kube-scheduler")
        try:
            self.refer("code")
            wait_for(lambda: self.pod("t"), 30)
            self.api.delete(self.maps + "/code")
        finally:
            ctl("cont", "kube-scheduler")
        self.ended("t", "Failed", "CodeNotFound", "", "none|lost", seconds=120)


def important_pod(priority, cpu_milli):
    return {"metadata": {"name": "important"}, "spec": {
        "priorityClassName": priority, "restartPolicy": "Never", "terminationGracePeriodSeconds": 0,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{"name": "c", "image": "docker.io/library/bash:5.2", "command": ["sleep", "60"],
                        "resources": {"requests": {"cpu": f"{cpu_milli}m"}},
                        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}]}}


def milli(quantity):
    return int(quantity[:-1]) if quantity.endswith("m") else int(float(quantity) * 1000)


if __name__ == "__main__":
    unittest.main()
