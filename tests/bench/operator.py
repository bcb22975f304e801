#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the operator costs under load, beside the Job controller: a real kube-apiserver and etcd that syncs, fresh
for each peer and round, and a fake kubelet that is the same for both (kubelet.py).

    tests/bench/operator.py [--build DIR] [--rounds N] [--tasks N] [--standing N] [--run-ms MS]
                            [--output-bytes N] [--json FILE]

Burst: N objects in four namespaces by four creators, as fast as they are accepted. Pace: 200 at 20 a second, whatever
becomes of them. A task counts when its verdict stands with its result and its kept output; a Job when it is
complete. The Job's Pod is the operator's own, to the letter; it keeps no output, no result and no intent. The Job
controller's client may send 2000 requests a second (its default of 20 makes it several times slower), and works on 50
Jobs at a time. Writes are counted by the API server. Figures hold for one machine and its load of the moment:
compare within a round."""
import argparse
import asyncio
import contextlib
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import wire

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CLUSTER = os.environ.get("CLUSTER", "bench")
CACHE = os.environ.get("AGENTTASK_CLUSTER_CACHE", os.path.join(ROOT, "build-cluster"))
STATE = "/var/cache/agenttask-cluster/" + CLUSTER
KUBECONFIG = STATE + "/kubeconfig"
CONTROLLER, CREATOR = STATE + "/controller.kubeconfig", STATE + "/creator.kubeconfig"
SPACES = [f"bench-{n}" for n in range(4)]
GROUP = "/apis/execution.agenttask.io/v1alpha1"
PACE, PACED = 20, 200
CODE = "echo hello\necho '{\"insight\":42}' > result.json\n"
TICKS = os.sysconf("SC_CLK_TCK")


# -- the stage -------------------------------------------------------------------------------------

def sh(*words, **environment):
    done = subprocess.run(words, cwd=ROOT, env=dict(os.environ, CLUSTER=CLUSTER, **environment), text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(words)}: {done.stdout[-3000:]}")
    return done.stdout.strip()


def kubectl(*words):
    return sh(STATE + "/bin/kubectl", "--kubeconfig", KUBECONFIG, *words)


def as_pod(name):
    """A kubeconfig as a Pod has it: with the token of a service account, here one that may do everything."""
    kubectl("create", "serviceaccount", name, "-n", "default")
    kubectl("create", "clusterrolebinding", name, "--clusterrole=cluster-admin", f"--serviceaccount=default:{name}")
    with open(KUBECONFIG, encoding="utf-8") as file:
        text = re.sub(r"client-certificate-data: .*\n\s*client-key-data: .*",
                      "token: " + kubectl("create", "token", name, "--duration=8h"), file.read())
    path = f"{STATE}/{name}.kubeconfig"
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def no_audit():
    """The log of all requests is for tests; it would be paid for by those who write most."""
    path = STATE + "/commands/kube-apiserver"
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(re.sub(r" --audit\S+ \S+", "", text))
    sh("tests/cluster/ctl", CLUSTER, "restart", "kube-apiserver")


@contextlib.contextmanager
def cluster():
    sh("tests/cluster/down")
    sh("tests/cluster/up", PARTS="apiserver", FSYNC="yes", AGENTTASK_CLUSTER_CACHE=CACHE)
    try:
        no_audit()
        kubectl("apply", "-f", "config/crd/bases")
        kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
        kubectl("apply", "-f", "profiles/bash.yaml")
        for space in SPACES:  # nobody makes service accounts here
            kubectl("create", "namespace", space)
            kubectl("create", "serviceaccount", "default", "-n", space)
        as_pod("controller")
        as_pod("creator")
        yield
    finally:
        sh("tests/cluster/down")


def certificate(top):
    path = os.path.join(top, "kubelet.pem")
    sh("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
       "-subj", "/CN=bench", "-keyout", path, "-out", path + ".crt")
    with open(path + ".crt", encoding="utf-8") as crt, open(path, "a", encoding="utf-8") as pem:
        pem.write(crt.read())
    return path


class Kubelet:
    def __init__(self, top, options):
        with open(STATE + "/link", encoding="utf-8") as file:
            link = json.loads(sh("ip", "-j", "addr", "show", file.read().strip()))
        address = next(a["local"] for a in link[0]["addr_info"] if a["family"] == "inet")
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(ROOT, "tests/bench/kubelet.py"), KUBECONFIG, address, certificate(top),
             str(options.run_ms), str(options.output_bytes)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def seen(self):
        """By namespace/owner: when its Pod was first seen."""
        return json.loads(self.process.communicate()[0])


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(pid):
    """MiB: resident, its peak, and what is of this process alone."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        text = file.read()
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        rollup = file.read()
    private = sum(int(size) for size in re.findall(r"Private_\w+:\s+(\d+)", rollup))
    return {"rss": int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024,
            "peak": int(re.search(r"VmHWM:\s+(\d+)", text)[1]) / 1024, "private": private / 1024}


