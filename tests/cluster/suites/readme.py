#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The story that the README tells, on a cluster: an agent by agentctl, one by kubectl with its time
to live, lists and descriptions, and what to see when something is wrong. Where the README shows a
session on a cluster, it is run command by command and compared, as tests/e2e/readme.py does it for
the local one. Wants the deployed operator."""
import importlib.util
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from stage import BUILD, KUBECONFIG, MERGE, ROOT, STATE, Stage, kubectl, wait_for


def load_local():
    """tests/e2e/readme.py, which has the name of this file."""
    spec = importlib.util.spec_from_file_location("local_readme", os.path.join(ROOT, "tests/e2e/readme.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


local = load_local()
AGENT = os.path.join(ROOT, "examples/agent.py")
SAMPLE = os.path.join(ROOT, "config/samples/periodic-agent.yaml")
NAME = "periodic-agent"
CALLS_OUT = ('import socket\ntry:\n    socket.create_connection(("198.51.100.1", 443), 2)\n'
             'except PermissionError as error:\n    print("denied:", error)\n    raise SystemExit(7)\n')


def sessions():
    """[[(command, lines)]]: the README's blocks whose commands speak to a cluster."""
    found = []
    for text in re.findall(r"^```console\n(.*?)^```", local.read("README.md"), re.M | re.S):
        commands = []
        for line in text.splitlines():
            if line.startswith("$ "):
                commands.append((line[2:], []))
            elif commands:
                commands[-1][1].append(line)
        if any(re.match(r"kubectl\b", command) for command, _ in commands):
            found.append([one for one in commands if not one[0].startswith(("make ", "export "))])
    return found


