"""Draws `plan-changes.svg` beside this file from a decision: `python docs/pictures/plan_changes.py`."""

from __future__ import annotations

import json
from pathlib import Path

import policyengine as pe
from policyengine.analysis import legs

EXAMPLE = Path(__file__).parents[1] / "examples" / "plan-changes"
PICTURE = Path(__file__).with_name("plan-changes.svg")


def picture() -> str:
    """The picture of the example's decision."""
    facts = json.loads((EXAMPLE / "input.json").read_text(encoding="utf-8"))
    decision = pe.load(EXAMPLE).decide("bill_changes", facts)
    start, end = (pe.Timestamp.parse(facts["period"][edge]) for edge in ("start", "end"))
    title = f"Two changes in one period: {decision.outputs['net']} USD are due"
    return legs.svg(title, start, end, decision.outputs["lines"])


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
