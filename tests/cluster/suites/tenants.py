# SPDX-License-Identifier: Apache-2.0
"""Nobody gets more than an administrator allows, and everybody gets his turn: limits under a thousand
creates at once, shares between tenants, live changes, places in the queue, hard counts. Where numbers
matter more than containers (`Toy`), an API server of its own and the kubelet without containers of
tests/bench: a thousand real Pods would take two processors a quarter of an hour."""
import collections
import concurrent.futures
import importlib.util
import json
import os
import statistics
import sys
import tempfile
import threading
import time
import types
import unittest
from unittest import mock

from people import CONFIG_SECONDS, SMALL, People, edit_config, task_body
from stage import BUILD, ROOT, TASKS, Api, Manager, Refused, audit_end, pods_made, wait_for

SLEEP = "import time\ntime.sleep({})\n"
OVER = ("Succeeded", "Failed")
WORKERS = 40


def bench_of(cluster):
    """tests/bench/operator.py, for the cluster of that name."""
    sys.path.insert(0, os.path.join(ROOT, "tests/bench"))
    spec = importlib.util.spec_from_file_location("bench_operator", os.path.join(ROOT, "tests/bench/operator.py"))
    bench = importlib.util.module_from_spec(spec)
    with mock.patch.dict(os.environ, CLUSTER=cluster):
        spec.loader.exec_module(bench)
    return bench


def has_ended(status):
    """A kubelet says that a container ended some time before it says so of its Pod."""
    containers = status.get("containerStatuses", [])
    return status.get("phase") in OVER or any(
        "terminated" in one["state"] for one in containers if one["name"] == "task")


class Pods(threading.Thread):
    """All Pods, in the order in which the server stored what happened to them: who lived when."""

    def __init__(self, api, spaces=None):
        super().__init__(daemon=True)
        self.api, self.spaces = api, spaces
        self.version = api.call("GET", "/api/v1/pods")["metadata"]["resourceVersion"]
        self.alive, self.began, self.ended, self.most = set(), {}, {}, collections.Counter()
        self.start()

    def run(self):
        connection = self.api.connection(True)
        connection.timeout = None
        connection.putrequest("GET", f"/api/v1/pods?watch=1&timeoutSeconds=3000&resourceVersion={self.version}")
        for header in self.api.headers:
            connection.putheader(*header)
        connection.endheaders()
        for line in connection.getresponse():
            self.note(json.loads(line))

    def note(self, event):
        meta, status = event["object"]["metadata"], event["object"].get("status", {})
        key = (meta.get("namespace"), meta.get("name"))
        if "agenttask.io/task" not in meta.get("labels", {}) or (self.spaces and key[0] not in self.spaces):
            return
        if key not in self.began:
            self.began[key] = time.monotonic()
            self.alive.add(key)
        elif key in self.alive and (event["type"] == "DELETED" or has_ended(status)):
            self.ended[key] = time.monotonic()
            self.alive.discard(key)
        self.most["all"] = max(self.most["all"], len(self.alive))
        here = sum(one[0] == key[0] for one in self.alive)
        self.most[key[0]] = max(self.most[key[0]], here)

    def slot_seconds(self, space, begin, end):
        return sum(max(0, min(self.ended.get(key, end), end) - max(began, begin))
                   for key, began in self.began.items() if key[0] == space)

    def starts(self, space):
        return sorted(began for key, began in self.began.items() if key[0] == space)


