#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The CRDs against a real kube-apiserver: what they refuse, what nobody can change, what comes
back as it was sent, what people see.

    tests/cluster/apiserver 1.34 python3 tests/apiserver/schema.py

Wants KUBECONFIG and kubectl; ends with the closing line."""
import os
import re
import subprocess
import sys
import tempfile
import time

import yaml

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from api import Server, changed, thing_of  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GOOD = {"runtimeProfile": "python3.11", "code": {"source": "pass"}}
WEBHOOK = "agenttask-validating-webhook-configuration"
CACHE = tempfile.TemporaryDirectory()
PHASES = ["Pending", "Scheduled", "Running", "Succeeded", "Failed", "Canceled"]
LIMITS = {"cpu": "500m", "memory": "512Mi", "ephemeral-storage": 1000}
TIMES = {name: f"2026-01-01T00:00:0{i}Z"
         for i, name in enumerate(("queueTime", "startTime", "runTime", "completionTime"))}

# Every field that there is: check_round_trip compares with the schema.
FULL_TASK = {
    "args": ["a", "ä", ""], "backend": "sandbox", "canceled": True,
    "code": {"configMapRef": {"name": "c", "key": "k"}},
    "env": [{"name": "A", "value": "1"}, {"name": "B"}], "priority": -7,
    "queueTimeoutSeconds": 10, "resources": {"limits": LIMITS, "requests": LIMITS},
    "runtimeProfile": "python3.11", "stdin": "in\0put\n", "tenant": "team", "timeoutSeconds": 9,
    "ttlSecondsAfterFinished": 0}
FULL_STATUS = {
    "artifacts": {"bytes": 5}, "attempt": 1,
    "conditions": [{"type": "Finished", "status": "True", "reason": "Timeout", "message": "m",
                    "observedGeneration": 1, "lastTransitionTime": "2026-01-01T00:00:03Z"}],
    "durations": {"pull": "1s", "queue": "0.5s", "run": "2s"},
    "effective": {"command": ["python", "-I"], "egress": ["10.0.0.0/8 443/TCP"], "image": "i:1",
                  "imageID": "i@sha256:0", "profileGeneration": 3, "resources": {"limits": LIMITS},
                  "timeoutSeconds": 300},
    "exitCode": 0,
    "isolation": {"controls": ["seccomp", "landlock"], "landlockABI": 7, "limits": "cgroup2",
                  "network": "denied", "seccomp": True, "switchedOff": ["read-only"],
                  "userNamespace": False},
    "logs": {"bytes": 1, "complete": False, "configMapRef": "x-logs", "text": "x",
             "truncated": True},
    "message": "m", "observedGeneration": 1, "phase": "Failed",
    "podRef": {"kind": "Pod", "name": "x-pod", "nodeName": "n", "uid": "u"},
    "queue": {"ahead": 0, "position": 1}, "reason": "Timeout",
    "result": {"bytes": 2, "configMapRef": "x-result", "json": "{}", "sha256": "0" * 64},
    "signal": 9, "usage": {"cpuSeconds": 0.25, "peakMemoryBytes": 1 << 40}, **TIMES}
FULL_PROFILE = {
    "allowTag": True, "capabilities": {"add": ["NET_BIND_SERVICE"]}, "command": ["python", "-I"],
    "env": [{"name": "A", "value": "1"}], "fileName": "f.py", "hostUsers": False, "image": "i:1",
    "local": {"args": ["-I"], "interpreter": "python3", "version": "3.11"},
    "network": {"egress": [{"cidr": "10.0.0.0/8", "ports": "443"}]},
    "resources": {"default": LIMITS, "max": LIMITS}, "runtimeClassName": "gvisor",
    "tenants": ["a"], "timeoutSeconds": {"default": 1, "max": 2}, "warmPool": 1}


class Checks:
    def __init__(self, server):
        self.server, self.passed, self.failed = server, 0, 0

    def that(self, holds, what, seen=""):
        self.passed += bool(holds)
        self.failed += not holds
        if not holds:
            print(f"FAILED {what}: {seen}", flush=True)

    def refused(self, answer, names, what):
        status, body = answer
        self.that(status in (400, 422) and names in body.get("message", ""), what,
                  f"{status} {body.get('message', '')}"[:400])

    def done(self, answer, what):
        status, body = answer
        self.that(status in (200, 201), what, f"{status} {body.get('message', '')}"[:400])
        return body


def kubectl(*words, text=None):
    """It knows nothing of servers that had this address before."""
    done = subprocess.run(["kubectl", f"--cache-dir={CACHE.name}", *words], input=text,
                          capture_output=True, text=True, cwd=ROOT, check=False)
    return done.returncode, done.stdout + done.stderr


# -- installing ------------------------------------------------------------------------------------

def check_install(checks):
    """The one file, once, on a server that knows nothing of us. Then everything there is."""
    status, output = kubectl("apply", "--validate=strict", "-f", "dist/install.yaml")
    checks.that(status == 0 and all(line.endswith(" created") for line in output.splitlines()),
                "kubectl apply, the first time", output)
    kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", "--all")
    apply_all(checks, (["--dry-run=server", "-f", "dist/install.yaml"], ["-f", "dist/install.yaml"],
                       ["-f", "config/crd/bases"], ["-k", "config/default"]))
    check_fails_closed(checks)
    apply_all(checks, (["-k", "profiles"], ["-f", "config/samples"]))
    status, output = kubectl("get", "crd", "agenttasks.execution.agenttask.io", "-o",
                             "jsonpath={.status.conditions[?(@.type=='NonStructuralSchema')]}")
    checks.that(status == 0 and not output, "the schema is structural", output)


def apply_all(checks, all_words):
    for words in all_words:
        status, output = kubectl("apply", "--validate=strict", *words)
        checks.that(status == 0 and "Warning" not in output, f"kubectl apply {' '.join(words)}",
                    output)


def check_fails_closed(checks):
    """t91: no operator runs here, so nothing is created; nor is anything but creation held up.
    From then on the registration is gone: what follows is for the schema to refuse."""
    server = checks.server
    for kind, spec in (("AgentTask", GOOD), ("RuntimeProfile", FULL_PROFILE)):
        status, body = server.create(thing_of(kind, spec))
        checks.that(status == 500 and "failed calling webhook" in body.get("message", ""),
                    f"t91 no {kind} without review", f"{status} {body.get('message')}")
    status, output = kubectl("delete", "validatingwebhookconfiguration", WEBHOOK)
    checks.that(status == 0, "the registration is there, and goes", output)
    thing, until = thing_of("AgentTask", GOOD), time.monotonic() + 20
    while server.create(thing)[0] == 500 and time.monotonic() < until:
        time.sleep(0.2)  # until the server has noticed
    checks.that(server.delete(thing)[0] == 200, "without it, it is created and deleted")


def check_operator_pod(checks):
    """The Deployment's Pod in its own namespace, which admits only what is restricted."""
    _, output = kubectl("get", "deployment", "-n", "agenttask-system", "-o", "yaml",
                        "agenttask-controller-manager")
    template = yaml.safe_load(output)["spec"]["template"]
    for change, good in (({}, True), ({"runAsNonRoot": False}, False)):
        pod = {"apiVersion": "v1", "kind": "Pod",
               "metadata": {"name": "p", "namespace": "agenttask-system"}, "spec":
               {**template["spec"], "securityContext":
                {**template["spec"]["securityContext"], **change}}}
        status, output = kubectl("create", "--dry-run=server", "-f", "-", text=yaml.dump(pod))
        checks.that((status == 0) == good and ("violates PodSecurity" in output) != good,
                    f"operator's Pod under restricted, {change}", output)


