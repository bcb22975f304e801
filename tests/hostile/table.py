# SPDX-License-Identifier: Apache-2.0
"""Every hostile program, as data. Numbers up to 72 are those of the list of hostile programs, the
others are ours. A denial has a control: the same program with just that protection switched off must
see the opposite, or the denial proves nothing. Where a refusal stands on several legs, all of them
are switched off together. What cannot be shown at all is in not-proven.txt, with the reason."""
import signal

import checks
from expect import (DENIED, OOM, SUCCEEDED, Control, Row, Verdict, among, at_least, at_most, exited,
                    killed, only, other_than, timeout)

# With these off, code of a task that root started is root on this machine, with all it may do.
REAL_ROOT = "user-namespace,host-identity,capabilities,seccomp,seccomp-network,landlock"
REFUSED = frozenset({"EPERM", "ENOSYS"})
MIB = 1 << 20

PROCESSES = (
    Row("1", "01_fork_bomb.py", "forks without end", timeout(3, 8), has_sibling=True, args=("{two_seconds}",),
        flags={"timeout": 3, "is_scaled": True, "memory": "4Gi"}, sees={"error": "EAGAIN", "made": at_most(512)},
        controls=(Control("process-limit", {"made": at_least(520)}, timeout(3, 12)),)),
    Row("2", "02_thread_bomb.py", "starts threads without end", timeout(3, 8), has_sibling=True,
        flags={"timeout": 3, "is_scaled": True, "memory": "512Mi"},
        sees={"error": "EAGAIN", "made": at_most(512)},
        controls=(Control("process-limit", {"made": at_least(700)}, timeout(3, 8)),)),
    Row("3", "03_daemon.py", "leaves a daemon behind", sees={"daemon": "started"}),
    Row("4", "04_ignores_signals.py", "cannot be asked to end", timeout(1, 7), args=("9",),
        flags={"timeout": 1}, sees={"reached_the_end": None}, table=True,
        controls=(Control("timeout", {"reached_the_end": True}),)),
    Row("4b", "04_ignores_signals.py", "is canceled and ignores it",
        Verdict("Canceled", {"", "Canceled"}, 130, {None, 137, 143}, {None, 9, 15}, (0, 9)),
        args=("20",), during=checks.cancel, table=True),
    Row("4c", "05_traps_term.py", "ends with 0 when its time is up", timeout(1),
        flags={"timeout": 1}, table=True),
)

MEMORY = (
    Row("6", "06_memory_hog.py", "touches memory without end", OOM, flags={"memory": "128Mi"},
        has_sibling=True, table=True,
        controls=(Control("memory-limit", {"reached": at_least(384)}),)),
    Row("6b", "06_memory_hog.py", "lets a child touch memory without end", OOM, args=("child",),
        flags={"memory": "128Mi"}),
    Row("6c", "06_memory_hog.js", "buffers without end in Node", OOM, flags={"memory": "256Mi"},
        table=True, controls=(Control("memory-limit", {"reached": at_least(1536)}),)),
    Row("8", "08_shared_mapping.py", "dirties a shared mapping", OOM, flags={"memory": "128Mi"},
        controls=(Control("memory-limit", {"reached": at_least(384)}),)),
    Row("9", "09_descriptors.py", "opens whatever it can",
        sees={"raised": "EPERM", "errors": only("EMFILE", "ENFILE"), "most": at_most(4096)},
        controls=(Control("rlimits", {"most": at_least(5000)}, needs=checks.open_files(5000)),)),
    Row("11", "11_spin.py", "spins on 64 threads", timeout(3), has_sibling=True,
        flags={"timeout": 3, "cpu": "250m"}, after=checks.processors_are_held,
        controls=(Control("cpu-limit", {}, timeout(3), attempts=3, needs=checks.processors(2),
                          after=checks.processors_are_free),)),
    Row("12", "12_sleep.py", "sleeps for ever", timeout(2), args=("5",), flags={"timeout": 2},
        table=True, controls=(Control("timeout", {"reached_the_end": True}),)),
    Row("14", "14_blocked.py", "waits in a futex and in vfork", timeout(1, 7), flags={"timeout": 1}),
    Row("15", "15_priorities.py", "wants more than its share",
        sees={"nice": DENIED, "fifo": DENIED, "open_files": "EPERM", "locked": "EPERM",
              "core": "EPERM"},
        controls=(Control(REAL_ROOT, {"nice": "OK"}, only="root"),)),
    Row("16", "16_lock_memory.py", "locks memory",
        sees={"gibibyte": {"ENOMEM", "EPERM", "EAGAIN"},
              "four_mebibytes": {"ENOMEM", "EPERM", "EAGAIN"},
              "everything_to_come": {"ENOMEM", "EPERM"}},
        controls=(Control("rlimits", {"four_mebibytes": "OK"}),)),
)

