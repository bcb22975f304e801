# SPDX-License-Identifier: Apache-2.0
"""What a row checks beyond verdict and observations. `during` functions run in a thread while the
task runs; `after` functions get what came of it. Each returns what is wrong, or nothing."""
import json
import os
import pathlib
import resource
import socket
import time

from expect import at_most

LIVE_MAX = 4 * 1024 * 1024 + 64 * 1024 + 4096  # streamed, then the tail and the remark
KEPT_MAX = (128 + 64) * 1024
SUPERVISOR_MAX_KIB = 64 * 1024
MARK = b"\x1e"


class contains(at_most):
    def matches(self, value):
        return self.number in value

    def __repr__(self):
        return f"with {self.number} in it"


# -- what this machine can show ---------------------------------------------------------------------

def open_files(count):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    is_enough = hard == resource.RLIM_INFINITY or hard >= count
    return lambda: "" if is_enough else f"whoever runs the tests may open only {hard} files"


def processors(count):
    here = len(os.sched_getaffinity(0))
    return lambda: "" if here >= count else f"there is only {here} processor"


# -- while it runs ---------------------------------------------------------------------------------

def cancel(suite, name):
    if not suite.wait_for_output(name, b"ready"):
        return "it never got ready"
    done = suite.agentctl("cancel", name)
    return "" if done.returncode == 0 else f"cancel: {done.stderr.decode()}"


def call(suite, family, address):
    """True: somebody listens there. Tries for as long as a task needs to start."""
    deadline = time.monotonic() + 1.2 * suite.patience
    while time.monotonic() < deadline:
        with socket.socket(family) as peer:
            try:
                peer.connect(address)
                return True
            except OSError:
                time.sleep(0.02)
    return False


def calls(suite):
    names = suite.canary.names
    return (call(suite, socket.AF_INET, ("127.0.0.1", names["listen_port"])),
            call(suite, socket.AF_UNIX, "\0" + names["listen_name"]))


def calls_are_refused(suite, _):
    return "a listener inside was reached" if True in calls(suite) else ""


def calls_are_answered(suite, _):
    return "a listener inside was not reached" if False in calls(suite) else ""


# -- what came of it -------------------------------------------------------------------------------

def kept_log_size(suite, ended):
    log = pathlib.Path(suite.state, "runs", ended.uid, "log")
    return log.stat().st_blocks * 512  # the middle of a long log is a hole


HELD_MOST, FREE_LEAST = 0.4, 0.45  # of a processor, where the limit is a quarter


def processors_are_held(_, ended):
    """A quota where a cgroup holds it; else one whole processor, which the code can see."""
    saw = ended.saw
    if ended.status["isolation"].get("limits") == "polled":
        return "" if saw["processors"] == 1 and saw["cpus"] <= 1.25 else f"may use {saw}"
    return "" if saw["cpus"] <= HELD_MOST else f"used {saw['cpus']:.2f} processors"


def processors_are_free(_, ended):
    saw = ended.saw
    if ended.status["isolation"].get("limits") == "polled":
        return "" if saw["processors"] > 1 else "may use one processor only"
    return "" if saw["cpus"] >= FREE_LEAST else f"used {saw['cpus']:.2f} processors"


def flood_is_bounded(size):
    def check(suite, ended):
        logs = ended.status.get("logs", {})
        wrong = []
        if logs.get("bytes") != size or logs.get("truncated") is not True:
            wrong.append(f"logs: {logs}")
        if len(ended.output) > LIVE_MAX:
            wrong.append(f"{len(ended.output)} bytes streamed")
        if kept_log_size(suite, ended) > KEPT_MAX * 1.2:
            wrong.append(f"{kept_log_size(suite, ended)} bytes kept")
        if ended.peak_kib > SUPERVISOR_MAX_KIB:
            wrong.append(f"the supervisor used {ended.peak_kib} KiB")
        ended.note = f"{len(ended.output)} bytes streamed, {kept_log_size(suite, ended)} kept, " \
                     f"supervisor {ended.peak_kib} KiB"
        return "; ".join(wrong)
    return check


def flood_is_whole(size):
    return lambda suite, ended: "" if len(ended.output) >= size else \
        f"only {len(ended.output)} bytes streamed"


def result_of(size):
    def check(suite, ended):
        result = ended.status.get("result", {})
        got = suite.agentctl("result", ended.name)
        if result.get("bytes") != size:
            return f"result: {str(result)[:200]}"
        document = json.loads(got.stdout)
        if got.returncode or len(json.dumps(document, separators=(",", ":"))) not in (
                size, size - 1):
            return f"agentctl result gives {len(got.stdout)} bytes"
        return ""
    return check


def result_is_one_of_two(suite, ended):
    if ended.invalid:
        return ""
    document = json.loads(suite.agentctl("result", ended.name).stdout)
    is_one = document in ({"v": "a" * 60000}, {"v": "b" * 60000})
    has_digest = len(ended.status["result"].get("sha256", "")) == 64
    # A writer that is killed within its write leaves a mixture behind: then the digest is of that.
    return "" if is_one or has_digest else "a mixture was accepted without a digest"


def no_mark_in_output(suite, ended):
    kept = suite.agentctl("logs", "--raw", ended.name).stdout
    if MARK in ended.output or MARK in ended.errors or MARK in kept:
        return "a record separator of the code came through"
    if b"before" not in ended.output or b"result 16" not in ended.output:
        return "output of the code is missing"
    return ""


def escapes_are_shown(suite, ended):
    shown = suite.agentctl("logs", ended.name).stdout
    if not shown or any(byte < 32 and byte not in (9, 10) for byte in shown):
        return f"control bytes reach a terminal: {shown!r}"
    return "" if b"owned" in shown else f"the text is lost: {shown!r}"
