"""What two versions answer to the same requests: compared, counted and summed, in bounded memory.

A decision differs where an output, the effect, a code or an approver does, or where one version fails and the other
does not. Amounts are summed exactly, each currency apart.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from policyengine.errors import EvaluationError
from policyengine.registry.beside import Raised, attempt
from policyengine.runtime.answers.decision import Decision
from policyengine.runtime.answers.record import jsonable
from policyengine.runtime.engine import Policy
from policyengine.values import types
from policyengine.values.currencies import CURRENCIES
from policyengine.values.number_text import decimal_text

NAMES_MAX = 200
"""How many tenants, and how many rules, are counted by name; the rest are counted together."""
SAMPLES_MAX = 3
"""How many samples are kept of each output that differs."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: what was asked, by whom, and for which instant; `input` is a copy of the caller's."""

    decision: str
    input: Any
    tenant: str | None
    at: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """A version did not answer: the kind of the exception, with the code of an EvaluationError, and its text."""

    kind: str
    text: str

    @classmethod
    def of(cls, fault: Exception) -> Failed:
        """What an exception says, without its frames, which would keep the caller's objects."""
        code = f" {fault.code}" if isinstance(fault, EvaluationError) else ""
        return cls(f"{type(fault).__name__}{code}", str(fault))


Outcome = Decision | Failed


def outcome(policy: Policy, asked: Asked) -> Outcome:
    """What a version answers; a crash is a failure of the version like any other."""
    found = attempt(lambda: policy.decide(asked.decision, asked.input, tenant=asked.tenant, at=asked.at))
    return Failed.of(found.fault) if isinstance(found, Raised) else found


def outcome_again(policy: Policy, decision: Decision) -> Outcome:
    """The same for the facts that another version's decision has kept."""
    found = attempt(policy.decide_again, decision)
    return Failed.of(found.fault) if isinstance(found, Raised) else found


@dataclass(frozen=True, slots=True)
class Money:
    """By how much amounts of a currency differ, candidate less base: their sum, and the sum of their sizes."""

    sum: Decimal
    absolute: Decimal


@dataclass(frozen=True, slots=True)
class Sample:
    """One decision that differs: what both said, and the input where inputs are kept."""

    tenant: str | None
    at: str
    base: Any
    candidate: Any
    input: Any = None


@dataclass(frozen=True, slots=True)
class Output:
    """How often one output of one decision differs, by how much money, and some samples."""

    differing: int
    money: Mapping[str, Money]
    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """What was counted; every count is of decisions.

    `differing` counts what either version alone failed at, too; `failed` has by side (`candidate`, `base`, `both`) and
    kind what was not answered. `outputs` are called `bill.cost`, and `bill: effect` where it is no output.
    `rules` are what the rationales of a differing decision do not share; where they share everything, and a value in a
    rule has changed, it is counted in `same_rules`. Beyond the first names, rules and tenants are counted in
    `other_rules` and `other_tenants`.
    """

    compared: int
    differing: int
    failed: Mapping[str, Mapping[str, int]]
    money: Mapping[str, Money]
    outputs: Mapping[str, Output]
    rules: Mapping[str, int]
    same_rules: int
    other_rules: int
    tenants: Mapping[str, int]
    other_tenants: int

    def failed_by(self, side: str) -> int:
        """How many decisions a side (`candidate`, `base`, `both`) failed at."""
        return sum(self.failed.get(side, {}).values())


@dataclass(slots=True)
class _Sum:
    sum: Fraction = Fraction(0)
    absolute: Fraction = Fraction(0)

    def add(self, change: Fraction) -> None:
        self.sum += change
        self.absolute += abs(change)

    def shown(self) -> Money:
        return Money(exact(self.sum), exact(self.absolute))


@dataclass(slots=True)
class _Output:
    differing: int = 0
    money: dict[str, _Sum] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)