DISK = (
    Row("17", "17_fill.py", "fills every place it may write",
        flags={"ephemeral-storage": "16Mi", "memory": "256Mi"},
        sees={"artifacts": {"ENOSPC", "EFBIG"}, "tmp": {"ENOSPC", "EFBIG"},
              "shm": {"ENOSPC", "EFBIG"}, "mib": at_most(17)},
        controls=(Control("storage-limit,rlimits", {"mib": at_least(144)}),)),
    Row("18", "18_many_files.py", "makes files without end", flags={"memory": "512Mi"},
        sees={"error": "ENOSPC"},
        controls=(Control("storage-limit,memory-limit", {"made": at_least(150000)}),)),
    Row("20", "20_sparse.py", "makes a sparse file of 1 PiB", sees={"error": {"EFBIG"}},
        controls=(Control("rlimits", {"error": "OK"}),)),
    Row("21", "21_report.py", "forges the report", exited(7), table=True,
        sees={"termination_log": {"ENOENT", "EACCES"}, "listing": DENIED, "written": False,
              "inherited": among()},
        controls=(Control("not-dumpable,landlock", {"listing": "OK"}, exited(7)),)),
    Row("22", "22_flood.py", "writes 1 GB", args=("1000000000",), has_sibling=True, table=True,
        after=checks.flood_is_bounded(1000000000),
        controls=(Control("output-limit", args=("16777216",),
                          after=checks.flood_is_whole(16777216)),)),
    Row("24", "24_deep.py", "nests directories as deep as it can", sees={"is_deep": True},
        flags={"memory": "256Mi"}),
    Row("25", "25_locked_tree.py", "leaves a tree that nobody may enter",
        sees={"immutable": {"EPERM", "EACCES", "ENOTTY"}},
        controls=(Control(REAL_ROOT, {"immutable": "OK"}, only="root"),)),
)


def kind(number, which, does, verdict, **more):
    return Row(number, "27_result_kind.py", does, SUCCEEDED.but(result=verdict), args=(which,),
               **more)


def text(which, verdict):
    return Row("34-" + which, "34_result_text.py", f"leaves a result: {which.replace('_', ' ')}",
               SUCCEEDED.but(result=verdict), args=(which,))


INVALID, TOO_LARGE, MISSING = "ResultInvalid", "ResultTooLarge", "ResultMissing"
RESULTS = (
    kind("26", "plain", "leaves a plain result", {"canary": "kept"}),
    kind("27", "/etc/shadow", "links its result to a secret", INVALID),
    kind("27b", "/proc/1/environ", "links its result to the runner", INVALID),
    kind("27c", "symlink", "links its result to a file of its own", INVALID),
    kind("27d", "hardlink", "gives its result a second name", INVALID),
    kind("27e", "swapped", "swaps the directory of its result", {INVALID, MISSING},
         sees={"made": {"EBUSY", "EPERM", "EACCES", "EXDEV", "EROFS"}}),
    kind("29", "fifo", "leaves a FIFO", INVALID),
    kind("30", "device", "leaves a device", MISSING, sees={"made": {"EPERM", "EACCES"}}),
    kind("30b", "socket", "leaves a socket", INVALID),
    kind("31", "directory", "leaves a directory", INVALID),
    Row("32", "32_result_size.py", "leaves a sparse result of 1 GiB",
        SUCCEEDED.but(result=TOO_LARGE), args=(str(1 << 30),), table=True),
    Row("33", "32_result_size.py", "leaves a result of 1 MiB", SUCCEEDED.but(result="whole"),
        args=(str(MIB),), after=checks.result_of(MIB), table=True),
    Row("33b", "32_result_size.py", "leaves a result of 1 MiB and 1 byte",
        SUCCEEDED.but(result=TOO_LARGE), args=(str(MIB + 1),), table=True),
    Row("33c", "32_result_size.py", "leaves a result of 16 KiB and 1 byte",
        SUCCEEDED.but(result="whole"), args=("16385",), after=checks.result_of(16385)),
    text("plain", '{"a":1.50,"b":[true,null]}'), text("escaped_nul", '{"a":"\\u0000"}'),
    text("nul", INVALID), text("bad_utf8", INVALID), text("surrogate", INVALID),
    text("duplicate", INVALID), text("huge_number", '{"a":1e400}'),
    text("long_number", '{"a":12345678901234567890123.4500}'), text("empty", INVALID),
    text("trailing", INVALID), text("nan", INVALID), text("comment", INVALID),
    text("deep", INVALID), text("deep_enough", "[" * 64 + "]" * 64), text("truncated", INVALID),
    text("scalar", "42"),
    Row("35", "35_result_race.py", "rewrites its result for ever", after=checks.result_is_one_of_two),
    Row("37", "35_result_race.py", "truncates its result for ever", args=("truncate",),
        after=checks.result_is_one_of_two),
    Row("38", "38_result_and_exit.py", "leaves a result and fails",
        exited(3).but(result={"partial": True}), table=True),
)

