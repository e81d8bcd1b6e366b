"""CEL's conformance cases, run against `evaluate_expression`.

    python -m tests.conformance.cel ../shared/conformance/cel

runs every case that needs neither protocol buffers, unsigned integers, IEEE doubles (unless the case is right under
exact decimals too), the network and block libraries, nor functions of the caller's own. Where a case states the type
that a checker must deduce, `check_expression` is held to it. It ends with an error when a case fails that
`deviations.json` does not list, and when a listed one passes or is not there.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import policyengine as pe

FILES = (
    "core",
    "typecheck",
    "time_range",
    "int64_range",
    "double",
    "bytes",
    "ext_bindings",
    "ext_comprehensions2",
    "ext_encoders",
    "ext_math",
    "ext_optionals",
    "ext_strings",
)
UNCLAIMED = {"proto", "uint", "custom_function", "disable_macros"}
"""What a case may need that expressions here do not have."""
DEVIATIONS: dict[str, str] = json.loads(Path(__file__).with_name("deviations.json").read_text(encoding="utf-8"))

Case = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What became of one case: `pass`, `fail` or `skip`, and for people what was found instead."""

    case: Case
    verdict: str
    found: str = ""


def is_claimed(case: Case) -> bool:
    """Whether a case is one that expressions here must get right."""
    needs = set(case["needs"])
    return not needs & UNCLAIMED and ("double" not in needs or case.get("decimal") == "same")


def run(folder: Path) -> Iterator[Outcome]:
    """The outcome of every case in the files of a folder."""
    for name in FILES:
        for case in json.loads((folder / f"{name}.json").read_text(encoding="utf-8")):
            yield judge(case) if is_claimed(case) else Outcome(case, "skip")


def judge(case: Case) -> Outcome:
    """One case: its value or its error, and its type where that is stated."""
    expect = case["expect"]
    if "deduced_type" in expect:
        found = pe.check_expression(case["expr"])
        if found != expect["deduced_type"]:
            return Outcome(case, "fail", f"deduced the type {found}")
    if case.get("check_only"):
        return Outcome(case, "pass")
    bindings = {name: decoded(value) for name, value in case.get("bindings", {}).items()}
    try:
        value = pe.evaluate_expression(case["expr"], bindings, container=case.get("container", ""))
    except pe.PolicyEngineError as fault:
        return Outcome(case, "pass" if "error" in expect else "fail", f"{type(fault).__name__}: {fault}")
    good = "value" in expect and is_same(decoded(expect["value"]), value)
    return Outcome(case, "pass" if good else "fail", repr(value))


def decoded(data: dict[str, Any]) -> Any:
    """A value of the case files as plain Python."""
    kind, value = data["type"], data["value"]
    match kind:
        case "int":
            return int(value)
        case "double":
            return Decimal(value)
        case "bytes":
            return base64.b64decode(value)
        case "list":
            return [decoded(item) for item in value]
        case "map":
            return {decoded(key): decoded(content) for key, content in value}
        case "type":
            return pe.TypeName(value)
        case "timestamp":
            return pe.Timestamp.parse(value)
        case "duration":
            return pe.Duration.parse(value)
        case "bool" | "string" | "null":
            return value
    raise ValueError(f"no case that is claimed has a value of the type {kind}")


def is_same(expected: Any, found: Any) -> bool:
    """Equality that tells kinds apart as Python's does not; a number is equal by its value."""
    if {type(expected), type(found)} <= {int, Decimal}:
        return bool(expected == found)
    if type(expected) is not type(found):
        return False
    if isinstance(expected, list):
        return len(expected) == len(found) and all(map(is_same, expected, found))
    if isinstance(expected, dict):
        pairs = [(key, found_key) for key in expected for found_key in found if is_same(key, found_key)]
        return len(expected) == len(found) == len(pairs) and all(is_same(expected[k], found[f]) for k, f in pairs)
    return bool(expected == found)


def surprises(outcomes: list[Outcome]) -> list[str]:
    """What is wrong besides the listed deviations: a failing case, or a listed one that does not fail."""
    failed = {o.case["id"]: o for o in outcomes if o.verdict == "fail"}
    wrong = [
        f"{name}: {o.case['expr']}\n  expected {o.case['expect']}\n  found {o.found}"
        for name, o in failed.items()
        if name not in DEVIATIONS
    ]
    return wrong + [f"{name}: listed in deviations.json, and does not fail" for name in DEVIATIONS.keys() - failed]


def main(folder: str) -> int:
    outcomes = list(run(Path(folder)))
    wrong = surprises(outcomes)
    sys.stdout.writelines(f"{sentence}\n" for sentence in wrong)
    counts = [sum(o.verdict == verdict for o in outcomes) for verdict in ("pass", "fail", "skip")]
    sys.stdout.writelines(f"deviation {name}: {reason}\n" for name, reason in DEVIATIONS.items())
    sys.stdout.write("{} passed, {} failed, {} skipped\n".format(*counts))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
