# SPDX-License-Identifier: Apache-2.0
"""Runs programs through agentctl and looks at what they leave behind: the common oracle."""
import ctypes
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time

PROGRAMS = pathlib.Path(__file__).resolve().parent / "programs"
PR_SET_CHILD_SUBREAPER = 36
LEFT_SECONDS = 5
KEPT_FILES = {"lock", "log", "result", "artifacts"}
SIBLING_SECONDS = 10


class Ended:
    """What came of one run."""

    def __init__(self, name, process, output, errors, seconds, peak_kib):
        self.name, self.exit, self.seconds = name, process.returncode, seconds
        self.output, self.errors, self.peak_kib = output, errors, peak_kib
        self.object, self.note = {}, ""

    @property
    def status(self):
        return self.object.get("status", {})

    @property
    def uid(self):
        return self.object.get("metadata", {}).get("uid", "")

    @property
    def invalid(self):
        """ResultInvalid, ResultTooLarge, ResultMissing, or empty."""
        for condition in self.status.get("conditions", []):
            if condition["type"] == "ResultValid" and condition["status"] == "False":
                return condition["reason"]
        return ""

    @property
    def saw(self):
        """What the program reported, and the processors it used on average."""
        seen = {}
        for line in self.output.splitlines():
            if line.startswith(b'{"saw":'):
                seen = json.loads(line)["saw"]
        seconds = float(self.status.get("durations", {}).get("run", "0s").rstrip("s"))
        if seconds > 0 and "usage" in self.status:
            seen["cpus"] = self.status["usage"].get("cpuSeconds", 0) / seconds
        return seen