UNREACHABLE = frozenset({"EACCES"})
NETWORK_OFF = "seccomp-network,network-namespace,landlock"
NETWORK = (
    Row("40", "40_tcp.py", "speaks TCP, UDP and DNS", args=("{port}",),
        sees={"tcp": UNREACHABLE, "udp": UNREACHABLE, "dns": UNREACHABLE, "metadata": UNREACHABLE,
              "metadata6": UNREACHABLE},
        controls=(
            Control("seccomp-network", {"tcp": "ENETUNREACH", "udp": "ENETUNREACH",
                                        "dns": "ENETUNREACH", "metadata": "ENETUNREACH"}),
            Control(NETWORK_OFF, {"tcp": "OK", "udp": "OK"}, hits=frozenset({"tcp", "udp"})))),
    Row("43", "43_cluster.py", "looks for a cluster", sees={"variables": among(), "token": "ENOENT"}),
    Row("46", "46_families.py", "tries every kind of socket",
        sees={"unix": only("OK", "ESOCKTNOSUPPORT", "EPROTONOSUPPORT"), "inet": only("EACCES"),
              "other": only("EACCES"), "pair": True, "filter": "2", "high": "EACCES"},
        controls=(Control("seccomp-network", {"inet": checks.contains("OK"), "high": "OK",
                                              "other": checks.contains("OK")}),)),
    Row("47", "47_io_uring.py", "goes around the filter by io_uring",
        sees={"setup": REFUSED, "enter": REFUSED, "register": REFUSED, "vsock": "EACCES"},
        controls=(Control("seccomp", {"setup": "OK", "vsock": "EACCES"}),)),
    Row("49", "49_listen.py", "waits for a caller from outside", during=checks.calls_are_refused,
        args=("{listen_port}", "{listen_name}", "1.5"), sees={"tcp": "EACCES"},
        controls=(Control(NETWORK_OFF, {"tcp": "OK"}, during=checks.calls_are_answered),)),
    Row("50", "50_sockets.py", "talks to services of this machine",
        args=("{socket}", "{abstract}"), sees={"services": only("ENOENT"), "canary": "ENOENT",
                                               "abstract": {"ECONNREFUSED", "EPERM"}},
        controls=(Control("mount-namespace,landlock", {"canary": "OK"}, hits=frozenset({"unix"})),
                  Control("network-namespace,landlock", {"abstract": "OK"},
                          hits=frozenset({"abstract"})))),
)