class Toy(unittest.TestCase):
    """An API server, an operator, a kubelet without containers: one for all tests."""

    is_alone = True
    run_ms = 200
    started = {}

    @classmethod
    def setUpClass(cls):
        cls.started.clear()

    def prepare(self):
        """The first who needs it; tearDownModule ends it."""
        if self.started:
            return
        bench = bench_of(os.environ["CLUSTER"][:24] + "-toy")
        bench.sh("tests/cluster/down")
        bench.sh("tests/cluster/up", PARTS="apiserver")
        self.started["bench"] = bench
        bench.kubectl("apply", "-f", "config/crd/bases")
        bench.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
        bench.kubectl("apply", "-f", "profiles/bash.yaml")
        top = self.started["top"] = tempfile.TemporaryDirectory(prefix="tenants-")
        self.started["kubelet"] = bench.Kubelet(top.name, types.SimpleNamespace(run_ms=self.run_ms, output_bytes=10))

    def setUp(self):
        self.prepare()
        self.bench, self.spaces = self.started["bench"], set()
        self.api = Api(self.bench.KUBECONFIG)

    def operator(self, **config):
        path = os.path.join(self.started["top"].name, self.id().rsplit(".", maxsplit=1)[-1] + ".yaml")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        manager = Manager("--config", path, kubeconfig=self.bench.KUBECONFIG)
        self.addCleanup(manager.kill)
        self.addCleanup(self.drain)
        manager.wait_ready()
        return manager

    def drain(self):
        """What a test that failed has left does not count in the next one."""
        for space in self.spaces:
            if self.phases(space).keys() - {"Succeeded"}:
                self.api.delete(TASKS.format(space))
                wait_for(lambda space=space: not self.api.items(TASKS.format(space)), 120, every=0.5)

    def space(self):
        name = "t-" + os.urandom(4).hex()
        self.spaces.add(name)
        self.api.create("/api/v1/namespaces", {"metadata": {"name": name}})
        self.api.create(f"/api/v1/namespaces/{name}/serviceaccounts", {"metadata": {"name": "default"}})
        return name

    def create_all(self, bodies, workers=WORKERS):
        def one(body):
            self.api.create(TASKS.format(body["metadata"]["namespace"]), body)
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            list(pool.map(one, bodies))

    def bodies(self, space, count, stem="t", **spec):
        spec = {"runtimeProfile": "bash", "code": {"source": "true\n"}, **spec}
        return [task_body(f"{stem}{i}", space, **spec) for i in range(count)]

    def phases(self, space):
        return collections.Counter(task.get("status", {}).get("phase") for task in self.api.items(TASKS.format(space)))

    def wait_all(self, space, count, seconds):
        wait_for(lambda: self.phases(space)["Succeeded"] == count, seconds, every=0.5,
                 why=lambda: str(self.phases(space)))

    def test_of_a_thousand_creates_at_once_five_run_at_a_time(self):
        """x6, t90: and each gets its turn, once."""
        space, began = self.space(), time.monotonic()
        self.operator(maxRunningPerTenant=5)
        pods = Pods(self.api, self.spaces)
        self.create_all(self.bodies(space, 1000))
        accepted = time.monotonic()
        self.wait_all(space, 1000, 240)
        print(f"\ntenants: 1000 creates in {accepted - began:.1f} s, all done after {time.monotonic() - began:.1f} s; "
              f"alive at a time: {pods.most['all']}", flush=True)
        self.assertEqual(pods.most["all"], 5)
        made = pods_made(space, state=self.bench.STATE)
        self.assertEqual((len(made), len(set(made))), (1000, 1000), "by the audit log")

    def test_without_a_limit_more_run_at_a_time(self):
        """The control of the one above."""
        space = self.space()
        self.operator(maxRunningPerTenant=0)
        pods = Pods(self.api, self.spaces)
        self.create_all(self.bodies(space, 40))
        self.wait_all(space, 40, 60)
        self.assertGreater(pods.most["all"], 5)

    def share(self, weights, slots=4, few=20):
        """Slot time of one with ten times the tasks by that of the other, from the first start on and
        for as long as both have some waiting."""
        many, less = self.space(), self.space()
        self.operator(maxRunning=slots, maxRunningPerTenant=0, tenants={
            many: {"weight": weights[0]}, less: {"weight": weights[1]}})
        for space in (many, less):  # a policy stands: what is made once per namespace costs no share
            self.create_all(self.bodies(space, 1, stem="warm"))
            self.wait_all(space, 1, 60)
        pods = Pods(self.api, self.spaces)
        self.create_all([body for pair in zip(self.bodies(many, few), self.bodies(less, few)) for body in pair] +
                        self.bodies(many, few * 10)[few:])
        wait_for(lambda: len(pods.starts(less)) == few and pods.most["all"], 120)
        begin, end = min(pods.began.values()), pods.starts(less)[-1]
        seconds = [pods.slot_seconds(space, begin, end) for space in (many, less)]
        waits = [statistics.median(start - begin for start in pods.starts(space)) for space in (many, less)]
        print(f"\ntenants: weights {weights[0]}:{weights[1]}, {few * 10} and {few} tasks, {slots} slots: slot time "
              f"{seconds[0]:.1f} and {seconds[1]:.1f} s ({seconds[0] / seconds[1]:.2f}), median wait {waits[0]:.1f} "
              f"and {waits[1]:.1f} s, the lesser's last start after {end - begin:.1f} s", flush=True)
        self.assertEqual(pods.most["all"], slots)
        return seconds[0] / seconds[1]

    def test_equal_weights_share_equally(self):
        self.assertAlmostEqual(self.share((1, 1)), 1, delta=0.2)

    def test_three_to_one_share_so(self):
        self.assertAlmostEqual(self.share((3, 1)), 3, delta=0.6)

    def test_one_to_three_share_so(self):
        self.assertAlmostEqual(self.share((1, 3), few=30), 1 / 3, delta=0.1)

    def test_who_comes_back_gets_his_share_and_no_more(self):
        """Time in which somebody wanted nothing is not saved up."""
        first, second = self.space(), self.space()
        self.operator(maxRunning=4, maxRunningPerTenant=0)
        self.create_all(self.bodies(second, 1, stem="warm"))
        self.wait_all(second, 1, 60)
        pods = Pods(self.api, self.spaces)
        self.create_all(self.bodies(first, 120))
        wait_for(lambda: len(pods.starts(first)) >= 40, 60)
        self.create_all(self.bodies(second, 40))
        wait_for(lambda: len(pods.starts(second)) >= 24, 60)
        begin, end = pods.starts(second)[0], pods.starts(second)[23]
        seconds = [pods.slot_seconds(space, begin, end) for space in (first, second)]
        print(f"\ntenants: after a pause: slot time {seconds[0]:.1f} and {seconds[1]:.1f} s", flush=True)
        self.assertAlmostEqual(seconds[1] / seconds[0], 1, delta=0.35)

    def test_priority_orders_within_a_tenant_and_nobody_starves(self):
        """A point is worth a minute of waiting: who is more important goes first, and no further."""
        space = self.space()
        self.operator(maxRunningPerTenant=1)
        pods = Pods(self.api, self.spaces)
        self.create_all(self.bodies(space, 8, priority=0))
        self.create_all(self.bodies(space, 3, stem="vip", priority=10), 1)
        self.wait_all(space, 11, 60)
        order = [key[1] for key in sorted(pods.began, key=pods.began.get)]
        places = [order.index(f"vip{i}-pod") for i in range(3)]
        self.assertLessEqual(max(places), 7, order)
        self.assertEqual(places, sorted(places), order)


