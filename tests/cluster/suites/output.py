# SPDX-License-Identifier: Apache-2.0
"""Results and output on a cluster: whole or not at all, and readable when the Pod is long gone."""
import hashlib
import json
import os
import tempfile
import time
import unittest

from stage import Stage, kubectl, wait_for

EMBEDDED = 16 * 1024
LARGEST = 1024 * 1024
HEAD, TAIL = 128 * 1024, 64 * 1024


def text_of(size):
    return '"' + "x" * (size - 2) + '"'


class Results(Stage):
    def left(self, source, name="t"):
        self.task(name, source)
        status = self.wait_end(name)
        self.assertEqual(status["phase"], "Succeeded", json.dumps(status))
        refused = [c["reason"] for c in status["conditions"] if c["type"] == "ResultValid" and c["status"] == "False"]
        return status, refused[0] if refused else "valid"

    def writes(self, size):
        return f'open("result.json", "w").write(\'"\' + "x" * ({size} - 2) + \'"\')\n'

    def kept(self, size, is_embedded):
        status, verdict = self.left(self.writes(size))
        self.assertEqual(verdict, "valid")
        self.assertEqual(status["result"]["bytes"], size)
        self.assertEqual(status["result"]["sha256"], hashlib.sha256(text_of(size).encode()).hexdigest())
        self.assertEqual("json" in status["result"], is_embedded)
        self.assertEqual(self.agentctl("result", "t", "--raw").stdout.strip(), text_of(size))
        if not is_embedded:
            owner = self.config_map(status["result"]["configMapRef"])["metadata"]["ownerReferences"][0]
            self.assertEqual(owner["uid"], self.get("t")["metadata"]["uid"])

    def test_small_one(self):
        self.kept(20, True)

    def test_16_kib_in_the_status(self):
        self.kept(EMBEDDED, True)

    def test_one_byte_more_beside_it(self):
        self.kept(EMBEDDED + 1, False)

    def test_1_mib(self):
        self.kept(LARGEST, False)

    def test_one_byte_more_than_1_mib(self):
        self.assertEqual(self.left(self.writes(LARGEST + 1))[1], "ResultTooLarge")

    def test_empty(self):
        self.assertEqual(self.left('open("result.json", "w").close()\n')[1], "ResultInvalid")

    def test_none(self):
        self.assertEqual(self.left("pass\n")[1], "ResultMissing")

    def test_no_json(self):
        self.assertEqual(self.left('open("result.json", "w").write("{")\n')[1], "ResultInvalid")

    def test_a_key_twice(self):
        self.assertEqual(self.left('open("result.json", "w").write(\'{"a": 1, "a": 2}\')\n')[1], "ResultInvalid")

    def test_fifo(self):
        self.assertEqual(self.left('import os\nos.mkfifo("result.json")\n')[1], "ResultInvalid")

    def test_symbolic_link(self):
        self.assertEqual(self.left('import os\nos.symlink("/etc/passwd", "result.json")\n')[1], "ResultInvalid")

    def test_directory(self):
        self.assertEqual(self.left('import os\nos.mkdir("result.json")\n')[1], "ResultInvalid")

    def test_artifacts(self):
        self.task("t", 'import os\nos.mkdir("d")\nopen("d/a.bin", "wb").write(bytes(range(256)) * 1000)\n'
                  'open("b.txt", "w").write("b")\n')
        self.wait_end("t")
        self.wait_gone(f"/api/v1/namespaces/{self.space}/pods/t-pod")
        with tempfile.TemporaryDirectory() as top:
            self.agentctl("artifacts", "t", "-o", top)
            with open(os.path.join(top, "d/a.bin"), "rb") as file:
                self.assertEqual(file.read(), bytes(range(256)) * 1000)
            self.assertEqual(sorted(os.listdir(top)), ["b.txt", "d"])

    def test_artifacts_too_large(self):
        self.task("t", 'open("big", "wb").write(os.urandom(600 * 1024))\n'.replace("os.", "__import__('os')."))
        status = self.wait_end("t")
        self.assertIn("ArtifactsTooLarge", [c["type"] for c in status["conditions"] if c["status"] == "True"])
        self.agentctl("artifacts", "t", code=1)


