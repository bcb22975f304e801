#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""agentctl on one machine, as a person uses it: every command, every ending, every bad input.

    tests/e2e/local.py [--build DIRECTORY] [-k PART_OF_NAME]

Tests look at the state of the world afterwards (the store, exit codes, what was printed), not at
calls. Each runs with a state directory of its own."""
import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
AGENTCTL = os.path.join(ROOT, "build", "agentctl")
HELLO = 'import json\njson.dump({"status": "success", "insight": 42}, open("result.json", "w"))\nprint("hello")\n'
UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")


class Local(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="agenttask-e2e-")
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.env = {"PATH": "/usr/bin:/bin", "HOME": self.home, "LANG": "C.UTF-8"}
        self.state = os.path.join(self.home, ".local/state/agenttask")

    def file(self, name, text):
        path = os.path.join(self.home, name)
        mode = "wb" if isinstance(text, bytes) else "w"
        with open(path, mode) as file:
            file.write(text)
        return path

    def ctl(self, *words, stdin=None, code=0, seconds=60, env=None):
        """Runs agentctl; `code` None: any."""
        done = subprocess.run([AGENTCTL, *words], input=stdin, capture_output=True, text=True,
                              errors="surrogateescape", timeout=seconds, env=env or self.env,
                              cwd=self.home, stdin=None if stdin is not None else subprocess.DEVNULL)
        if code is not None:
            self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        return done

    def start(self, *words, **options):
        process = subprocess.Popen([AGENTCTL, *words], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env=self.env, cwd=self.home, **options)
        self.addCleanup(self.finish, process)
        return process

    @staticmethod
    def finish(process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def run_code(self, source, *words, name="t", suffix=".py", **options):
        return self.ctl("run", self.file("code" + suffix, source), "--name", name, *words, **options)

    def get(self, name="t"):
        return json.loads(self.ctl("get", name, "-o", "json").stdout)

    def status(self, name="t"):
        return self.get(name)["status"]

    def wait_for(self, what, seconds=10):
        until = time.monotonic() + seconds
        while not what():
            self.assertLess(time.monotonic(), until, "it does not happen")
            time.sleep(0.02)

    def names(self):
        return self.ctl("list", "-o", "name").stdout.split()

    def one_error(self, done):
        """Exactly one line, on stderr, that says error."""
        self.assertEqual(done.stdout, "")
        lines = done.stderr.splitlines()
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertTrue(lines[0].startswith("error: "), lines[0])
        return lines[0]


class Running(Local):
    def test_the_result_and_the_output_are_there(self):
        done = self.run_code(HELLO)
        self.assertEqual(done.stdout, "hello\n")
        self.assertEqual(self.ctl("result", "t").stdout, '{"status": "success", "insight": 42}\n')
        self.assertEqual(self.ctl("logs", "t").stdout, "hello\n")
        status = self.status()
        self.assertEqual((status["phase"], status["exitCode"]), ("Succeeded", 0))
        self.assertNotIn("reason", status)

    def test_stdout_and_stderr_stay_apart(self):
        done = self.run_code('import sys\nprint("out")\nprint("err", file=sys.stderr)\n')
        self.assertEqual((done.stdout, done.stderr), ("out\n", "err\n"))

    def test_output_without_a_newline_is_not_changed(self):
        self.assertEqual(self.run_code('print("x", end="")').stdout, "x")

    def test_control_bytes_are_shown_not_obeyed(self):
        done = self.run_code('print("a\\x1b[31mb")')
        self.assertNotIn("\x1b", done.stdout)
        self.assertIn("a\\x1b[31mb", done.stdout)

    def test_raw_output_to_a_pipe_is_byte_for_byte(self):
        path = self.file("x.py", "import sys\nsys.stdout.buffer.write(bytes(range(0x1e)))")
        done = subprocess.run([AGENTCTL, "run", "--raw", path], capture_output=True, env=self.env,
                              check=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.stdout, bytes(range(0x1e)))

    def test_the_exit_code_is_the_codes_own(self):
        self.run_code("raise SystemExit(7)", code=7)
        status = self.status()
        self.assertEqual((status["phase"], status["reason"], status["exitCode"]),
                         ("Failed", "PodFailed", 7))

    def test_a_signal_is_128_and_its_number(self):
        self.run_code("import os\nos.kill(os.getpid(), 11)", code=139)
        status = self.status()
        self.assertEqual((status["reason"], status["signal"]), ("PodFailed", 11))

    def test_h11_slow_kill(self):
        code = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(60)"
        begin = time.monotonic()
        self.run_code(code, "--timeout", "1", code=124)
        self.assertLess(time.monotonic() - begin, 1 + 5 + 2)
        self.assertEqual(self.status()["reason"], "Timeout")

    def test_a_timeout_is_a_timeout_even_if_the_code_then_exits_0(self):
        code = ("import signal, sys, time\n"
                "signal.signal(signal.SIGTERM, lambda *a: sys.exit(0))\ntime.sleep(60)")
        self.run_code(code, "--timeout", "1", code=124)
        status = self.status()
        self.assertEqual((status["phase"], status["reason"]), ("Failed", "Timeout"))
        self.assertNotIn("exitCode", status)

    def test_h22_result_only_on_success(self):
        self.run_code(HELLO + "raise SystemExit(3)", code=3)
        self.assertEqual(self.ctl("result", "t").stdout, '{"status": "success", "insight": 42}\n')
        self.assertNotIn("42", self.status().get("message", ""))

    def test_a_task_without_a_result_says_so(self):
        self.run_code("pass")
        self.assertIn("ResultMissing", self.ctl("result", "t", code=1).stderr)

    def test_arguments_environment_and_stdin_arrive(self):
        code = "import os, sys\nprint(sys.argv[1:], os.environ['A'], os.environ['B'], sys.stdin.read())"
        env = dict(self.env, B="from here")
        done = self.run_code(code, "--env", "A=x=y", "--env", "B", "--stdin", "--", "-v", "two words",
                             stdin="typed", env=env)
        self.assertEqual(done.stdout, "['-v', 'two words'] x=y from here typed\n")

    def test_without_stdin_the_code_reads_nothing(self):
        self.assertEqual(self.run_code("import sys\nprint(repr(sys.stdin.read()))").stdout, "''\n")

    def test_nothing_of_our_environment_leaks(self):
        env = dict(self.env, SECRET_TOKEN="hunter2")
        done = self.run_code("import os\nprint(sorted(os.environ))", env=env)
        self.assertNotIn("SECRET_TOKEN", done.stdout)

    def test_signals_reach_the_code_unblocked(self):
        done = self.run_code("import signal\nprint(signal.pthread_sigmask(signal.SIG_BLOCK, []))")
        self.assertEqual(done.stdout, "set()\n")

    def test_the_program_may_come_from_stdin(self):
        done = self.ctl("run", "-", "--profile", "bash", stdin="echo from stdin")
        self.assertEqual(done.stdout, "from stdin\n")

    def test_the_profile_follows_from_the_files_name(self):
        self.run_code("echo $0", suffix=".sh")
        self.assertEqual(self.get()["spec"]["runtimeProfile"], "bash")

    def test_rm_leaves_nothing(self):
        self.run_code(HELLO, "--rm")
        self.assertEqual(self.names(), [])
        self.assertEqual(os.listdir(os.path.join(self.state, "runs")), [])

    def test_ttl_deletes_it_after_its_end(self):
        self.run_code(HELLO, "--ttl", "1")
        self.assertEqual(len(self.names()), 1)
        self.wait_for(lambda: self.names() == [], 5)
        self.assertEqual(os.listdir(os.path.join(self.state, "runs")), [])

    def test_wait_shows_the_ending_alone(self):
        self.assertEqual(self.run_code(HELLO, "--wait").stdout,
                         "agenttask.execution.agenttask.io/t Succeeded\n")

    def test_o_json_prints_the_whole_task_alone(self):
        task = json.loads(self.run_code(HELLO, "-o", "json").stdout)
        self.assertEqual(task["apiVersion"], "execution.agenttask.io/v1alpha1")
        self.assertEqual(task["kind"], "AgentTask")
        self.assertRegex(task["metadata"]["uid"], UUID)
        self.assertEqual(task["status"]["phase"], "Succeeded")
        self.assertEqual(task["status"]["result"]["json"], '{"status":"success","insight":42}')

    def test_dry_run_shows_the_steps_and_stores_nothing(self):
        done = self.run_code(HELLO, "--dry-run")
        for word in ("/workspace/entrypoint.py", "/usr", "proc"):
            self.assertIn(word, done.stdout)
        self.assertEqual(self.names(), [])

    def test_a_manifest_runs_as_it_is_written(self):
        manifest = self.file("task.yaml", f"""