class _Names:
    """Counts by name, for a bounded number of names; `rest` counts those that came later."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.rest = 0

    def add(self, name: str) -> None:
        if name in self.counts or len(self.counts) < NAMES_MAX:
            self.counts[name] += 1
        else:
            self.rest += 1


class Tally:
    """Counts comparisons. One thread adds, any may read."""

    def __init__(self, *, keep_inputs: bool = False) -> None:
        """`keep_inputs` keeps the input of a sample."""
        self._lock = threading.Lock()
        self._keep_inputs = keep_inputs
        self.compared = self.differing = self.failed_candidate = 0
        self._same_rules = 0
        self._failed: dict[str, Counter[str]] = {}
        self._money: dict[str, _Sum] = {}
        self._outputs: dict[str, _Output] = {}
        self._rules, self._tenants = _Names(), _Names()

    def add(self, asked: Asked, base: Outcome, candidate: Outcome) -> None:
        """Count what two versions answered to one request."""
        before, after = _told(base), _told(candidate)
        with self._lock:
            self.compared += 1
            if isinstance(before, Failed) or isinstance(after, Failed):
                self._add_failed(asked, before, after)
            elif before.said != after.said:
                self._add_differing(asked, before, after)

    def money(self) -> dict[str, Decimal]:
        """The sum of the sizes of the differences, by currency."""
        with self._lock:
            return {currency: exact(each.absolute) for currency, each in self._money.items()}

    def figures(self) -> Figures:
        """What has been counted so far."""
        with self._lock:
            outputs = {
                name: Output(each.differing, _shown(each.money), tuple(each.samples))
                for name, each in sorted(self._outputs.items())
            }
            return Figures(
                self.compared, self.differing, {side: dict(kinds) for side, kinds in self._failed.items()},
                _shown(self._money), outputs, dict(self._rules.counts.most_common()), self._same_rules,
                self._rules.rest, dict(self._tenants.counts.most_common()), self._tenants.rest,
            )  # fmt: skip

    def _add_failed(self, asked: Asked, base: _Told | Failed, candidate: _Told | Failed) -> None:
        if isinstance(base, Failed):
            side, kind = ("both", base.kind) if isinstance(candidate, Failed) else ("base", base.kind)
        else:
            assert isinstance(candidate, Failed)
            side, kind = "candidate", candidate.kind
            self.failed_candidate += 1
        self._failed.setdefault(side, Counter())[kind] += 1
        if side != "both":
            self._add_differing_of(asked, f"{asked.decision}: failure", _failure(base), _failure(candidate))
            self._count(asked)

    def _add_differing(self, asked: Asked, base: _Told, candidate: _Told) -> None:
        for name in dict.fromkeys((*base.said, *candidate.said)):
            before, after = base.said.get(name), candidate.said.get(name)
            if before == after:
                continue
            where, is_output = name
            shown = f"{asked.decision}.{where}" if is_output else f"{asked.decision}: {where}"
            output = self._add_differing_of(asked, shown, before, after)
            for currency, change in _changes(base.money(where), candidate.money(where)) if is_output else ():
                for sums in (output.money, self._money):
                    sums.setdefault(currency, _Sum()).add(change)
        unshared = base.rules() ^ candidate.rules()
        for rule in sorted(unshared):
            self._rules.add(rule)
        self._same_rules += not unshared
        self._count(asked)

    def _add_differing_of(self, asked: Asked, name: str, base: Any, candidate: Any) -> _Output:
        output = self._outputs.setdefault(name, _Output())
        output.differing += 1
        if len(output.samples) < SAMPLES_MAX:
            given = asked.input if self._keep_inputs else None
            output.samples.append(Sample(asked.tenant, str(asked.at), base, candidate, given))
        return output

    def _count(self, asked: Asked) -> None:
        self.differing += 1
        if asked.tenant is not None:
            self._tenants.add(asked.tenant)


@dataclass(frozen=True, slots=True)
class _Told:
    """Everything that a decision says, by name and whether it is an output."""

    decision: Decision
    said: dict[tuple[str, bool], Any]

    def money(self, output: str) -> tuple[str, Fraction] | None:
        """An output's currency and amount; None where it is not there or not money."""
        value = self.said.get((output, True))
        if value.__class__ is not Decimal and value.__class__ is not int:
            return None
        entry = self.decision._prepared.entry
        its_type = self.decision._prepared.policy.program.nodes[dict(entry.outputs)[output]].type
        its_type = its_type.item if isinstance(its_type, types.Optional) else its_type
        unit = its_type.unit if isinstance(its_type, types.Number) else ()
        is_money = len(unit) == 1 and unit[0][1] == 1 and unit[0][0] in CURRENCIES
        return (unit[0][0], Fraction(value)) if is_money else None

    def rules(self) -> set[str]:
        """The paths of what decided."""
        return {reason.path for reason in self.decision.rationale}


def _told(outcome: Outcome) -> _Told | Failed:
    """What a decision says; an output that cannot be made is a failure."""
    if isinstance(outcome, Failed):
        return outcome
    said = attempt(_said, outcome)
    return Failed.of(said.fault) if isinstance(said, Raised) else _Told(outcome, said)


def _said(decision: Decision) -> dict[tuple[str, bool], Any]:
    said: dict[tuple[str, bool], Any] = {(name, True): value for name, value in decision.outputs.items()}
    effect = said["effect", False] = decision.effect
    if effect != "allow":
        said["codes", False], said["approvers", False] = decision.codes, decision.approvers
    return said


def _changes(base: tuple[str, Fraction] | None, candidate: tuple[str, Fraction] | None) -> list[tuple[str, Fraction]]:
    """By how much an amount differs, by currency; one that is on one side only, or in another currency, is all new."""
    if base is not None and candidate is not None and base[0] == candidate[0]:
        return [(base[0], candidate[1] - base[1])]
    found = [] if base is None else [(base[0], -base[1])]
    return found if candidate is None else [*found, candidate]


def _failure(side: _Told | Failed) -> str | None:
    return f"{side.kind}: {side.text}" if isinstance(side, Failed) else None


def _shown(sums: Mapping[str, _Sum]) -> dict[str, Money]:
    return {currency: each.shown() for currency, each in sorted(sums.items())}


def exact(value: Fraction) -> Decimal:
    """A sum of amounts as a Decimal with every digit."""
    return Decimal(decimal_text(value.numerator, value.denominator))


def money_json(money: Mapping[str, Money]) -> dict[str, dict[str, str]]:
    """Differences of money as JSON, the numbers as texts."""
    return {c: {"sum": format(m.sum, "f"), "absolute": format(m.absolute, "f")} for c, m in money.items()}


def sample_json(sample: Sample) -> dict[str, Any]:
    """A sample as JSON, the numbers as texts."""
    given = {} if sample.input is None else {"input": _plain(sample.input)}
    return {
        "tenant": sample.tenant, "at": sample.at, "base": _plain(sample.base), "candidate": _plain(sample.candidate),
        **given,
    }  # fmt: skip


def _plain(value: Any) -> Any:
    """A value as JSON; what an input holds that no output can is shown as text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if value is None or isinstance(value, bool | str | int | Decimal):
        return jsonable(value) if type(value) in (bool, str, int, Decimal, type(None)) else str(value)
    return str(value)
