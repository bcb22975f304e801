#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The operator on a real cluster of its own: brought up, deployed to, tried, and gone without a trace.

    tests/cluster/suites/run.py [--build DIRECTORY] [--keep] [-k PART_OF_NAME] [SUITE...]

With CLUSTER and an existing cluster of that name, that one is used and kept. Tests of a class run side
by side with others, unless the class says `is_alone`; those that want nobody to review what they
create say `is_unreviewed`, and run without the webhook's registration; those that want no other operator say
`is_bare`, and run when the deployed one is gone too. Suite `install` comes first: it deploys itself."""
import argparse
import collections
import concurrent.futures
import hashlib
import importlib
import os
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
SUITES = ("install", "endings", "output", "network", "egress", "profiles", "hostile", "agentctl", "rbac",
          "admission", "attacks", "tenants", "webhook", "certificates", "doctor", "metrics", "foreign", "readme",
          "leader", "crash", "nodes")
SIDE_BY_SIDE = 4


def sh(*words, **environment):
    done = subprocess.run(words, cwd=ROOT, env=dict(os.environ, **environment), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(words)}: {done.stdout[-4000:]}")
    return done.stdout


def image_name(build):
    """A tag of its own for what was built: a node never takes an older one of the same name for it."""
    digest = hashlib.sha256()
    for name in ("manager", "runner", "probe"):
        with open(os.path.join(build, name), "rb") as file:
            digest.update(file.read())
    return f"example.com/agenttask-operator:{digest.hexdigest()[:12]}"


class Tally:
    def __init__(self):
        self.passed, self.failed, self.skipped = 0, 0, 0

    def run(self, test):
        result, began = unittest.TestResult(), time.monotonic()
        test.run(result)
        seconds, name = time.monotonic() - began, ".".join(test.id().split(".")[-3:])
        for case, text in result.failures + result.errors:
            name = ".".join(case.id().split(".")[-3:])
            print(f"FAILED {name} ({seconds:.1f} s)\n{text}", flush=True)
        for _, reason in result.skipped:
            print(f"SKIP {name}: {reason}", flush=True)
        bad = len(result.failures) + len(result.errors)
        self.failed += bad
        self.skipped += len(result.skipped)
        if not bad and not result.skipped:
            self.passed += 1
            print(f"ok     {name} ({seconds:.1f} s)", flush=True)


def flat(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flat(item)
        else:
            yield item


def load(names, pattern):
    """Module, then class, then tests."""
    loader, modules = unittest.TestLoader(), []
    if pattern:
        loader.testNamePatterns = [f"*{pattern}*"]
    for name in names:
        module = importlib.import_module(name)
        classes = collections.defaultdict(list)
        for test in flat(loader.loadTestsFromModule(module)):
            classes[type(test)].append(test)
        modules.append((module, classes))
    return modules


def run_all(tally, modules, wanted):
    """The tests of all classes that are `wanted`: first side by side, then those that are alone."""
    together, alone = [], []
    for _, classes in modules:
        for kind, tests in classes.items():
            if wanted(kind):
                kind.setUpClass()
                (alone if getattr(kind, "is_alone", False) else together).extend(tests)
    with concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        list(pool.map(tally.run, together))
    for test in alone:
        tally.run(test)


def run_in_turn(tally, classes):
    for kind, tests in classes.items():
        kind.setUpClass()
        for test in tests:
            tally.run(test)
        kind.tearDownClass()


def push(build, image):
    archive = os.path.join(build, "image.tar")
    print(sh("python3", "tools/image.py", "--name", image, "--build", build, "--output", archive).strip())
    sh("tests/cluster/push", image, archive)


def deploy(image):
    """From what is in the registry to two ready operators, with less patience than by default."""
    began = time.monotonic()
    sh("tools/deploy", "up", image)
    config = "maxRunningPerTenant: 100\npullGraceSeconds: 30\negressKeepSeconds: 20\n"
    kubectl("-n", "agenttask-system", "patch", "configmap", "agenttask-config", "--type=merge", "-p",
            '{"data": {"config.yaml": "' + config.replace("\n", "\\n") + '"}}')
    kubectl("-n", "agenttask-system", "rollout", "restart", "deployment/agenttask-controller-manager")
    kubectl("-n", "agenttask-system", "rollout", "status", "deployment/agenttask-controller-manager",
            "--timeout=120s")
    print(f"cluster: deployed in {time.monotonic() - began:.1f} s")


def kubectl(*words):
    stage = importlib.import_module("stage")
    return stage.kubectl(*words).stdout


def phase(kind):
    return "bare" if getattr(kind, "is_bare", False) else \
        "unreviewed" if getattr(kind, "is_unreviewed", False) else "deployed"


def run_unreviewed(tally, modules, is_kept):
    """What nobody reviews: first with the deployed operator, then without. A cluster that is kept is then put
    back as it was; one that is not has lost its node by then."""
    found = {phase(kind) for _, classes in modules for kind in classes} - {"deployed"}
    if not found:
        return
    people, stage = importlib.import_module("people"), importlib.import_module("stage")
    api = stage.Api()
    was = people.take_webhook(api)
    run_all(tally, modules, lambda kind: phase(kind) == "unreviewed")
    if "bare" in found:
        people.scale(0)
        run_all(tally, modules, lambda kind: phase(kind) == "bare")
    if is_kept:
        people.scale(2)
        people.put_webhook(api, was)


def try_all(options, is_kept):
    tally = Tally()
    modules = load(options.suites or SUITES, options.k)
    for module, classes in modules:
        if module.__name__ == "install":
            run_in_turn(tally, classes)
    modules = [pair for pair in modules if pair[0].__name__ != "install"]
    try:
        deploy(os.environ["IMG"])
        run_all(tally, modules, lambda kind: phase(kind) == "deployed")
        run_unreviewed(tally, modules, is_kept)
    finally:  # a suite may have a cluster of its own
        for module, _ in modules:
            getattr(module, "tearDownModule", lambda: None)()
    print(f"{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped", flush=True)
    return tally.failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("-k", default=None)
    parser.add_argument("suites", nargs="*")
    options = parser.parse_args()
    os.environ.setdefault("CLUSTER", f"test-{os.getpid()}")
    state = "/var/cache/agenttask-cluster/" + os.environ["CLUSTER"]
    was_up = os.path.exists(os.path.join(state, "ready"))
    os.environ.update(KUBECONFIG=os.path.join(state, "kubeconfig"), IMG=image_name(options.build),
                      PATH=os.path.join(state, "bin") + ":" + os.environ["PATH"],
                      AGENTTASK_BUILD=os.path.abspath(options.build))
    sys.path.insert(0, HERE)
    try:
        print(sh("tests/cluster/up").strip())
        push(options.build, os.environ["IMG"])
        failed = try_all(options, was_up or options.keep)
    finally:
        if not was_up and not options.keep:
            sh("tests/cluster/down")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
