"""Replay: a recorded decision made again, and whether it differs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from policyengine.errors import InvalidInput, UnknownVersion
from policyengine.runtime.answers.decision import Decision
from policyengine.runtime.engine import Policy
from policyengine.runtime.given.canonical import from_canonical

ASKED = ("tenant", "at", "event", "purpose")
COMPARED = ("id", "effect", "codes", "approvers", "rationale", "outputs")
NOT_COMPACT = ("rationale",)
"""What a compact record leaves out, beside the outputs that are lines."""


@dataclass(frozen=True, slots=True)
class Replay:
    """The decision made again, and the fields of the record that came out otherwise: name -> (recorded, now)."""

    decision: Decision
    differences: dict[str, tuple[Any, Any]]

    @property
    def same(self) -> bool:
        return not self.differences


def replay(record: Mapping[str, Any], policy: Policy, *, other_version: bool = False) -> Replay:
    """Make a recorded decision again with a policy; raises UnknownVersion where it is not the recorded version,
    unless `other_version` asks for exactly that comparison (a backtest), and InvalidInput where it is no record."""
    recorded = recorded_digest(record)
    if recorded != policy.version.digest and not other_version:
        raise UnknownVersion(f"the record was made by {recorded}, this policy is {policy.version.digest}")
    if "input" not in record:
        raise InvalidInput("the record keeps only the digest of its input", "input", "record it with `input=True`")
    name = str(record["decision"])
    entry = policy.program.entries.get(name)
    if entry is None:
        raise InvalidInput(f"`{name}` is nothing that this policy decides", "decision")
    given = from_canonical(policy.program, entry, record["input"])
    decision = policy.decide(name, given, **{asked: record[asked] for asked in ASKED})
    now = json.loads(decision.compact_record()) if _is_compact(record) else decision.record(input=False)
    compared = [f for f in _answered(record) if not (other_version and f == "id")]
    return Replay(decision, {f: (record[f], now[f]) for f in compared if record[f] != now[f]})


def is_record(given: Mapping[str, Any]) -> bool:
    """Whether JSON is the record of a decision, whole or compact, and no input or request."""
    return "policy" in given and ("input_digest" in given or _is_compact(given))


def recorded_digest(record: Mapping[str, Any]) -> str:
    """The digest of the version that made a record, whole or compact; raises InvalidInput where it is none."""
    needed = ("policy", "decision", *ASKED, *_answered(record))
    missing = next((name for name in needed if name not in record), None)
    if missing is not None:
        raise InvalidInput("is missing: this is no record of a decision", missing)
    version = record["policy"]
    if not isinstance(version, dict) or not isinstance(version.get("digest"), str):
        raise InvalidInput("names no version by its digest: this is no record of a decision", "policy")
    digest: str = version["digest"]
    return digest


def _is_compact(record: Mapping[str, Any]) -> bool:
    return record.get("compact") is True


def _answered(record: Mapping[str, Any]) -> list[str]:
    """The fields of an answer that a record has."""
    return [name for name in COMPARED if not (_is_compact(record) and name in NOT_COMPACT)]
