#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every hostile and every ordinary program of tests/hostile in a Pod, several at once, and every
denial again in Pods that have no runner: there the same program must see the opposite. What differs
from local mode is in hostile_table.py; what cannot be shown is in hostile-not-proven.txt.
HOSTILE_ONLY=21,47 runs those rows alone. One test per row and per control."""
import concurrent.futures
import json
import os
import pathlib
import sys
import time
import unittest

from stage import ROOT, STATE, Stage, wait_for

sys.path.insert(0, os.path.join(ROOT, "tests/hostile"))
import hostile_table as pods  # noqa: E402
from expect import fits, mismatches  # noqa: E402

PROGRAMS = pathlib.Path(ROOT, "tests/hostile/programs")
HERE = pathlib.Path(__file__).resolve().parent
PROFILES = {".py": "python3.11", ".js": "node18", ".sh": "bash"}
AT_ONCE = 8
LEFT_SECONDS = 15
LISTENER = '''
import socket, threading
def udp():
    peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    peer.bind(("", 8080))
    while True:
        print("udp", peer.recvfrom(2048)[1][0], flush=True)
threading.Thread(target=udp, daemon=True).start()
tcp = socket.create_server(("", 8080), backlog=128)
while True:
    peer, address = tcp.accept()
    peer.close()
    print("tcp", address[0], flush=True)
'''
DRIVER = '''
import json, subprocess, sys
for line in open("/programs/list"):
    number, name, args = json.loads(line)
    try:
        done = subprocess.run([sys.executable, "/programs/" + name, *args], capture_output=True, timeout=20)
        text = done.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired as late:
        text = (late.stdout or b"").decode(errors="replace")
    seen = [json.loads(one)["saw"] for one in text.splitlines() if one.startswith('{"saw":')]
    print(json.dumps([number, seen[-1] if seen else None]), flush=True)
'''
LINES = []


def tearDownModule():
    print(f"\n{'row':26}{'what the program does':44}{'phase':11}{'reason':12}{'exit':>4}  {'run':>7}  result")
    for line in sorted(LINES):
        print("{:26}{:44}{:11}{:12}{:>4}  {:>7}  {}".format(*line))


def source(program):
    path = (PROGRAMS / program).resolve()
    if not path.is_file():
        path = HERE / "programs" / program
    text = path.read_text(encoding="utf-8")
    is_hostile = path.suffix == ".py" and path.parent.name == "programs"
    return (PROGRAMS / "prelude.py").read_text(encoding="utf-8") + text if is_hostile else text


class Ended:
    """What came of one task; what the checks of tests/hostile want to know."""

    def __init__(self, name, task, output):
        self.name, self.status, self.output, self.errors, self.note = name, task["status"], output, b"", ""

    @property
    def invalid(self):
        return next((c["reason"] for c in self.status.get("conditions", [])
                     if c["type"] == "ResultValid" and c["status"] == "False"), "")

    @property
    def seconds(self):
        return float(self.status.get("durations", {}).get("run", "0s").rstrip("s"))

    @property
    def saw(self):
        seen = {}
        for line in self.output.splitlines():
            if line.startswith(b'{"saw":'):
                seen = json.loads(line)["saw"]
        if self.seconds > 0 and "usage" in self.status:
            seen["cpus"] = self.status["usage"].get("cpuSeconds", 0) / self.seconds
        return seen


class Hostile(Stage):
    is_alone = True  # it keeps the node busy by itself
    pool = None

    @classmethod
    def start(cls):
        """All rows, several at once: each test waits for its own."""
        cls.space = "t-hostile-" + os.urandom(3).hex()
        cls.bare_space = cls.space + "-bare"
        for name, level in ((cls.space, "restricted"), (cls.bare_space, "privileged")):
            cls.api.create("/api/v1/namespaces", {"metadata": {"name": name, "labels": {
                "pod-security.kubernetes.io/enforce": level}}})
        cls.stage = cls("wait")  # for its helpers, in threads
        cls.stage.task("first")
        cls.stage.wait_phase("first", "Succeeded", seconds=60)
        cls.names = cls.make_canary()
        cls.pool = concurrent.futures.ThreadPoolExecutor(AT_ONCE)
        cls.controls = {kind: cls.pool.submit(cls.run_control, kind) for kind in pods.CONTROLS}
        cls.futures = {row.number: cls.pool.submit(cls.run_row, row) for row in chosen()}

    @classmethod
    def tearDownClass(cls):
        if cls.pool:
            cls.pool.shutdown(wait=True, cancel_futures=True)
            for name in (cls.space, cls.bare_space):
                cls.stage.drop_space(name)

    def setUp(self):
        """All rows share one namespace."""
        if not self.pool:
            self.start()

    def wait(self):
        """Not a test: what `stage` is made for."""

    # -- Pods without a runner ---------------------------------------------------

    @classmethod
    def pod_path(cls, name, space=None):
        return f"/api/v1/namespaces/{space or cls.bare_space}/pods/{name}"

    @classmethod
    def plain(cls, name, code, context, volumes=(), **more):
        mounts = [{"name": v["name"], "mountPath": path} for v, path in volumes]
        cls.api.create(cls.pod_path("").rstrip("/"), {"metadata": {"name": name}, "spec": {
            "restartPolicy": "Never", "terminationGracePeriodSeconds": 0,
            "volumes": [v for v, _ in volumes], "containers": [{
                "name": "c", "image": "docker.io/library/python:3.11-slim", "command": ["python3", "-c", code],
                "volumeMounts": mounts, "resources": {"requests": {"cpu": "10m"}, "limits": {"memory": "1Gi"}},
                "securityContext": context}], **more}})

    @classmethod
    def make_canary(cls):
        """A Pod that tells who reached it, and the addresses that are nobody's business."""
        cls.plain("canary", LISTENER, pods.RESTRICTED)
        cls.api.create(f"/api/v1/namespaces/{cls.space}/configmaps", {
            "metadata": {"name": "secret-of-others"}, "data": {"word": "canary"}})
        pod = wait_for(lambda: (cls.api.get(cls.pod_path("canary"))["status"].get("phase") == "Running" and
                                cls.api.get(cls.pod_path("canary"))), 60, why="the canary does not start")
        return {"canary": pod["status"]["podIP"], "node": pod["status"]["hostIP"], "port": "8080",
                "two_seconds": "2", "set_uid": "/usr/bin/su", "capable": "-", "writable": "/etc/passwd",
                "api": cls.api.get("/api/v1/namespaces/default/services/kubernetes")["spec"]["clusterIP"]}

    @classmethod
    def reached(cls):
        """Who reached the canary."""
        said = cls.api.raw("GET", cls.pod_path("canary") + "/log")[1].decode()
        return {tuple(line.split()) for line in said.splitlines()}

    @classmethod
    def run_control(cls, kind):
        """{row: what its program saw} in one Pod of that kind."""
        controls, data = pods.CONTROLS[kind], {}
        lines = []
        for number, control in controls.items():
            data[control.program] = source(control.program)
            lines.append(json.dumps([number, control.program, [a.format_map(cls.names) for a in control.args]]))
        data["list"] = "\n".join(lines) + "\n"
        cls.api.create(f"/api/v1/namespaces/{cls.bare_space}/configmaps", {"metadata": {"name": kind}, "data": data})
        empty = [({"name": name, "emptyDir": {}}, path)
                 for name, path in (("artifacts", "/workspace/artifacts"), ("tmp", "/tmp"))]
        programs = ({"name": "programs", "configMap": {"name": kind}}, "/programs")
        cls.plain(kind, DRIVER, pods.CONTEXTS[kind], [programs, *empty])
        path = cls.pod_path(kind)
        wait_for(lambda: cls.api.get(path)["status"].get("phase") in ("Succeeded", "Failed"), 150,
                 why=lambda: f"{kind}: {cls.api.get(path)['status']}")
        said = cls.api.raw("GET", path + "/log")[1].decode()
        seen = dict(json.loads(line) for line in said.splitlines() if line.startswith("["))
        state = cls.api.get(path)["status"]["containerStatuses"][0]["state"]["terminated"]
        return seen, state, cls.api.get(path)["status"]["podIP"], said

    def check_control(self, kind, number):
        control = pods.CONTROLS[kind][number]
        seen, state, address, said = self.controls[kind].result()
        self.assertIsNotNone(seen.get(number), f"{control.program} said nothing: {said[-2000:]}")
        self.assertEqual(mismatches(control.sees, seen[number]), [], seen[number])
        if control.forges:
            self.assertIn("cause=exited", state.get("message", ""), state)
        if control.reaches:
            self.assertTrue({("tcp", address), ("udp", address)} <= self.reached(), self.reached())

    # -- tasks ---------------------------------------------------------------------

    @classmethod
    def agentctl(cls, *words):
        done = cls.stage_agentctl(words)
        done.stdout = done.stdout.encode(errors="surrogateescape")
        return done

    @classmethod
    def stage_agentctl(cls, words):
        return Stage.agentctl(cls.stage, *words, code=None)

    @classmethod
    def run_row(cls, row):
        """Ended, and what is wrong."""
        name = "h-" + "".join(c if c.isalnum() else "-" for c in row.number.lower()).strip("-")
        flags = {"timeout": 40, "memory": "256Mi", "cpu": "1", **row.flags}
        limits = {key: flags[key] for key in ("memory", "cpu", "ephemeral-storage") if key in flags}
        spec = {"timeoutSeconds": flags["timeout"], "args": [arg.format_map(cls.names) for arg in row.args],
                "resources": {"requests": {"cpu": "20m", "memory": "16Mi"}, "limits": limits}}
        if "env" in flags:
            spec["env"] = [dict(zip(("name", "value"), flags["env"].split("=", 1)))]
        if "stdin" in flags:
            spec["stdin"] = flags["stdin"]
        cls.stage.task(name, source(row.program), PROFILES[pathlib.Path(row.program).suffix], **spec)
        wrong = []
        if row.during:
            wrong += row.during(cls, name) or []
        status = cls.stage.wait_end(name, 240)
        uid = status.get("podRef", {}).get("uid", "")
        cls.stage.wait_gone(cls.pod_path(name + "-pod", cls.space))
        logs = cls.agentctl("logs", "--raw", name)
        ended = Ended(name, cls.stage.get(name), logs.stdout)
        wrong += [f"agentctl logs: {logs.returncode} {logs.stderr}"] if logs.returncode else []
        wrong += mismatches(row.sees, ended.saw) if row.sees else []
        wrong += verdict_wrong(row.verdict, ended) + isolation_wrong(ended) + left_behind(uid)
        problem = row.after(cls, ended) if row.after else ""
        return ended, wrong + ([problem] if problem else [])

    def check_row(self, row):
        ended, wrong = self.futures[row.number].result()
        status = ended.status
        result = ended.invalid or ("kept" if "result" in status else "-")
        LINES.append((row.number[:25], row.does[:43], status["phase"], status.get("reason", ""),
                      str(status.get("exitCode", "-")), f"{ended.seconds:.1f} s",
                      (result + " " + ended.note).strip()))
        self.assertEqual(wrong, [], f"\nsaw {ended.saw}\n{json.dumps(status)[:3000]}\n{ended.output[-600:]}")

    def test_y_nobody_of_the_tasks_reached_the_canary(self):
        concurrent.futures.wait(list(self.futures.values()))
        hosts = {future.result()[2] for future in self.controls.values()}
        strangers = {address for _, address in self.reached()} - hosts
        self.assertEqual(strangers, set())


