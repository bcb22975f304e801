#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The probe as it is, outside of any sandbox: what it finds here is what this process may do. In a
sandbox the same words say the opposite; the suites of doctor see that."""
import json
import os
import socket
import subprocess
import sys
import tempfile
import unittest

PROBE = os.path.abspath(sys.argv.pop(1))


def probe(*words, environment=None, code=0):
    done = subprocess.run([PROBE, *words], capture_output=True, text=True, timeout=50, check=False,
                          env=dict(os.environ, **(environment or {})))
    if done.returncode != code:
        raise AssertionError(f"{words}: {done.returncode}: {done.stderr}")
    return {found["check"]: found for found in map(json.loads, done.stdout.splitlines())}


class Probe(unittest.TestCase):
    def test_facts_are_those_of_this_process(self):
        found = probe("facts")
        with open("/proc/self/status", encoding="ascii") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        self.assertEqual(found["no-new-privileges"]["value"], int(status["NoNewPrivs"]))
        self.assertEqual(found["seccomp"]["value"], int(status["Seccomp"]))
        sets = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
        self.assertEqual(found["capabilities"]["value"], sum(bin(int(status[s], 16)).count("1") for s in sets))
        self.assertEqual(found["socket"]["value"], 1)
        self.assertEqual(found["token"]["value"], 0)

    def test_what_it_tries_does_not_last(self):
        with open("/proc/self/mounts", encoding="utf-8") as file:
            before = file.read()
        probe("facts", "processes", "20", "cpu", "50", "memory", "8", "disk", tempfile.gettempdir(), "2", "0")
        with open("/proc/self/mounts", encoding="utf-8") as file:
            self.assertEqual(before, file.read())
        self.assertEqual([], [name for name in os.listdir(tempfile.gettempdir()) if name.startswith("agenttask-probe")])
        self.assertFalse(os.path.exists("/agenttask-probe"))

    def test_environment_of_a_cluster_is_seen(self):
        self.assertEqual(probe("facts", environment={"KUBERNETES_SERVICE_HOST": "x"})["environment"]["value"], 1)

    def test_a_file_that_can_be_read_is_seen(self):
        with tempfile.NamedTemporaryFile() as file:
            self.assertEqual(probe("file", file.name)["file"]["value"], 1)
        self.assertEqual(probe("file", "/nowhere")["file"]["value"], 0)

    def test_loads_end_at_their_bounds(self):
        found = probe("processes", "20", "cpu", "50", "memory", "16", "disk", tempfile.gettempdir(), "3", "0")
        self.assertEqual(found["processes"]["value"], 20)
        self.assertEqual(found["memory"]["value"], 16)
        self.assertEqual(found["disk"]["value"], 3)
        self.assertGreater(found["cpu"]["value"], 0)

    def test_connections_are_counted_from_the_first_moment(self):
        with socket.create_server(("127.0.0.1", 0), backlog=4096) as server:
            found = probe("connect", "127.0.0.1", str(server.getsockname()[1]), "1")["connect"]
        self.assertEqual(found["value"], found["tries"])
        self.assertLess(found["firstMs"], 100)
        self.assertGreater(found["lastMs"], 500)

    def test_what_refuses_is_not_reached(self):
        with socket.socket() as unheard:
            unheard.bind(("127.0.0.1", 0))
            found = probe("connect", "127.0.0.1", str(unheard.getsockname()[1]), "1")["connect"]
        self.assertEqual((found["value"], found["firstMs"]), (0, -1))
        self.assertGreater(found["tries"], 20)

    def test_a_listener_counts_who_came(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        with subprocess.Popen([PROBE, "listen", port, "2"], stdout=subprocess.PIPE, text=True) as listener:
            self.assertEqual(json.loads(listener.stdout.readline())["value"], 1)
            for _ in range(3):
                socket.create_connection(("127.0.0.1", int(port)), timeout=5).close()
            self.assertEqual(json.loads(listener.stdout.readline()), {"check": "listened", "value": 3,
                                                                      "text": "connections"})

    def test_nonsense_is_refused(self):
        for words in ((), ("nothing",), ("processes",), ("processes", "x"), ("processes", "99999999"),
                      ("connect", "1.2.3.4", "99999", "1"), ("sleep", "-1")):
            with self.subTest(words=words):
                probe(*words, code=2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
