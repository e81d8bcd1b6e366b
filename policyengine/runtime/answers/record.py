"""The record of a decision: everything that a later replay needs, as JSON values."""

from __future__ import annotations

import binascii
import hashlib
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from policyengine.values.canonical_json import canonical_text
from policyengine.values.civil import Date, wall_text
from policyengine.values.instant import Duration, Timestamp

if TYPE_CHECKING:
    from policyengine.runtime.answers.decision import Decision


def record(decision: Decision, with_input: bool) -> dict[str, Any]:
    """A decision as JSON, replayable where the input is kept."""
    given = decision.canonical_input
    out = {
        **_answered(decision),
        "input_digest": f"sha256:{hashlib.sha256(given.encode()).hexdigest()}",
        "rationale": [reason.path for reason in decision.rationale],
        "outputs": {name: jsonable(value) for name, value in decision.outputs.items()},
    }
    if with_input:
        out["input"] = json.loads(given)
    return out


def compact(decision: Decision) -> str:
    """A decision as one line of canonical JSON, without what a replay makes again."""
    nodes, outputs = decision._policy.program.nodes, decision.outputs
    shown = {name: jsonable(outputs[name]) for name, node in decision._entry.outputs if not nodes[node].deferred}
    given = json.loads(decision.canonical_input)
    return canonical_text({**_answered(decision), "compact": True, "outputs": shown, "input": given})


def _answered(decision: Decision) -> dict[str, Any]:
    """What every record begins with."""
    at = decision.at
    return {
        "id": decision.id,
        "event": decision.event,
        "purpose": decision.purpose,
        "policy": decision.policy.fields,
        "decision": decision.name,
        "tenant": decision.tenant,
        "at": None if at is None else wall_text(at) + "Z",
        **effects(decision),
    }


def effects(decision: Decision) -> dict[str, Any]:
    """The effect of a decision, with its codes and who must approve."""
    effect = decision.effect
    approvers = [] if effect == "allow" else list(decision.approvers)
    return {"effect": effect, "codes": list(decision.codes), "approvers": approvers}


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
