# SPDX-License-Identifier: Apache-2.0
"""Two operators, one lease: who acts, and how soon the other does. No other operator may run."""
import json
import signal
import time
import unittest

from stage import Manager, Stage, audit_end, pods_made, wait_for

LEASES = "/apis/coordination.k8s.io/v1/namespaces/{}/leases"


class Leader(Stage):
    is_bare = is_alone = True

    def operator(self):
        manager = Manager("--namespace", self.space, "--leader-elect", "--lease-namespace", self.space)
        self.addCleanup(manager.kill)
        return manager

    def holder(self):
        leases = self.api.items(LEASES.format(self.space))
        return leases[0]["spec"].get("holderIdentity", "") if leases else ""

    def pair(self):
        first = self.operator().wait_ready()
        held = wait_for(self.holder, 10)
        second = self.operator()
        time.sleep(3)
        self.assertEqual(self.holder(), held)
        return first, second

    def seconds_until_acting(self, name):
        began = time.monotonic()
        self.task(name)
        wait_for(lambda: self.status(name).get("phase"), 30)
        return time.monotonic() - began

    def test_killed_leader_is_followed_within_17_seconds(self):
        first, _ = self.pair()
        first.kill()
        seconds = self.seconds_until_acting("t")
        print(f"\nleader: killed: the other acts after {seconds:.1f} s")
        self.assertLess(seconds, 17)
        self.assertEqual(self.wait_end("t")["phase"], "Succeeded")

    def test_stopped_leader_is_followed_within_2_seconds(self):
        first, _ = self.pair()
        first.process.send_signal(signal.SIGTERM)
        seconds = self.seconds_until_acting("t")
        print(f"\nleader: terminated: the other acts after {seconds:.1f} s")
        self.assertLess(seconds, 2)
        self.assertEqual(first.process.wait(10), 0)

    def test_frozen_leader_writes_nothing_when_it_wakes(self):
        first, _ = self.pair()
        first.process.send_signal(signal.SIGSTOP)
        self.seconds_until_acting("t")
        begin = audit_end()
        first.process.send_signal(signal.SIGCONT)
        self.assertEqual(first.process.wait(5), 1, "it notices and exits")
        status = self.wait_end("t")
        self.assertEqual(status["phase"], "Succeeded", json.dumps(status))
        self.assertLessEqual(len(pods_made(self.space, begin)), 1)

    def test_of_two_without_a_lease_never_both_succeed(self):
        """Both act on everything at once: each write is refused to one of them."""
        begin = audit_end()
        managers = [Manager("--namespace", self.space) for _ in range(2)]
        for manager in managers:
            self.addCleanup(manager.kill)
            manager.wait_ready()
        for i in range(10):
            self.task(f"t{i}")
        for i in range(10):
            self.assertEqual(self.wait_end(f"t{i}", 120)["phase"], "Succeeded")
        self.assertEqual(sorted(pods_made(self.space, begin)), [f"t{i}-pod" for i in range(10)])

    def test_deleted_lease_is_made_again(self):
        self.pair()
        lease = self.api.items(LEASES.format(self.space))[0]["metadata"]["name"]
        self.api.delete(f"{LEASES.format(self.space)}/{lease}")
        wait_for(self.holder, 20)
        self.assertLess(self.seconds_until_acting("t"), 20)


if __name__ == "__main__":
    unittest.main()
