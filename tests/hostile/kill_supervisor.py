#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills the supervisor of a short run with SIGKILL at a random moment, again and again: no
acknowledged task may be lost, none may stay unfinished, none may end with a false verdict, and
nothing of a run may outlive its supervisor by more than two seconds.

    kill_supervisor.py [--build DIR] [--runs N] [--seed N]"""
import argparse
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

from suite import Suite, cgroups

PROGRAM = """import json, sys, time
print("started", flush=True)
time.sleep(float(sys.argv[1]))
json.dump({"n": 1}, open("/workspace/artifacts/result.json", "w"))
sys.exit(int(sys.argv[2]))
"""
LONGEST_RUN, LATEST_KILL, SETUP = 0.25, 0.5, 0.03
GONE_SECONDS = 2


class NoCanary:
    def __init__(self, _):
        self.names = {}

    def close(self):
        pass


class Killer:
    def __init__(self, suite, dice):
        self.suite, self.dice = suite, dice
        self.program = os.path.join(suite.top, "short.py")
        pathlib.Path(self.program).write_text(PROGRAM, encoding="utf-8")
        self.endings, self.unknown = {}, set()

    def command(self, name, code, *flags):
        return [self.suite.binary, "run", "--local", "--name", name, *flags, "--profile",
                self.suite.profiles[".py"], self.program, "--",
                f"{self.dice.uniform(0, LONGEST_RUN):.3f}", str(code)]

    def moment(self):
        """Half of them while the run is being set up, where most steps are."""
        return self.dice.choice((self.dice.uniform(0, SETUP), self.dice.uniform(0, LATEST_KILL)))

    def foreground(self, name, code):
        """Kills the supervisor behind agentctl, or both. True: acknowledged, the code has spoken."""
        front = subprocess.Popen(self.command(name, code), env=self.suite.environment,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL)
        time.sleep(self.moment())
        for pid in children(front.pid):
            os.kill(pid, signal.SIGKILL)
        if self.dice.choice((True, False)):
            front.kill()
        output = front.communicate(timeout=30)[0]
        return b"started" in output

    def detached(self, name, code):
        """Kills the supervisor that a returned `run -d` left; its pid is in the lock file."""
        done = subprocess.run(self.command(name, code, "-d"), env=self.suite.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False)
        time.sleep(self.dice.uniform(0, LATEST_KILL / 2))
        for lock in pathlib.Path(self.suite.state, "runs").glob("*/lock"):
            pid = int(lock.read_text() or 0)
            if pid and is_ours(pid):
                os.kill(pid, signal.SIGKILL)
        return done.returncode == 0

    def one(self, number):
        name, code = f"k{number}", self.dice.choice((0, 3))
        is_known = self.dice.choice((self.foreground, self.detached))(name, code)
        deadline = time.monotonic() + GONE_SECONDS
        while (left := self.suite.processes()) and time.monotonic() < deadline:
            time.sleep(0.02)
        wrong = [f"process left: {line}" for line in left]
        got = self.suite.agentctl("get", name, "-o", "json")
        if got.returncode == 3 and not is_known:
            self.count("never acknowledged")
            self.unknown |= {run.name for run in self.runs()}
            return wrong
        if got.returncode:
            return wrong + [f"lost: {got.stderr.decode().strip()}"]
        task = json.loads(got.stdout)
        wrong += self.verdict_wrong(task["status"], code)
        wrong += [f"cgroup left: {path}" for path in cgroups(task["metadata"]["uid"])]
        if self.suite.agentctl("delete", name).returncode:
            wrong.append("cannot be deleted")
        wrong += [f"left after delete: {run}" for run in self.runs() if run.name not in self.unknown]
        return wrong

    def runs(self):
        return list(pathlib.Path(self.suite.state, "runs").glob("*"))

    def unknown_swept(self):
        """A run that was killed before its task was stored left a directory and perhaps cgroups. A
        deletion takes them away, once they are old enough to be nobody's."""
        for run in self.runs():
            os.utime(run, (1, 1))
        self.agentctl_checked("run", "--name", "last", "--profile", self.suite.profiles[".py"],
                              self.program, "--", "0", "0")
        self.agentctl_checked("delete", "last")
        left = [str(run) for run in self.runs()]
        left += [path for run in self.unknown for path in cgroups(run)]
        return [f"left of a task that never was: {path}" for path in left]

    def agentctl_checked(self, *words):
        done = self.suite.agentctl(*words)
        if done.returncode:
            raise RuntimeError(f"{words}: {done.returncode}: {done.stderr.decode()}")

    def verdict_wrong(self, status, code):
        ending = (status.get("phase"), status.get("reason", ""), status.get("exitCode"))
        self.count(" ".join(str(word) for word in ending if word not in ("", None)))
        true = ("Succeeded", "", 0) if code == 0 else ("Failed", "PodFailed", code)
        if ending == true:
            return [] if status.get("result", {}).get("json") == '{"n":1}' else \
                [f"the result is lost: {status.get('result')}"]
        return [] if ending[:2] == ("Failed", "SupervisorLost") and ending[2] is None else \
            [f"ended {ending}, not SupervisorLost and not {true}"]

    def count(self, ending):
        self.endings[ending] = self.endings.get(ending, 0) + 1


def children(pid):
    try:
        return [int(word) for word in
                pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def is_ours(pid):
    """Only what we started ourselves may be killed: a number may have been given anew."""
    try:
        words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        return b"agentctl" in words and b"short.py" in words
    except OSError:
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--build", default="build")
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    suite, failed = Suite(os.path.join(options.build, "agentctl"), 1, NoCanary), 0
    begin = time.monotonic()
    try:
        killer = Killer(suite, random.Random(options.seed))
        for number in range(options.runs):
            wrong = killer.one(number)
            failed += bool(wrong)
            for line in wrong:
                print(f"FAILED kill {number} (seed {options.seed}): {line}", flush=True)
        for line in killer.unknown_swept():
            failed += 1
            print(f"FAILED (seed {options.seed}): {line}")
    finally:
        suite.close()
    print(f"supervisor killed {options.runs} times in {time.monotonic() - begin:.0f} s, "
          f"seed {options.seed}: " + ", ".join(
              f"{count} {ending}" for ending, count in sorted(killer.endings.items())))
    print(f"{max(0, options.runs - failed)} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