apiVersion: execution.agenttask.io/v1alpha1
kind: AgentTask
metadata:
  name: from-yaml
  labels: {{team: a}}
spec:
  runtimeProfile: bash
  code:
    source: |
      echo "$GREETING $1"; cat
  args: [there]
  env: [{{name: GREETING, value: hello}}]
  stdin: "from the manifest"
""")
        self.assertEqual(self.ctl("run", "-f", manifest).stdout, "hello there\nfrom the manifest")
        self.assertEqual(len(self.ctl("list", "-l", "team=a", "-o", "name").stdout.split()), 1)
        self.assertEqual(self.ctl("list", "-l", "team!=a", "-o", "name").stdout, "")

    def test_progress_never_reaches_a_pipe(self):
        self.assertEqual(self.run_code("import time\ntime.sleep(1.5)").stderr, "")


class Detached(Local):
    def begin(self, source, *words, name="t"):
        done = self.run_code(source, "--detach", *words, name=name)
        self.assertEqual(done.stdout, f"agenttask.execution.agenttask.io/{name} created\n")

    def test_it_returns_at_once_and_the_task_goes_on(self):
        begin = time.monotonic()
        self.begin("import time\ntime.sleep(1.5)\n" + HELLO)
        self.assertLess(time.monotonic() - begin, 1.4)
        self.assertIn(self.status()["phase"], ("Scheduled", "Running"))
        self.ctl("wait", "t", "--timeout", "20")
        self.assertEqual(self.status()["phase"], "Succeeded")

    def test_the_shell_is_not_held_by_its_pipes(self):
        path = self.file("code.py", "import time\ntime.sleep(3)")
        begin = time.monotonic()
        subprocess.run(["sh", "-c", f"x=$({AGENTCTL} run -d {path} --name t 2>&1)"], env=self.env,
                       check=True, timeout=20)
        self.assertLess(time.monotonic() - begin, 2.5)
        self.ctl("delete", "t")

    def test_logs_follow_to_the_end(self):
        self.begin("import time\nfor i in range(3):\n    print(i, flush=True)\n    time.sleep(0.5)")
        self.assertEqual(self.ctl("logs", "-f", "t").stdout, "0\n1\n2\n")

    def test_a_follower_sees_every_line_once_though_the_log_is_cut_at_the_end(self):
        self.begin("import time\nfor i in range(40000): print(i)\ntime.sleep(0.6)")
        lines = self.ctl("logs", "-f", "t").stdout.split()
        self.assertEqual(lines, [str(i) for i in range(40000)])
        self.assertLess(len(self.ctl("logs", "t").stdout.split()), 40000)

    def test_cancel_ends_it(self):
        self.begin("import time\ntime.sleep(60)")
        self.ctl("cancel", "t")
        self.ctl("wait", "t", "--timeout", "10", code=None)
        status = self.status()
        self.assertEqual((status["phase"], status["reason"]), ("Canceled", "Canceled"))
        self.assertIn("error", self.ctl("cancel", "t", code=None).stderr)

    def test_delete_stops_a_running_task_first(self):
        self.begin("import time\ntime.sleep(60)")
        self.assertEqual(self.ctl("delete", "t").stdout,
                         'agenttask.execution.agenttask.io "t" deleted\n')
        self.assertEqual(self.names(), [])
        self.assertEqual(os.listdir(os.path.join(self.state, "runs")), [])

    def test_wait_passes_the_exit_code_on_if_asked(self):
        self.begin("raise SystemExit(9)")
        self.ctl("wait", "t", "--exit-code", code=9)

    def test_wait_gives_up_when_its_time_is_over(self):
        self.begin("import time\ntime.sleep(20)")
        self.ctl("wait", "t", "--timeout", "500ms", code=5)
        self.ctl("delete", "t")

    def test_a_killed_supervisor_is_supervisor_lost(self):
        self.begin("import time\nprint('so far', flush=True)\ntime.sleep(60)")
        uid = self.get()["metadata"]["uid"]
        self.wait_for(lambda: self.ctl("logs", "t").stdout == "so far\n")
        with open(os.path.join(self.state, "runs", uid, "lock")) as lock:
            pid = int(lock.read())
        os.kill(pid, signal.SIGKILL)
        self.wait_for(lambda: self.status()["phase"] == "Failed")
        status = self.status()
        self.assertEqual(status["reason"], "SupervisorLost")
        self.assertNotIn("exitCode", status)
        self.assertFalse(status["logs"]["complete"])
        self.assertEqual(self.ctl("logs", "t").stdout, "so far\n")


class Interrupted(Local):
    def begin(self):
        process = self.start("run", self.file("code.py", "import time\nprint('on', flush=True)\n"
                                              "time.sleep(60)"), "--name", "t",
                             start_new_session=True)
        self.assertEqual(process.stdout.readline(), "on\n")
        return process

    def test_ctrl_c_cancels(self):
        process = self.begin()
        os.killpg(process.pid, signal.SIGINT)
        self.assertEqual(process.wait(10), 130)
        self.assertEqual(self.status()["phase"], "Canceled")

    def test_a_second_ctrl_c_detaches(self):
        code = ("import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                "print('on', flush=True)\ntime.sleep(60)")
        process = self.start("run", self.file("code.py", code), "--name", "t",
                             start_new_session=True)
        self.assertEqual(process.stdout.readline(), "on\n")
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.3)
        os.killpg(process.pid, signal.SIGINT)
        self.assertEqual(process.wait(3), 130)
        self.assertEqual(self.status()["phase"], "Running")
        self.wait_for(lambda: self.status()["phase"] == "Canceled", 10)

    def test_a_reader_that_goes_away_does_not_stop_the_task(self):
        path = self.file("code.py", "for i in range(100000):\n    print(i)\n" + HELLO)
        process = self.start("run", path, "--name", "t")
        process.stdout.readline()
        process.stdout.close()
        process.wait(20)
        self.wait_for(lambda: self.status()["phase"] == "Succeeded")

    def test_a_slow_reader_does_not_stop_the_clock(self):
        path = self.file("code.py", "while True:\n    print('x' * 1000)")
        process = self.start("run", path, "--name", "t", "--timeout", "1")
        self.wait_for(lambda: self.names() and self.status()["phase"] == "Failed", 10)
        self.assertEqual(self.status()["reason"], "Timeout")
        process.communicate(timeout=20)


class Keys(Local):
    def test_a_key_never_runs_twice(self):
        mark = "import random\nprint(random.random())"
        first = self.run_code(mark, "--idempotency-key", "k", name="a")
        again = self.run_code(mark, "--idempotency-key", "k", name="b")
        self.assertEqual(first.stdout, again.stdout)
        self.assertEqual(len(self.names()), 1)

    def test_a_key_for_another_program_is_refused(self):
        self.run_code("print(1)", "--idempotency-key", "k", name="a")
        done = self.run_code("print(2)", "--idempotency-key", "k", name="b", code=None)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("idempotency-key", self.one_error(done))

    def test_the_exit_code_of_the_first_run_comes_again(self):
        self.run_code("raise SystemExit(4)", "--idempotency-key", "k", name="a", code=4)
        self.run_code("raise SystemExit(4)", "--idempotency-key", "k", name="b", code=4)

    def test_a_taken_name_is_refused_and_nothing_runs(self):
        self.run_code("print(1)")
        done = self.run_code("print(2)", code=1)
        self.assertIn("already", self.one_error(done))
        self.assertEqual(self.ctl("logs", "t").stdout, "1\n")


class Looking(Local):
    def test_the_columns_are_the_seeds(self):
        self.run_code(HELLO)
        self.run_code("import time\ntime.sleep(9)", "--timeout", "1", name="u", code=124)
        lines = self.ctl("list").stdout.splitlines()
        self.assertEqual(lines[0].split(), ["NAME", "PHASE", "REASON", "AGE", "POD"])
        self.assertRegex(lines[1], r"^t +Succeeded +\d+s +t-pod$")
        self.assertRegex(lines[2], r"^u +Failed +Timeout +\d+s +u-pod$")
        self.assertEqual(self.ctl("get").stdout.splitlines()[0], lines[0])

    def test_json_is_a_list_of_whole_tasks(self):
        self.run_code(HELLO)
        listed = json.loads(self.ctl("list", "-o", "json").stdout)
        self.assertEqual((listed["apiVersion"], listed["kind"]), ("v1", "List"))
        self.assertEqual(listed["items"], [self.get()])

    def test_latest_is_the_newest(self):
        self.run_code(HELLO, name="first")
        self.run_code("print('second')", name="second")
        self.assertEqual(self.ctl("logs", "@latest").stdout, "second\n")

    def test_jsonpath_and_yaml(self):
        self.run_code(HELLO)
        self.assertEqual(self.ctl("get", "t", "-o", "jsonpath={.status.phase}").stdout, "Succeeded")
        self.assertIn("phase: Succeeded", self.ctl("get", "t", "-o", "yaml").stdout)

    def test_describe_shows_the_result_and_the_limits(self):
        self.run_code(HELLO)
        text = self.ctl("describe", "t").stdout
        for part in ("Succeeded", "insight", "42", "512Mi"):
            self.assertIn(part, text)

    def test_h59_exit_zero_or_unknown(self):
        self.run_code("import time\ntime.sleep(9)", "--timeout", "1", code=124)
        self.assertNotIn("exitCode", self.status())
        self.assertNotRegex(self.ctl("describe", "t").stdout, r"(?i)exit code: +0")

    def test_logs_tail_since_and_timestamps(self):
        self.run_code("for i in range(5): print(i)")
        self.assertEqual(self.ctl("logs", "t", "--tail", "2").stdout, "3\n4\n")
        self.assertEqual(self.ctl("logs", "t", "--since", "1h").stdout, "0\n1\n2\n3\n4\n")
        for line in self.ctl("logs", "t", "--timestamps").stdout.splitlines():
            self.assertRegex(line, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z \d$")

    def test_artifacts_come_out_as_they_were(self):
        code = ("import os\nos.makedirs('a/b')\nopen('a/b/c.bin','wb').write(bytes(range(256))*64)\n"
                "open('note.txt','w').write('n')")
        self.run_code(code)
        listed = self.ctl("artifacts", "t").stdout
        self.assertIn("a/b/c.bin", listed)
        out = os.path.join(self.home, "out")
        self.ctl("artifacts", "t", "-o", out)
        with open(os.path.join(out, "a/b/c.bin"), "rb") as file:
            self.assertEqual(file.read(), bytes(range(256)) * 64)
        with open(os.path.join(out, "note.txt")) as file:
            self.assertEqual(file.read(), "n")

    def test_profiles_are_listed(self):
        text = self.ctl("profiles").stdout
        for name in ("python3.11", "python3.12", "python3.13", "node18", "node20", "node22", "bash"):
            self.assertIn(name, text)

    def test_commands_work_before_there_is_a_store(self):
        done = self.ctl("list")
        self.assertEqual(done.stdout, "")
        self.assertIn("No resources found", done.stderr)
        self.ctl("get", "nothing", code=3)
        self.ctl("version")
        self.ctl("help")
        self.assertFalse(os.path.exists(self.state))

    def test_a_profile_of_ones_own(self):
        os.makedirs(os.path.join(self.home, ".config/agenttask/profiles.d"))
        self.file(".config/agenttask/profiles.d/dash.yaml", """
