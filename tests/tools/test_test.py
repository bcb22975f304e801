#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/test and .ci/run fail when they should: in a small tree of its own with one planted layer,
each way in which a layer can go wrong must end with a status that is not 0."""
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FINE = "print('2 passed, 0 failed, 0 skipped')"
SKIPS = "print('SKIP far too far away\\n1 passed, 0 failed, 1 skipped')"

# (what happens, the planted layer, tests/skips.txt, tests/minimums.txt, CI, status, last line)
CASES = [
    ("all is well", FINE, "", "planted 2", True, 0, "2 passed, 0 failed, 0 skipped"),
    ("a test fails", "print('1 passed, 1 failed, 0 skipped'); raise SystemExit(1)", "", "", True,
     1, "1 passed, 1 failed, 0 skipped"),
    ("a test fails and the status hides it", "print('1 passed, 1 failed, 0 skipped')", "", "", True,
     1, "1 passed, 1 failed, 0 skipped"),
    ("the layer breaks", "raise SystemExit(3)", "", "", True, 1, "0 passed, 1 failed, 0 skipped"),
    ("the layer says nothing", "pass", "", "", True, 1, "0 passed, 1 failed, 0 skipped"),
    ("fewer tests than demanded", FINE, "", "planted 3", True, 1, "2 passed, 1 failed, 0 skipped"),
    ("a skip that is not allowed", SKIPS, "", "", True, 1, "1 passed, 1 failed, 1 skipped"),
    ("a skip that is allowed", SKIPS, "planted f* it is far", "", True, 0,
     "1 passed, 0 failed, 1 skipped"),
    ("a skip on somebody's machine", SKIPS, "", "", False, 0, "1 passed, 0 failed, 1 skipped"),
    ("a skip without a name", "print('1 passed, 0 failed, 1 skipped')", "planted * any", "", True,
     1, "1 passed, 1 failed, 0 skipped"),
    ("what it tests cannot be built", None, "", "", True, 1, "0 passed, 1 failed, 0 skipped"),
]


def write(top, name, text, mode=0o644):
    path = os.path.join(top, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


def ci_run(layer, skips, minimums, is_ci):
    with tempfile.TemporaryDirectory(prefix="agenttask-tools-") as top:
        for name in (".ci/run", "tools/test"):
            os.makedirs(os.path.join(top, os.path.dirname(name)), exist_ok=True)
            shutil.copy(os.path.join(ROOT, name), os.path.join(top, name))
        write(top, "tools/setup", "#!/bin/sh\n", 0o755)
        write(top, "meson.build", "project('planted')\n" if layer else "no project\n")
        write(top, "tests/e2e/planted.py", layer or FINE)
        write(top, "tests/skips.txt", skips + "\n")
        write(top, "tests/minimums.txt", minimums + "\n")
        done = subprocess.run(["bash", ".ci/run", "planted"], cwd=top, capture_output=True,
                              text=True, check=False,
                              env=dict(os.environ, CI="true" if is_ci else "false"))
        return done.returncode, done.stdout


def build_made_before_cmocka_is_made_again():
    """`make run` on a new machine configures without tests; `make test` then installs cmocka."""
    with tempfile.TemporaryDirectory(prefix="agenttask-tools-") as top:
        os.makedirs(os.path.join(top, "tools"))
        shutil.copy(os.path.join(ROOT, "tools/test"), os.path.join(top, "tools/test"))
        write(top, "late.py", f"#!/usr/bin/env python3\n{FINE}\n", 0o755)
        write(top, "tests/skips.txt", "")
        write(top, "tests/minimums.txt", "unit 2\n")
        write(top, "meson.build", "project('late')\nif import('fs').exists('is-late')\n"
              "    test('late', find_program('late.py'))\nendif\n")
        subprocess.run(["meson", "setup", "build"], cwd=top, capture_output=True, check=True)
        write(top, "is-late", "")
        done = subprocess.run(["tools/test", "unit"], cwd=top, capture_output=True, text=True,
                              check=False)
        return done.stdout.endswith("2 passed, 0 failed, 0 skipped\n"), done.stdout


def main():
    failed = 0
    is_good, output = build_made_before_cmocka_is_made_again()
    if not is_good:
        failed += 1
        print(f"FAILED build_made_before_cmocka_is_made_again; it said:\n{output}")
    for what, layer, skips, minimums, is_ci, status, last in CASES:
        got, output = ci_run(layer, skips, minimums, is_ci)
        lines = output.splitlines() or [""]
        if got != status or lines[-1] != last:
            failed += 1
            print(f"FAILED {what}: status {got}, expected {status}, '{last}'; it said:\n{output}")
    print(f"{len(CASES) + 1 - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