class Queue(People):
    """Real Pods, the deployed operator, the settings an administrator edits."""

    def alive(self, space=None):
        return [task for task in self.api.items(self.path(space=space))
                if task.get("status", {}).get("phase") in ("Scheduled", "Running")]

    def places(self, names):
        """Position and how many are ahead; a status does not say that there are none."""
        queues = [self.status(name).get("queue", {}) for name in names]
        return [(queue.get("position"), queue.get("ahead", 0)) for queue in queues]

    def test_limits_are_read_again_and_everybody_knows_his_place(self):
        self.tenant(self.space, maxRunning=1)
        names = [f"t{i}" for i in range(5)]
        for name in names:
            self.task(name, SLEEP.format(300), resources=SMALL)
        self.wait_phase("t0", "Running")
        wanted = [(i, i - 1) for i in range(1, 5)]
        wait_for(lambda: self.places(names[1:]) == wanted, 20, why=lambda: f"{self.places(names[1:])}")
        self.assertTrue(all(self.status(name)["reason"] == "Queued" for name in names[1:]),
                        [self.status(name)["reason"] for name in names[1:]])
        began = time.monotonic()
        edit_config(self.api, lambda config: config["tenants"][self.space].update(maxRunning=3))
        wait_for(lambda: len(self.alive()) == 3, 90, why="the new limit is not in force")
        seconds = time.monotonic() - began
        print(f"\ntenants: a limit raised from 1 to 3: two more have a Pod after {seconds:.1f} s", flush=True)
        self.assertLess(seconds, 15)
        wait_for(lambda: self.places(names[3:]) == wanted[:2], 20, why=lambda: f"{self.places(names[3:])}")
        edit_config(self.api, lambda config: config["tenants"][self.space].update(maxRunning=1))
        time.sleep(3)
        self.api.patch(self.path("t0"), {"spec": {"canceled": True}})
        self.wait_end("t0")
        time.sleep(3)
        self.assertEqual(sorted(task["metadata"]["name"] for task in self.alive()), ["t1", "t2"],
                         "two still run where one may: no other starts")

    def test_settings_that_cannot_be_read_change_nothing(self):
        """And they say so; what was in force stays."""
        self.tenant(self.space, maxRunning=1)
        for name in ("t0", "t1"):
            self.task(name, SLEEP.format(60), resources=SMALL)
        self.wait_phase("t0", "Running")
        edit_config(self.api, lambda config: config["tenants"].update({self.space: {"maxRunning": -5}}))
        time.sleep(6)
        self.assertEqual(self.status("t1")["phase"], "Pending")
        edit_config(self.api, lambda config: config["tenants"].update({self.space: {"maxRunning": 2}}))
        self.wait_phase("t1", "Running")

    def test_a_hard_count_accepts_exactly_so_many(self):
        """t90: forty creates at once, five may exist."""
        quotas = f"/api/v1/namespaces/{self.space}/resourcequotas"
        counted = "count/agenttasks.execution.agenttask.io"
        self.api.create(quotas, {"metadata": {"name": "q"}, "spec": {"hard": {counted: "5"}}})
        wait_for(lambda: self.api.get(quotas + "/q")["status"].get("used", {}).get(counted) == "0", 60,
                 why="nobody counts")
        answers = collections.Counter()

        def one(i):
            try:
                self.task(f"t{i}", resources=SMALL)
                return "accepted"
            except Refused as refused:
                return "quota" if "exceeded quota" in str(refused) else str(refused)
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            answers.update(pool.map(one, range(40)))
        self.assertEqual(dict(answers), {"accepted": 5, "quota": 35})
        for task in self.api.items(self.path()):
            self.assertEqual(self.wait_end(task["metadata"]["name"], 120)["phase"], "Succeeded")

    def test_a_dry_run_counts_for_nothing(self):
        """h41: neither as a task nor as one that waits."""
        self.tenant(self.space, maxRunning=1)
        began = audit_end()
        for i in range(20):
            self.api.create(self.path() + "?dryRun=All", task_body(f"dry{i}", self.space))
        self.assertEqual(self.api.items(self.path()), [])
        self.task("t", resources=SMALL)
        self.assertEqual(self.wait_end("t")["phase"], "Succeeded")
        self.assertEqual(pods_made(self.space, began), ["t-pod"])


