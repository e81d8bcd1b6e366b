"""The compact record of a decision by one generated function: the text of `record.compact`, at the price of formatting.

It is generated for entry points whose outputs are plain values or lines. Where a value is not of its kind, it returns
None, and the record is made of the decision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from json.encoder import encode_basestring as quoted
from typing import Any

from policyengine.runtime.codegen.printing import Printing, or_null
from policyengine.runtime.program import Entry, Program
from policyengine.values import types
from policyengine.values.canonical_json import canonical_text
from policyengine.values.number_text import DIGITS_MAX, PLACES
from policyengine.values.types import Type

State = tuple[Any, ...]
Compact = Callable[[State], str | None]
"""The compact record by a decision's state."""
Effects = Callable[[State], Mapping[str, Any]]
"""The effect, the codes and the approvers of a decision by its state, as records have them."""

_REMEMBERED_MAX = 1024


def generate(program: Program, entry: Entry, label: str, policy: Mapping[str, str], effects: Effects) -> Compact | None:
    """The function of an entry point, if there can be one; `policy` is the version as records have it, and `label` how
    the text begins whose hash is the id."""
    if program.on_error:
        return None
    writer = Printing(program, entry)
    outputs = {}
    for place, (name, node) in enumerate(entry.outputs):
        if not program.nodes[node].deferred:  # a replay makes lines again
            outputs[name] = _form(writer, f"v{place}", program.nodes[node].type)
    if None in outputs.values():
        return None
    shown = ",".join(f"{quoted(name)}:".replace("%", "%%") + "%s" for name in sorted(outputs))
    first, count = len(entry.outputs), len(entry.guards) + len(entry.requires)
    said = "".join(f"v{place}, " for place in range(first, first + count))
    fields = {
        "approvers": ("%s", "approvers"),
        "at": ("%s", or_null("f0", "'\"%sZ\"' % wall_text(f0)")),
        "codes": ("%s", "codes"),
        "effect": ("%s", "effect"),
        "event": ("%s", "event"),
        "id": ('"dec_%.40s"', "h.hexdigest()"),
        "input": ("%s", "given"),
        "outputs": ("{" + shown + "}", ", ".join(str(outputs[name]) for name in sorted(outputs))),
        "purpose": ("%s", f"quoted(purpose) if purpose else {writer.bind(quoted(entry.name))}"),
        "tenant": ("%s", "tenant"),
    }
    fixed = {"compact": True, "decision": entry.name, "policy": policy}
    forms = {name: canonical_text(value).replace("%", "%%") for name, value in fixed.items()}
    forms |= {name: form for name, (form, _) in fields.items()}
    template = writer.bind("{" + ",".join(f'"{name}":{forms[name]}' for name in sorted(forms)) + "}")
    arguments = ", ".join(code for _, (_, code) in sorted(fields.items()) if code)
    known, find = writer.bind({}), writer.bind(_remembered)
    compact: Compact = writer.function(
        f"try: approvers, codes, effect = {known}[({said})]",
        f"except KeyError: approvers, codes, effect = {find}({known}, ({said}), {writer.bind(effects)}(s))",
        *writer.hashed(label),
        f"try: return {template} % ({arguments},)",
        "except (TypeError, KeyError): return None",
    )
    return compact


def _remembered(known: dict[Any, tuple[str, ...]], said: Any, effects: Mapping[str, Any]) -> tuple[str, ...]:
    """The effects as JSON texts, by what the guards and entitlements say: they say the same in most decisions."""
    found = tuple([canonical_text(effects[name]) for name in ("approvers", "codes", "effect")])
    if len(known) < _REMEMBERED_MAX:
        known[said] = found
    return found


def _form(writer: Printing, code: str, its_type: Type) -> str | None:
    """The code of an output as JSON text; None of a kind that is not printed in line."""
    if isinstance(its_type, types.Optional):
        form = _form(writer, code, its_type.item)
        return None if form is None else or_null(code, form)
    den = its_type.den if isinstance(its_type, types.Number) else 1
    if isinstance(its_type, types.Number) and not _is_short(its_type):
        return None
    printed = writer.plain(its_type, den, code)
    return None if printed is None else f"{writer.bind(printed[0])} % {printed[1]}"


def _is_short(its_type: types.Number) -> bool:
    """Whether every number of a type is a decimal that a caller is given: one of not too many digits."""
    if its_type.integer and its_type.den == 1:
        return True  # of 64 bits
    return its_type.den in PLACES and max(-its_type.lo, its_type.hi) < 10 ** (DIGITS_MAX - 1)
