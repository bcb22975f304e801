#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants the mistakes of promises.md in a copy of the shipped core, one at a time, and sees that the
model finds them: a mutant counts as caught only if the check that its patch names fails.

    mutants.py SOURCE_ROOT"""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SECONDS = 60


def build(root, where, patch):
    """The model with the core of `root`, patched. Returns what went wrong, or nothing."""
    shutil.copytree(root / "src", where / "src")
    if patch:
        done = subprocess.run(["patch", "-p1", "-s", "--fuzz=0", "-i", str(patch)], cwd=where,
                              capture_output=True, text=True, check=False)
        if done.returncode:
            return f"the patch does not apply: {done.stdout}{done.stderr}"
    core = [where / "src/core" / name for name in
            ("deadline.c", "decide.c", "plan.c", "reason.c", "task.c", "verdict.c")]
    sources = [*core, where / "src/base/str.c", *sorted((root / "tests/model").glob("*.c"))]
    done = subprocess.run([os.environ.get("CC", "cc"), "-std=gnu17", "-D_GNU_SOURCE", "-O2",
                           "-I", str(where / "src"), "-o", str(where / "model"),
                           *map(str, sources)], capture_output=True, text=True, check=False)
    return f"it does not compile: {done.stderr[:2000]}" if done.returncode else ""


def try_mutant(root, patch):
    """(caught, remark)"""
    wanted = re.search(r"^Caught-by: (\w+)$", patch.read_text(), re.M)[1]
    with tempfile.TemporaryDirectory(prefix="agenttask-mutant-") as top:
        where = pathlib.Path(top)
        wrong = build(root, where, patch)
        if wrong:
            return False, wrong
        try:
            done = subprocess.run([where / "model", wanted], capture_output=True, text=True,
                                  timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return False, f"{wanted} did not fail within {SECONDS} s"
        return f"FAILED {wanted}\n" in done.stdout, wanted


def try_clean(root):
    with tempfile.TemporaryDirectory(prefix="agenttask-mutant-") as top:
        wrong = build(root, pathlib.Path(top), None)
        if wrong:
            return False, wrong
        done = subprocess.run([pathlib.Path(top) / "model"], capture_output=True, text=True,
                              timeout=SECONDS, check=False)
        return done.returncode == 0, "clean: " + done.stdout.splitlines()[-2]


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    patches = sorted((root / "tests/model/mutants").glob("*.patch"))
    caught = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        clean = pool.submit(try_clean, root)
        for patch, (good, remark) in zip(patches, pool.map(lambda p: try_mutant(root, p), patches)):
            caught += good
            print(f"{'caught  ' if good else 'FAILED  '} {patch.stem}: {remark}")
    is_clean, remark = clean.result()
    print(f"{'ok      ' if is_clean else 'FAILED  '} {remark}")
    print(f"{len(patches)} mutants planted, {caught} caught")
    failed = len(patches) - caught + (not is_clean)
    print(f"{caught + is_clean} passed, {failed} failed, 0 skipped")
    return 1 if failed or not patches else 0


if __name__ == "__main__":
    sys.exit(main())
