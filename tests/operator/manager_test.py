#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The operator's process from outside: flags, probes, signals. manager_test.py MANAGER"""
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

MANAGER = os.path.abspath(sys.argv.pop(1))
KUBECONFIG = """apiVersion: v1
kind: Config
current-context: a
contexts: [{name: a, context: {cluster: a, user: a}}]
clusters: [{name: a, cluster: {server: "http://127.0.0.1:%d"}}]
users: [{name: a, user: {}}]
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def run(*words, **environment):
    return subprocess.run([MANAGER, *words], capture_output=True, text=True, timeout=30, check=False,
                          env={"PATH": os.environ["PATH"], **environment})


class Words(unittest.TestCase):
    def test_help_and_version(self):
        done = run("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("--leader-elect", done.stdout)
        done = run("--version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^manager \d+\.\d+\.\d+\n$")

    def test_a_wrong_line_is_one_error_and_status_2(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as config:
            config.write("workers: 1\nmaxRuning: 3\n")
            config.flush()
            image = ("--runner-image", "example.org/operator:1")
            for words, says in (
                    (("--nonsense",), "--nonsense: no such flag; see --help"),
                    (("--workers", "0"), "--workers=0: a number from 1 to 256"),
                    ((), "--runner-image: which image holds /runner? Say it, or set RUNNER_IMAGE"),
                    ((*image, "--config", "/nowhere"), "open /nowhere: No such file or directory"),
                    ((*image, "--config", config.name), f"{config.name}:2:1: maxRuning: no such "
                     "field")):
                done = run(*words)
                self.assertEqual(done.returncode, 2, words)
                self.assertEqual(done.stdout, "")
                self.assertEqual(done.stderr.split("; did")[0].rstrip("\n"),
                                 "manager: error: " + says)
                self.assertEqual(done.stderr.count("\n"), 1)

    def test_what_cannot_be_had_is_one_line_and_status_1(self):
        done = run("--runner-image", "a", "--kubeconfig", "/nowhere")
        self.assertEqual(done.returncode, 1)
        self.assertIn('"level":"error"', done.stderr)
        self.assertIn("/nowhere", done.stderr)


class Life(unittest.TestCase):
    """Against a port at which nobody listens: the process lives, and says that it is not ready."""

    def setUp(self):
        self.kubeconfig = tempfile.NamedTemporaryFile("w", suffix=".yaml")
        self.kubeconfig.write(KUBECONFIG % free_port())
        self.kubeconfig.flush()
        self.probes, self.metrics = free_port(), free_port()
        self.manager = subprocess.Popen(
            [MANAGER, "--kubeconfig", self.kubeconfig.name, "--runner-image", "example.org/a:1",
             "--health-probe-bind-address", f"127.0.0.1:{self.probes}",
             "--metrics-bind-address", f"127.0.0.1:{self.metrics}"],
            stderr=subprocess.PIPE, text=True, env={"PATH": os.environ["PATH"]})
        for _ in range(200):
            try:
                self.get(self.probes, "/healthz")
                return
            except ConnectionRefusedError:
                time.sleep(0.05)
        self.fail("it does not listen")

    def tearDown(self):
        self.manager.kill()
        self.manager.communicate(timeout=30)
        self.kubeconfig.close()

    def get(self, port, path):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def test_probes_and_metrics(self):
        self.assertEqual(self.get(self.probes, "/healthz"), (200, "ok\n"))
        self.assertEqual(self.get(self.probes, "/readyz"), (503, "caches not synced\n"))
        self.assertEqual(self.get(self.probes, "/metrics")[0], 404)  # X14
        status, text = self.get(self.metrics, "/metrics")
        self.assertEqual(status, 200)
        self.assertIn("\nagenttask_queued 0\n", text)
        self.assertRegex(text, r"\nprocess_resident_memory_bytes [1-9]\d{6,}\n")

    def test_term_ends_it_at_once_and_well(self):
        start = time.monotonic()
        self.manager.send_signal(signal.SIGTERM)
        _, said = self.manager.communicate(timeout=30)
        self.assertEqual(self.manager.returncode, 0, said)
        self.assertLess(time.monotonic() - start, 9)
        self.assertIn('"msg":"stopping"', said)
        self.assertTrue(said.rstrip().endswith('"msg":"stopped"}'), said)


def main():
    result = unittest.TextTestRunner(verbosity=2).run(
        unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]))
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed, 0 skipped")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
