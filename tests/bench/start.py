#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a task costs to start, beside those who do the like: a bare exec, bwrap, runc (or crun) and
agentctl, in one interleaved run. Prints medians and the ratios within the round.

    tests/bench/start.py [--build DIR] [--rounds N] [--tasks N]

bwrap has here no call filter, no Landlock, no limits and keeps nothing; runc has limits and no
filter of ours; agentctl has all of these and stores the task, its output and its verdict. "disk"
commits synced, to the build directory's disk; "memory" has its state on a tmpfs, where syncing
costs nothing. Targets are printed, not demanded: another machine is another figure."""
import argparse
import fcntl
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

WARM_UP = 3
PROFILE = """apiVersion: execution.agenttask.io/v1alpha1
kind: RuntimeProfile
metadata: {{name: bench-{name}}}
spec:
  image: bench.invalid/none@sha256:{digest}
  fileName: {file}
  local: {local}
"""
PROGRAMS = {  # name: (bare command, file, its text, local part of the profile)
    "shell": (["/bin/sh", "-c", "echo 1"], "code.sh", "echo 1\n", "{interpreter: sh}"),
    "python": (["/usr/bin/python3", "-I", "-S", "-c", "print(1)"], "code.py", "print(1)\n",
               "{interpreter: python3, args: [-I, -S]}"),
}
TARGETS = {  # of agentctl on disk: (to the first line by bwrap, by runc, whole by bwrap)
    "shell": (1.5, 0.4, 2.0),
    "python": (1.15, 0.4, 1.3),
}


def measure(command, environment=None):
    """Milliseconds to the first line and to the end."""
    reader, writer = os.pipe()
    null = os.open(os.devnull, os.O_RDWR)
    started = time.perf_counter()
    pid = os.posix_spawn(command[0], command, environment or os.environ, file_actions=[
        (os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, writer, 1),
        (os.POSIX_SPAWN_DUP2, null, 2)])
    os.close(writer)
    text = b""
    while not text.endswith(b"\n") and (more := os.read(reader, 4096)):
        text += more
    first = time.perf_counter()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    ended = time.perf_counter()
    os.close(reader)
    os.close(null)
    if status or text != b"1\n":
        raise RuntimeError(f"{' '.join(command)}: status {status}, output {text!r}")
    return 1000 * (first - started), 1000 * (ended - started)


# -- peers -----------------------------------------------------------------------------------------

def bundle(top, name, command):
    """An OCI bundle whose root is made of read-only binds of the host's, with no network."""
    root = os.path.join(top, f"bundle-{name}")
    os.makedirs(os.path.join(root, "rootfs"))
    subprocess.run(["runc", "spec"], cwd=root, check=True)
    path = os.path.join(root, "config.json")
    with open(path, encoding="utf-8") as file:
        config = json.load(file)
    config["process"].update(terminal=False, args=command, noNewPrivileges=True,
                             user={"uid": 1000, "gid": 1000})
    config["process"]["capabilities"] = {}
    config["root"]["readonly"] = True
    for host in ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc"):
        if os.path.exists(host):
            config["mounts"].insert(0, {
                "destination": host, "source": host, "type": "bind",
                "options": ["rbind", "ro", "nosuid", "nodev"]})
    for mount in config["mounts"]:
        os.makedirs(os.path.join(root, "rootfs", mount["destination"][1:]), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(config, file)
    return root


def runtime_peer(top, name, command):
    """runc, else crun: the first that runs here. Each run needs an id of its own."""
    for runtime in ("runc", "crun"):
        path = shutil.which(runtime)
        if not path or not shutil.which("runc"):
            continue
        root = bundle(top, f"{name}-{runtime}", command)
        state, counter = os.path.join(top, f"{runtime}-state"), iter(range(10**9))

        def run(path=path, root=root, state=state, counter=counter):
            return measure([path, "--root", state, "run", "--bundle", root,
                            f"bench-{os.getpid()}-{name}-{next(counter)}"])
        try:
            run()
            return runtime, run
        except RuntimeError as error:
            print(f"left out: {error}", file=sys.stderr)
    return None, None


def peers(top, build, disk, memory, name):
    bare, file, text, local = PROGRAMS[name]
    found = {"bare": lambda: measure(bare)}
    bwrap = shutil.which("bwrap")
    if bwrap:
        found["bwrap"] = lambda: measure([bwrap, "--unshare-all", "--ro-bind", "/", "/", "--dev",
                                          "/dev", "--proc", "/proc", *bare])
    runtime, run = runtime_peer(top, name, bare)
    if runtime:
        found[runtime] = run
    write(os.path.join(top, file), text)
    write(os.path.join(top, "config/agenttask/profiles.d", f"bench-{name}.yaml"),
          PROFILE.format(name=name, digest="0" * 64, file=file, local=local))
    for where, state in (("disk", disk), ("memory", memory)):
        environment = ours(top, state)
        command = [os.path.join(build, "agentctl"), "run", "--local", "--quiet", "--profile",
                   f"bench-{name}", os.path.join(top, file)]
        found[f"agentctl, {where}"] = lambda command=command, environment=environment: \
            measure(command, environment)
    return found


def ours(top, state):
    return dict(os.environ, XDG_STATE_HOME=state, XDG_CONFIG_HOME=os.path.join(top, "config"))


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


# -- tables ----------------------------------------------------------------------------------------

def starts(top, options, disk, memory):
    cases = {(name, peer): run for name in PROGRAMS for peer, run in
             peers(top, options.build, disk, memory, name).items()}
    times = {case: [] for case in cases}
    for i in range(options.rounds + WARM_UP):
        for case, run in cases.items():
            taken = run()
            if i >= WARM_UP:
                times[case].append(taken)
    for name in PROGRAMS:
        print_table(name, {peer: taken for (one, peer), taken in times.items() if one == name})


def print_table(name, times):
    print(f"\n{name}: {' '.join(PROGRAMS[name][0])}, {len(times['bare'])} rounds, ms")
    print(f"{'':18}{'first line':>10} {'min':>6} {'max':>6} {'/bwrap':>7} {'/runc':>6}"
          f"{'whole':>10} {'min':>6} {'max':>6} {'/bwrap':>7} {'/runc':>6}")
    for peer, taken in times.items():
        line = f"{peer:18}"
        for which in (0, 1):
            mine = [pair[which] for pair in taken]
            line += f"{statistics.median(mine):10.2f} {min(mine):6.2f} {max(mine):6.2f}"
            for other in ("bwrap", "runc"):
                line += f" {ratio(times, peer, other, which):>{7 if other == 'bwrap' else 6}}"
        print(line)
    first_bwrap, first_runc, whole_bwrap = TARGETS[name]
    print(f"target of agentctl: first line <= {first_bwrap} x bwrap, <= {first_runc} x runc, "
          f"whole <= {whole_bwrap} x bwrap")


def ratio(times, peer, other, which):
    """Median of the ratios within each round."""
    if other not in times:
        return "-"
    ratios = [mine[which] / its[which] for mine, its in zip(times[peer], times[other])]
    return f"{statistics.median(ratios):.2f}"


def listing(top, options, state):
    """`list` with many tasks: time, and memory by VmHWM just before its last lines are read."""
    environment = ours(top, state)
    agentctl = os.path.join(options.build, "agentctl")
    have = len(subprocess.run([agentctl, "list", "--local", "-o", "name"], env=environment,
                              stdout=subprocess.PIPE, check=True).stdout.splitlines())
    for _ in range(options.tasks - have):
        subprocess.run([agentctl, "run", "--local", "--quiet", "--profile", "bench-shell",
                        os.path.join(top, "code.sh")], env=environment, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak, taken = 0, []
    for i in range(options.rounds):
        started = time.perf_counter()
        subprocess.run([agentctl, "list", "--local"], env=environment, stdout=subprocess.DEVNULL,
                       check=True)
        taken.append(1000 * (time.perf_counter() - started))
    started = time.perf_counter()
    subprocess.run(["/bin/true"], stdout=subprocess.DEVNULL, check=True)
    bare = 1000 * (time.perf_counter() - started)
    process = subprocess.Popen([agentctl, "list", "--local"], env=environment,
                               stdout=subprocess.PIPE)
    fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096)
    rows = 0
    while True:
        time.sleep(0.01)
        with open(f"/proc/{process.pid}/status", encoding="utf-8") as status:
            peak = max([peak] + [int(line.split()[1]) for line in status if "VmHWM" in line])
        more = os.read(process.stdout.fileno(), 4096)
        if not more:
            break
        rows += more.count(b"\n")
    process.stdout.close()
    process.wait()
    memory = f"{peak / 1024:.1f} MB" if peak else "not seen: it was over too soon"
    print(f"\nlist, {rows - 1} tasks: {statistics.median(taken):.1f} ms (min {min(taken):.1f}, max "
          f"{max(taken):.1f}; /bin/true {bare:.1f}), peak memory {memory} (targets: 10 ms, 8 MB)")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", default="build")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--tasks", type=int, default=1000)
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    with tempfile.TemporaryDirectory(prefix="agenttask-bench-") as top, \
            tempfile.TemporaryDirectory(prefix="bench-state-", dir=options.build) as disk, \
            tempfile.TemporaryDirectory(prefix="agenttask-bench-", dir="/dev/shm") as memory:
        starts(top, options, disk, memory)
        listing(top, options, memory)
    size = os.stat(os.path.join(options.build, "runner")).st_size
    print(f"runner: {size / 1000:.0f} KB (target: 200)")


if __name__ == "__main__":
    main()
