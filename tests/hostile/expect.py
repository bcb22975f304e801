# SPDX-License-Identifier: Apache-2.0
"""The words of the table: what a program should see and how its task should end."""
import dataclasses

DENIED = frozenset({"EPERM", "EACCES", "ENOSYS"})


class at_most:
    def __init__(self, number):
        self.number = number

    def matches(self, value):
        return value <= self.number

    def __repr__(self):
        return f"at most {self.number}"


class at_least(at_most):
    def matches(self, value):
        return value >= self.number

    def __repr__(self):
        return f"at least {self.number}"


class other_than(at_most):
    """Any value but these."""

    def __init__(self, *values):
        super().__init__(sorted(values))

    def matches(self, value):
        return value not in self.number

    def __repr__(self):
        return f"other than {' '.join(map(str, self.number))}"


class only(at_most):
    """A list with nothing in it but these."""

    def __init__(self, *values):
        super().__init__(set(values))

    def matches(self, value):
        return bool(value) and set(value) <= self.number

    def __repr__(self):
        return f"only {sorted(self.number)}"


class among(only):
    """As only, but may be empty."""

    def matches(self, value):
        return set(value) <= self.number


def fits(expected, value):
    if hasattr(expected, "matches"):
        return value is not None and expected.matches(value)
    if isinstance(expected, (set, frozenset)):
        return value in expected
    is_same_kind = isinstance(expected, bool) == isinstance(value, bool)
    return is_same_kind and expected == value


def mismatches(expected, seen):
    return [f"{key}: saw {seen.get(key)!r}, expected {value!r}" for key, value in expected.items()
            if not fits(value, seen.get(key))]


@dataclasses.dataclass(frozen=True)
class Verdict:
    phase: str = "Succeeded"
    reason: str = ""
    exit: object = 0  # of agentctl run
    code: object = 0  # status.exitCode; None: absent
    signal: object = None
    seconds: tuple = (0, 20)
    result: object = None  # "ResultInvalid" ..., a document, or None: whatever

    def but(self, **changes):
        return dataclasses.replace(self, **changes)


SUCCEEDED = Verdict()
OOM = Verdict("Failed", "OOMKilled", 137, {None, 137, 0}, {None, 9})


def timeout(seconds, most=None):
    """Out of time after so many seconds; `most` where the grace counts too."""
    return Verdict("Failed", "Timeout", 124, {None, 124, 137, 143}, {None, 9, 15},
                   (seconds - 0.2, (most or seconds) + 1))


def exited(code):
    return Verdict("Failed", "PodFailed", code, code)


def killed(signal):
    return Verdict("Failed", "PodFailed", 128 + signal, {None, 128 + signal}, signal)


@dataclasses.dataclass(frozen=True)
class Control:
    """The same program with these controls off: now it must see the opposite."""
    without: str
    sees: dict = dataclasses.field(default_factory=dict)
    verdict: Verdict = SUCCEEDED
    hits: frozenset = frozenset()  # canary listeners that are reached
    args: tuple = None
    flags: dict = dataclasses.field(default_factory=dict)
    only: str = ""  # "root" or "user"
    during: object = None
    after: object = None
    changes: bool = False  # a canary file
    needs: object = None  # returns why this machine cannot show it, or nothing
    attempts: int = 1  # more where another load of the machine can hide what is possible


@dataclasses.dataclass(frozen=True)
class Row:
    number: str
    program: str
    does: str
    verdict: Verdict = SUCCEEDED
    sees: dict = dataclasses.field(default_factory=dict)
    controls: tuple = ()
    args: tuple = ()
    flags: dict = dataclasses.field(default_factory=dict)
    only: str = ""
    during: object = None  # called in a thread while the task runs
    after: object = None  # called with what came of it; returns what is wrong
    has_sibling: bool = False
    table: bool = False  # shown by --table