# -- the peers -------------------------------------------------------------------------------------

class Operator:
    name, plural, path = "operator", "agenttasks", GROUP + "/namespaces/{}/agenttasks"

    def __init__(self, build, top):
        self.health = free_port()
        config = os.path.join(top, "config.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("maxRunningPerTenant: 0\n")
        self.log = open(os.path.join(top, "manager.log"), "w", encoding="utf-8")
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [os.path.join(build, "manager"), "--kubeconfig", CONTROLLER, "--runner-image", "bench.invalid/operator:1",
             f"--health-probe-bind-address=127.0.0.1:{self.health}", "--metrics-bind-address=0", "--config", config],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        while not self.is_ready():
            assert self.process.poll() is None, f"the operator ended: see {self.log.name}"
            time.sleep(0.005)
        self.seconds_to_ready = time.monotonic() - self.began

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health}/readyz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def body(self, space, name):
        return {"apiVersion": "execution.agenttask.io/v1alpha1", "kind": "AgentTask",
                "metadata": {"name": name, "namespace": space},
                "spec": {"runtimeProfile": "bash", "code": {"source": CODE}, "timeoutSeconds": 60}}

    @staticmethod
    def is_done(value):
        status = value.get("status", {})
        if status.get("phase") in ("Failed", "Canceled"):
            raise AssertionError(json.dumps(status))
        if status.get("phase") != "Succeeded":
            return False
        assert status["result"]["json"] == '{"insight":42}', status
        logs = status["logs"]
        assert logs["complete"] and (logs.get("configMapRef") or logs.get("text")), status
        return True


class JobController:
    name, plural, path = "Job", "jobs", "/apis/batch/v1/namespaces/{}/jobs"
    template = None  # the Pod of a task

    def __init__(self, build, top):
        self.log = open(os.path.join(top, "jobs.log"), "w", encoding="utf-8")
        program = os.path.join(CACHE, "kubernetes-" + os.environ.get("K8S", "1.37"), "kube-controller-manager")
        self.process = subprocess.Popen(
            [program, "--kubeconfig", CONTROLLER, "--controllers=job-controller", "--leader-elect=false",
             "--secure-port=0", "--kube-api-qps=2000", "--kube-api-burst=2000", "--concurrent-job-syncs=50"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        time.sleep(3)
        assert self.process.poll() is None, f"the Job controller ended: see {self.log.name}"

    def body(self, space, name):
        return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "namespace": space},
                "spec": {"backoffLimit": 0, "template": self.template}}

    @staticmethod
    def is_done(value):
        conditions = {c["type"]: c["status"] for c in value.get("status", {}).get("conditions", [])}
        assert "Failed" not in conditions, value["status"]
        return conditions.get("Complete") == "True"


async def take_template(operator):
    """Before there is a kubelet: the Pod of one task, for all Jobs."""
    api = wire.Connection(wire.Server(KUBECONFIG))
    path = operator.path.format(SPACES[0])
    await api.call("POST", path, operator.body(SPACES[0], "template"))
    while True:
        items = json.loads(await api.call("GET", f"/api/v1/namespaces/{SPACES[0]}/pods"))["items"]
        if items:
            break
        await asyncio.sleep(0.1)
    spec = items[0]["spec"]
    for key in ("priority", "preemptionPolicy", "serviceAccount"):
        spec.pop(key, None)
    JobController.template = {"metadata": {"labels": {"app": "bench"}}, "spec": spec}


# -- the load --------------------------------------------------------------------------------------