# -- refusing --------------------------------------------------------------------------------------

def check_objects(checks):
    with open(os.path.join(ROOT, "tests/apiserver/objects.yaml"), encoding="utf-8") as file:
        kinds = yaml.safe_load(file)["kinds"]
    for kind in kinds:
        for change in kind["accepted"]:
            thing = thing_of(kind["kind"], changed(kind["spec"], change))
            checks.done(checks.server.create(thing), f"{kind['kind']} {change} is accepted")
            checks.server.delete(thing)
        for row in kind["refused"]:
            thing = thing_of(kind["kind"], changed(kind["spec"], row["change"]))
            checks.refused(checks.server.create(thing), row["names"],
                           f"{kind['kind']} {row['change']} is refused")
            checks.server.delete(thing)


def check_sizes(checks):
    """h46: the last byte that fits, and one more."""
    for change, names in (
            ({"code": {"source": "a" * 524288}}, None),
            ({"code": {"source": "a" * 524289}}, "source"),
            ({"code": {"source": "€" * 174762 + "aa"}}, None),
            ({"code": {"source": "€" * 174763}}, "source"),
            ({"args": ["a" * 131072]}, None),
            ({"args": ["a" * 131073]}, "spec.args"),
            ({"env": [{"name": "A", "value": "a" * 131073}]}, "spec.env"),
            ({"stdin": "€" * 43690 + "aa"}, None),
            ({"stdin": "€" * 43691}, "stdin"),
            ({"args": ["a"] * 1024}, None),
            ({"args": ["a"] * 1025}, "spec.args"),
            ({"env": [{"name": f"A{i}"} for i in range(1025)]}, "spec.env")):
        thing = thing_of("AgentTask", changed(GOOD, change))
        answer = checks.server.create(thing)
        what = f"h46 {[(key, len(str(value))) for key, value in change.items()]}"
        if names:
            checks.refused(answer, names, what)
        else:
            checks.done(answer, what)
        checks.server.delete(thing)


