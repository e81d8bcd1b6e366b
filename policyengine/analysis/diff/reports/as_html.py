"""A difference as one HTML file: no script, nothing from elsewhere, whatever an author or a tenant wrote escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from policyengine.analysis.diff.judging.findings import Finding
from policyengine.analysis.diff.meaning.witnesses import Meaning, Witness
from policyengine.analysis.diff.rating.impact import Impact, Line, Money
from policyengine.analysis.diff.report import Difference, Side
from policyengine.analysis.diff.reports import chart
from policyengine.analysis.diff.reports.shown import (
    band_cells,
    circumstances,
    line_cells,
    paid_text,
    shown_differences,
    value_text,
    verdict,
)

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What a browser may load for this page: nothing."""
TENANTS_MAX = 1_000
STYLE = """
  :root { color-scheme: light dark; --line: #8884; --major: #c2410c; --minor: #a16207; --patch: #15803d; }
  body { font: 15px/1.5 ui-sans-serif, system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.3rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
  table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; }
  th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
  td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
  code { font: 13px ui-monospace, monospace; overflow-wrap: anywhere; }
  .major { color: var(--major); } .minor { color: var(--minor); } .patch { color: var(--patch); }
  .witness { font-size: .9em; opacity: .85; } .faint { opacity: .65; } svg { max-width: 100%; height: auto; }
"""


def as_html(found: Difference) -> str:
    """The whole report as a page."""
    title = f"{found.after.bundle}: {verdict(found)}"
    return page(title, [f"<h1>{escape(title)}</h1>", *parts(found)])


def parts(found: Difference) -> Iterator[str]:
    """What such a page has below its title."""
    yield f"<p>{_side(found.before)} → {_side(found.after)}</p>"
    yield from _changes(found)
    if found.impact is not None:
        yield from _impact(found.impact)


def page(title: str, body: Iterable[str]) -> str:
    """A whole page; the title is text, the lines of the body are HTML."""
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
            *body,
            "</body></html>\n",
        ]
    )


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>" if text else ""


def _side(side: Side) -> str:
    return f"{_code(side.called)} {escape(side.version)} {_code(side.short_digest)}"


def _changes(found: Difference) -> Iterator[str]:
    for level, own in found.by_level():
        yield f'<h2 class="{level}">{level}</h2>'
        yield from _rows(("", "change", "before", "after"), (_cells(*pair, found) for pair in own))


def _cells(finding: Finding, meaning: Meaning, found: Difference) -> list[str]:
    rule = finding.rule
    about = f'<span title="{escape(rule.says)}">{rule.code} {rule.name}</span>'
    place = f'<div class="faint">{escape(finding.place)}</div>' if finding.place else ""
    order = " in another order" if finding.what == "moved" else ""
    witness = "" if meaning.witness is None else _witness(meaning.witness, found)
    return [about, f"{_code(finding.path)}{order}{place}{witness}", _code(finding.before), _code(finding.after)]


def _witness(witness: Witness, found: Difference) -> str:
    told = "".join(
        f"<li>{_code(name)}: {_code(old)} → {_code(new)}</li>"
        for name, old, new in shown_differences(witness, found.units)
    )
    head = f"{circumstances(witness.question, _code)} of {_code(value_text(witness.question.input))}"
    return f'<details class="witness"><summary>for example</summary>{head}<ul>{told}</ul></details>'


def _impact(found: Impact) -> Iterator[str]:
    yield f"<h2>impact on {found.calls:,} calls of {_code(found.source)}</h2>"
    yield chart.svg(found)
    for money in found.moneys:
        yield from _money(money)
    if found.effects:
        yield from _rows(("effect before", "effect now", "calls"), ([a, b, f"{n:,}"] for a, b, n in found.effects), 2)
    if found.faults:
        rows = (
            [side, _code(about), f"{fault.count:,}", f"{fault.line:,}", _code(fault.example)]
            for side, about, fault in found.faults
        )
        yield from _rows(("refused by", "about", "calls", "first line", "example"), rows, 2, 3)


def _money(money: Money) -> Iterator[str]:
    old, new, change, differ = map(escape, paid_text(money))
    yield f"<p>{old} → {new}: <strong>{change}</strong>, {differ}</p>"
    yield from _lines(f"tenant ({money.currency})", money.tenants[:TENANTS_MAX], money.currency)
    yield from _lines(f"product ({money.currency})", money.products, money.currency)
    yield from _rows(("change", "calls", "tenants"), band_cells(money), 1, 2)


def _lines(title: str, lines: Sequence[Line], currency: str) -> Iterator[str]:
    rows = ([_code(name), *figures] for name, *figures in line_cells(lines, currency))
    yield from _rows((title, "before", "after", "change", ""), rows, 1, 2, 3, 4)


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]], *numbers: int) -> Iterator[str]:
    """A table of cells that are HTML; `numbers` are the columns of numbers."""
    looks = [' class="n"' if n in numbers else "" for n in range(len(head))]
    names = "".join(f"<th{look}>{escape(name)}</th>" for name, look in zip(head, looks, strict=True))
    yield f"<table><thead><tr>{names}</tr></thead><tbody>"
    for row in rows:
        yield "<tr>" + "".join(f"<td{look}>{cell}</td>" for cell, look in zip(row, looks, strict=True)) + "</tr>"
    yield "</tbody></table>"
