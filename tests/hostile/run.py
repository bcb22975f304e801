#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every hostile and every ordinary program through agentctl, and every denial again with its
protection switched off.

    run.py [--build DIR | --agentctl PATH] [--as root|user] [--only NUMBER[,NUMBER...]] [--table]

Runs as whoever calls it; --as user, for root, as uid 12345. One line per run, skips by name with a
reason, and a closing line. --patience N stretches every bound for slow machines."""
import argparse
import glob
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import traceback

import table
from canary import Canary
from expect import fits, mismatches
from suite import Suite

ORDINARY_USER = 12345
NOT_PROVEN = pathlib.Path(__file__).resolve().parent / "not-proven.txt"


class Tally:
    """Counts by kind; prints a line per test."""

    def __init__(self):
        self.passed, self.failed, self.skipped, self.lines = {}, {}, 0, []

    def add(self, which, label, wrong, remark=""):
        counts = self.failed if wrong else self.passed
        counts[which] = counts.get(which, 0) + 1
        print(f"{'FAILED' if wrong else 'ok    '} {label}{'  ' + remark if remark else ''}")
        for line in wrong:
            print(f"         {line}")
        sys.stdout.flush()

    def skip(self, label, reason):
        self.skipped += 1
        print(f"SKIP {label}: {reason}", flush=True)

    def of(self, which):
        good = self.passed.get(which, 0)
        return f"{which} {good} of {good + self.failed.get(which, 0)}"


def verdict_wrong(verdict, ended, patience):
    status, low, high = ended.status, *verdict.seconds
    wrong = [f"{what}: {value!r}, expected {expected!r}" for what, expected, value in (
        ("phase", verdict.phase, status.get("phase")),
        ("reason", verdict.reason, status.get("reason", "")),
        ("exit code of agentctl", verdict.exit, ended.exit),
        ("exitCode", verdict.code, status.get("exitCode")),
        ("signal", verdict.signal, status.get("signal"))) if not fits_or_none(expected, value)]
    if not low <= ended.seconds <= high * patience:
        wrong.append(f"took {ended.seconds:.1f} s, expected {low} to {high}")
    return wrong + result_wrong(verdict.result, ended)


def fits_or_none(expected, value):
    return value is None if expected is None else fits(expected, value)


def result_wrong(expected, ended):
    result = ended.status.get("result", {})
    if expected is None:
        return []
    if isinstance(expected, dict):
        got = json.loads(result["json"]) if "json" in result else None
        return [] if got == expected else [f"result: {result}, {ended.invalid}, expected {expected}"]
    words = {expected} if isinstance(expected, str) else expected
    if expected == "whole":
        return [f"result: {ended.invalid}"] if ended.invalid or not result else []
    if isinstance(expected, str) and not expected.startswith("Result"):
        return [] if result.get("json") == expected else [
            f"result: {result} {ended.invalid}, expected {expected}"]
    wrong = [] if ended.invalid in words else [
        f"result: {ended.invalid or result}, expected {' or '.join(sorted(words))}"]
    return wrong + (["a refused result is in the status"] if "json" in result else [])


class Session:
    def __init__(self, suite, tally, identity, limiter):
        self.suite, self.tally, self.identity, self.limiter = suite, tally, identity, limiter
        self.shown = []

    def one(self, label, which, row, *how, attempts=1):
        wrong, ended = self.look(label, row, *how)
        while wrong and attempts > 1:
            attempts -= 1
            wrong, ended = self.look(label, row, *how)
        self.tally.add(which, label, wrong)
        if row.table and which != "controls":
            self.shown.append((row, ended))

    def look(self, label, row, verdict, sees, args, flags, without, during, after, hits,
             may_change):
        """Runs it once; what is wrong with it, and what came of it."""
        suite = self.suite
        ended, wrong = suite.run(label, row, args, flags, without, during)
        wrong = list(wrong)
        if not ended.object:
            wrong.append(f"not stored, exit {ended.exit}: {ended.errors.decode(errors='replace')[:400]}")
        wrong += verdict_wrong(verdict, ended, suite.patience)
        wrong += mismatches(sees, ended.saw)
        wrong += self.isolation_wrong(ended, without)
        if after and not wrong:
            problem = after(suite, ended)
            wrong += [problem] if problem else []
        wrong += suite.oracle(ended, hits, may_change)
        if ended.object:
            wrong += suite.delete(ended)
        if wrong:
            wrong.append(f"saw: {ended.saw}")
            wrong.append(f"message: {ended.status.get('message', '')}; stderr: "
                         f"{ended.errors.decode(errors='replace')[-1500:]}")
        return wrong, ended

    def isolation_wrong(self, ended, without):
        isolation = ended.status.get("isolation", {})
        off = set(isolation.get("switchedOff", []))
        wrong = [] if not ended.object or off == set(filter(None, without.split(","))) else [
            f"status.isolation.switchedOff is {sorted(off)}"]
        if self.limiter and ended.object and isolation.get("limits") != self.limiter and \
                not without:
            wrong.append(f"limits are held by {isolation.get('limits')}, not {self.limiter}")
        return wrong

    def row(self, row, which):
        label = f"{row.number}-{pathlib.Path(row.program).stem.lstrip('0123456789_')}" \
            if which != "benign" else row.number
        label = f"{self.identity}.{label}"
        suffix = pathlib.Path(row.program).suffix
        if not self.suite.profiles[suffix]:
            self.tally.skip(label, f"no interpreter for {suffix} programs in /usr/bin")
            return
        if row.only and row.only != self.identity:
            return
        self.one(label, which, row, row.verdict, row.sees, row.args, row.flags, "", row.during,
                 row.after, (), False)
        for control in row.controls:
            if not control.only or control.only == self.identity:
                self.control(label, row, control)

    def control(self, label, row, control):
        args = row.args if control.args is None else control.args
        reason = control.needs() if control.needs else ""
        if reason:
            self.tally.skip(f"{label}.without-{control.without.replace(',', '+')}", reason)
            return
        self.one(f"{label}.without-{control.without.replace(',', '+')}", "controls", row,
                 control.verdict, control.sees, args, {**row.flags, **control.flags},
                 control.without, control.during, control.after, control.hits, control.changes,
                 attempts=control.attempts)

    def print_table(self):
        print(f"\n{'program':34}{'does':42}{'phase':11}{'reason':11}{'exit':>5}{'code':>6}"
              f"{'signal':>7}{'seconds':>9}  result")
        for row, ended in self.shown:
            status = ended.status
            result = status.get("result", {})
            shown = ended.invalid or (f"{result['bytes']} bytes" if "bytes" in result else "-")
            print(f"{row.number + ' ' + row.program:34}{row.does:42}{status.get('phase', ''):11}"
                  f"{status.get('reason', ''):11}{ended.exit:>5}{status.get('exitCode', '-'):>6}"
                  f"{status.get('signal', '-'):>7}{ended.seconds:>9.2f}  {shown}  {ended.note}")


def not_proven(identity):
    """(row, what, reason) of what cannot be shown to the contrary on this kind of machine."""
    lines = [line.split(None, 2) for line in NOT_PROVEN.read_text().splitlines()
             if line.strip() and not line.startswith("#")]
    return [line for line in lines if line[1] in ("any", identity)]


def chosen(only):
    wanted = set(only.split(",")) if only else None
    for which, rows in (("hostile", table.HOSTILE), ("benign", table.BENIGN)):
        for row in rows:
            if not wanted or row.number in wanted:
                yield which, row


def become_user(options):
    """The same command as an ordinary user, in a home of its own that holds copies of all that is
    needed: he need not reach the folder of this clone, nor the caller's own interpreter."""
    with tempfile.TemporaryDirectory(prefix="agenttask-user-", dir="/tmp") as home:
        binary = options.agentctl or os.path.join(options.build, "agentctl")
        shutil.copy(binary, home)
        shutil.copy(os.path.join(os.path.dirname(binary), "runner"), home)
        copy = os.path.join(home, "hostile")
        shutil.copytree(os.path.dirname(os.path.abspath(__file__)), copy)
        for path in (home, *glob.glob(f"{home}/**", recursive=True)):
            os.chown(path, ORDINARY_USER, ORDINARY_USER)
        words = [f"--patience={options.patience}", f"--only={options.only}"]
        words += ["--table"] if options.table else []
        words += [f"--limiter={options.limiter}"] if options.limiter else []
        return subprocess.run(
            ["setpriv", f"--reuid={ORDINARY_USER}", f"--regid={ORDINARY_USER}", "--clear-groups",
             "env", "-i", f"PATH={os.environ['PATH']}", f"HOME={home}", f"TMPDIR={home}",
             "/usr/bin/python3", "-B", os.path.join(copy, "run.py"), "--agentctl",
             os.path.join(home, "agentctl"), *words], cwd=home, check=False).returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--build", default="build")
    parser.add_argument("--agentctl")
    parser.add_argument("--as", dest="identity", choices=("root", "user"))
    parser.add_argument("--only", default="")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--patience", type=int, default=1)
    parser.add_argument("--limiter", choices=("cgroup2", "cgroup1", "polled"))
    options = parser.parse_args()
    identity = "root" if os.geteuid() == 0 else "user"
    if options.identity == "user" and identity == "root":
        return become_user(options)
    if options.identity not in (None, identity):
        parser.error(f"--as {options.identity}: I am {identity}")
    tally = Tally()
    suite = Suite(options.agentctl or os.path.join(options.build, "agentctl"), options.patience,
                  Canary)
    try:
        session = Session(suite, tally, identity, options.limiter)
        for which, row in chosen(options.only):
            session.row(row, which)
    except Exception:  # the harness itself broke: that is a failure with a name
        tally.add("harness", "the harness", traceback.format_exc().splitlines())
    finally:
        suite.close()
    if options.table:
        session.print_table()
    if not options.only:
        for number, _, reason in not_proven(identity):
            print(f"not proven here: {number}: {reason}")
    passed, failed = sum(tally.passed.values()), sum(tally.failed.values())
    print(f"hostile: as {identity}: {tally.of('hostile')}, {tally.of('controls')}, "
          f"{tally.of('benign')}")
    print(f"{passed} passed, {failed} failed, {tally.skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
