# SPDX-License-Identifier: Apache-2.0
"""Every way a task can end on a cluster, made to happen for real; the table is printed at the end."""
import json
import os
import subprocess
import time
import unittest

from stage import Stage, Refused, ctl, kubectl, wait_for

SLEEP = 'import time\nprint("first", flush=True)\ntime.sleep(600)\n'
FILLS = '''
import time
print("first", flush=True)
for number in range(30):
    with open(f"file{number}", "wb") as file:
        file.write(bytes(2 << 20))
time.sleep(120)
'''
TRAPS = '''
import signal, sys, time
def ended(*_):
    with open("result.json", "w") as file:
        file.write('"' + "x" * (1024 * 1024 - 2) + '"')
    print("last", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, ended)
print("first", flush=True)
time.sleep(600)
'''
ROWS = []


def tearDownModule():
    print(f"\n{'ending':34}{'phase':11}{'reason':17}{'exit':>5}  {'logs':10}{'result':10}seconds of run")
    for row in ROWS:
        print("{:34}{:11}{:17}{:>5}  {:10}{:10}{}".format(*row))


class Ending(Stage):
    """How one task ended, and what was kept of it."""

    def ended(self, name, phase, reason=None, exit_code=None, logs=None, result=None, seconds=90):
        """Waits for the end; what is None is not looked at, "" means absent."""
        status = self.wait_end(name, seconds)
        kept = status.get("logs")
        said = "none" if kept is None else "complete" if kept["complete"] else "partial"
        if kept and not kept.get("configMapRef") and not kept.get("text"):
            said = "empty" if kept["complete"] else "lost"
        invalid = [c["reason"] for c in status.get("conditions", []) if c["type"] == "ResultValid" and
                   c["status"] == "False"]
        left = (invalid or ["kept" if "result" in status else "-"])[0].replace("Result", "")
        ROWS.append((self.id().split(".")[-1].replace("test_", "")[:33], status["phase"], status.get("reason", ""),
                     status.get("exitCode", "-"), said, left, status.get("durations", {}).get("run", "-")))
        message = json.dumps(status)
        self.assertEqual(status["phase"], phase, message)
        if reason is not None:
            self.assertEqual(status.get("reason", ""), reason, message)
        if exit_code is not None:
            self.assertEqual(status.get("exitCode", ""), exit_code, message)
        if logs is not None:
            self.assertIn(said, logs.split("|"), message)
        if result is not None:
            self.assertEqual(left, result, message)
        self.assertIn("completionTime", status)
        self.wait_gone(f"/api/v1/namespaces/{self.space}/pods/{name}-pod", 60)
        self.assertEqual(self.status(name), status, "the verdict does not change afterwards")
        return status

    def log(self, name):
        return self.agentctl("logs", name).stdout

    def running(self, name):
        self.wait_phase(name, "Running", seconds=60)
        wait_for(lambda: "first" in kubectl("-n", self.space, "logs", f"{name}-pod", check=False).stdout, 30)