KERNEL = (
    Row("51", "51_user_namespace.py", "makes namespaces",
        sees={"unshare": "EPERM", "clone": "EPERM", "clone3": "ENOSYS",
              "others": only("EPERM", "ENOSYS")},
        controls=(Control("seccomp", {"unshare": "OK", "clone": "OK", "clone3": "OK"}),)),
    Row("52", "52_mounts.py", "changes what is mounted",
        sees={name: REFUSED for name in ("mount", "bind", "remount", "umount", "pivot_root",
                                         "chroot", "fsopen", "open_tree", "move_mount",
                                         "mount_setattr")},
        controls=(Control("seccomp,capabilities,landlock",
                          {"bind": "OK", "chroot": "OK", "open_tree": "OK",
                           "move_mount": other_than("EPERM", "ENOSYS"),
                           "pivot_root": other_than("EPERM", "ENOSYS")}),)),
    Row("53", "53_runner_memory.py", "reads and steers the runner",
        sees={"ptrace": DENIED, "traceme": DENIED, "readv": DENIED, "memory": DENIED,
              "environment": DENIED, "maps": DENIED, "fds": DENIED, "pidfd_getfd": DENIED},
        controls=(Control("seccomp", {"traceme": "OK", "ptrace": "EPERM"}),
                  Control("not-dumpable,landlock", {"fds": "OK", "environment": "OK"}),
                  Control("seccomp,not-dumpable,landlock",
                          {"ptrace": "OK", "memory": "OK", "readv": other_than("EPERM", "ENOSYS"),
                           "pidfd_getfd": other_than("EPERM", "ENOSYS")}))),
    Row("54", "54_keys.py", "uses the kernel's keys",
        sees={"keyctl": REFUSED, "add_key": REFUSED, "request_key": REFUSED},
        controls=(Control("seccomp", {"keyctl": "OK", "add_key": "OK",
                                      "request_key": {"OK", "ENOKEY"}}),)),
    Row("55", "55_kernel_calls.py", "calls what only an administrator needs",
        sees={name: REFUSED for name in (
            "bpf", "perf_event_open", "userfaultfd", "userfaultfd_user", "kexec_load",
            "kexec_file_load", "init_module", "finit_module", "open_by_handle_at", "quotactl", "acct",
            "swapon", "reboot", "syslog")},
        controls=(Control("seccomp", {"userfaultfd_user": "OK"}),
                  Control(REAL_ROOT, {name: other_than("EPERM", "ENOSYS") for name in (
                      "bpf", "perf_event_open", "open_by_handle_at", "quotactl", "acct", "swapon",
                      "reboot", "syslog")}, only="root"))),
    Row("57", "57_foreign_calls.py", "enters the kernel by other doors",
        sees={name: {"ENOSYS", "signal 31"} for name in ("getpid", "inet", "socketcall", "unix",
                                                         "x32")},
        controls=(Control("seccomp,seccomp-network", {"getpid": "OK", "inet": "OK", "unix": "OK"}),)),
    Row("108", "108_terminal.py", "pushes keys into a terminal",
        sees={"outcomes": only("EPERM", "ENXIO", "ENOENT", "EACCES", "ENOTTY"), "direct": "EPERM",
              "masked": "EPERM", "session": True},
        controls=(Control("seccomp", {"direct": "ENOTTY", "masked": "ENOTTY"}),)),
)

FILES = (
    Row("59", "59_executables.py", "overwrites running programs",
        sees={"own": {"ETXTBSY", "EROFS", "EACCES"}, "runner": {"ETXTBSY", "EROFS", "EACCES"},
              "own_read": "OK"}),
    Row("61", "61_kernel_files.py", "opens the kernel's own files for writing",
        sees={name: {"EROFS", "EACCES", "ENOENT"} for name in (
            "core_pattern", "sysrq", "modprobe", "oom", "release_agent", "uevent", "kmsg", "mem",
            "disk", "procs")}),
    Row("63", "63_set_user_id.py", "runs set-user-ID programs", args=("{set_uid}", "{capable}"),
        sees={"is_marked": True, "is_still_me": True, "capabilities": "0"}),
    Row("64", "64_privileges.py", "asks for privileges",
        sees={"setuid": {"EPERM", "EINVAL"}, "setgid": {"EPERM", "EINVAL"}, "setgroups": "EPERM",
              "capset": "EPERM", "ambient": "EPERM", "securebits": "EPERM", "sets": only("0"),
              "no_new_privileges": "1", "uid": 1000, "gid": 1000},
        controls=(Control("capabilities", {"sets": other_than(["0"])}),)),
    Row("65", "65_environment.py", "looks into its environment", flags={"env": "GIVEN=yes"},
        sees={"names": only("GIVEN", "HOME", "LANG", "LC_CTYPE", "PATH", "PYTHONDONTWRITEBYTECODE",
                            "PYTHONUNBUFFERED"), "canary": False, "given": "yes"}),
    Row("66", "66_files_of_others.py", "reads the files of others",
        args=("{canary}", "{home}", "{store}", "{runs}"),
        sees={"canary": {"ENOENT", "EACCES"}, "home": {"ENOENT", "EACCES", "EMPTY"},
              "store": {"ENOENT", "EACCES"}, "runs": {"ENOENT", "EACCES"}, "etc": among(),
              "shadow": {"ENOENT", "EACCES"}},
        controls=(Control("mount-namespace,landlock", {"canary": "OK", "etc": other_than([])}),
                  Control("mount-namespace,landlock", {"store": "OK", "runs": "OK", "home": "OK"},
                          only="user"),
                  Control(REAL_ROOT + ",mount-namespace",
                          {"store": "OK", "runs": "OK", "shadow": "OK"}, only="root"))),
    Row("67", "67_read_only.py", "writes where it may only read, runs what it wrote",
        args=("{writable}",),
        sees={"code": {"EROFS", "EACCES"}, "beside_code": {"EROFS", "EACCES"},
              "root": {"EROFS", "EACCES"}, "etc": {"EROFS", "EACCES"}, "usr": {"EROFS", "EACCES"},
              "remove": {"EROFS", "EACCES"}, "given": {"EROFS", "EACCES", "ENOENT"},
              "tmp": {"EACCES", "EPERM"}, "artifacts": {"EACCES", "EPERM"},
              "shm": {"EACCES", "EPERM"}, "memory": {"EACCES", "EPERM", "ENOSYS"},
              "remains": ["/dev/shm", "/tmp"]},
        controls=(Control("read-only,landlock", {"root": "OK"}),
                  Control("no-exec,landlock", {"tmp": "OK", "artifacts": "OK", "shm": "OK"}),
                  Control("no-exec,landlock,seccomp", {"memory": "OK"}))),
    Row("107", "107_host_identity.py", "opens files of people of this machine", only="root",
        args=("{root}", "{caller}", "{first_user}", "{anybody}"), table=True,
        sees={"root": "EACCES", "caller": "EACCES", "first_user": "EACCES", "anybody": "OK",
              "uid": 1000},
        controls=(Control("host-identity", {"root": "OK"}, only="root"),)),
)

