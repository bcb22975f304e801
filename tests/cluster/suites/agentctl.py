# SPDX-License-Identifier: Apache-2.0
"""agentctl on a cluster: every command and flag as on one machine."""
import contextlib
import json
import os
import pty
import re
import select
import signal
import subprocess
import tempfile
import time
import unittest

from stage import HELLO, KUBECONFIG, Stage, audit, audit_end, kubectl, wait_for

COUNTING = ('import sys, time\nfor i in range(int(sys.argv[1])):\n    print("line", i, flush=True)\n'
            '    time.sleep(0.5)\n')
SLEEP = 'import time\nprint("first", flush=True)\ntime.sleep(300)\n'
HOSTILE = 'import sys\nsys.stdout.buffer.write(b"\\x1b[2J\\x1b]0;owned\\x07\\xff\\x9b31m\\r\\x08\\x00end\\n")\n'
FILES = ('import os\nos.mkdir("deep")\nopen("a.txt", "w").write("hello\\n")\n'
         'open("deep/b.bin", "wb").write(bytes(range(256)))\n')


class Client(Stage):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix="agentctl-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def file(self, text, name="agent.py"):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def start(self, *words, **options):
        process = subprocess.Popen(self.agentctl_words(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   stdin=subprocess.DEVNULL, text=True, errors="surrogateescape",
                                   env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"}, **options)
        self.addCleanup(stop, process)
        return process

    def json(self, *words):
        return json.loads(self.agentctl(*words, "-o", "json").stdout)


def stop(process):
    if process.poll() is None:
        process.kill()
    process.communicate()


class Runs(Client):
    def test_streams_live_and_ends_with_the_code(self):
        process = self.start("run", self.file(COUNTING), "--", "4")
        times = []
        for line in process.stdout:
            times.append(time.monotonic())
            self.assertEqual(line, f"line {len(times) - 1}\n")
        self.assertEqual(process.wait(30), 0)
        self.assertEqual(len(times), 4)
        self.assertGreater(times[-1] - times[0], 1, "the lines come as they are written")

    def test_exit_codes(self):
        file = self.file("import sys\nsys.exit(int(sys.argv[1]))\n")
        for code in (0, 3, 125, 255):
            self.agentctl("run", file, "--", str(code), code=code)

    def test_timeout_is_124(self):
        done = self.agentctl("run", "--timeout", "2s", self.file(SLEEP), code=124)
        self.assertEqual(done.stdout, "first\n")
        self.assertRegex(done.stderr, r"^agent-\w+: Failed: Timeout: ")

    def test_what_cannot_run_is_125(self):
        profile = self.profile(command=["/nowhere/python"])
        self.assertIn("StartFailed", self.agentctl("run", "-p", profile, self.file(HELLO), code=125).stderr)

    def test_out_of_memory_is_137(self):
        self.agentctl("run", "-m", "64Mi", self.file("x = bytearray(400 << 20)\n"), code=137)

    def test_interrupt_cancels(self):
        process = self.start("run", "--name", "t", self.file(SLEEP))
        self.assertEqual(process.stdout.readline(), "first\n")
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, said)
        self.assertIn("canceling t", said)
        self.assertEqual(self.status("t")["phase"], "Canceled")

    def test_second_interrupt_leaves_it_to_itself(self):
        traps = 'import signal, time\nsignal.signal(15, lambda *_: None)\n' + SLEEP + "time.sleep(300)\n"
        process = self.start("run", "--name", "t", self.file(traps))
        self.assertEqual(process.stdout.readline(), "first\n")
        process.send_signal(signal.SIGINT)
        self.assertIn("canceling t", process.stderr.readline())
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=3)
        self.assertEqual(process.returncode, 130, said)
        self.assertIn("left to itself", said)
        self.wait_phase("t", "Canceled")

    def test_detached_then_waited_for(self):
        done = self.agentctl("run", "-d", "--name", "t", self.file(HELLO))
        self.assertEqual(done.stdout, "agenttask.execution.agenttask.io/t created\n")
        done = self.agentctl("wait", "t", "--timeout", "60s")
        self.assertEqual(done.stdout, "agenttask.execution.agenttask.io/t condition met\n")
        self.assertEqual(self.agentctl("logs", "t").stdout, "hello\n")
        self.assertEqual(json.loads(self.agentctl("result", "t").stdout), {"status": "success", "insight": 42})

    def test_wait_shows_the_ending(self):
        done = self.agentctl("run", "--wait", "--name", "t", self.file(HELLO))
        self.assertEqual(done.stdout, "agenttask.execution.agenttask.io/t Succeeded\n")
        done = self.agentctl("run", "-o", "json", self.file(HELLO))
        self.assertEqual(json.loads(done.stdout)["status"]["phase"], "Succeeded")

    def test_rm_leaves_nothing(self):
        self.assertEqual(self.agentctl("run", "--rm", "--name", "t", self.file(HELLO)).stdout, "hello\n")
        self.assertIsNone(self.get("t"))

    def test_what_the_code_gets(self):
        file = self.file('import os, sys\nprint(sys.argv[1:], os.environ["A"], os.environ["OWN"], '
                         'sys.stdin.read())\n')
        done = self.agentctl("run", "-i", "-e", "A=b c", "-e", "OWN", file, "--", "x", "--y", "z z", stdin="in put",
                             env={"PATH": os.environ["PATH"], "OWN": "mine"})
        self.assertEqual(done.stdout, "['x', '--y', 'z z'] b c mine in put\n")

    def test_limits_and_times_reach_the_task(self):
        self.agentctl("run", "-d", "--name", "t", "--cpu", "250m", "-m", "200Mi", "--ephemeral-storage", "20Mi", "-t",
                      "90s", "--ttl", "2m", "-p", "python3.11", self.file(HELLO))
        spec = self.get("t")["spec"]
        self.assertEqual(spec["resources"]["limits"], {"cpu": "250m", "memory": "200Mi", "ephemeral-storage": "20Mi"})
        self.assertEqual((spec["timeoutSeconds"], spec["ttlSecondsAfterFinished"]), (90, 120))

    def test_ttl_takes_it_away(self):
        self.agentctl("run", "--name", "t", "--ttl", "1s", self.file(HELLO))
        self.wait_gone(self.path("t"), 30)

    def test_the_same_key_never_runs_twice(self):
        words = ("run", "--idempotency-key", "order 17", self.file("import uuid\nprint(uuid.uuid4())\n"))
        first, second = self.agentctl(*words), self.agentctl(*words)
        self.assertEqual(first.stdout, second.stdout)
        self.assertIn("nothing is run again", second.stderr)
        self.assertEqual(len(self.api.items(self.path())), 1)
        self.assertEqual(self.agentctl(*words, "-d").stdout.split()[1], "unchanged")
        other = self.agentctl("run", "--idempotency-key", "order 17", self.file("print()\n"), code=1)
        self.assertIn("was used for another program", other.stderr)

    def test_raw_and_quiet(self):
        file = self.file(HOSTILE)
        plain = self.agentctl("run", "-q", file)
        self.assertEqual(plain.stderr, "")
        self.assertNotRegex(plain.stdout, r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
        self.assertIn("\\x1b[2J", plain.stdout)
        raw = self.agentctl("run", "--raw", file)
        self.assertTrue(raw.stdout.startswith("\x1b[2J\x1b]0;owned\x07"))

    def test_dry_run_asks_the_server_and_stores_nothing(self):
        done = self.agentctl("run", "--dry-run", "--name", "t", self.file(HELLO))
        self.assertEqual(done.stdout, "agenttask.execution.agenttask.io/t created (dry run)\n")
        self.assertIn("uid", self.json("run", "--dry-run", self.file(HELLO))["metadata"])
        self.assertEqual(self.api.items(self.path()), [])

    def test_manifest_of_several_documents(self):
        text = ""
        for name in ("one", "two"):
            text += ("---\napiVersion: execution.agenttask.io/v1alpha1\nkind: AgentTask\nmetadata:\n"
                     f"  name: {name}\nspec:\n  runtimeProfile: python3.11\n  code:\n    source: |\n"
                     f"      print('{name}')\n")
        self.assertEqual(self.agentctl("run", "-f", self.file(text, "tasks.yaml")).stdout, "one\ntwo\n")
        self.assertEqual(self.agentctl("run", "--dry-run", "-f", "-", stdin=text.replace("name: ", "name: x")).stdout,
                         "agenttask.execution.agenttask.io/xone created (dry run)\n"
                         "agenttask.execution.agenttask.io/xtwo created (dry run)\n")

    def test_name_is_taken(self):
        self.task("t")
        self.assertIn("already exists", self.agentctl("run", "--name", "t", self.file(HELLO), code=1).stderr)


class Terminals(Client):
    def on_terminal(self, *words, until=None):
        """What `agentctl words` shows on a terminal, to its end or until it shows that; its exit code."""
        pid, fd = pty.fork()
        if pid == 0:
            words = self.agentctl_words(*words)
            os.execve(words[0], words, {"PATH": os.environ["PATH"], "TERM": "xterm", "HOME": "/nonexistent"})
        shown, end = "", time.monotonic() + 90
        with contextlib.suppress(OSError):  # its end
            while time.monotonic() < end and not (until and re.search(until, shown)):
                if select.select([fd], [], [], 1)[0]:
                    shown += os.read(fd, 65536).decode(errors="surrogateescape")
        if until or time.monotonic() >= end:
            os.kill(pid, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(fd)
        return shown, code

    def test_progress_on_a_terminal(self):
        shown, code = self.on_terminal("run", self.file(COUNTING), "--", "2")
        self.assertEqual(code, 0, shown)
        self.assertRegex(shown, r"\r\x1b\[K(accepted|Pending|Scheduled|ImagePulling|pulling the image|starting) \d+s")
        self.assertIn("\r\x1b[Kline 0\r\n", shown, "the line of progress gives way to the output")

    def test_progress_says_what_it_waits_for(self):
        missing, huge = self.profile(image="example.com/nowhere/absent:1"), self.profile(
            resources={"default": {"cpu": "900"}, "max": {"cpu": "900"}})
        for profile, what in ((missing, "pulling the image"), (huge, "Unschedulable")):
            shown, _ = self.on_terminal("run", "-p", profile, self.file(HELLO), until=what)
            self.assertRegex(shown, rf"\r\x1b\[K{what}")

    def test_bytes_of_a_task_do_not_reach_the_terminal(self):
        shown, _ = self.on_terminal("run", "-q", self.file(HOSTILE))
        self.assertNotRegex(shown, r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
        self.task("t", HOSTILE, env=[{"name": "A", "value": "\x1b[31mred"}])
        self.wait_end("t")
        for words in (("logs", "t"), ("describe", "t"), ("get", "t", "-o", "yaml"), ("get", "t", "-o", "json")):
            shown, _ = self.on_terminal(*words)
            self.assertNotRegex(shown, r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", words)

    def test_raw_is_not_for_a_terminal(self):
        self.assertEqual(self.on_terminal("run", "--raw", self.file(HELLO))[1], 2)


class Looks(Client):
    def test_the_table_is_that_of_kubectl(self):
        self.task("good")
        self.task("bad", "import sys\nsys.exit(3)\n")
        self.wait_end("good")
        self.wait_end("bad")
        for words in ((), ("-o", "wide")):
            def tables(words=words):
                ours = self.agentctl("list", *words).stdout
                theirs = kubectl("-n", self.space, "get", "atask", *words).stdout
                return [re.sub(r" +$", "", text, flags=re.M) for text in (ours, theirs)]
            wait_for(lambda: len(set(tables())) == 1, 5, why=lambda: "\n".join(tables()))

    def test_all_namespaces(self):
        other = self.space + "-b"
        self.make_space(other)
        self.task("here")
        self.task("there", space=other)
        rows = [line.split()[:2] for line in self.agentctl("list", "-A").stdout.splitlines()]
        self.assertEqual(rows[0], ["NAMESPACE", "NAME"])
        self.assertIn([self.space, "here"], rows)
        self.assertIn([other, "there"], rows)

    def test_labels_are_selected_by_the_server(self):
        self.task("a")
        self.task("b")
        kubectl("-n", self.space, "label", "atask", "a", "team=red")
        since = audit_end()
        self.assertEqual(self.agentctl("list", "-l", "team in (red)", "-o", "name").stdout,
                         "agenttask.execution.agenttask.io/a\n")
        self.assertEqual(self.agentctl("list", "-l", "team!=red", "-o", "name").stdout,
                         "agenttask.execution.agenttask.io/b\n")
        asked = wait_for(lambda: [e["requestURI"] for e in audit(since) if self.space in e["requestURI"] and
                                  "labelSelector" in e["requestURI"]], 5)
        self.assertGreaterEqual(len(asked), 2)
        self.assertEqual(self.agentctl("delete", "-l", "team=red").stdout,
                         'agenttask.execution.agenttask.io "a" deleted\n')
        self.assertIsNone(self.get("a"))

    def test_documents(self):
        self.task("t")
        self.wait_end("t")
        ours, theirs = self.json("get", "t"), self.get("t")
        self.assertEqual(ours["status"], theirs["status"])
        self.assertEqual(ours["spec"], {name: value for name, value in theirs["spec"].items()
                                        if name not in ("backend", "priority")}, "all but the defaults")
        self.assertEqual(self.json("get")["items"][0], ours)
        self.assertEqual(self.agentctl("get", "t", "-o", "jsonpath={.status.phase}").stdout, "Succeeded")
        self.assertIn("phase: Succeeded\n", self.agentctl("get", "t", "-o", "yaml").stdout)
        self.assertEqual(self.agentctl("get", "@latest", "-o", "name").stdout,
                         "agenttask.execution.agenttask.io/t\n")

    def test_watching_a_list(self):
        self.task("old")
        self.wait_end("old")
        process = self.start("list", "-w")
        self.assertIn("NAME", process.stdout.readline())
        self.assertRegex(process.stdout.readline(), r"^old +Succeeded")
        self.task("new")
        phases = []
        while not phases or phases[-1] != "Succeeded":
            words = process.stdout.readline().split()
            self.assertEqual(words[0], "new", words)
            phases.append(words[1])
        self.assertIn("Running", phases)

    def test_watching_one(self):
        self.task("t", COUNTING, args=["2"])
        self.task("other")
        process = self.start("get", "t", "-w", "-o", "jsonpath={.metadata.name} {.status.phase}\n")
        for line in process.stdout:
            self.assertTrue(line.startswith("t "), line)
            if line == "t Succeeded\n":
                break
        stop(process)

    def test_description(self):
        self.task("t")
        self.wait_end("t")
        shown = self.agentctl("describe", "t").stdout
        for line in ("Name:            t\n", f"Namespace:       {self.space}\n", "Phase:           Succeeded\n",
                     "Pod:             t-pod\n", "  JSON:          {\"status\":\"success\",\"insight\":42}\n",
                     "  Complete:      true\n", "  Image:         docker.io/library/python:3.11-slim\n"):
            self.assertIn(line, shown)

    def test_profiles(self):
        rows = [line.split() for line in self.agentctl("profiles").stdout.splitlines()]
        self.assertEqual(rows[0], ["NAME", "TIMEOUT", "MAXTIMEOUT", "EGRESS", "IMAGE"])
        self.assertIn(["python3.11", "5m", "24h", "none", "docker.io/library/python:3.11-slim"], rows)
        self.assertEqual(self.json("profiles", "bash")["metadata"]["name"], "bash")
        self.assertIn("has no runtime profile", self.agentctl("profiles", "perl", code=3).stderr)


class Output(Client):
    def test_followed_while_it_runs_and_read_afterwards(self):
        self.task("t", COUNTING, args=["6"])
        whole = "".join(f"line {i}\n" for i in range(6))
        self.assertEqual(self.agentctl("logs", "-f", "t").stdout, whole, "from before it was scheduled to its end")
        self.wait_end("t")
        self.assertEqual(self.agentctl("logs", "t").stdout, whole)
        self.assertEqual(self.agentctl("logs", "-f", "t").stdout, whole)
        self.assertEqual(self.agentctl("logs", "t", "--tail", "2").stdout, "line 4\nline 5\n")
        self.assertEqual(self.agentctl("logs", "t", "--tail", "0").stdout, "")
        self.assertIn("has no times", self.agentctl("logs", "t", "--timestamps", code=1).stderr)

    def test_choice_of_lines_while_it_runs(self):
        self.task("t", 'import time\nprint("a\\nb\\nc", flush=True)\ntime.sleep(4)\nprint("d", flush=True)\n'
                  'time.sleep(300)\n')
        self.wait_phase("t", "Running")
        wait_for(lambda: self.agentctl("logs", "t").stdout == "a\nb\nc\nd\n", 20)
        self.assertEqual(self.agentctl("logs", "t", "--tail", "1").stdout, "d\n")
        self.assertEqual(self.agentctl("logs", "t", "--since", "1h").stdout, "a\nb\nc\nd\n")
        self.assertRegex(self.agentctl("logs", "t", "--timestamps", "--tail", "1").stdout,
                         r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z d\n$")
        time.sleep(3)
        self.assertEqual(self.agentctl("logs", "t", "--since", "2s").stdout, "")

    def test_artifacts(self):
        self.task("t", FILES)
        self.wait_end("t")
        rows = [line.split()[0::2] for line in self.agentctl("artifacts", "t").stdout.splitlines()]
        self.assertEqual(rows[0], ["SIZE", "PATH"])
        self.assertEqual(sorted(rows[1:]), [["256", "deep/b.bin"], ["6", "a.txt"]])
        into = os.path.join(self.folder, "out")
        self.agentctl("artifacts", "t", "-o", into)
        with open(os.path.join(into, "deep", "b.bin"), "rb") as file:
            self.assertEqual(file.read(), bytes(range(256)))

    def test_no_result(self):
        self.task("t", "pass\n")
        self.wait_end("t")
        self.assertIn("ResultMissing", self.agentctl("result", "t", code=1).stderr)


class Waits(Client):
    def test_wait_does_not_poll(self):
        self.task("t", COUNTING, args=["8"])
        since = audit_end()
        self.agentctl("wait", "t")
        time.sleep(0.5)
        seen = [e for e in audit(since) if e["stage"] == "ResponseComplete" and
                e["requestURI"].startswith(self.path())]
        asked = [e["requestURI"] for e in seen if "agentctl" in e.get("userAgent", "")]
        changes = [e for e in seen if e["verb"] in ("patch", "update")]
        self.assertGreater(len(asked), 1)
        self.assertLessEqual(len(asked), 2 * (len(changes) + 2), asked)

    def test_endings(self):
        self.task("t", "import sys\nsys.exit(7)\n")
        self.assertIn("over without Succeeded: Failed (PodFailed)", self.agentctl("wait", "t", code=1).stderr)
        self.agentctl("wait", "t", "--for=condition=Finished")
        self.agentctl("wait", "t", "--exit-code", code=7)

    def test_gives_up(self):
        self.task("t", SLEEP)
        began = time.monotonic()
        self.agentctl("wait", "t", "--timeout", "1s", code=5)
        self.assertLess(time.monotonic() - began, 5)

    def test_deletion_ends_it(self):
        self.task("t", SLEEP)
        self.wait_phase("t", "Running")
        process = self.start("wait", "t")
        time.sleep(1)
        self.assertEqual(self.agentctl("delete", "t").stdout, 'agenttask.execution.agenttask.io "t" deleted\n')
        self.assertIsNone(self.get("t"), "delete returns when it is gone")
        self.assertIn(process.wait(20), (1, 3), "stopped first, then gone")

    def test_cancel(self):
        self.task("t", SLEEP)
        self.wait_phase("t", "Running")
        self.agentctl("cancel", "t")
        self.agentctl("wait", "t", "--exit-code", code=130)
        self.assertIn("is over", self.agentctl("cancel", "t", code=1).stderr)


class Doors(Client):
    """Which cluster, which namespace, as whom."""

    def config(self, **changes):
        config = json.loads(kubectl("config", "view", "--raw", "--minify", "-o", "json").stdout)
        config["clusters"][0]["cluster"].update(changes.get("cluster", {}))
        config["contexts"][0]["context"].update(changes.get("context", {}))
        user = config["users"][0]["user"]
        if "user" in changes:
            config["users"][0]["user"] = dict(user, **changes["user"]) if "as" in changes["user"] else changes["user"]
        return self.file(json.dumps(config), "config")

    def bare(self, *words, config=KUBECONFIG, code=0):
        words = [self.agentctl_words()[0], *words]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
                              env={"PATH": os.environ["PATH"], "HOME": self.folder, "KUBECONFIG": config})
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        return done

    def test_namespace_of_the_context(self):
        """Promise H61."""
        config = self.config(context={"namespace": self.space})
        self.bare("run", "-d", "--name", "t", self.file(HELLO), config=config)
        self.assertIsNotNone(self.get("t"))
        self.assertEqual(self.bare("list", "-o", "name", config=config).stdout,
                         "agenttask.execution.agenttask.io/t\n")
        self.assertEqual(self.bare("list", "-n", "kube-system", "-o", "name", config=config).stdout, "")

    def test_local_needs_no_cluster(self):
        dead = self.config(cluster={"server": "https://127.0.0.1:1"})
        self.assertEqual(self.bare("list", "--local", config=dead).stderr, "No resources found.\n")

    def test_this_machine_pays_nothing_for_the_cluster(self):
        for flags, expected in (((), True), (("--local",), False)):
            done = subprocess.run([self.agentctl_words()[0], *flags, "list"], capture_output=True, text=True,
                                  env={"HOME": self.folder, "KUBECONFIG": KUBECONFIG, "LD_DEBUG": "files"},
                                  timeout=60, check=True)
            self.assertEqual("libcurl" in done.stderr, expected, flags)

    def test_server_is_away(self):
        dead = self.config(cluster={"server": "https://127.0.0.1:1"})
        said = self.bare("list", config=dead, code=1).stderr
        self.assertRegex(said, r"^error: list agenttasks: https://127.0.0.1:1: .* \(is the cluster up\? .*\)\n$")
        self.bare("run", self.file(HELLO), config=dead, code=125)

    def test_credentials_are_not_accepted(self):
        said = self.bare("list", config=self.config(user={"token": "expired"}), code=1).stderr
        self.assertRegex(said, r"^error: list agenttasks: HTTP 401 Unauthorized: .* \(log in again: .*\)\n$")

    def test_certificate_is_not_trusted(self):
        config = json.loads(kubectl("config", "view", "--raw", "--minify", "-o", "json").stdout)
        del config["clusters"][0]["cluster"]["certificate-authority-data"]
        said = self.bare("list", config=self.file(json.dumps(config), "untrusted"), code=1).stderr
        self.assertIn("certificate", said)

    def test_no_such_context(self):
        self.assertIn('no context "nope"', self.bare("list", "--context", "nope", code=2).stderr)

    def test_no_such_namespace(self):
        said = self.agentctl("run", self.file(HELLO), space=self.space + "-absent", code=125).stderr
        self.assertIn("not found (kubectl create namespace", said)
        self.agentctl("list", space="a/../b", code=2)

    def test_forbidden(self):
        nobody = self.config(user={"as": "nobody"})
        said = self.bare("list", config=nobody, code=1).stderr
        self.assertIn('User "nobody" cannot list resource "agenttasks"', said)

    def test_an_editor_of_one_namespace(self):
        kubectl("-n", self.space, "create", "rolebinding", "editors", "--clusterrole=edit", "--user=ed")
        editor = self.config(user={"as": "ed"}, context={"namespace": self.space})
        try:
            done = self.bare("run", "--name", "t", self.file(HELLO), config=editor)
        except AssertionError:
            raise unittest.SkipTest("the roles of config/rbac are not installed") from None
        self.assertEqual(done.stdout, "hello\n")
        self.assertEqual(self.bare("logs", "t", config=editor).stdout, "hello\n")
        self.assertIn("insight", self.bare("result", "t", config=editor).stdout)
        self.bare("delete", "t", config=editor)

    def test_long_programs_are_listed(self):
        for i in range(20):
            self.task(f"t{i:02}", "# " + "x" * (500 << 10) + "\n", canceled=True)
        self.assertEqual(len(self.agentctl("list", "-o", "name").stdout.splitlines()), 20)


if __name__ == "__main__":
    unittest.main()
