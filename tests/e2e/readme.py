#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the README shows is what happens: its session is run command by command and compared with
what it prints; its program and its task file are the ones in the tree; `make run` ends as it says.

Times, dates, ids and the five letters that end a generated name may differ, and so may the width
of blanks; a line of dots in the README stands for any lines."""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RESULT = '{"status": "success", "insight": 42}'
END = "-- end of command --"
VARYING = [
    (r"\bagent-[a-z0-9]{5}\b", "agent-LETTERS"),
    (r"\b\d{4}-\d\d-\d\dT[\d:.]+Z", "DATE"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UID"),
    (r"\b[0-9a-f]{64}\b", "DIGEST"),
    (r"\b\d+(\.\d+)? ?(ms|s|m|h|d)\b", "TIME"),
    (r"\b\d+(\.\d+)? ?[KMG]i?B?\b", "SIZE"),
    (r"\b\d+\.\d+\.\d+\b", "VERSION"),
    (r"[ \t]+", " "),
]


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def block(language):
    return re.search(rf"^```{language}\n(.*?)^```", read("README.md"), re.M | re.S)[1]


def session():
    """[(command, what it prints)] as the README shows them."""
    commands = []
    for line in block("console").splitlines():
        if line.startswith("$ "):
            commands.append((line[2:], []))
        else:
            commands[-1][1].append(line)
    return commands


def alike(expected, got):
    """True if `got` is what is expected, but for what may vary."""
    pattern = "\n".join(".*" if line.strip() == "..." else re.escape(plain(line))
                        for line in expected)
    return re.fullmatch(pattern, "\n".join(plain(line) for line in got), re.S) is not None


def plain(line):
    for pattern, word in VARYING:
        line = re.sub(pattern, word, line)
    return line.strip()


def run_session(commands, top, environment):
    """Runs them in one shell, in a directory with the README's programs; yields their output."""
    for name in os.listdir(os.path.join(ROOT, "examples")):
        shutil.copy(os.path.join(ROOT, "examples", name), top)
    shown = re.search(r"\bagent-[a-z0-9]{5}\b", "\n".join(command for command, _ in commands))
    shell = subprocess.Popen(["bash", "--norc"], cwd=top, env=environment, text=True,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
    name = None
    for command, _ in commands:
        if shown and name:
            command = command.replace(shown[0], name)
        shell.stdin.write(f"{command}\nlast=$?; echo '{END}'; (exit $last)\n")
        shell.stdin.flush()
        lines = []
        for line in shell.stdout:
            if line.rstrip("\n").endswith(END):
                break
            lines.append(line.rstrip("\n"))
        found = re.search(r"\bagent-[a-z0-9]{5}\b", "\n".join(lines))
        name = name or (found and found[0])
        yield command, lines
    shell.stdin.close()
    shell.wait()


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def check(self, name, is_right, text=""):
        self.passed += is_right
        self.failed += not is_right
        if not is_right:
            print(f"FAILED {name}\n{text}")


def check_session(tally, build):
    commands = session()
    if not shutil.which("python3.11"):
        tally.skipped += 1
        print("SKIP session this machine has no python3.11, which the README's session asks for")
        return
    with tempfile.TemporaryDirectory(prefix="agenttask-readme-") as top:
        environment = dict(os.environ, PATH=f"{build}:{os.environ['PATH']}",
                           XDG_STATE_HOME=os.path.join(top, ".state"))
        environment.pop("KUBECONFIG", None)
        results = list(run_session(commands, top, environment))
    for (shown, expected), (command, got) in zip(commands, results):
        while expected and not expected[-1].strip():
            expected.pop()
        tally.check(shown, alike(expected, got),
                    f"{command}\nexpected:\n" + "\n".join(expected) + "\ngot:\n" + "\n".join(got))


def check_files(tally):
    tally.check("the program shown is examples/agent.py",
                block("python").split("\n\n", 1)[1] in read("examples/agent.py"))
    tally.check("the task file shown is the sample",
                read("config/samples/periodic-agent.yaml").endswith(block("yaml")))


def check_make_run(tally):
    done = subprocess.run(["make", "run"], cwd=ROOT, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines() or [""]
    tally.check("make run ends with the result", done.returncode == 0 and lines[-1] == RESULT,
                done.stdout + done.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", default="build")
    options = parser.parse_args()
    tally = Tally()
    check_files(tally)
    check_session(tally, os.path.abspath(options.build))
    check_make_run(tally)
    print(f"{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