class Load:
    """Makes objects and notes when each was asked for and when it was done."""

    def __init__(self, peer):
        self.peer, self.server = peer, wire.Server(CREATOR)
        self.asked, self.done, self.changed = {}, {}, asyncio.Event()

    async def watch(self):
        async for event in wire.watch(self.server, self.peer.path.replace("/namespaces/{}", "")):
            value = event["object"]
            key = value["metadata"]["namespace"] + "/" + value["metadata"]["name"]
            if key not in self.done and self.peer.is_done(value):
                self.done[key] = time.monotonic()
                self.changed.set()

    async def make(self, connection, space, name):
        self.asked[space + "/" + name] = time.monotonic()
        await connection.call("POST", self.peer.path.format(space), self.peer.body(space, name),
                              accept=wire.NAMES_ONLY)

    async def burst(self, count):
        async def creator(space, numbers):
            connection = wire.Connection(self.server)
            for n in numbers:
                await self.make(connection, space, f"burst-{n}")

        await asyncio.gather(*(creator(space, range(i, count, len(SPACES))) for i, space in enumerate(SPACES)))

    async def pace(self, count, rate):
        pool, jobs, began = wire.Pool(self.server, 8), [], time.monotonic()
        for n in range(count):
            await asyncio.sleep(max(0, began + n / rate - time.monotonic()))
            space = SPACES[n % len(SPACES)]
            jobs.append(asyncio.create_task(self.make(pool, space, f"pace-{n}")))
        await asyncio.gather(*jobs)

    async def wait(self, watch, count, seconds):
        until = time.monotonic() + seconds
        while len(self.done) < count:
            if time.monotonic() > until:
                await self.give_up(count, seconds)
            if watch.done():
                watch.result()
            self.changed.clear()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.changed.wait(), 1)


    async def give_up(self, count, seconds):
        key = next(key for key in self.asked if key not in self.done)
        path = self.peer.path.format(key.split("/")[0]) + "/" + key.split("/")[1]
        value = json.loads(await wire.Connection(self.server).call("GET", path))
        with open(self.peer.log.name, encoding="utf-8") as file:
            said = [line for line in file if key.split("/")[1] + '"' in line]
        raise AssertionError(f"{len(self.done)} of {count} were done after {seconds} s; {key}: " +
                             json.dumps({k: value.get(k) for k in ("metadata", "status")}, indent=1) + "".join(said))


async def requests(api):
    """What the API server counted: by verb and resource."""
    text = (await api.call("GET", "/metrics", accept="text/plain")).decode()
    counts = {}
    for labels, value in re.findall(r"^apiserver_request_total\{(.*)\} (\S+)$", text, re.M):
        label = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        what = label["resource"] + ("/" + label["subresource"] if label["subresource"] else "")
        key = f"{label['verb']} {what}" + ("" if label["code"].startswith("2") or label["code"] == "0" else
                                           " " + label["code"])
        counts[key] = counts.get(key, 0) + float(value)
    return counts


NOT_THE_PEER = {"POST pods/binding", "PATCH pods/status", "POST agenttasks", "POST jobs"}
WRITES = ("POST", "PUT", "PATCH", "DELETE")


async def settled(api, peer):
    """Until nothing is written any more, and nothing is left to clear."""
    before, still_since = None, time.monotonic()
    while time.monotonic() - still_since < 1.5:
        now = sum(v for k, v in (await requests(api)).items() if k.startswith(WRITES) and "leases" not in k)
        if now != before or (peer.name == "operator" and
                             json.loads(await api.call("GET", "/api/v1/pods?limit=1"))["items"]):
            before, still_since = now, time.monotonic()
        await asyncio.sleep(0.25)


def pids(peer, kubelet):
    return {"controller": peer.process.pid, "kubelet": kubelet.process.pid, "load": os.getpid(),
            "apiserver": int(sh("tests/cluster/ctl", CLUSTER, "pid", "kube-apiserver")),
            "etcd": int(sh("tests/cluster/ctl", CLUSTER, "pid", "etcd"))}


def quantile(values, q):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * q))] if values else float("nan")


async def scenario(load, watch, api, who, peer, make, count, seconds):
    already, counted = len(load.done), await requests(api)
    spent, began = {name: cpu_seconds(pid) for name, pid in who.items()}, time.monotonic()
    await make
    accepted = time.monotonic()
    await load.wait(watch, already + count, seconds)
    ended = max(load.done.values())
    await settled(api, peer)
    after = await requests(api)
    diff = {key: (value - counted.get(key, 0)) / count for key, value in after.items()
            if value != counted.get(key, 0) and "leases" not in key}
    cpu = {name: 1000 / count * (cpu_seconds(pid) - spent[name]) for name, pid in who.items()}
    return {"accepted_per_s": count / (accepted - began), "done_per_s": count / (ended - began),
            "cleared_s": time.monotonic() - 1.5 - began,
            "cpu_per_1000": dict(cpu, all=sum(cpu.values())),
            "requests": {key: round(value, 3) for key, value in sorted(diff.items()) if value >= 0.001},
            "writes": sum(v for k, v in diff.items() if k.startswith(WRITES) and k not in NOT_THE_PEER and
                          "events" not in k),
            "events": sum(v for k, v in diff.items() if k.startswith(WRITES) and "events" in k)}


