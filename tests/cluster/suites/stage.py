# SPDX-License-Identifier: Apache-2.0
"""What all suites on a cluster stand on: its API, a namespace for each test, tasks, the operator as
a process, the audit log. Tests look at the state of the cluster, never at calls."""
import base64
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.environ.get("AGENTTASK_BUILD", os.path.join(ROOT, "build"))
STATE = os.environ.get("CLUSTER_STATE", "/var/cache/agenttask-cluster/" + os.environ.get("CLUSTER", "agenttask"))
KUBECONFIG = os.path.join(STATE, "kubeconfig")
IMAGE = os.environ.get("IMG", "example.com/agenttask-operator:test")
TASKS = "/apis/execution.agenttask.io/v1alpha1/namespaces/{}/agenttasks"
PROFILES = "/apis/execution.agenttask.io/v1alpha1/runtimeprofiles"
TERMINAL = ("Succeeded", "Failed", "Canceled")
MERGE = "application/merge-patch+json"
HELLO = ('import json\njson.dump({"status": "success", "insight": 42}, open("result.json", "w"))\n'
         'print("hello")\n')


class Refused(Exception):
    def __init__(self, code, status):
        super().__init__(f"{code}: {status.get('message', status)}")
        self.code, self.status = code, status


class Api:
    """The API server as the cluster's admin, or as `user` by impersonation."""

    def __init__(self, kubeconfig=KUBECONFIG, user=None, groups=()):
        beside = os.path.join(os.path.dirname(kubeconfig), "bin/kubectl")  # of a second cluster
        text = subprocess.run([beside if os.path.exists(beside) else kubectl_path(), "--kubeconfig", kubeconfig,
                               "config", "view", "--raw", "--minify", "-o", "json"],
                              check=True, capture_output=True, text=True).stdout
        config = json.loads(text)
        cluster, who = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self.server = urllib.parse.urlsplit(cluster["server"])
        self.context = ssl.create_default_context(cadata=read_pem(cluster, "certificate-authority"))
        with tempfile.NamedTemporaryFile("w") as pem:
            pem.write(read_pem(who, "client-certificate") + "\n" + read_pem(who, "client-key"))
            pem.flush()
            self.context.load_cert_chain(pem.name)
        self.user, self.headers = user, [("Accept", "application/json")]
        if user:
            self.headers += [("Impersonate-User", user)] + [("Impersonate-Group", g) for g in groups]
        self.local = threading.local()

    def connection(self, fresh=False):
        if fresh or not getattr(self.local, "connection", None):
            self.local.connection = http.client.HTTPSConnection(
                self.server.hostname, self.server.port, context=self.context, timeout=60)
        return self.local.connection

    def raw(self, method, path, body=None, kind="application/json", fresh=False):
        """Status and bytes. A connection that was kept too long is opened anew, once."""
        headers = dict(self.headers[:1], **({"Content-Type": kind} if body is not None else {}))
        data = json.dumps(body).encode() if body is not None else None
        try:
            connection = self.connection(fresh)
            connection.putrequest(method, path)
            for name, value in [*headers.items(), *self.headers[1:]]:
                connection.putheader(name, value)
            if data is not None:
                connection.putheader("Content-Length", str(len(data)))
            connection.endheaders(data)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (http.client.HTTPException, OSError):
            self.connection(True)
            if fresh or method != "GET":
                raise
            return self.raw(method, path, body, kind, True)

    def call(self, method, path, body=None, kind="application/json"):
        code, data = self.raw(method, path, body, kind)
        value = json.loads(data) if data[:1] in (b"{", b"[") else {"message": data.decode(errors="replace")}
        if code >= 300:
            raise Refused(code, value)
        return value

    def get(self, path):
        """None: there is none."""
        try:
            return self.call("GET", path)
        except Refused as refused:
            if refused.code == 404:
                return None
            raise

    def items(self, path):
        return self.call("GET", path)["items"]

    def create(self, path, body):
        return self.call("POST", path, body)

    def patch(self, path, body):
        return self.call("PATCH", path, body, MERGE)

    def delete(self, path, **options):
        try:
            return self.call("DELETE", path, {"kind": "DeleteOptions", "apiVersion": "v1", **options})
        except Refused as refused:
            if refused.code != 404:
                raise
            return None


def kubectl_path():
    return os.path.join(STATE, "bin", "kubectl")


def read_pem(entry, name):
    if name + "-data" in entry:
        return base64.b64decode(entry[name + "-data"]).decode()
    with open(entry[name], encoding="utf-8") as file:
        return file.read()


def kubectl(*words, stdin=None, check=True, seconds=120):
    done = subprocess.run([kubectl_path(), "--kubeconfig", KUBECONFIG, *words], input=stdin, text=True,
                          capture_output=True, timeout=seconds)
    if check and done.returncode:
        raise AssertionError(f"kubectl {' '.join(words)}: {done.stdout}{done.stderr}")
    return done


