#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an admission costs, and whether it costs more where there are many tasks: requests a second and p99 of the
operator's port 9443 itself, over 16 TLS connections that stay open, with a real kube-apiserver behind it.

    tests/bench/webhook.py [--build DIR] [--rounds N] [--tasks N] [--seconds S] [--json FILE]

Two operators, each of which looks at one namespace: one is empty, the other holds N finished tasks. They are asked
in turns, round by round, so that whatever else this machine does meets both. The review is what the API server sends
for a task that is accepted; `reference` one whose code lies in a ConfigMap, for which the API server is asked twice.
The client is wrk, on one thread: beside each figure stands how busy it was and how busy the operator."""
import argparse
import importlib.util
import json
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import wire

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CONNECTIONS = 16
PATH = "/validate-execution-agenttask-io-v1alpha1-agenttask"
CODE = "echo hello\necho '{\"insight\":42}' > result.json\n"
KINDS = {"source": {"source": CODE}, "reference": {"configMapRef": {"name": "code", "key": "main.sh"}}}


def load_operator_bench():
    """The stage of tests/bench/operator.py: its name is one of the standard library's."""
    spec = importlib.util.spec_from_file_location("bench_operator", os.path.join(ROOT, "tests/bench/operator.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


bench = load_operator_bench()


class Operator:
    """One that looks at one namespace alone, and reviews."""

    def __init__(self, build, top, space):
        self.space, self.port, self.health = space, bench.free_port(), bench.free_port()
        certificates = os.path.join(top, space)
        os.mkdir(certificates)
        bench.sh("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                 "-days", "2", "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                 certificates + "/tls.key", "-out", certificates + "/tls.crt")
        self.log = open(os.path.join(top, space + ".log"), "w", encoding="utf-8")
        self.process = subprocess.Popen(
            [os.path.join(build, "manager"), "--kubeconfig", bench.CONTROLLER, "--runner-image",
             "bench.invalid/operator:1", "--namespace", space, "--metrics-bind-address=0",
             f"--health-probe-bind-address=127.0.0.1:{self.health}", f"--webhook-cert-dir={certificates}",
             f"--webhook-bind-address=127.0.0.1:{self.port}"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health}/readyz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def wait(self):
        while not self.is_ready():
            assert self.process.poll() is None, f"the operator ended: {open(self.log.name, encoding='utf-8').read()}"
            time.sleep(0.05)

    def ask(self, review):
        """One review, its answer as the API server would read it."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        request = urllib.request.Request(f"https://127.0.0.1:{self.port}{PATH}", json.dumps(review).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:
            return json.load(answer)["response"]


def review_of(space, code):
    """As the API server says it: the object as it stored it, for show only."""
    body = {"apiVersion": "execution.agenttask.io/v1alpha1", "kind": "AgentTask",
            "metadata": {"name": "asked", "namespace": space}, "spec": {"runtimeProfile": "bash", "code": code}}
    path = os.path.join(tempfile.gettempdir(), f"review-{os.getpid()}.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(body, file)
    stored = json.loads(bench.kubectl("create", "--dry-run=server", "--show-managed-fields", "-o", "json", "-f", path))
    os.unlink(path)
    kind = {"group": "execution.agenttask.io", "version": "v1alpha1"}
    return {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002", "kind": {**kind, "kind": "AgentTask"},
        "resource": {**kind, "resource": "agenttasks"}, "requestKind": {**kind, "kind": "AgentTask"},
        "requestResource": {**kind, "resource": "agenttasks"}, "name": "asked", "namespace": space,
        "operation": "CREATE", "userInfo": {"username": "system:serviceaccount:default:creator", "uid": "1", "groups": [
            "system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"]},
        "object": stored, "oldObject": None, "dryRun": False,
        "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1", "fieldManager": "kubectl-create"}}}


async def stand(space, count):
    """So many tasks that are over."""
    pool = wire.Pool(wire.Server(bench.CREATOR), 16)
    path = f"{bench.GROUP}/namespaces/{space}/agenttasks"

    async def one(n):
        body = {"apiVersion": "execution.agenttask.io/v1alpha1", "kind": "AgentTask", "metadata": {"name": f"t{n}"},
                "spec": {"runtimeProfile": "bash", "code": {"source": CODE}}}
        await pool.call("POST", path, body, accept=wire.NAMES_ONLY)
        await pool.call("PATCH", f"{path}/t{n}/status", {"status": {"phase": "Succeeded", "exitCode": 0}},
                        kind=wire.MERGE, accept=wire.NAMES_ONLY)
    for first in range(0, count, 500):
        await bench.asyncio.gather(*(one(n) for n in range(first, min(count, first + 500))))


def press(operator, review, seconds, top):
    """So long, as fast as it goes."""
    path = os.path.join(top, "review.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(review, file)
    spent, began = bench.cpu_seconds(operator.process.pid), time.monotonic()
    used = os.times()
    said = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s",
                           os.path.join(ROOT, "tests/bench/webhook.lua"), f"https://127.0.0.1:{operator.port}{PATH}"],
                          env={**os.environ, "REVIEW": path}, capture_output=True, text=True, check=True).stdout
    elapsed, after = time.monotonic() - began, os.times()
    found = json.loads(said.strip().splitlines()[-1])
    found["per_s"] = found["requests"] / found["seconds"]
    found["client_busy"] = (after.children_user + after.children_system - used.children_user -
                            used.children_system) / elapsed
    found["operator_busy"] = (bench.cpu_seconds(operator.process.pid) - spent) / elapsed
    return found


def measure(options, top):
    operators = [Operator(options.build, top, space) for space in bench.SPACES[:2]]
    figures = {}
    try:
        for operator in operators:
            operator.wait()
            bench.kubectl("create", "configmap", "code", "--from-literal=main.sh=true", "-n", operator.space)
        for what, code in KINDS.items():
            reviews = [review_of(operator.space, code) for operator in operators]
            for operator, review in zip(operators, reviews):
                answer = operator.ask(review)
                assert answer["allowed"], answer
                press(operator, review, 1, top)
            rounds = figures[what] = {"empty": [], "full": []}
            for number in range(options.rounds):
                pairs = list(zip(rounds, operators, reviews))
                for name, operator, review in pairs if number % 2 == 0 else pairs[::-1]:
                    rounds[name].append(press(operator, review, options.seconds, top))
        figures["memory_mb"] = {name: bench.memory(operator.process.pid)
                                for name, operator in zip(("empty", "full"), operators)}
    finally:
        for operator in operators:
            operator.process.terminate()
            operator.process.wait(30)
    return figures


def show(figures, options):
    for what in ("source", "reference"):
        rounds = figures[what]
        for name, title in (("empty", "0 tasks"), ("full", f"{options.tasks} tasks")):
            def median(key, name=name, rounds=rounds):
                return statistics.median(one[key] for one in rounds[name])
            print(f"{what}, {title:12}: {median('per_s'):8.0f}/s   p50 {median('p50_ms'):6.2f} ms   p99 "
                  f"{median('p99_ms'):6.2f} ms   errors {sum(one['errors'] for one in rounds[name])}   busy: operator "
                  f"{100 * median('operator_busy'):.0f} %, client {100 * median('client_busy'):.0f} %")
        ratios = [full["per_s"] / empty["per_s"] for empty, full in zip(rounds["empty"], rounds["full"])]
        figures[what]["ratio"] = statistics.median(ratios)
        print(f"{what}, with {options.tasks} tasks / with none, by round: {', '.join(f'{one:.2f}' for one in ratios)}; "
              f"median {figures[what]['ratio']:.2f}" + (" (wanted: 0.9)" if what == "source" else ""))
    print(", ".join(f"{name}: {one['rss']:.1f} MB" for name, one in figures["memory_mb"].items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tasks", type=int, default=10000)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--json", help="where to leave all figures")
    options = parser.parse_args()
    with bench.cluster(), tempfile.TemporaryDirectory(prefix="bench-") as top:
        bench.asyncio.run(stand(bench.SPACES[1], options.tasks))
        figures = measure(options, top)
    show(figures, options)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=1)
    return 0 if figures["source"]["ratio"] >= 0.9 and not any(
        one["errors"] for name in ("empty", "full") for one in figures["source"][name]) else 1


if __name__ == "__main__":
    sys.exit(main())