def latencies(load, seen, prefix):
    keys = [key for key in load.asked if key.split("/")[1].startswith(prefix)]
    pod = [1000 * (seen[key] - load.asked[key]) for key in keys]
    done = [1000 * (load.done[key] - load.asked[key]) for key in keys]
    return {"pod_ms": [quantile(pod, 0.5), quantile(pod, 0.99)], "done_ms": [quantile(done, 0.5), quantile(done, 0.99)]}


async def play(peer, kubelet, count):
    load = Load(peer)
    api = wire.Connection(load.server)
    watch = asyncio.create_task(load.watch())
    for space in SPACES:  # what is made once per namespace is made before
        await load.make(api, space, "warm-up")
    await load.wait(watch, len(SPACES), 60)
    await settled(api, peer)
    who, ret = pids(peer, kubelet), {"idle_mb": memory(peer.process.pid)}
    ret["burst"] = await scenario(load, watch, api, who, peer, load.burst(count), count, 60 + count)
    ret["pace"] = await scenario(load, watch, api, who, peer, load.pace(PACED, PACE), PACED, 120)
    ret["memory_mb"] = memory(peer.process.pid)
    watch.cancel()
    seen = kubelet.seen()
    for part in ("burst", "pace"):
        ret[part].update(latencies(load, seen, part))
    return ret


@contextlib.contextmanager
def running(peer):
    try:
        yield peer
    finally:
        peer.process.terminate()
        peer.process.wait(30)


def prepare(options):
    """The Pod that all Jobs get."""
    with cluster(), tempfile.TemporaryDirectory(prefix="bench-") as top, running(Operator(options.build, top)) as first:
        asyncio.run(take_template(first))


def run_round(kind, options):
    with cluster(), tempfile.TemporaryDirectory(prefix="bench-") as top, running(kind(options.build, top)) as peer:
        kubelet = Kubelet(top, options)
        with running(kubelet):
            return asyncio.run(play(peer, kubelet, options.tasks))


# -- finished tasks that stand -----------------------------------------------------------------------

async def stand(operator, count):
    """One task that ran; then so many that look as if they had."""
    load = Load(operator)
    watch = asyncio.create_task(load.watch())
    admin = wire.Connection(load.server)
    await load.make(admin, SPACES[0], "model")
    await load.wait(watch, 1, 60)
    watch.cancel()
    model = json.loads(await admin.call("GET", operator.path.format(SPACES[0]) + "/model"))
    pool = wire.Pool(load.server, 16)

    async def one(n):
        space, name = SPACES[n % len(SPACES)], f"standing-{n}"
        body, path = operator.body(space, name), operator.path.format(space)
        body["metadata"]["finalizers"] = model["metadata"]["finalizers"]
        text = json.dumps(model["status"]).replace("model-", name + "-")
        await pool.call("POST", path, body, accept=wire.NAMES_ONLY)
        await pool.call("PATCH", f"{path}/{name}/status", {"status": json.loads(text)}, kind=wire.MERGE,
                        accept=wire.NAMES_ONLY)

    operator.process.kill()
    for first in range(0, count, 500):
        await asyncio.gather(*(one(n) for n in range(first, min(count, first + 500))))


def run_standing(options):
    with cluster(), tempfile.TemporaryDirectory(prefix="bench-") as top:
        with running(Operator(options.build, top)) as operator:
            time.sleep(3)
            idle = memory(operator.process.pid)
            with running(Kubelet(top, options)):
                asyncio.run(stand(operator, options.standing))
        ready, found = [], []
        for _ in range(3):
            with running(Operator(options.build, top)) as operator:
                ready.append(operator.seconds_to_ready)
                time.sleep(3)
                found.append(memory(operator.process.pid))
        return {"idle_mb": idle, "ready_s": ready, "memory_mb": found}


# -- what is printed ---------------------------------------------------------------------------------

