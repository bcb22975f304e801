#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A kubelet without containers, the same for every peer of tests/bench/operator.py: it binds each Pod to its
node and says that it ran and ended well; to a Pod of ours it adds the report of a runner. Logs are read from it
through the API server, as from any node.

    tests/bench/kubelet.py KUBECONFIG ADDRESS CERTIFICATE RUN_MS OUTPUT_BYTES

RUN_MS 0: one write says that it ran and ended. Else one says that it runs, and so much later another that it
ended. Prints "ready"; at the end of its input, when each Pod was first seen, as JSON."""
import asyncio
import base64
import hashlib
import json
import signal
import ssl
import sys
import time

import wire

NODE = "bench-node"
RESULT = b'{"insight":42}'
PARALLEL = 32


def report(output_bytes):
    """core/report.h"""
    facts = {"cause": "exited", "exit": 0, "signal": 0, "run-ms": 11, "cpu-us": 9000, "memory-peak": 9000000,
             "output": output_bytes, "output-sent": output_bytes, "output-truncated": 0, "landlock-abi": 6,
             "controls": 0x7d00, "result": "inline", "result-bytes": len(RESULT),
             "result-sha256": hashlib.sha256(RESULT).hexdigest(), "artifacts-bytes": 0, "artifacts": 0,
             "artifacts-too-large": 0, "message": "", "text": base64.b64encode(RESULT).decode()}
    return "".join(f"{key}={value}\n" for key, value in facts.items())


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def container(name, state):
    return {"name": name, "image": "bench.invalid/none", "imageID": "bench.invalid/none@sha256:" + "0" * 64,
            "containerID": "bench://1", "ready": "running" in state, "restartCount": 0, "state": state}


def ended(began, message=""):
    return {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": began, "finishedAt": now(),
                           "containerID": "bench://1", **({"message": message} if message else {})}}


def status(phase, began, state, is_ours):
    ready = "True" if phase == "Running" else "False"
    return {"status": {
        "phase": phase, "startTime": began, "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}],
        "conditions": [{"type": kind, "status": value, "lastTransitionTime": began} for kind, value in (
            ("Initialized", "True"), ("Ready", ready), ("ContainersReady", ready))],
        "initContainerStatuses": [container("runner", ended(began))] if is_ours else [],
        "containerStatuses": [container("task" if is_ours else "main", state)]}}


class Kubelet:
    def __init__(self, server, run_ms, output_bytes):
        self.pool, self.run_ms, self.report = wire.Pool(server, PARALLEL), run_ms, report(output_bytes)
        self.seen, self.jobs = {}, set()

    async def run(self, meta):
        pod = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"
        is_ours = "agenttask.io/task" in meta.get("labels", {})
        await self.pool.call("POST", pod + "/binding", {
            "apiVersion": "v1", "kind": "Binding", "metadata": {"name": meta["name"]},
            "target": {"apiVersion": "v1", "kind": "Node", "name": NODE}}, accept=wire.NAMES_ONLY)
        began = now()
        if self.run_ms:
            await self.say(pod, status("Running", began, {"running": {"startedAt": began}}, is_ours))
            await asyncio.sleep(self.run_ms / 1000)
        await self.say(pod, status("Succeeded", began, ended(began, self.report if is_ours else ""), is_ours))

    async def say(self, pod, body):
        await self.pool.call("PATCH", pod + "/status", body, kind=wire.STRATEGIC, accept=wire.NAMES_ONLY)

    async def watch(self, server):
        async for event in wire.watch(server, "/api/v1/pods", accept=wire.NAMES_ONLY):
            if event["type"] != "ADDED":
                continue
            meta = event["object"]["metadata"]
            owner = meta["ownerReferences"][0]["name"]
            self.seen.setdefault(meta["namespace"] + "/" + owner, time.monotonic())
            job = asyncio.create_task(self.run(meta))
            self.jobs.add(job)
            job.add_done_callback(self.done)

    def done(self, job):
        self.jobs.discard(job)
        if not job.cancelled() and job.exception():
            print(f"kubelet: {job.exception()}", file=sys.stderr, flush=True)


async def register(server, address, port):
    admin = wire.Connection(server)
    await admin.call("POST", "/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE}})
    await admin.call("PATCH", f"/api/v1/nodes/{NODE}/status", {"status": {
        "addresses": [{"type": "InternalIP", "address": address}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
        "conditions": [{"type": "Ready", "status": "True"}]}}, kind=wire.STRATEGIC)


async def main(kubeconfig, address, certificate, run_ms, output_bytes):
    server, log = wire.Server(kubeconfig), (b"hello, world\n" * int(output_bytes))[:int(output_bytes)]
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    port = await wire.serve(address, context, lambda path: log)
    await register(server, address, port)
    kubelet = Kubelet(server, int(run_ms), len(log))
    watch = asyncio.create_task(kubelet.watch(server))
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    if watch.done():
        watch.result()
    json.dump(kubelet.seen, sys.stdout)
    sys.stdout.flush()
    watch.cancel()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(main(*sys.argv[1:]))
