# SPDX-License-Identifier: Apache-2.0
"""The rows of tests/hostile as they are in a Pod, and the controls that Pods allow. Everything not
named here is expected in a Pod as it is locally."""
import dataclasses
import os
import sys
import time

from stage import ROOT, wait_for

sys.path.insert(0, os.path.join(ROOT, "tests/hostile"))
import checks  # noqa: E402
import table  # noqa: E402
from expect import Row, Verdict, among, at_least, at_most, exited, only, other_than, timeout  # noqa: E402

PATIENCE = 3  # the node has two processors, and eight tasks at once


@dataclasses.dataclass(frozen=True)
class Control:
    """What the same program sees in a Pod without a runner."""
    program: str
    sees: dict = dataclasses.field(default_factory=dict)
    args: tuple = ()
    forges: bool = False  # the termination message
    reaches: bool = False  # the canary


RESTRICTED = {"runAsNonRoot": True, "runAsUser": 1000, "allowPrivilegeEscalation": False,
              "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}}
# Three kinds of Pods without a runner: as restricted as a task's, without the kernel's filter, and
# with everything that a Pod can have.
CONTEXTS = {"plain": RESTRICTED,
            "unfiltered": {"runAsUser": 1000, "seccompProfile": {"type": "Unconfined"}},
            "privileged": {"privileged": True}}

# -- what only local mode has ------------------------------------------------------
LOCAL_ONLY = {
    "40": "its listener is on this machine: row 44 reaches for what is near a Pod",
    "49": "a caller from this machine: row 45 listens, and the standing policy has its own suite",
    "50": "sockets of this machine, named by its paths: row 110 looks for those of the node",
    "66": "the store and the home of local mode: row 110 looks for files of the node",
    "72": "the processes of this machine, by number: a Pod has a PID namespace of its own",
    "107": "identities of this machine: the container runtime's business",
}


def cancel(suite, name):
    suite.stage.wait_phase(name, "Running")
    time.sleep(2)
    done = suite.agentctl("cancel", name)
    return [] if done.returncode == 0 else [f"cancel: {done.stderr}"]


def flood_is_bounded(size):
    def check(suite, ended):
        logs = ended.status.get("logs", {})
        kept = suite.stage.config_map(logs.get("configMapRef", "none"))
        length = len(ended.output)
        ended.note = f"{logs.get('bytes')} bytes written, {length} kept"
        is_right = (logs.get("bytes") == size and logs.get("truncated") is True and kept and
                    length <= checks.KEPT_MAX * 1.1)
        return "" if is_right else f"logs: {logs}, {length} bytes"
    return check


def processors_are_held(_, ended):
    return "" if ended.saw["cpus"] <= checks.HELD_MOST else f"used {ended.saw['cpus']:.2f} processors"


CHANGES = {
    "4b": {"during": cancel, "verdict": Verdict("Canceled", "Canceled", 130, {None, 137, 143}, {None, 9, 15},
                                                (0, 12))},
    "11": {"after": processors_are_held},
    # Each place by itself; all of them together are the kubelet's business (endings.py).
    "17": {"sees": {"artifacts": {"EFBIG", "ENOSPC"}, "tmp": {"EFBIG", "ENOSPC"}, "shm": {"EFBIG", "ENOSPC"},
                    "mib": at_most(51)}},
    # Nothing in a Pod limits the number of empty files: they must go with it.
    "18": {"sees": {"error": {"none", "ENOSPC"}, "made": at_most(150000)}},
    "21": {"sees": {"termination_log": "EACCES", "listing": table.DENIED, "written": False, "inherited": among()}},
    "22": {"after": flood_is_bounded(1000000000)},
}


def in_pod(row):
    return dataclasses.replace(row, **CHANGES.get(row.number, {}))


REACH = ("{canary}", "{port}", "{node}", "{api}")
OWN = (
    Row("44", "44_reach.py", "reaches for API server, kubelet, DNS, Pods", args=REACH,
        sees={**{name: "EACCES" for name in ("pod_tcp", "pod_udp", "api", "api_on_node", "kubelet", "readonly", "dns",
                                             "metadata")}, "name": "no answer"}),
    Row("45", "45_listen.py", "listens", sees={"any": "EACCES", "any6": "EACCES"}),
    Row("110", "110_pod_files.py", "looks for what a Pod brings with it", args=("given",),
        sees={"token": "ENOENT", "secrets": {"ENOENT", "EACCES"}, "kubelet": "ENOENT", "pods": "ENOENT",
              "containerd": "ENOENT", "service_links": [], "host_mounts": [], "code": {"EROFS", "EACCES"},
              "runner": {"EROFS", "EACCES", "ENOENT"}, "job": {"EROFS", "EACCES", "ENOENT"}}),
)
ROWS = tuple(in_pod(row) for row in table.HOSTILE if row.number not in LOCAL_ONLY) + OWN + table.BENIGN

CONTROLS = {
    "plain": {
        "17": Control("17_fill.py", {"mib": at_least(144)}),
        "21": Control("21_report.py", {"termination_log": "OK"}, forges=True),
        "43": Control("43_cluster.py", {"variables": checks.contains("KUBERNETES_SERVICE_HOST"), "token": "OK"}),
        "44": Control("44_reach.py", {"pod_tcp": "OK", "pod_udp": "OK", "api": "OK", "api_on_node": "OK",
                                      "kubelet": "OK", "dns": "OK"}, REACH, reaches=True),
        "45": Control("45_listen.py", {"any": "OK", "any6": "OK"}),
        "46": Control("46_families.py", {"inet": checks.contains("OK")}),
        "53": Control("53_runner_memory.py", {"ptrace": "OK"}),
        "110": Control("110_pod_files.py", {"token": "OK", "secrets": "OK"}, ("given",)),
    },
    "unfiltered": {
        "47": Control("47_io_uring.py", {"setup": "OK", "vsock": "OK"}),
        "51": Control("51_user_namespace.py", {"unshare": "OK", "clone": "OK", "clone3": "OK"}),
        "54": Control("54_keys.py", {"keyctl": "OK", "add_key": "OK", "request_key": {"OK", "ENOKEY"}}),
        "55": Control("55_kernel_calls.py", {"userfaultfd_user": "OK"}),
        "57": Control("57_foreign_calls.py", {"getpid": "OK", "inet": "OK", "unix": "OK"}),
        "108": Control("108_terminal.py", {"direct": "ENOTTY", "masked": "ENOTTY"}),
    },
    "privileged": {
        "55": Control("55_kernel_calls.py", {name: other_than("EPERM", "ENOSYS") for name in (
            "bpf", "perf_event_open", "open_by_handle_at", "quotactl", "acct", "swapon", "reboot", "syslog")}),
        "61": Control("61_kernel_files.py", {"oom": "OK"}),
        "64": Control("64_privileges.py", {"setuid": "OK", "sets": other_than(["0"])}),
        "67": Control("67_read_only.py", {"root": "OK", "tmp": "OK"}, ("/etc/passwd",)),
        # Last: it leaves its Pod without /proc.
        "52": Control("52_mounts.py", {"mount": "OK", "bind": "OK", "chroot": "OK", "open_tree": "OK"}),
    },
}