ROWS = (  # what, where in a round's figures, digits
    ("burst: done/s", ("burst", "done_per_s"), 1),
    ("burst: accepted/s", ("burst", "accepted_per_s"), 1),
    ("burst: create to Pod, p50 ms", ("burst", "pod_ms", 0), 0),
    ("burst: create to Pod, p99 ms", ("burst", "pod_ms", 1), 0),
    ("burst: until all is cleared, s", ("burst", "cleared_s"), 1),
    ("20/s: create to Pod, p50 ms", ("pace", "pod_ms", 0), 1),
    ("20/s: create to Pod, p99 ms", ("pace", "pod_ms", 1), 1),
    ("20/s: create to done, p50 ms", ("pace", "done_ms", 0), 1),
    ("20/s: create to done, p99 ms", ("pace", "done_ms", 1), 1),
    ("writes per object, burst", ("burst", "writes"), 2),
    ("writes per object, 20/s", ("pace", "writes"), 2),
    ("Events per object, burst", ("burst", "events"), 2),
    ("controller CPU-s per 1000, burst", ("burst", "cpu_per_1000", "controller"), 2),
    ("controller CPU-s per 1000, 20/s", ("pace", "cpu_per_1000", "controller"), 2),
    ("apiserver CPU-s per 1000, burst", ("burst", "cpu_per_1000", "apiserver"), 1),
    ("etcd CPU-s per 1000, burst", ("burst", "cpu_per_1000", "etcd"), 1),
    ("kubelet CPU-s per 1000, burst", ("burst", "cpu_per_1000", "kubelet"), 1),
    ("load CPU-s per 1000, burst", ("burst", "cpu_per_1000", "load"), 1),
    ("all CPU-s per 1000, burst", ("burst", "cpu_per_1000", "all"), 1),
    ("controller RSS, MB", ("memory_mb", "rss"), 1),
    ("controller RSS at its peak, MB", ("memory_mb", "peak"), 1),
    ("controller private memory, MB", ("memory_mb", "private"), 1),
)


def pick(value, path):
    for key in path:
        value = value[key]
    return value


def show(rounds):
    names = list(rounds)
    print(f"{'':36}" + "".join(f"{name + ' (min-max)':>28}" for name in names))
    for title, path, digits in ROWS:
        line = f"{title:36}"
        for name in names:
            values = [pick(one, path) for one in rounds[name]]
            line += (f"{statistics.median(values):12.{digits}f} "
                     f"({min(values):.{digits}f}-{max(values):.{digits}f})").rjust(28)
        print(line)
    if len(names) == 2:
        ratios = [a["burst"]["done_per_s"] / b["burst"]["done_per_s"] for a, b in zip(*rounds.values())]
        costs = [b["burst"]["cpu_per_1000"]["all"] / a["burst"]["cpu_per_1000"]["all"] for a, b in
                 zip(*rounds.values())]
        print(f"Job / operator, all CPU-s, by round: {', '.join(f'{c:.2f}' for c in costs)}; median "
              f"{statistics.median(costs):.2f}: what done/s come to where the processor is the limit")
        print(f"operator / Job, done/s, by round: {', '.join(f'{r:.2f}' for r in ratios)}; "
              f"median {statistics.median(ratios):.2f} (wanted: 0.8)")
    for name in names:
        print(f"requests per {name}, burst: " + ", ".join(
            f"{value:.2f} {key}" for key, value in rounds[name][-1]["burst"]["requests"].items() if value >= 0.01))


def show_standing(figures, count):
    found = [f"{key} {statistics.median(one[key] for one in figures['memory_mb']):.1f}" for key in
             ("rss", "peak", "private")]
    print(f"idle: rss {figures['idle_mb']['rss']:.1f} MB, private {figures['idle_mb']['private']:.1f} MB")
    print(f"{count} finished tasks standing: {', '.join(found)} MB; ready after "
          f"{statistics.median(figures['ready_s']):.2f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--standing", type=int, default=10000)
    parser.add_argument("--run-ms", type=int, default=0, help="how long a Pod is seen running; 0: not at all")
    parser.add_argument("--output-bytes", type=int, default=100, help="what a task prints")
    parser.add_argument("--only", choices=("operator", "Job"), help="one peer alone")
    parser.add_argument("--json", help="where to leave all figures")
    options = parser.parse_args()
    kinds = [kind for kind in (Operator, JobController) if options.only in (None, kind.name)]
    rounds, standing = {kind.name: [] for kind in kinds}, None
    if JobController in kinds and options.rounds:
        prepare(options)
    for number in range(options.rounds):
        for kind in kinds if number % 2 == 0 else kinds[::-1]:
            rounds[kind.name].append(run_round(kind, options))
            print(f"round {number + 1}: {kind.name} {rounds[kind.name][-1]['burst']['done_per_s']:.1f}/s",
                  file=sys.stderr, flush=True)
    if options.rounds:
        show(rounds)
    if options.standing:
        standing = run_standing(options)
        show_standing(standing, options.standing)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"rounds": rounds, "standing": standing}, file, indent=1)


if __name__ == "__main__":
    main()
