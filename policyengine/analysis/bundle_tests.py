"""The tests inside a bundle: what each expects against what its policy decides.

Nothing is printed here and no clock is read: a run is a list of outcomes, and every reader of it is free to show what
it likes. Numbers are compared by value (`1` is `1.00`), everything else exactly; a time may be written as a date.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

from policyengine.compiler.pipeline import Compiled
from policyengine.errors import EvaluationError, InvalidInput
from policyengine.language.closest import closest
from policyengine.language.model import Test
from policyengine.language.yaml import Mapping, Node, Scalar, Sequence, plain
from policyengine.runtime.answers.decision import Decision
from policyengine.runtime.engine import Policy
from policyengine.source import Span
from policyengine.values.civil import DAY, Date, parse_date
from policyengine.values.instant import Duration, Timestamp
from policyengine.values.invalid import InvalidValue
from policyengine.values.zone_data import zone

DATE_LENGTH = len("2026-12-01")
BESIDE_OUTPUTS = ("effect", "codes", "approvers")


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One expectation that did not come true: what it is about, what was expected and found, and where it stands."""

    about: str
    expected: str
    found: str
    at: Span
    hint: str | None = None

    def __str__(self) -> str:
        return f"{self.about}: expected {self.expected}, found {self.found}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one test: the decision or the error that it met, and every expectation that did not come true."""

    test: Test
    met: Decision | InvalidInput | EvaluationError
    at: Timestamp | None = None
    mismatches: tuple[Mismatch, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.mismatches

    @property
    def decision(self) -> Decision | None:
        return self.met if isinstance(self.met, Decision) else None


def run(compiled: Compiled, pattern: str | None = None) -> list[Outcome]:
    """Run the tests of a bundle, or those that a pattern selects, in the order in which they are written."""
    policy = Policy(compiled.program)
    checker = _Checker(compiled)
    return [checker.outcome(policy, test) for test in selected(compiled.bundle.tests, pattern)]


def selected(tests: Iterable[Test], pattern: str | None) -> Iterator[Test]:
    """The tests whose name, decision or tenant matches a pattern such as `*tier*`; without wildcards a part will do."""
    if pattern is None:
        yield from tests
        return
    wanted = pattern if any(c in pattern for c in "*?[") else f"*{pattern}*"
    for test in tests:
        if any(fnmatchcase(text, wanted) for text in (test.name, test.decide, test.tenant or "")):
            yield test


def instant(text: str, timezone: str | None) -> Timestamp:
    """A time, or the midnight at which a date begins in the time zone of a bundle; raises InvalidInput."""
    try:
        if len(text) != DATE_LENGTH:
            return Timestamp.parse(text)
        days = parse_date(text)
        if timezone is not None:
            return Timestamp(zone(timezone).from_wall(days * DAY))
    except InvalidValue as fault:
        raise InvalidInput(fault.message, "at", fault.hint) from None
    raise InvalidInput(f"the date `{text}` begins in no zone", "at", "give the bundle a `timezone`")


class _Checker:
    """Compares; it knows the zone in which the dates of the bundle begin."""

    def __init__(self, compiled: Compiled) -> None:
        self.timezone = compiled.bundle.timezone

    def outcome(self, policy: Policy, test: Test) -> Outcome:
        at = None
        try:
            at = None if test.time is None else instant(test.time, self.timezone)
            decision = policy.decide(test.decide, test.input, tenant=test.tenant, at=at, event=test.event)
            return Outcome(test, decision, at, tuple(self._of_decision(test, decision)))
        except (InvalidInput, EvaluationError) as error:
            return Outcome(test, error, at, tuple(_of_error(test, error)))

    # --------------------------------------------------------------------------------------------- expectations

    def _of_decision(self, test: Test, decision: Decision) -> Iterator[Mismatch]:
        if test.error is not None:
            answer = ", ".join(f"{name} {_shown(value)}" for name, value in decision.outputs.items())
            yield Mismatch("error", f"`{test.error}`", answer or decision.effect, test.at)
            return
        outputs = decision.outputs
        for entry in test.expect.entries.values() if test.expect is not None else ():
            if entry.key in outputs:
                yield from self._of_value(entry.key, entry.value, outputs[entry.key])
            elif entry.key in BESIDE_OUTPUTS:
                yield from _beside(entry.key, entry.value, getattr(decision, entry.key))
            else:
                hint = closest(entry.key, [*outputs, *BESIDE_OUTPUTS])
                yield Mismatch(entry.key, _shown(plain(entry.value)), "no such output", entry.key_span, hint)
        yield from _of_rationale(test, [reason.path for reason in decision.rationale])

    def _of_value(self, about: str, expected: Node, found: Any) -> Iterator[Mismatch]:
        match expected:
            case Sequence() if isinstance(found, list | tuple) and len(found) == len(expected.items):
                for number, (item, value) in enumerate(zip(expected.items, found, strict=True), 1):
                    yield from self._of_value(f"{about}[{number}]", item, value)
            case Mapping() if isinstance(found, dict):
                yield from self._of_members(about, expected, found)
            case Scalar() if self._equal(expected.value, found):
                return
            case _:
                yield Mismatch(about, _shown(plain(expected)), _shown(found), expected.span)

    def _of_members(self, about: str, expected: Mapping, found: dict[str, Any]) -> Iterator[Mismatch]:
        for entry in expected.entries.values():
            if entry.key in found:
                yield from self._of_value(f"{about}.{entry.key}", entry.value, found[entry.key])
            else:
                hint = closest(entry.key, found)
                yield Mismatch(f"{about}.{entry.key}", _shown(plain(entry.value)), "nothing", entry.key_span, hint)
        for name in found.keys() - expected.entries.keys():
            yield Mismatch(f"{about}.{name}", "nothing", _shown(found[name]), expected.span)

    def _equal(self, expected: Any, found: Any) -> bool:
        """Whether a written value is the one that was found; a number is never a bool, a text or a time."""
        match found:
            case bool() | None:
                return expected is found
            case Timestamp():
                return isinstance(expected, str) and self._is_instant(expected, found)
            case Date():
                return isinstance(expected, str) and expected == str(found)
            case Duration():
                return isinstance(expected, str) and _is_duration(expected, found)
            case int() | Decimal():
                return isinstance(expected, int | Decimal) and not isinstance(expected, bool) and expected == found
            case str():
                return isinstance(expected, str) and expected == found
        return False

    def _is_instant(self, text: str, found: Timestamp) -> bool:
        try:
            return instant(text, self.timezone) == found
        except InvalidInput:
            return False


def _is_duration(text: str, found: Duration) -> bool:
    for parse in (Duration.parse_literal, Duration.parse):
        try:
            return parse(text) == found
        except InvalidValue:
            continue
    return False


def _beside(about: str, expected: Node, found: str | tuple[str, ...]) -> Iterator[Mismatch]:
    """`effect`, and `codes` and `approvers` in any order."""
    wanted = plain(expected)
    if isinstance(found, str):
        same = wanted == found
    else:
        same = isinstance(wanted, list) and sorted(map(str, wanted)) == sorted(found)
    if not same:
        yield Mismatch(about, _shown(wanted), _shown(found), expected.span)


def _of_rationale(test: Test, reasons: list[str]) -> Iterator[Mismatch]:
    found = ", ".join(reasons) or "no reasons"
    for path in test.rationale:
        if path not in reasons:
            yield Mismatch("rationale", f"`{path}` among the reasons", found, test.at, closest(path, reasons))
    for path in test.not_rationale:
        if path in reasons:
            yield Mismatch("not_rationale", f"`{path}` not to be among the reasons", found, test.at)


def _of_error(test: Test, error: InvalidInput | EvaluationError) -> Iterator[Mismatch]:
    names = [error.code] if isinstance(error, EvaluationError) else ["invalid_input", error.field]
    if test.error is None:
        yield Mismatch("error", "a decision", f"`{names[0]}`: {error}", test.at)
    elif test.error not in names:
        yield Mismatch("error", f"`{test.error}`", f"`{names[-1] or names[0]}`: {error}", test.at)


def _shown(value: Any) -> str:
    """A value as an author writes it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f")
        case list() | tuple():
            return "[" + ", ".join(_shown(item) for item in value) + "]"
        case dict():
            return "{" + ", ".join(f"{name}: {_shown(item)}" for name, item in value.items()) + "}"
    return str(value)