class Suite:
    def __init__(self, agentctl, patience, canary_type):
        self.binary = os.path.abspath(agentctl)
        self.runner = os.path.join(os.path.dirname(self.binary), "runner")
        self.patience = patience
        self.top = tempfile.mkdtemp(prefix="agenttask-hostile-", dir="/var/tmp")
        self.temporary = os.path.join(self.top, "tmp")
        self.state = os.path.join(self.top, "state", "agenttask")
        os.mkdir(self.temporary)
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": self.top, "TMPDIR": self.temporary,
            "XDG_STATE_HOME": os.path.dirname(self.state), "LANG": "C.UTF-8", "NO_COLOR": "1",
            "KUBERNETES_SERVICE_HOST": "canary", "AWS_SECRET_ACCESS_KEY": "canary"}
        os.environ["HOME"] = self.top
        self.canary = canary_type(self.state)
        self.profiles = {".sh": "bash", ".py": self.python_profile(), ".js": self.node_profile()}
        self.runner_digest = self.digest(self.runner)
        self.known, self.count, self.live = set(), 0, {}
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def close(self):
        self.canary.close()
        shutil.rmtree(self.top, ignore_errors=True)

    @staticmethod
    def digest(path):
        return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()

    # -- profiles ----------------------------------------------------------------------------------

    @staticmethod
    def version(command):
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            return done.stdout.strip()
        except (OSError, subprocess.CalledProcessError):
            return ""

    def python_profile(self):
        program = "import sys; print('python%d.%d' % sys.version_info[:2])"
        return self.version(["/usr/bin/python3", "-c", program])

    def node_profile(self):
        version = self.version(["/usr/bin/node", "-p", "process.versions.node.split('.')[0]"])
        return f"node{version}" if version else ""

    # -- running -----------------------------------------------------------------------------------

    def agentctl(self, *words, text=None):
        return subprocess.run([self.binary, words[0], "--local", *words[1:]], env=self.environment,
                              input=text, capture_output=True, timeout=60 * self.patience,
                              check=False)

    def source(self, program):
        """A file with the program, the prelude in front of hostile Python."""
        path = (PROGRAMS / program).resolve()
        if path.suffix != ".py" or path.parent != PROGRAMS:
            return str(path)
        whole = os.path.join(self.top, path.name)
        with open(whole, "w", encoding="utf-8") as file:
            file.write((PROGRAMS / "prelude.py").read_text() + path.read_text())
        return whole

    def command(self, name, program, args, flags, without):
        words = [self.binary, "run", "--local", "--raw", "--name", name,
                 "--profile", self.profiles[pathlib.Path(program).suffix]]
        flags = {"timeout": 20 * self.patience, "memory": "256Mi", **flags}
        if flags.pop("is_scaled", False): # needs that much work, not that much time
            flags["timeout"] *= self.patience
        text = flags.pop("stdin", None)
        for flag, value in flags.items():
            words += [f"--{flag}", str(value)]
        words += ["--stdin"] if text is not None else []
        words += ["--insecure-without", without] if without else []
        names = dict(self.canary.names, two_seconds=2 * self.patience)
        args = [arg.format_map(names) for arg in args]
        return words + [self.source(program), "--", *args], text

    def start(self, name, program, args=(), flags=(), without=""):
        words, text = self.command(name, program, args, dict(flags), without)
        return subprocess.Popen(words, env=self.environment, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, cwd=self.top,
                                stdin=subprocess.PIPE if text is not None else subprocess.DEVNULL), text

    def run(self, label, row, args, flags, without, during):
        """Runs the program; `during(suite, name)` beside it. Returns Ended and what is wrong."""
        self.count += 1
        name = f"h{self.count}-{re.sub('[^a-z0-9]+', '-', label.lower())}"[:60].rstrip('-')
        sibling = self.start_sibling(name) if row.has_sibling else None
        begin = time.monotonic()
        process, text = self.start(name, row.program, args, flags, without)
        watch = Watch(process, text, [during, self, name] if during else None)
        self.live[name] = watch
        wrong = watch.wait(200 * self.patience)
        ended = Ended(name, process, bytes(watch.output), bytes(watch.errors),
                      time.monotonic() - begin, watch.peak_kib)
        if sibling:
            wrong += self.end_sibling(name, sibling)
        got = self.agentctl("get", name, "-o", "json")
        if got.returncode == 0:
            ended.object = json.loads(got.stdout)
            self.known.add(ended.uid)
        return ended, wrong

    def wait_for_output(self, name, text):
        deadline = time.monotonic() + 5 * self.patience
        while time.monotonic() < deadline:
            if name in self.live and text in self.live[name].output:
                return True
            time.sleep(0.02)
        return False

    # -- a harmless task beside it -----------------------------------------------------------------

    def start_sibling(self, name):
        begin = time.monotonic()
        process, _ = self.start(f"s-{name}", "../benign/pipeline.sh")
        return process, begin

    def end_sibling(self, name, sibling):
        process, begin = sibling
        try:
            process.communicate(timeout=SIBLING_SECONDS * self.patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return [f"a task beside it was not done after {time.monotonic() - begin:.0f} s"]
        self.agentctl("delete", f"s-{name}")
        return [f"a task beside it ended with {process.returncode}"] if process.returncode else []

    # -- the common oracle -------------------------------------------------------------------------

    def oracle(self, ended, hits, may_change):
        wrong = []
        reached = self.canary.take_hits()
        if reached != set(hits):
            wrong.append(f"canary listeners reached: {sorted(reached)}, expected {sorted(hits)}")
        changed = self.canary.changed_files()
        if bool(changed) != may_change:
            wrong.append(f"canary files changed: {changed}")
        if may_change:
            self.canary.restore_files()
        if self.digest(self.runner) != self.runner_digest:
            wrong.append("the runner was changed")
        deadline = time.monotonic() + LEFT_SECONDS * self.patience
        left = self.left_behind(ended)
        while left and time.monotonic() < deadline:
            time.sleep(0.05)
            left = self.left_behind(ended)
        return wrong + left

    def left_behind(self, ended):
        left = [f"process left: {line}" for line in self.processes()]
        left += [f"cgroup left: {path}" for path in cgroups(ended.uid)]
        with open("/proc/self/mountinfo", encoding="utf-8") as file:
            left += [f"mount left: {line.strip()}" for line in file
                     if "agenttask" in line or self.top in line]
        left += [f"file left: {name}" for name in os.listdir(self.temporary)]
        return left + self.files_left()

    def files_left(self):
        runs = pathlib.Path(self.state, "runs")
        if not runs.is_dir():
            return []
        left = [f"run left: {path.name}" for path in runs.iterdir() if path.name not in self.known]
        return left + [f"file left: {path}" for path in runs.glob("*/*")
                       if path.name not in KEPT_FILES]

    def delete(self, ended):
        done = self.agentctl("delete", ended.name)
        if done.returncode:
            return [f"delete: {done.stderr.decode().strip()}"]
        self.known.discard(ended.uid)
        return self.files_left()

    def processes(self):
        """Whatever descends from us: orphans come to us, we are the subreaper."""
        parents, lines = {}, {}
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                text = pathlib.Path("/proc", entry, "stat").read_text(errors="replace")
            except OSError:
                continue
            fields = text[text.rindex(")") + 2:].split()
            if fields[0] == "Z" and int(fields[1]) == os.getpid():
                reap(int(entry))
            elif fields[0] not in "ZX":
                parents[int(entry)], lines[int(entry)] = int(fields[1]), text[:60]
        return [lines[pid] for pid in parents if descends(pid, parents)]


class Watch:
    """Drains a process and keeps an eye on its memory, with a limit on what we keep."""

    KEPT = 64 << 20

    def __init__(self, process, text, during):
        self.process, self.output, self.errors = process, bytearray(), bytearray()
        self.peak_kib, self.wrong = 0, []
        self.threads = [
            threading.Thread(target=self.drain, args=(process.stdout, self.output), daemon=True),
            threading.Thread(target=self.drain, args=(process.stderr, self.errors), daemon=True)]
        if during:
            self.threads.append(threading.Thread(target=self.beside, args=during, daemon=True))
        for thread in self.threads:
            thread.start()
        if text is not None:
            process.stdin.write(text.encode())
            process.stdin.close()

    def drain(self, stream, kept):
        while piece := os.read(stream.fileno(), 1 << 16):
            kept += piece if len(kept) < self.KEPT else b""

    def beside(self, function, suite, name):
        problem = function(suite, name)
        if problem:
            self.wrong.append(problem)

    def wait(self, seconds):
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                self.process.kill()
                self.wrong.append(f"agentctl was not done after {seconds} s")
            self.look()
            time.sleep(0.01)
        for thread in self.threads:
            thread.join(30)
        self.process.stdout.close()
        self.process.stderr.close()
        return self.wrong

    def look(self):
        """The front that we started, and the supervisor that is its child."""
        front = self.process.pid
        try:
            children = pathlib.Path(f"/proc/{front}/task/{front}/children").read_text().split()
        except OSError:
            children = []
        for pid in [front, *children]:
            try:
                text = pathlib.Path(f"/proc/{pid}/status").read_text()
            except OSError:
                continue
            for size in re.findall(r"VmHWM:\s+(\d+)", text):
                self.peak_kib = max(self.peak_kib, int(size))


def reap(pid):
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass


def descends(pid, parents):
    while pid in parents:
        pid = parents[pid]
        if pid == os.getpid():
            return True
    return False


def cgroups(uid):
    if not uid:
        return []
    return [os.path.join(top, name) for top, names, _ in os.walk("/sys/fs/cgroup")
            for name in names if uid in name]