class Total(People):
    """One limit for all, on real Pods."""

    is_alone = True

    def setUp(self):
        super().setUp()
        was = {}
        edit_config(self.api, lambda config: was.update({"maxRunning": config.get("maxRunning", 0)}))
        self.addCleanup(edit_config, self.api, lambda config: config.update(was))
        edit_config(self.api, lambda config: config.update(maxRunning=3))
        self.other = self.space + "-o"
        self.make_space(self.other)

    def test_the_lesser_tenant_does_not_wait_for_the_larger(self):
        time.sleep(CONFIG_SECONDS)
        pods = Pods(self.api, {self.space, self.other})
        for i in range(20):
            self.task(f"t{i}", SLEEP.format(1), resources=SMALL)
        for i in range(2):
            self.task(f"t{i}", SLEEP.format(1), resources=SMALL, space=self.other)
        for i in range(2):
            self.wait_end(f"t{i}", 120, space=self.other)
        before = sum(began < pods.starts(self.other)[-1] for began in pods.began.values())
        print(f"\ntenants: 20 tasks, then 2 of another tenant, 3 slots: the last of the two was Pod number "
              f"{before + 1}; alive at a time: {pods.most['all']}", flush=True)
        self.assertLessEqual(before, 3 + 4)
        for i in range(20):
            self.wait_end(f"t{i}", 180)
        self.assertEqual(pods.most["all"], 3)


def tearDownModule():
    started = Toy.started
    if "kubelet" in started:
        started["kubelet"].process.terminate()
        started["kubelet"].process.wait(30)
    if "bench" in started:
        started["bench"].sh("tests/cluster/down")
        started["top"].cleanup()
    started.clear()


if __name__ == "__main__":
    assert os.path.exists(os.path.join(BUILD, "manager"))
    unittest.main()
