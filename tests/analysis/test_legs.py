"""Pictures of prorations: the one in the documentation is what its script draws, and bars stand where they should."""

from __future__ import annotations

import runpy
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import policyengine as pe
from policyengine.analysis import legs

SCRIPT = Path(__file__).parents[2] / "docs" / "pictures" / "plan_changes.py"
START, END = pe.Timestamp.parse("2025-06-01T00:00:00Z"), pe.Timestamp.parse("2025-07-01T00:00:00Z")
SVG = "{http://www.w3.org/2000/svg}"


def line(leg: str, at: str, until: str, amount: str) -> dict[str, object]:
    stretch = {"from": pe.Timestamp.parse(at), "to": pe.Timestamp.parse(until)}
    return {"leg": leg, **stretch, "price": Decimal(100), "numerator": 1, "denominator": 2, "amount": Decimal(amount)}


def test_the_picture_of_the_documentation_is_drawn_by_its_script(request):
    """`pytest --update` draws it anew."""
    script = runpy.run_path(str(SCRIPT))
    drawn = script["picture"]()
    if request.config.getoption("--update"):
        script["PICTURE"].write_text(drawn, encoding="utf-8")

    assert drawn == script["PICTURE"].read_text(encoding="utf-8")


def test_bars_run_over_the_days_of_their_legs():
    """From the day of the change to the end of the period; what lies outside of it stands at its edge."""
    lines = [
        line("credit", "2025-06-16T00:00:00Z", "2025-07-01T00:00:00Z", "-50"),
        line("charge", "2025-05-16T00:00:00Z", "2025-08-01T00:00:00Z", "50"),
    ]
    root = ElementTree.fromstring(legs.svg("a < b", START, END, lines))
    bars = [(int(r.get("x", "")), int(r.get("width", ""))) for r in root.iter(f"{SVG}rect") if r.get("class") == "leg"]

    assert [(503, 353), (150, 706)] == bars
    assert "a < b" == root.findtext(f"{SVG}title")


def test_a_short_bar_has_its_label_beside_it():
    """So that no label runs out of the picture."""
    root = ElementTree.fromstring(
        legs.svg("t", START, END, [line("charge", "2025-06-30T00:00:00Z", "2025-07-01T00:00:00Z", "3")])
    )
    (label,) = [t for t in root.iter(f"{SVG}text") if (t.text or "").endswith("= 3")]

    assert "end" == label.get("text-anchor")