# -- changing --------------------------------------------------------------------------------------

def check_spec(checks):
    """a2, h40: every field, changed, taken away and added."""
    others = {**FULL_TASK, "args": ["b"], "backend": "pod", "code": {"source": "other"},
              "env": [{"name": "A", "value": "2"}], "priority": 1, "queueTimeoutSeconds": 11,
              "resources": {"limits": {"cpu": "1"}}, "runtimeProfile": "bash", "stdin": "",
              "tenant": "other", "timeoutSeconds": 10}
    mutable = ("canceled", "ttlSecondsAfterFinished")
    server = checks.server
    for spec, word in ((FULL_TASK, "changed"), (GOOD, "added")):
        thing = thing_of("AgentTask", spec)
        checks.done(server.create(thing), f"create, to be {word}")
        for field in sorted(set(FULL_TASK) - set(mutable)):
            checks.refused(server.patch(thing, {"spec": {field: others[field]}}), f"spec.{field}",
                           f"h40 spec.{field} is {word}")
            if spec is FULL_TASK:
                rest = {key: value for key, value in spec.items() if key != field}
                stored = server.get(thing)
                checks.refused(server.replace({**stored, "spec": rest}), f"spec.{field}",
                               f"h40 spec.{field} is taken away")
        server.delete(thing)
    thing = thing_of("AgentTask", GOOD)
    server.create(thing)
    for change, names in (({"canceled": False}, None), ({"ttlSecondsAfterFinished": 5}, None),
                          ({"ttlSecondsAfterFinished": None}, None), ({"canceled": True}, None),
                          ({"ttlSecondsAfterFinished": 9}, None), ({"canceled": False}, "canceled"),
                          ({"canceled": None}, "canceled")):
        answer = server.patch(thing, {"spec": change})
        if names:
            checks.refused(answer, names, f"a2 {change}")
        else:
            checks.done(answer, f"a2 {change}")
    server.delete(thing)


def put_phase(server, thing, phase):
    server.create(thing)
    return server.patch(thing, {"status": {"phase": phase}}, "/status")


def check_phases(checks):
    """s1, s2: every step from every phase."""
    server, thing = checks.server, thing_of("AgentTask", GOOD)
    for old in PHASES:
        for new in PHASES:
            checks.done(put_phase(server, thing, old), f"s2 first {old}")
            answer = server.patch(thing, {"status": {"phase": new}}, "/status")
            if new == old or (PHASES.index(old) < 3 and PHASES.index(new) > PHASES.index(old)):
                checks.done(answer, f"s2 {old} to {new}")
            else:
                checks.refused(answer, "status", f"s2 {old} to {new}")
            server.delete(thing)
    put_phase(server, thing, "Running")
    checks.refused(server.patch(thing, {"status": None}, "/status"), "never goes back",
                   "s2 the status is taken away")
    server.delete(thing)


def check_final(checks):
    """s1, h02, h05: no field of a status that is final, in any way."""
    server = checks.server
    for status in (FULL_STATUS, {**FULL_STATUS, "phase": "Canceled", "reason": "Canceled"},
                   {"phase": "Succeeded"}):
        thing = thing_of("AgentTask", GOOD)
        server.create(thing)
        checks.done(server.patch(thing, {"status": status}, "/status"), "the last status")
        for field, value in FULL_STATUS.items():
            change = None if field in status else value
            checks.refused(server.patch(thing, {"status": {field: change}}, "/status"), "final",
                           f"s1 {status['phase']}: status.{field}")
        checks.refused(server.patch(thing, {"status": {"exitCode": 7}}, "/status"), "final",
                       "s1 another exit code")
        checks.done(server.patch(thing, {"spec": {"canceled": True}}), "h05 cancel afterwards")
        checks.done(server.patch(thing, {"metadata": {"labels": {"a": "b"}}}), "label afterwards")
        stored = server.get(thing)
        checks.that(stored["status"] == status, "s1 it is what it was", stored["status"])
        server.delete(thing)