class Endings(Ending):
    # -- by the code itself ----------------------------------------------------

    def test_success(self):
        self.task("t")
        status = self.ended("t", "Succeeded", "", 0, "complete", "kept")
        self.assertEqual(json.loads(status["result"]["json"]), {"status": "success", "insight": 42})
        self.assertEqual(self.log("t"), "hello\n")
        self.assertGreater(status["usage"]["peakMemoryBytes"], 1 << 20)
        self.assertIn("seccomp", status["isolation"]["controls"])

    def test_exit_codes_are_recorded_exactly(self):
        codes = (1, 2, 124, 125, 126, 127, 128, 137, 139, 143, 255)
        for code in codes:
            self.task(f"t{code}", f"import sys\nsys.exit({code})\n")
        for code in codes:
            status = self.wait_end(f"t{code}", 120)
            self.assertEqual((status["phase"], status["reason"], status["exitCode"]), ("Failed", "PodFailed", code))

    def test_a_signal_of_its_own(self):
        self.task("t", "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
        self.assertEqual(self.ended("t", "Failed", "PodFailed", 139)["signal"], 11)

    def test_out_of_memory(self):
        self.task("t", 'print("first", flush=True)\nx = bytearray(400 << 20)\n',
                  resources={"limits": {"memory": "64Mi"}})
        self.ended("t", "Failed", "OOMKilled", logs="complete")

    def test_too_much_on_disk(self):
        """Many files: one large one would meet the limit of a single file first."""
        self.task("t", FILLS, resources={"limits": {"ephemeral-storage": "16Mi"}})
        status = self.ended("t", "Failed", logs="complete|partial|lost", seconds=150)
        self.assertIn(status["reason"], ("Evicted", "DiskLimit"))

    # -- by the clock, by request ------------------------------------------------

    def test_timeout(self):
        self.task("t", SLEEP, timeoutSeconds=4)
        status = self.ended("t", "Failed", "Timeout", logs="complete")
        self.assertLess(abs(float(status["durations"]["run"].rstrip("s")) - 4), 2)

    def test_timeout_keeps_what_a_trap_wrote(self):
        self.task("t", TRAPS, timeoutSeconds=4)
        status = self.ended("t", "Failed", "Timeout", logs="complete", result="kept")
        self.assertEqual(status["result"]["bytes"], 1024 * 1024)
        self.assertEqual(self.log("t"), "first\nlast\n")

    def test_cancel_keeps_what_a_trap_wrote(self):
        self.task("t", TRAPS)
        self.running("t")
        self.agentctl("cancel", "t")
        status = self.ended("t", "Canceled", "Canceled", logs="complete", result="kept")
        self.assertEqual(status["result"]["bytes"], 1024 * 1024)
        self.assertEqual(self.log("t"), "first\nlast\n")

    def test_cancel_while_running(self):
        self.task("t", SLEEP)
        self.running("t")
        began = time.monotonic()
        self.agentctl("cancel", "t")
        self.ended("t", "Canceled", "Canceled", logs="complete")
        self.assertLess(time.monotonic() - began, 20)

    def test_cancel_while_pulling(self):
        self.task("t", SLEEP, profile=self.profile(image="example.com/nowhere/absent:1"))
        self.wait_phase("t", "Scheduled")
        wait_for(lambda: self.status("t").get("reason") == "ImagePulling", 30)
        began = time.monotonic()
        self.agentctl("cancel", "t")
        self.wait_end("t")
        self.assertLess(time.monotonic() - began, 15)
        self.ended("t", "Canceled", "Canceled")

    def test_cancel_before_anything(self):
        self.task("t", canceled=True)
        self.ended("t", "Canceled", "Canceled")
        self.assertNotIn("podRef", self.status("t"))

    # -- images --------------------------------------------------------------------

    def test_image_is_missing(self):
        self.task("t", profile=self.profile(image="example.com/nowhere/absent:1"))
        self.ended("t", "Failed", "ImagePullFailed", "", seconds=150)

    def test_an_image_that_can_be_none_is_not_taken(self):
        with self.assertRaisesRegex(Refused, "is no image"):
            self.profile(image="example.com/Upper//case:1")

    # -- starting --------------------------------------------------------------------

    def test_entry_point_is_missing(self):
        self.task("t", profile=self.profile(command=["/nowhere/python"]))
        self.ended("t", "Failed", "StartFailed")

    def test_nowhere_to_run(self):
        profile = self.profile(resources={"default": {"cpu": "900"}, "max": {"cpu": "900"}})
        self.task("t", profile=profile, queueTimeoutSeconds=12,
                  resources={"requests": {"cpu": "900"}, "limits": {"cpu": "900"}})
        wait_for(lambda: self.status("t").get("reason") == "Unschedulable", 20)
        self.ended("t", "Failed", "QueueTimeout", "", seconds=40)

    def test_a_stranger_has_the_name(self):
        self.api.create(f"/api/v1/namespaces/{self.space}/configmaps", {"metadata": {"name": "t-code"}})
        self.task("t")
        self.ended("t", "Failed", "NameConflict", "", seconds=100)
        self.assertIsNotNone(self.config_map("t-code"), "a stranger's object is left alone")

    # -- others ------------------------------------------------------------------------

    def test_pod_deleted(self):
        self.task("t", SLEEP)
        self.running("t")
        kubectl("-n", self.space, "delete", "pod", "t-pod", "--wait=false")
        self.ended("t", "Failed", "PodDeleted", logs="complete")
        self.assertIn("first", self.log("t"))

    def test_pod_deleted_by_force(self):
        self.task("t", SLEEP)
        self.running("t")
        kubectl("-n", self.space, "delete", "pod", "t-pod", "--wait=false", "--grace-period=0", "--force")
        self.ended("t", "Failed", "PodDeleted", logs="complete|partial|lost")

    def test_pod_evicted_by_request(self):
        self.task("t", SLEEP)
        self.running("t")
        self.api.create(f"/api/v1/namespaces/{self.space}/pods/t-pod/eviction", {
            "apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "t-pod", "namespace": self.space}})
        self.ended("t", "Failed", "Evicted", logs="complete|partial")

    def test_runner_killed_from_the_host(self):
        self.task("t", SLEEP)
        self.running("t")
        os.kill(self.runner_pid("t"), 9)
        status = self.ended("t", "Failed", exit_code=137)
        self.assertNotIn("cpuSeconds", status.get("usage", {}), "nobody knows it")

    def runner_pid(self, name):
        """Of the process that this machine knows as PID 1 of the Pod's container `task`."""
        uid = self.pod(name)["metadata"]["uid"]
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cgroup", encoding="ascii") as file:
                    if uid not in file.read():
                        continue
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
            except OSError:
                continue
            if words[0].endswith(b"/runner"):
                return int(pid)
        raise AssertionError("there is no such process")


class Unreviewed(Ending):
    """What admission would have refused, had anybody asked it."""

    is_unreviewed = True

    def test_no_such_profile(self):
        self.task("t", profile="perl4")
        self.ended("t", "Failed", "ProfileNotFound", "")

    def test_more_than_the_profile_allows(self):
        self.task("t", resources={"limits": {"memory": "64Gi"}})
        self.ended("t", "Failed", "Invalid", "")

    def test_referenced_code_is_not_trusted_without_admission(self):
        self.api.create(self.path(), {
            "apiVersion": "execution.agenttask.io/v1alpha1", "kind": "AgentTask", "metadata": {"name": "t"},
            "spec": {"runtimeProfile": "python3.11", "code": {"configMapRef": {"name": "c", "key": "x.py"}}}})
        self.ended("t", "Failed", "PolicyUnenforceable", "")


if __name__ == "__main__":
    unittest.main()
