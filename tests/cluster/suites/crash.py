# SPDX-License-Identifier: Apache-2.0
"""The operator dies by SIGKILL after every single request that it makes in the life of a task, at the
moment when the server has acted and the operator does not know it yet. Another one goes on. The end
is the undisturbed one, and the audit log shows exactly one Pod. Needs that no other operator runs.

    CRASH_LANES=6   so many lives at a time"""
import concurrent.futures
import json
import os
import threading
import unittest

from proxy import Proxy
from stage import Manager, Stage, audit_end, ctl, pods_made, wait_for

LANES = int(os.environ.get("CRASH_LANES", "6"))
SLEEP = 'import time\nprint("first", flush=True)\ntime.sleep(600)\n'
SHORT = 'import time\nprint("first", flush=True)\nopen("result.json", "w").write("[1]")\ntime.sleep(1)\n'


class Life:
    """One life of one task in a namespace of its own; dies after request `at` (None: never)."""

    def __init__(self, stage, label, spec, drive, at):
        self.stage, self.spec, self.drive, self.at = stage, spec, drive, at
        self.space = f"crash-{label}-{at or 0}-{os.urandom(2).hex()}"
        self.manager, self.second, self.has_begun, self.requests, self.death = None, None, False, [], None

    def seen(self, number, method, path):
        del number
        if not self.has_begun or "watch=" in path or "/leases/" in path or "/events" in path:
            return False
        if method == "GET" and path.split("?")[0].rsplit("/", 1)[-1] in (
                "agenttasks", "pods", "networkpolicies", "runtimeprofiles", "nodes"):
            return False  # an informer's list, not of this task
        if self.death:
            return True
        self.requests.append(f"{method} {path.split('?')[0].split(self.space)[-1]}")
        if len(self.requests) == self.at:
            self.death = self.requests[-1]
            self.manager.kill()
            threading.Thread(target=self.go_on, daemon=True).start()
            return True
        return False

    def go_on(self):
        """The next operator, which the proxy does not see."""
        self.second = Manager("--namespace", self.space)

    def run(self):
        """What came of it: the verdict without what differs from life to life."""
        self.stage.make_space(self.space)
        proxy = Proxy(self.seen)
        begin = audit_end()
        try:
            self.manager = Manager("--namespace", self.space, kubeconfig=proxy.kubeconfig).wait_ready()
            self.has_begun = True
            self.stage.task("t", space=self.space, **self.spec)
            if self.drive != "wait":
                self.disturb()
            status = self.stage.wait_end("t", 120, self.space) if self.drive != "delete" else None
            if status:
                self.stage.wait_gone(f"/api/v1/namespaces/{self.space}/pods/t-pod", 60)
                self.stage.api.delete(self.stage.path("t", self.space))
            self.stage.wait_gone(self.stage.path("t", self.space), 90)
            left = [item["metadata"]["name"] for item in self.stage.api.items(
                f"/api/v1/namespaces/{self.space}/pods")]
            return self.verdict(status), len(pods_made(self.space, begin)), left
        finally:
            for manager in filter(None, (self.manager, self.second)):
                manager.kill()
            proxy.close()

    def disturb(self):
        """What the user does when the code runs."""
        wait_for(lambda: "first" in self.said(), 60)
        if self.drive == "cancel":
            self.stage.api.patch(self.stage.path("t", self.space), {"spec": {"canceled": True}})
        elif self.drive == "delete":
            self.stage.api.delete(self.stage.path("t", self.space))

    def said(self):
        return self.stage.api.raw("GET", f"/api/v1/namespaces/{self.space}/pods/t-pod/log")[1].decode()

    @staticmethod
    def verdict(status):
        if status is None:
            return None
        kept = {key: status.get(key) for key in ("phase", "reason", "exitCode", "result")}
        kept["logs"] = {key: value for key, value in status.get("logs", {}).items()}
        return kept


class Crashes(Stage):
    is_bare = is_alone = True

    def every_point(self, label, spec, drive):
        whole = Life(self, label, spec, drive, None)
        expected = whole.run()
        self.assertEqual(expected[1:], (1, []), expected)
        wrong, points = [], len(whole.requests)
        self.assertGreater(points, 8)
        with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
            lives = [Life(self, label, spec, drive, at) for at in range(1, points + 1)]
            for life, outcome in zip(lives, pool.map(self.outcome, lives)):
                ok = outcome == expected
                print(f"crash: {label} {life.at:3} {life.death or 'not reached':60} {'ok' if ok else outcome}")
                if not ok:
                    wrong.append((life.at, life.death, outcome))
        print(f"crash: {label}: {points} points, {len(wrong)} wrong; undisturbed: {json.dumps(expected[0])}")
        self.assertEqual(wrong, [])

    @staticmethod
    def outcome(life):
        try:
            return life.run()
        except Exception as error:  # one life that breaks is one wrong row, not the end of the table
            return f"{type(error).__name__}: {error}"

    def test_success(self):
        self.every_point("success", {"source": SHORT}, "wait")

    def test_failure(self):
        self.every_point("failure", {"source": SHORT + "raise SystemExit(3)\n"}, "wait")

    def test_timeout(self):
        self.every_point("timeout", {"source": SLEEP, "timeoutSeconds": 2}, "wait")

    def test_cancel(self):
        self.every_point("cancel", {"source": SLEEP}, "cancel")

    def test_delete(self):
        self.every_point("delete", {"source": SLEEP}, "delete")

    def test_api_server_restarts_in_mid_life(self):
        begin = audit_end()
        manager = Manager("--namespace", self.space).wait_ready()
        self.addCleanup(manager.kill)
        self.task("t", 'import time\nprint("first", flush=True)\ntime.sleep(6)\nprint("last", flush=True)\n')
        self.wait_phase("t", "Running")
        ctl("restart", "kube-apiserver")
        wait_for(lambda: self.get("t"), 60)
        status = self.wait_end("t", 60)
        self.assertEqual((status["phase"], status["logs"]["complete"]), ("Succeeded", True), json.dumps(status))
        self.assertEqual(len(pods_made(self.space, begin)), 1)
        self.assertIsNone(manager.process.poll(), "it lives on")


if __name__ == "__main__":
    unittest.main()
