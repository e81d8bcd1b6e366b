"""The record of a decision: everything that a later replay needs, as JSON values."""

from __future__ import annotations

import binascii
import hashlib
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from policyengine.values.civil import Date, wall_text
from policyengine.values.instant import Duration, Timestamp

if TYPE_CHECKING:
    from policyengine.runtime.decision import Decision


def record(decision: Decision, with_input: bool) -> dict[str, Any]:
    """A decision as JSON, replayable where the input is kept."""
    canonical = decision.canonical_input
    policy, at = decision.policy, decision.at
    effect = decision.effect
    is_allowed = effect == "allow"
    out: dict[str, Any] = {
        "id": decision.id,
        "event": decision.event,
        "purpose": decision.purpose,
        "policy": {
            "name": policy.name,
            "version": policy.version,
            "digest": policy.digest,
            "program_digest": policy.program_digest,
        },
        "decision": decision.name,
        "tenant": decision.tenant,
        "at": None if at is None else wall_text(at) + "Z",
        "input_digest": f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}",
        "effect": effect,
        "codes": list(decision.codes),
        "approvers": [] if is_allowed else list(decision.approvers),
        "rationale": [reason.path for reason in decision.rationale],
        "outputs": {name: jsonable(value) for name, value in decision.outputs.items()},
    }
    if with_input:
        out["input"] = json.loads(canonical)
    return out


def jsonable(value: Any) -> Any:
    """An output as JSON: numbers as texts, so that no reader rounds them, and bytes as base64."""
    kind = value.__class__
    if kind is str or kind is bool or value is None:
        return value
    if kind is Decimal:
        return format(value, "f")
    if kind is bytes:
        return binascii.b2a_base64(value, newline=False).decode()
    if kind is int or kind is Timestamp or kind is Duration or kind is Date:
        return str(value)
    if kind is dict:
        return {key: jsonable(each) for key, each in value.items()}
    if kind is list or kind is tuple:
        return [jsonable(each) for each in value]
    raise AssertionError(f"not an output: {kind}")