RUNNER = (
    Row("70", "70_kills_runner.py", "kills the runner", SUCCEEDED.but(result={"still": "here"}),
        sees={"is_first": True, "SIGKILL": {"OK", "EPERM"}}, table=True),
    Row("72", "72_other_processes.py", "looks for other processes", args=("{pid}", "{key}", "{host}"),
        sees={"is_alone": True, "harness": False, "signal": {"ESRCH", "EPERM"},
              "shared_memory": {"ENOENT", "ENOSYS", "EPERM"}, "hostname": False},
        controls=(Control("ipc-namespace,seccomp", {"shared_memory": "OK"}),)),
    Row("101", "101_forged_frames.py", "forges frames and facts", exited(9).but(result=MISSING),
        after=checks.no_mark_in_output, table=True),
    Row("109", "109_escapes.py", "sends escape sequences", after=checks.escapes_are_shown),
)


def ending(how, number, verdict):
    return Row(f"102-{how}-{number}", "102_exit.py", f"ends by {how} {number}", verdict,
               args=(how, str(number)), table=True)


ENDINGS = tuple(ending("exit", code, exited(code) if code else SUCCEEDED)
                for code in (0, 1, 2, 77, 124, 125, 137, 255)) + tuple(
    ending("signal", number, killed(number)) for number in (
        signal.SIGHUP, signal.SIGINT, signal.SIGABRT, signal.SIGKILL, signal.SIGSEGV,
        signal.SIGTERM))

HOSTILE = PROCESSES + MEMORY + DISK + RESULTS + NETWORK + KERNEL + FILES + RUNNER + ENDINGS


def benign(name, document, **more):
    return Row(name, f"../benign/{name}", "ordinary code", SUCCEEDED.but(result=document),
               flags={"memory": "512Mi", **more.pop("flags", {})}, **more)


BENIGN = (
    benign("threads.py", {"total": 332833500}),
    benign("subprocess.py", {"child": 42, "pipe": "a"}),
    benign("tempfile.py", {"size": 5, "cwd": "/workspace/artifacts", "home": "/tmp"}),
    benign("large_result.py", "whole", after=checks.result_of(500_012)),
    benign("rename_result.py", {"renamed": True}),
    benign("unicode.py", {"text": "Grüße, 世界 🌍 \u202e\u0301"}),
    benign("locale.py", {"encoding": "utf-8", "fs": "utf-8", "upper": "SS", "year": True,
                         "zone": True}),
    benign("asyncio.py", {"sum": 28}),
    benign("multiprocessing.py", {"sum": 328350}),
    benign("sqlite.py", {"sum": 499500}),
    benign("signals.py", {"seen": ["alarm", "self"], "child": 15}),
    benign("unix_socket.py", {"got": "hi", "random": 8}),
    benign("input_and_args.py", {"args": ["a b", "--flag", "ü"], "given": "x=y", "input": "typed"},
           args=("a b", "--flag", "ü"), flags={"env": "GIVEN=x=y", "stdin": "typed"}),
    benign("files.js", {"text": "hello"}),
    benign("workers.js", {"sum": 40}),
    benign("children.js", {"out": "from a child", "text": "a", "hash": "2d711642"}),
    benign("wasm.js", {"sum": 2000000}),
    benign("pipeline.sh", {"sum": 500500, "lines": 2}),
    benign("jobs.sh", {"sum": 10}),
)