def verdict_wrong(verdict, ended):
    status, low, high = ended.status, *verdict.seconds
    wrong = [f"{what}: {value!r}, expected {expected!r}" for what, expected, value in (
        ("phase", verdict.phase, status.get("phase")), ("reason", verdict.reason, status.get("reason", "")),
        ("exitCode", verdict.code, status.get("exitCode")), ("signal", verdict.signal, status.get("signal")))
             if not (value is None if expected is None else fits(expected, value))]
    if not low <= ended.seconds <= high * pods.PATIENCE:
        wrong.append(f"ran for {ended.seconds:.1f} s, expected {low} to {high}")
    return wrong + result_wrong(verdict.result, ended)


def result_wrong(expected, ended):
    result = ended.status.get("result", {})
    if expected is None:
        return []
    if expected == "whole":
        return [f"result: {ended.invalid}"] if ended.invalid or not result else []
    if isinstance(expected, dict):
        got = json.loads(result["json"]) if "json" in result else None
    elif isinstance(expected, str) and not expected.startswith("Result"):
        got = result.get("json")
    else:
        expected, got = ({expected} if isinstance(expected, str) else expected), ended.invalid
        return [] if got in expected else [f"result: {got or result}, expected {expected}"]
    return [] if got == expected else [f"result: {str(result)[:300]} {ended.invalid}, expected {expected}"]


