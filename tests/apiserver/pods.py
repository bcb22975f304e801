#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Pod of a run (tests/api/pod.yaml, which is what the code makes) against the real admission
plugins: a namespace that enforces "restricted" and has a quota on everything takes it, and takes
it no more when one line of its hardening is missing.

    tests/cluster/apiserver 1.34 python3 tests/apiserver/pods.py

Wants KUBECONFIG and kubectl; ends with the closing line."""
import copy
import json
import os
import subprocess
import sys

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NAMESPACE = "team"  # of the Pod
QUOTA = {f"{kind}.{name}": most for kind in ("limits", "requests")
         for name, most in (("cpu", "8"), ("memory", "8Gi"), ("ephemeral-storage", "8Gi"))}

# What is left out, and who must then refuse the Pod.
RESTRICTED, QUOTAS = "violates PodSecurity", "failed quota"
CONTROLS = [
    (RESTRICTED, ["securityContext.seccompProfile", "containers.0.securityContext.seccompProfile"]),
    # in a user namespace of its own a Pod may run as what it likes
    (RESTRICTED, ["securityContext.runAsNonRoot", "containers.0.securityContext.runAsNonRoot",
                  "hostUsers"]),
    (RESTRICTED, ["containers.0.securityContext.allowPrivilegeEscalation"]),
    (RESTRICTED, ["containers.0.securityContext.capabilities"]),
    (RESTRICTED, ["initContainers.0.securityContext.capabilities"]),
    (RESTRICTED, ["initContainers.0.securityContext.allowPrivilegeEscalation"]),
    (QUOTAS, ["containers.0.resources"]),
    (QUOTAS, ["initContainers.0.resources"]),
]


def kubectl(*words, text=None):
    return subprocess.run(["kubectl", *words], input=text, capture_output=True, text=True,
                          check=False)


def offer(pod):
    """What the server says of it; nothing is stored."""
    done = kubectl("create", "--dry-run=server", "--validate=strict", "-f", "-",
                   text=json.dumps(pod))
    return "" if done.returncode == 0 else done.stderr.strip()


def without(pod, paths):
    pod = copy.deepcopy(pod)
    for path in paths:
        *steps, last = path.split(".")
        place = pod["spec"]
        for step in steps:
            place = place[int(step) if step.isdigit() else step]
        del place[last]
    return pod


def prepare():
    hard = ",".join(f"{name}={most}" for name, most in QUOTA.items())
    counted = {"status": {"hard": QUOTA, "used": dict.fromkeys(QUOTA, "0")}}
    for words in (["create", "namespace", NAMESPACE],
                  ["label", "namespace", NAMESPACE,
                   "pod-security.kubernetes.io/enforce=restricted"],
                  ["-n", NAMESPACE, "create", "serviceaccount", "default"],
                  ["-n", NAMESPACE, "create", "quota", "all", f"--hard={hard}"],
                  # a quota holds once somebody has counted; who does that is not here
                  ["-n", NAMESPACE, "patch", "quota", "all", "--subresource=status",
                   "--type=merge", "--patch", json.dumps(counted)]):
        done = kubectl(*words)
        if done.returncode != 0 and "AlreadyExists" not in done.stderr:
            sys.exit(done.stderr)


def main():
    with open(os.path.join(ROOT, "tests/api/pod.yaml"), encoding="utf-8") as file:
        pod = yaml.safe_load(file)
    prepare()
    said = offer(pod)
    wrong = [f"the Pod is refused: {said}"] if said else []
    for who, paths in CONTROLS:
        said = offer(without(pod, paths))
        if who not in said:
            wrong.append(f"without {' and '.join(paths)}: {said or 'accepted'}")
    for line in wrong:
        print(f"pods: FAILED: {line}")
    print(f"{1 + len(CONTROLS) - len(wrong)} passed, {len(wrong)} failed, 0 skipped")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