def ctl(verb, component):
    """Makes a part of the cluster fail, and come back: tests/cluster/ctl."""
    done = subprocess.run([os.path.join(ROOT, "tests/cluster/ctl"), os.path.basename(STATE), verb, component],
                          capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise AssertionError(f"ctl {verb} {component}: {done.stdout}{done.stderr}")
    return done.stdout.strip()


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def audit(since=0, state=STATE):
    """Audit events from that offset of the log on; it may be within a line that was being written."""
    with open(os.path.join(state, "log", "audit.log"), "rb") as file:
        file.seek(max(0, since - 1))
        if since:
            file.readline()
        for line in file:
            if line.endswith(b"\n"):
                yield json.loads(line)


def audit_end():
    return os.path.getsize(os.path.join(STATE, "log", "audit.log"))


def pods_made(space, since=0, state=STATE):
    """The names of the Pods that were created there, each as often as it was."""
    return [event["objectRef"]["name"] for event in audit(since, state)
            if event.get("verb") == "create" and event.get("objectRef", {}).get("resource") == "pods" and
            event["objectRef"].get("namespace") == space and "subresource" not in event["objectRef"] and
            event.get("responseStatus", {}).get("code") == 201]


def wait_for(what, seconds=30, every=0.05, why="it does not happen"):
    """What `what` returns, once that is true."""
    until = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > until:
            raise AssertionError(f"{why() if callable(why) else why} within {seconds} s")
        time.sleep(every)


class Manager:
    """The operator as a process of this machine: killed, stopped and measured at will."""

    def __init__(self, *flags, kubeconfig=KUBECONFIG, log=None):
        self.health, self.metrics = free_port(), free_port()
        self.log = log or tempfile.NamedTemporaryFile("w+", prefix="manager-", suffix=".log")
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "manager"), "--kubeconfig", kubeconfig, "--runner-image", IMAGE,
             f"--health-probe-bind-address=127.0.0.1:{self.health}",
             f"--metrics-bind-address=127.0.0.1:{self.metrics}", *flags],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def page(self, port, path):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            return 0, ""

    def is_ready(self):
        return self.page(self.health, "/readyz")[0] == 200

    def wait_ready(self, seconds=20):
        wait_for(lambda: self.is_ready() or self.process.poll() is not None, seconds, why=self.said)
        assert self.process.poll() is None, self.said()
        return self

    def said(self):
        with open(self.log.name, encoding="utf-8", errors="replace") as file:
            return "the operator said: " + file.read()[-4000:]

    def kill(self, number=signal.SIGKILL, seconds=20):
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(seconds)

    def rss_kib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Stage(unittest.TestCase):
    """A namespace of its own for every test, gone afterwards."""

    @classmethod
    def setUpClass(cls):
        cls.api = Api()

    def setUp(self):
        stem = re.sub(r"[^a-z0-9]+", "-", self.id().split(".")[-1].lower()).strip("-")
        self.space = f"t-{stem[:40].strip('-')}-{os.urandom(3).hex()}"
        self.make_space(self.space)

    def make_space(self, name):
        self.api.create("/api/v1/namespaces", {"metadata": {"name": name, "labels": {
            "pod-security.kubernetes.io/enforce": "restricted"}}})
        self.addCleanup(self.drop_space, name)

    def drop_space(self, name):
        for task in self.api.items(TASKS.format(name)):
            self.api.delete(f"{TASKS.format(name)}/{task['metadata']['name']}")
        self.api.delete(f"/api/v1/namespaces/{name}")

    def profile(self, like="python3.11", **changes):
        """A profile like that one, but for what is changed; its name."""
        spec = dict(self.api.get(f"{PROFILES}/{like}")["spec"], **changes)
        name = "t-" + os.urandom(4).hex()
        self.api.create(PROFILES, {"apiVersion": "execution.agenttask.io/v1alpha1", "kind": "RuntimeProfile",
                                   "metadata": {"name": name}, "spec": spec})
        self.addCleanup(self.api.delete, f"{PROFILES}/{name}")
        return name

    def path(self, name="", space=None):
        return TASKS.format(space or self.space) + (f"/{name}" if name else "")

    def task(self, name, source=HELLO, profile="python3.11", space=None, **spec):
        spec = {"runtimeProfile": profile, "code": {"source": source}, **spec}
        return self.api.create(self.path(space=space), {
            "apiVersion": "execution.agenttask.io/v1alpha1", "kind": "AgentTask",
            "metadata": {"name": name}, "spec": spec})

    def get(self, name, space=None):
        return self.api.get(self.path(name, space))

    def status(self, name, space=None):
        return (self.get(name, space) or {}).get("status", {})

    def pod(self, name, space=None):
        return self.api.get(f"/api/v1/namespaces/{space or self.space}/pods/{name}-pod")

    def config_map(self, name, space=None):
        return self.api.get(f"/api/v1/namespaces/{space or self.space}/configmaps/{name}")

    def wait_phase(self, name, *phases, seconds=60, space=None):
        def why():
            pod = self.pod(name, space) or {}
            return (f"{name} does not become {' or '.join(phases)}: {json.dumps(self.status(name, space))}\n"
                    f"pod: {json.dumps(pod.get('status'))}")
        wait_for(lambda: self.status(name, space).get("phase") in phases, seconds, why=why)
        return self.status(name, space)

    def wait_end(self, name, seconds=90, space=None):
        return self.wait_phase(name, *TERMINAL, seconds=seconds, space=space)

    def wait_gone(self, path, seconds=60):
        wait_for(lambda: self.api.get(path) is None, seconds, why=f"{path} does not go")

    def agentctl_words(self, *words, space=None):
        return [os.path.join(BUILD, "agentctl"), "--kubeconfig", KUBECONFIG, "-n", space or self.space, *words]

    def agentctl(self, *words, stdin=None, code=0, seconds=120, space=None, env=None):
        done = subprocess.run(self.agentctl_words(*words, space=space), input=stdin, capture_output=True,
                              text=True, errors="surrogateescape", timeout=seconds,
                              env=env or {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8"},
                              stdin=None if stdin is not None else subprocess.DEVNULL)
        if code is not None:
            self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        return done