def check_once(checks):
    """s9, s6: what is set once."""
    server, thing = checks.server, thing_of("AgentTask", GOOD)
    server.create(thing)
    first = {"phase": "Running", "attempt": 1, "podRef": {"name": "x-pod", "uid": "u"},
             **{name: TIMES[name] for name in ("queueTime", "startTime", "runTime")}}
    checks.done(server.patch(thing, {"status": first}, "/status"), "s9 set")
    for field in ("attempt", "queueTime", "startTime", "runTime"):
        other = 2 if field == "attempt" else "2026-01-01T00:00:09Z"
        for value in (other, None):
            checks.refused(server.patch(thing, {"status": {field: value}}, "/status"),
                           f"status.{field}", f"s9 status.{field} {value}")
    for change in (None, {"uid": None}, {"uid": "v"}):
        checks.refused(server.patch(thing, {"status": {"podRef": change}}, "/status"),
                       "status.podRef.uid", f"s6 podRef {change}")
    checks.done(server.patch(thing, {"status": {"podRef": {"nodeName": "n"}}}, "/status"),
                "s6 the node comes later")
    server.delete(thing)


# -- reading back ----------------------------------------------------------------------------------

def leaves(schema, path):
    if "properties" in schema:
        for name, below in schema["properties"].items():
            yield from leaves(below, f"{path}.{name}")
    elif "properties" in schema.get("items", {}):
        yield from leaves(schema["items"], path + "[]")
    else:
        yield path


def paths(value, path):
    if isinstance(value, dict):
        for name, below in value.items():
            yield from paths(below, f"{path}.{name}")
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for below in value:
            yield from paths(below, path + "[]")
    else:
        yield path


def schema_of(plural):
    path = os.path.join(ROOT, "config/crd/bases", f"execution.agenttask.io_{plural}.yaml")
    with open(path, encoding="utf-8") as file:
        crd = yaml.safe_load(file)
    return crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]


def check_round_trip(checks):
    """h37: every field comes back as it was sent."""
    server, task = checks.server, thing_of("AgentTask", FULL_TASK)
    source = thing_of("AgentTask", GOOD, "y")
    profile = thing_of("RuntimeProfile", FULL_PROFILE)
    sent = set(paths(FULL_TASK, "spec")) | set(paths(FULL_STATUS, "status")) | {"spec.code.source"}
    schema = schema_of("agenttasks")
    known = set(leaves(schema["spec"], "spec")) | set(leaves(schema["status"], "status"))
    checks.that(sent == known, "h37 all fields of AgentTask", sent ^ known)
    sent, known = set(paths(FULL_PROFILE, "spec")), \
        set(leaves(schema_of("runtimeprofiles")["spec"], "spec"))
    checks.that(sent == known, "h37 all fields of RuntimeProfile", sent ^ known)
    for thing in (task, source, profile):
        checks.done(server.create(thing), "h37 create")
    checks.done(server.patch(task, {"status": FULL_STATUS}, "/status"), "h37 status")
    stored = server.get(task)
    checks.that(stored["spec"] == FULL_TASK, "h37 spec", stored["spec"])
    checks.that(stored["status"] == FULL_STATUS, "h37 status", stored["status"])
    checks.that(server.get(profile)["spec"] == FULL_PROFILE, "h37 profile")
    stored = server.get(source)
    checks.that(stored["spec"] == {**GOOD, "backend": "auto", "priority": 0,
                                   "queueTimeoutSeconds": 3600}, "defaults", stored["spec"])
    for words, wanted in ((["get", "atask"], ["NAME", "PHASE", "REASON", "AGE", "POD"]),
                          (["get", "atask", "-o", "wide"],
                           ["NAME", "PHASE", "REASON", "AGE", "POD", "PROFILE", "NODE", "EXIT",
                            "DURATION"])):
        _, output = kubectl(*words)
        checks.that(output.split("\n")[0].split() == wanted, f"kubectl {' '.join(words)}", output)
        checks.that("Failed" in output and "x-pod" in output, "the row of x", output)
    _, output = kubectl("get", "agents", "-o", "name")
    checks.that({"agenttask.execution.agenttask.io/x", "runtimeprofile.execution.agenttask.io/x"}
                <= set(output.split()), "category agents", output)
    for field in ("agenttask.spec.timeoutSeconds", "rprofile.spec.image", "atask.status.reason"):
        status, output = kubectl("explain", field)
        checks.that(status == 0 and "DESCRIPTION" in output and "<empty>" not in output,
                    f"kubectl explain {field}", output)
    for thing in (task, source, profile):
        server.delete(thing)


CHECKS = [check_install, check_operator_pod, check_objects, check_sizes, check_spec, check_phases,
          check_final, check_once, check_round_trip]


def main():
    server = Server()
    checks = Checks(server)
    try:
        for check in CHECKS:
            start, passed = time.monotonic(), checks.passed
            check(checks)
            print(f"schema: {check.__name__}: {checks.passed - passed} in "
                  f"{time.monotonic() - start:.1f} s", flush=True)
    finally:
        server.close()
    print(f"{checks.passed} passed, {checks.failed} failed, 0 skipped")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