class Logs(Stage):
    def gone(self, name="t"):
        self.wait_gone(f"/api/v1/namespaces/{self.space}/pods/{name}-pod")

    def test_50_mb_of_output(self):
        """Head and tail are kept, also when the Pod and the node's container are gone."""
        self.task("t", 'import sys\nline = "%07d " + "x" * 91 + "\\n"\nfor i in range(500000):\n'
                  '    sys.stdout.write(line % i)\n', timeoutSeconds=120)
        status = self.wait_end("t", 180)
        self.assertEqual((status["phase"], status["logs"]["truncated"]), ("Succeeded", True), json.dumps(status))
        self.assertEqual(status["logs"]["bytes"], 50000000)
        self.gone()
        text = self.agentctl("logs", "t").stdout
        lines = text.splitlines()
        self.assertTrue(lines[0].startswith("0000000 "))
        self.assertTrue(lines[-1].startswith("0499999 "), lines[-1])
        self.assertGreater(len(text), HEAD + TAIL - 4096)
        self.assertLess(len(text), HEAD + TAIL + 4096)

    def test_followed_while_it_runs(self):
        self.task("t", 'import time\nfor i in range(5):\n    print(i, flush=True)\n    time.sleep(1)\n')
        self.assertEqual(self.agentctl("logs", "-f", "t").stdout, "0\n1\n2\n3\n4\n")

    def test_times_while_it_runs(self):
        self.task("t", 'import time\nprint("a", flush=True)\ntime.sleep(600)\n')
        self.wait_phase("t", "Running")
        wait_for(lambda: "a" in self.agentctl("logs", "t").stdout, 20)
        self.assertRegex(self.agentctl("logs", "t", "--timestamps").stdout, r"^2\d{3}-\d\d-\d\dT[0-9:.]+Z a\n$")
        self.agentctl("cancel", "t")

    def test_frames_do_not_show(self):
        """What the runner sends behind the output is no output."""
        self.task("t", 'print("only this")\nopen("a", "wb").write(bytes(70000))\n'
                  'open("result.json", "w").write(\'"\' + "x" * 500000 + \'"\')\n')
        self.wait_end("t")
        self.assertEqual(self.agentctl("logs", "t").stdout, "only this\n")

    def test_control_bytes_are_escaped(self):
        self.task("t", 'import sys\nsys.stdout.buffer.write(b"a\\x1b[31mb\\x1edone\\xff\\n")\n')
        self.wait_end("t")
        shown = self.agentctl("logs", "t").stdout
        self.assertNotIn("\x1b", shown)
        self.assertIn("\\x1b[31m", shown)

    def test_nothing_written(self):
        self.task("t", "pass\n")
        status = self.wait_end("t")
        self.assertEqual((status["logs"]["bytes"], status["logs"]["complete"]), (0, True))
        self.assertNotIn("configMapRef", status["logs"])
        self.assertEqual(self.agentctl("logs", "t").stdout, "")


class Lives(Stage):
    def test_ttl_deletes_it_once(self):
        self.task("t", ttlSecondsAfterFinished=2)
        status = self.wait_end("t")
        ended = time.monotonic()
        uid = self.get("t")["metadata"]["uid"]
        self.wait_gone(self.path("t"), 30)
        self.assertLess(time.monotonic() - ended, 2 + 5 + 5)
        self.assertEqual(status["phase"], "Succeeded")
        self.assertEqual(self.left_of(uid), [])

    def test_deleted_while_it_runs(self):
        self.task("t", "import time\ntime.sleep(600)\n")
        self.wait_phase("t", "Running")
        uid = self.get("t")["metadata"]["uid"]
        self.agentctl("delete", "t")
        self.assertIsNone(self.get("t"))
        self.wait_nothing_left(uid)

    def test_deleted_in_the_foreground(self):
        self.task("t", "import time\ntime.sleep(600)\n")
        self.wait_phase("t", "Running")
        uid = self.get("t")["metadata"]["uid"]
        self.api.delete(self.path("t"), propagationPolicy="Foreground")
        self.wait_gone(self.path("t"), 60)
        self.wait_nothing_left(uid)

    def test_namespace_deleted(self):
        self.task("t", "import time\ntime.sleep(600)\n")
        self.wait_phase("t", "Running")
        self.api.delete(f"/api/v1/namespaces/{self.space}")
        self.wait_gone(f"/api/v1/namespaces/{self.space}", 90)

    def left_of(self, uid):
        """Of the task's objects, by owner."""
        found = []
        for kind in ("pods", "configmaps"):
            for item in self.api.items(f"/api/v1/namespaces/{self.space}/{kind}"):
                owners = item["metadata"].get("ownerReferences", [])
                found += [f"{kind}/{item['metadata']['name']}" for owner in owners if owner["uid"] == uid]
        return found

    def wait_nothing_left(self, uid):
        wait_for(lambda: not self.left_of(uid), 60, why=lambda: f"left: {self.left_of(uid)}")

    def test_policy_is_restored(self):
        self.task("t", "import time\ntime.sleep(600)\n")
        self.wait_phase("t", "Running")
        path = f"/apis/networking.k8s.io/v1/namespaces/{self.space}/networkpolicies/agenttask-default-deny"
        before = self.api.get(path)["metadata"]["uid"]
        self.api.delete(path)
        began = time.monotonic()
        wait_for(lambda: (self.api.get(path) or {}).get("metadata", {}).get("uid") not in (None, before), 20)
        self.assertLess(time.monotonic() - began, 5)
        kubectl("-n", self.space, "delete", "agenttask", "t", "--wait=false")

    def test_finished_is_a_condition_of_every_ending(self):
        self.task("good")
        self.task("bad", "raise SystemExit(1)\n")
        for name in ("good", "bad"):
            kubectl("-n", self.space, "wait", f"agenttask/{name}", "--for=condition=Finished", "--timeout=60s")
        kubectl("-n", self.space, "wait", "agenttask/good", "--for=condition=Succeeded", "--timeout=5s")

    def test_events_tell_the_story(self):
        self.task("t")
        self.wait_end("t")

        def reasons():
            path = f"/apis/events.k8s.io/v1/namespaces/{self.space}/events"
            return {e["reason"] for e in self.api.items(path) if e["regarding"]["kind"] == "AgentTask"}
        wait_for(lambda: {"Scheduled", "Completed"} <= reasons(), 20, why=lambda: f"events: {reasons()}")


if __name__ == "__main__":
    unittest.main()
