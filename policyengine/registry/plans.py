"""A plan: an activation as it was reviewed, step by step, with what it was made on and what it would do.

It is canonical JSON, and named by the sha256 of its bytes: whoever edits it has another plan, which nobody has made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from policyengine.errors import InvalidInput
from policyengine.registry import events, scopes
from policyengine.registry.rules import Impact
from policyengine.registry.scopes import Scope
from policyengine.values.instant import Timestamp
from policyengine.values.invalid import InvalidValue

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be activated, for whom and from when; `start` is None where it is from the activation on.

    Of several `steps` each is activated by itself, in their order; `guardrails` hold for those before everyone.
    """

    bundle: str
    version: str
    artifact: str
    steps: tuple[Scope, ...]
    guardrails: Mapping[str, Any] | None
    """As an event has them."""
    start: Timestamp | None
    reason: str
    base: int
    """The last event of this bundle that changed who answers, when the plan was made; 0 where there was none."""
    made: Timestamp
    """The time at which it was asked who answers."""
    usage: Mapping[str, str] | None
    """The sha256 of the recorded usage, and what was said about its lines; None where no usage was given."""
    impact: Impact | None
    """The change by currency that this usage comes to; None where nothing was measured."""
    tenants: int | None
    """How many tenants of the usage would get another version than they have."""
    summary: str
    report: Sequence[Mapping[str, Any]]
    """The differences from each version that the scope's tenants have now."""

    @property
    def data(self) -> bytes:
        """The plan as it is saved."""
        said = {"format": FORMAT, **self.said(), "version": self.version, "made": str(self.made), "report": self.report}
        usage = None if self.usage is None else dict(self.usage)
        return events.canonical({**said, "usage": usage, "tenants": self.tenants})

    @property
    def digest(self) -> str:
        """The name of the plan."""
        return "sha256:" + hashlib.sha256(self.data).hexdigest()

    def said(self) -> dict[str, Any]:
        """What the event says of it, beside its digest."""
        return {
            "bundle": self.bundle, "artifact": self.artifact, "steps": [scope.as_json() for scope in self.steps],
            "guardrails": None if self.guardrails is None else dict(self.guardrails),
            "from": None if self.start is None else str(self.start), "reason": self.reason, "base": self.base,
            "impact": None if self.impact is None else dict(self.impact), "summary": self.summary,
        }  # fmt: skip

    def guardrails_for(self, step: Scope) -> Mapping[str, Any] | None:
        """The guardrails of one step."""
        return None if step == scopes.ALL else self.guardrails

    def event(self) -> dict[str, Any]:
        """The event that records it."""
        return {**self.said(), "plan": self.digest}


def read(data: bytes) -> Plan:
    """A saved plan. Raises InvalidInput where it is none, or is not written as it was saved."""
    try:
        said = json.loads(data)
        found = Plan(
            said["bundle"], said["version"], said["artifact"],
            tuple(map(scopes.from_json, said["steps"])), said["guardrails"],
            None if said["from"] is None else Timestamp.parse(said["from"]), said["reason"], said["base"],
            Timestamp.parse(said["made"]), said["usage"], said["impact"], said["tenants"], said["summary"],
            said["report"],
        )  # fmt: skip
        rewritten = found.data
        _check_types(found)
    except (ValueError, KeyError, TypeError, AttributeError, InvalidValue, RecursionError):
        raise InvalidInput("is no plan", "plan", "`policyengine plan --out FILE` makes one") from None
    if rewritten != data.removesuffix(b"\n"):
        raise InvalidInput("the file is not as it was saved: it has been edited", "plan", "make a new plan")
    return found


def _check_types(plan: Plan) -> None:
    """Raises TypeError where a value is not of its kind: JSON knows `4.0`, and a list in the place of a name."""
    texts: tuple[Any, ...] = (
        plan.bundle,
        plan.version,
        plan.artifact,
        *(part for scope in plan.steps for part in (scope.kind, scope.name)),
        plan.reason,
        plan.summary,
    )
    texts += tuple(part for each in (plan.usage, plan.impact) for part in chain.from_iterable((each or {}).items()))
    is_right = (
        all(type(text) is str for text in texts)
        and type(plan.base) is int
        and type(plan.tenants) in (int, type(None))
        and type(plan.report) is list
        and type(plan.guardrails) in (dict, type(None))
        and plan.steps == scopes.steps(plan.steps) != ()
    )
    if not is_right:
        raise TypeError("a value is not of its kind")
