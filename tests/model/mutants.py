#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants the mistakes of promises.md in a copy of the shipped core, one at a time, and sees that the
model finds them: a mutant counts as caught only if the check that its patch names fails.

    mutants.py SOURCE_ROOT [MODEL]

A model is a directory of sources with its `mutants`; without a name it is tests/model itself."""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SECONDS = 60
ACCUSED = {
    "": ("core/deadline.c", "core/decide.c", "core/plan.c", "core/reason.c", "core/task.c",
         "core/verdict.c", "base/str.c"),
    "quota": ("core/quota.c",),
}


class Model:
    """Where its sources and mutants are, and what it judges."""

    def __init__(self, root, name):
        self.root = pathlib.Path(root).resolve()
        self.where = self.root / "tests/model" / name
        self.accused = ACCUSED[name]


def compile_sources(include, where, sources):
    """Objects of `sources` in `where`. Returns what went wrong, or nothing."""
    done = subprocess.run([os.environ.get("CC", "cc"), "-std=gnu17", "-D_GNU_SOURCE", "-O2", "-c",
                           "-I", str(include), *map(str, sources)], cwd=where,
                          capture_output=True, text=True, check=False)
    return f"it does not compile: {done.stderr[:2000]}" if done.returncode else ""


def build(model, judge, where, patch):
    """The model (`judge`: its objects) with the shipped core, patched."""
    for room in ("core", "base"):
        shutil.copytree(model.root / "src" / room, where / "src" / room)
    if patch:
        done = subprocess.run(["patch", "-p1", "-s", "--fuzz=0", "-i", str(patch)], cwd=where,
                              capture_output=True, text=True, check=False)
        if done.returncode:
            return f"the patch does not apply: {done.stdout}{done.stderr}"
    wrong = compile_sources(where / "src", where, [where / "src" / name for name in model.accused])
    if wrong:
        return wrong
    objects = [*sorted(judge.glob("*.o")), *sorted(where.glob("*.o"))]
    done = subprocess.run([os.environ.get("CC", "cc"), "-o", str(where / "model"),
                           *map(str, objects)], capture_output=True, text=True, check=False)
    return f"it does not link: {done.stderr[:2000]}" if done.returncode else ""


def check_of(patch):
    return re.search(r"^Caught-by: (\w+)$", patch.read_text(), re.M)[1]


def try_mutant(model, judge, patch):
    """(caught, remark)"""
    wanted = check_of(patch)
    with tempfile.TemporaryDirectory(prefix="agenttask-mutant-") as top:
        where = pathlib.Path(top)
        wrong = build(model, judge, where, patch)
        if wrong:
            return False, wrong
        try:
            done = subprocess.run([where / "model", wanted], capture_output=True, text=True,
                                  timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return False, f"{wanted} did not fail within {SECONDS} s"
        return f"FAILED {wanted}\n" in done.stdout, wanted


def try_clean(model, judge):
    """(clean, remark, the names of all checks)"""
    with tempfile.TemporaryDirectory(prefix="agenttask-mutant-") as top:
        where = pathlib.Path(top)
        wrong = build(model, judge, where, None)
        if wrong:
            return False, wrong, set()
        done = subprocess.run([where / "model"], capture_output=True, text=True,
                              timeout=SECONDS, check=False)
        checks = set(re.findall(r"^ok +(\w+)$", done.stdout, re.M))
        return done.returncode == 0, "clean: " + done.stdout.splitlines()[-2], checks


def try_all(model, judge):
    patches = sorted((model.where / "mutants").glob("*.patch"))
    caught = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        clean = pool.submit(try_clean, model, judge)
        tries = pool.map(lambda patch: try_mutant(model, judge, patch), patches)
        for patch, (good, remark) in zip(patches, tries):
            caught += good
            print(f"{'caught  ' if good else 'FAILED  '} {patch.stem}: {remark}")
    is_clean, remark, checks = clean.result()
    print(f"{'ok      ' if is_clean else 'FAILED  '} {remark}")
    idle = sorted(checks - {check_of(patch) for patch in patches})
    print(f"{'FAILED  ' if idle or not checks else 'ok      '} checks that no mutant needs: "
          f"{', '.join(idle) or 'none'}")
    print(f"{len(patches)} mutants planted, {caught} caught")
    failed = len(patches) - caught + (not is_clean) + bool(idle or not checks)
    print(f"{len(patches) + 2 - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not patches else 0


def main():
    model = Model(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")
    with tempfile.TemporaryDirectory(prefix="agenttask-judge-") as top:
        wrong = compile_sources(model.root / "src", top, sorted(model.where.glob("*.c")))
        if wrong:
            print(f"FAILED   the model: {wrong}\n0 passed, 1 failed, 0 skipped")
            return 1
        return try_all(model, pathlib.Path(top))


if __name__ == "__main__":
    sys.exit(main())