def isolation_wrong(ended):
    isolation = ended.status.get("isolation", {})
    if "cpuSeconds" not in ended.status.get("usage", {}):
        return []  # the runner was killed with the code: nobody reported
    is_whole = isolation.get("network") == "denied" and isolation.get("seccomp") and isolation.get("landlockABI", 0) > 0
    return [] if is_whole and not isolation.get("switchedOff") else [f"isolation: {isolation}"]


def left_behind(uid):
    """Cgroups and directories of that Pod on the node, once the kubelet had time to clean up."""
    if not uid:
        return []
    volumes, until = os.path.join(STATE, "lib/kubelet/pods", uid), time.monotonic() + LEFT_SECONDS
    while True:
        left = [top for top, _, _ in os.walk("/sys/fs/cgroup") if uid in top or uid.replace("-", "_") in top]
        left += [volumes] if os.path.exists(volumes) else []
        if not left or time.monotonic() > until:
            return [f"left on the node: {path}" for path in left]
        time.sleep(0.2)


def chosen():
    only = set(filter(None, os.environ.get("HOSTILE_ONLY", "").split(",")))
    return [row for row in pods.ROWS if not only or row.number in only]


def add_tests():
    for row in chosen():
        setattr(Hostile, "test_row_" + row.number, lambda self, row=row: self.check_row(row))
    for kind, controls in pods.CONTROLS.items():
        for number in controls:
            setattr(Hostile, f"test_x_control_{number}_{kind}",
                    lambda self, kind=kind, number=number: self.check_control(kind, number))


add_tests()

if __name__ == "__main__":
    unittest.main()