class Story(Stage):
    def kubectl(self, *words, **more):
        return kubectl("-n", self.space, *words, **more).stdout

    def table(self, *words):
        """{name: {column: cell}} as kubectl shows it."""
        head, *lines = self.kubectl("get", "agenttasks", *words).splitlines()
        starts = [match.start() for match in re.finditer(r"\S+", head)]
        names = head.split()
        cells = [[line[a:b].strip() for a, b in zip(starts, [*starts[1:], None])] for line in lines]
        return {row[0]: dict(zip(names, row)) for row in cells}

    def test_an_agent_by_agentctl(self):
        done = self.agentctl("run", AGENT, "--name", "agent", "--profile", "python3.11", "--timeout", "60")
        self.assertEqual(done.stdout, "thinking about it\n")
        self.assertEqual(json.loads(self.agentctl("result", "agent").stdout), {"status": "success", "insight": 42})
        listed = self.agentctl("list").stdout.splitlines()
        self.assertEqual(listed[0].split(), ["NAME", "PHASE", "REASON", "AGE", "POD"])
        self.assertRegex(listed[1], r"^agent +Succeeded +\S+ +agent-pod$")
        self.assertRegex(self.agentctl("describe", "agent").stdout, r"(?m)^Phase: +Succeeded$")
        self.assertEqual(self.agentctl("logs", "agent").stdout, "thinking about it\n")
        self.agentctl("delete", "agent")
        self.assertIsNone(self.get("agent"))

    def test_an_agent_by_kubectl(self):
        self.assertIn(f"{NAME} created", self.kubectl("apply", "-f", SAMPLE))
        self.kubectl("wait", "--for=condition=Finished", f"agenttask/{NAME}", "--timeout=90s")
        row = self.table()[NAME]
        self.assertEqual((row["PHASE"], row["REASON"], row["POD"]), ("Succeeded", "", f"{NAME}-pod"))
        wide = self.table("-o", "wide")[NAME]
        self.assertEqual((wide["PROFILE"], wide["EXIT"]), ("python3.11", "0"))
        self.assertRegex(self.kubectl("describe", "agenttask", NAME), r"Phase: +Succeeded")
        text = self.kubectl("get", "agenttask", NAME, "-o", "jsonpath={.status.result.json}")
        self.assertEqual(json.loads(text), {"status": "success", "insight": 42})
        self.assertIn(f"{NAME} unchanged", self.kubectl("apply", "-f", SAMPLE))
        self.assertIn(NAME, self.kubectl("get", "atask", "-o", "name"))

    def test_its_time_to_live_ends(self):
        """An hour in the sample, which may be shortened afterwards."""
        self.kubectl("apply", "-f", SAMPLE)
        self.wait_end(NAME)
        self.assertEqual(self.get(NAME)["spec"]["ttlSecondsAfterFinished"], 3600)
        self.api.call("PATCH", self.path(NAME), {"spec": {"ttlSecondsAfterFinished": 2}}, MERGE)
        self.wait_gone(self.path(NAME), 30)
        for stem in ("code", "logs", "result"):
            wait_for(lambda: self.config_map(f"{NAME}-{stem}") is None, 30, why=f"{stem} stays")

    # -- when something is wrong -----------------------------------------------------

    def failed(self, name, reason):
        """Its table's row says so, and so do its Events and what agentctl describes."""
        self.assertEqual(self.wait_end(name, 200)["reason"], reason)
        row = self.table()[name]
        self.assertEqual((row["PHASE"], row["REASON"]), ("Failed", reason))
        self.assertIn(reason, self.agentctl("describe", name).stdout)
        wait_for(lambda: reason in self.kubectl("events", "--for", f"agenttask/{name}"), 20,
                 why=f"no Event of {name} says {reason}")

    def test_image_cannot_be_had(self):
        self.task("t", profile=self.profile(image="example.com/nowhere/absent:1"))
        self.failed("t", "ImagePullFailed")

    def test_time_is_up(self):
        done = subprocess.run(self.agentctl_words("run", os.path.join(ROOT, "examples/slow.py"), "--name", "t",
                                                  "--profile", "python3.11", "--timeout", "2"),
                              capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 124, done.stderr)
        self.failed("t", "Timeout")

    def test_network_is_denied(self):
        self.task("t", CALLS_OUT)
        self.failed("t", "PodFailed")
        self.assertEqual(self.status("t")["exitCode"], 7)
        self.assertIn("denied: [Errno 13] Permission denied", self.agentctl("logs", "t").stdout)

    def test_forbidden_by_the_schema(self):
        """A field that nobody knows, a value out of bounds, a change of what is fixed."""
        with open(SAMPLE, encoding="utf-8") as file:
            text = file.read()
        for change in (("timeoutSeconds: 60", "timeoutSecond: 60"), ("timeoutSeconds: 60", "timeoutSeconds: 0")):
            done = kubectl("-n", self.space, "create", "--validate=strict", "-f", "-", stdin=text.replace(*change),
                           check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("timeoutSecond", done.stderr)
        self.kubectl("apply", "-f", SAMPLE)
        done = kubectl("-n", self.space, "patch", "agenttask", NAME, "--type=merge", "-p",
                       '{"spec": {"timeoutSeconds": 61}}', check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("spec.timeoutSeconds cannot be changed", done.stderr)


class Sessions(Stage):
    def test_sessions_of_the_readme(self):
        shown = sessions()
        if not shown:
            self.skipTest("the README shows no session on a cluster")
        for commands in shown:
            with tempfile.TemporaryDirectory(prefix="agenttask-readme-") as top:
                results = list(local.run_session(commands, top, self.environment(top)))
            for (command, expected), (_, got) in zip(commands, results):
                while expected and not expected[-1].strip():
                    expected.pop()
                with self.subTest(command=command):
                    said = "\n".join([command, "expected:", *expected, "got:", *got])
                    self.assertTrue(local.alike(expected, got), said)

    def environment(self, top):
        """A kubeconfig of its own, whose namespace is that of the test; the tree's files beside it."""
        config = os.path.join(top, "kubeconfig")
        shutil.copy(KUBECONFIG, config)
        kubectl("--kubeconfig", config, "config", "set-context", "--current", f"--namespace={self.space}")
        os.symlink(os.path.join(ROOT, "config"), os.path.join(top, "config"))
        return dict(os.environ, KUBECONFIG=config, PATH=f"{BUILD}:{STATE}/bin:{os.environ['PATH']}")


if __name__ == "__main__":
    unittest.main()