apiVersion: execution.agenttask.io/v1alpha1
kind: RuntimeProfile
metadata: {name: dash}
spec:
  image: docker.io/library/debian:12
  allowTag: true
  fileName: entrypoint.sh
  resources:
    default: &limits {cpu: "1", memory: 64Mi, ephemeral-storage: 16Mi}
    max: *limits
  timeoutSeconds: {default: 5, max: 10}
  local: {interpreter: sh}
""")
        self.assertEqual(self.run_code("echo $0", "--profile", "dash", suffix=".sh").stdout,
                         "/workspace/entrypoint.sh\n")
        done = self.run_code("echo", "--profile", "dash", "--timeout", "60", suffix=".sh", name="u",
                             code=2)
        self.assertIn("10", self.one_error(done))

    def test_h17_profile_read_error(self):
        os.makedirs(os.path.join(self.home, ".config/agenttask/profiles.d"))
        self.file(".config/agenttask/profiles.d/broken.yaml", "kind: [")
        done = self.run_code(HELLO, code=2)
        self.assertIn("broken.yaml", self.one_error(done))


class Examined(Local):
    """agentctl doctor on this machine: what it claims is what the machine does."""

    def examine(self, *before, code=0):
        done = subprocess.run([*before, AGENTCTL, "doctor", "--local", "-o", "json"], capture_output=True, text=True,
                              timeout=120, env=self.env, cwd="/", check=False)
        self.assertEqual(done.returncode, code, f"{before}\n{done.stdout}\n{done.stderr}")
        report = json.loads(done.stdout)
        self.assertEqual(report["healthy"], code == 0)
        return {row["check"]: row for row in report["checks"]}

    def test_this_machine(self):
        rows = self.examine()
        self.assertEqual([], [row for row in rows.values() if row["verdict"] not in ("ok", "weak")])
        for check in ("sandbox", "user namespace", "network", "privileges", "capabilities", "seccomp", "system calls",
                      "root file system", "files of the host", "processes", "storage", "timeout"):
            self.assertEqual(rows[check]["verdict"], "ok", rows[check])
            self.assertEqual(rows[check]["remedy"], "")
        self.assertRegex(rows["memory"]["seen"], r"^killed at \d+ MiB")
        self.assertEqual([], self.names(), "tasks of the doctor are nobody's")

    def test_nothing_of_it_stays(self):
        before = set(os.listdir("/var/tmp"))
        self.examine()
        self.assertEqual([], [name for name in set(os.listdir("/var/tmp")) - before if "doctor" in name and
                              os.stat(f"/var/tmp/{name}").st_uid == os.getuid()])

    def test_no_user_namespaces_left(self):
        rows = self.examine("unshare", "-U", "-r", "sh", "-c",
                            'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"', "-", code=1)
        self.assertEqual(rows["sandbox"]["verdict"], "failed")
        self.assertIn("max_user_namespaces", rows["sandbox"]["seen"])
        self.assertNotIn("network", rows, "a row about what was not tried")

    @unittest.skipUnless(os.geteuid() == 0, "only root may chroot")
    def test_plain_chroot(self):
        root = os.path.join(self.home, "root")
        os.mkdir(root)
        rows = self.examine("unshare", "-m", "sh", "-c",
                            f'mount --rbind / {root} && exec /usr/sbin/chroot {root} "$@"', "-", code=1)
        self.assertEqual(rows["sandbox"]["verdict"], "failed")
        self.assertIn("chroot", rows["sandbox"]["seen"])

    @unittest.skipUnless(os.geteuid() == 0, "only root may become somebody else")
    def test_an_ordinary_user_shares_his_host_identity(self):
        self.assertEqual(self.examine()["host identity"]["verdict"], "ok")
        os.chmod(self.home, 0o755)
        who = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        if subprocess.run([*who, AGENTCTL, "version"], capture_output=True, env=self.env, check=False).returncode:
            self.skipTest("nobody may not come to " + AGENTCTL)
        rows = self.examine(*who)
        self.assertEqual(rows["host identity"]["verdict"], "weak")
        self.assertEqual(rows["files of the host"]["verdict"], "ok")
        self.assertEqual(rows["network"]["verdict"], "ok")

    def test_words_it_does_not_know(self):
        self.assertIn("too many arguments", self.ctl("doctor", "--local", "now", code=2).stderr)
        self.assertIn("--slow", self.ctl("doctor", "--slow", code=2).stderr)


class BadInput(Local):
    """One clear line each, and nothing stored by halves."""

    def refused(self, *words, code, says, stdin=None, env=None):
        done = self.ctl(*words, code=code, stdin=stdin, env=env)
        line = self.one_error(done)
        for part in says if isinstance(says, tuple) else (says,):
            self.assertIn(part, line)
        if not env:
            self.assertEqual(self.names(), [])
            runs = os.path.join(self.state, "runs")
            self.assertEqual(os.listdir(runs) if os.path.isdir(runs) else [], [])

    def manifest(self, spec, name="m"):
        return self.file("m.yaml", "apiVersion: execution.agenttask.io/v1alpha1\nkind: AgentTask\n"
                         f"metadata:\n  name: {name}\nspec:\n  runtimeProfile: bash\n{spec}")

    def test_unknown_field(self):
        path = self.manifest("  code: {source: 'true'}\n  timeoutSecond: 5\n")
        self.refused("run", "-f", path, code=2, says=("m.yaml:8:3", "did you mean timeoutSeconds"))

    def test_two_code_sources(self):
        path = self.manifest("  code: {source: 'true', configMapRef: {name: a, key: b}}\n")
        self.refused("run", "-f", path, code=2, says="spec.code")

    def test_no_code(self):
        self.refused("run", "-f", self.manifest("  code: {}\n"), code=2, says="spec.code")

    def test_a_config_map_needs_a_cluster(self):
        path = self.manifest("  code: {configMapRef: {name: a, key: b}}\n")
        self.refused("run", "-f", path, code=2, says="ConfigMap")

    def test_unknown_profile(self):
        self.refused("run", self.file("x.py", HELLO), "--profile", "pyton3.11", code=2,
                     says=("pyton3.11", "python3.11"))

    def test_wrong_python_version(self):
        missing = next(v for v in ("3.12", "3.13", "3.11") if not os.path.exists(f"/usr/bin/python{v}"))
        self.refused("run", self.file("x.py", HELLO), "--profile", f"python{missing}", code=125,
                     says=(missing, "agentctl profiles"))

    def test_timeout_0(self):
        path = self.manifest("  code: {source: 'true'}\n  timeoutSeconds: 0\n")
        self.refused("run", "-f", path, code=2, says=("timeoutSeconds", "1 to 86400"))
        self.refused("run", self.file("x.sh", "true"), "--timeout", "0", code=2, says="timeout")

    def test_negative_memory(self):
        path = self.manifest("  code: {source: 'true'}\n  resources: {limits: {memory: '-1'}}\n")
        self.refused("run", "-f", path, code=2, says="memory")
        self.refused("run", self.file("x.sh", "true"), "--memory=-1", code=2, says="memory")

    def test_a_source_of_513_kib(self):
        self.refused("run", self.file("x.py", "#" * 513 * 1024), code=2, says="524288")

    def test_a_source_of_512_kib_runs(self):
        self.run_code("#" * (512 * 1024 - 1) + "\n")

    def test_a_name_of_300_characters(self):
        self.refused("run", self.file("x.sh", "true"), "--name", "n" * 300, code=2, says="253")

    def test_a_binary_file(self):
        with open("/bin/true", "rb") as file:
            self.refused("run", self.file("x.py", file.read()), code=2, says="binary")

    def test_a_missing_file(self):
        self.refused("run", "/nowhere/x.py", code=2, says="/nowhere/x.py")

    def test_a_directory(self):
        self.refused("run", self.home, code=2, says="directory")

    def test_a_file_of_unknown_kind(self):
        self.refused("run", self.file("x.txt", "hello"), code=2, says="--profile")

    def test_a_store_that_is_a_file(self):
        state = self.file("state", "not a directory")
        self.refused("run", self.file("x.py", HELLO), code=125, says=state,
                     env=dict(self.env, XDG_STATE_HOME=state))

    def test_a_store_that_cannot_be_written(self):
        if os.geteuid() == 0:
            words = ("setpriv", "--reuid=12345", "--regid=12345", "--clear-groups")
        else:
            words = ()
        state = os.path.join(self.home, "state")
        os.mkdir(state, 0o555)
        os.chmod(self.home, 0o755)
        path = self.file("x.py", HELLO)
        done = subprocess.run([*words, AGENTCTL, "run", path], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL,
                              env=dict(self.env, XDG_STATE_HOME=state, HOME="/nonexistent"))
        self.assertEqual(done.returncode, 125, done.stderr)
        self.assertIn(state, self.one_error(done))

    def test_a_foreign_database(self):
        os.makedirs(self.state)
        with open(os.path.join(self.state, "store.db"), "w") as file:
            file.write("this is no database, and it is longer than a header of SQLite's is. " * 20)
        done = self.ctl("run", self.file("x.py", HELLO), code=125)
        self.assertIn("store.db", self.one_error(done))

    def test_a_profile_in_a_manifest(self):
        path = self.file("p.yaml", "apiVersion: execution.agenttask.io/v1alpha1\n"
                         "kind: RuntimeProfile\nmetadata: {name: x}\nspec: {image: a, allowTag: true, fileName: x}\n")
        self.refused("run", "-f", path, code=2, says="RuntimeProfile")

    def test_a_misspelt_flag_and_command(self):
        self.refused("run", "--timout", "5", "x.py", code=2, says=("--timout", "--timeout"))
        self.refused("rnu", code=2, says=("rnu", "run"))

    def test_a_cluster_is_never_replaced_in_silence(self):
        nowhere = ('{apiVersion: v1, kind: Config, current-context: a, contexts: [{name: a, context: {cluster: a}}], '
                   'clusters: [{name: a, cluster: {server: "https://127.0.0.1:1"}}]}\n')
        for config, code in (("apiVersion: v1\nkind: Config\n", 2), (nowhere, 125)):
            env = dict(self.env, KUBECONFIG=self.file("config", config))
            self.refused("run", self.file("x.py", HELLO), code=code, says="--local", env=env)
            self.ctl("run", "--local", self.file("x.py", HELLO), env=env)

    def test_too_much_input(self):
        self.refused("run", self.file("x.sh", "true"), "--env", "A=" + "x" * 120 * 1024, "--",
                     "y" * 20 * 1024, code=2, says="131072")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("-k", default=None)
    args = parser.parse_args()
    globals()["AGENTCTL"] = os.path.join(os.path.abspath(args.build), "agentctl")
    loader = unittest.TestLoader()
    if args.k:
        loader.testNamePatterns = [f"*{args.k}*"]
    suite = loader.loadTestsFromModule(sys.modules["__main__"])
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(suite)
    failed = len(result.failures) + len(result.errors)
    for test, reason in result.skipped:
        print(f"SKIP {test.id()}: {reason}")
    print(f"{result.testsRun - failed - len(result.skipped)} passed, {failed} failed, "
          f"{len(result.skipped)} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
