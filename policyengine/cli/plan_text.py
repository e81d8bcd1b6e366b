"""A plan as text, JSON, Markdown and HTML: the difference from each version that some have now, then one line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from html import escape

import click

from policyengine.analysis.diff.reports.as_html import page, parts
from policyengine.analysis.diff.reports.as_markdown import as_markdown, code
from policyengine.cli import diff_text
from policyengine.registry.planning import Comparison, Planned
from policyengine.registry.plans import Plan
from policyengine.registry.scopes import steps_text


def pretty(made: Planned) -> str:
    """For a terminal."""
    plan = made.plan
    lines = [click.style(_title(plan), bold=True), ""]
    for each in made.comparisons:
        lines += [_met(each), *([] if each.difference is None else [diff_text.written(each.difference)]), ""]
    return "\n".join([*lines, click.style(plan.summary, bold=True)])


def markdown(made: Planned) -> str:
    """For the comment of a pull request."""
    return "\n\n".join([f"## {code(_title(made.plan))}", *_markdown_parts(made), f"**{made.plan.summary}**"]) + "\n"


def _markdown_parts(made: Planned) -> Iterator[str]:
    for each in made.comparisons:
        yield _met(each)
        if each.difference is not None:
            yield as_markdown(each.difference).rstrip("\n")


def html(made: Planned) -> str:
    """One file for a browser, without scripts."""
    title = _title(made.plan)
    body = [f"<h1>{escape(title)}</h1>"]
    for each in made.comparisons:
        body += [f"<p>{escape(_met(each))}</p>", *([] if each.difference is None else parts(each.difference))]
    return page(title, [*body, f"<p><strong>{escape(made.plan.summary)}</strong></p>"])


def as_json(made: Planned) -> str:
    """The plan as it is saved, laid out for reading."""
    return json.dumps(json.loads(made.plan.data), indent=2, ensure_ascii=False)


WRITE: dict[str, Callable[[Planned], str]] = {"pretty": pretty, "json": as_json, "markdown": markdown, "html": html}


def _title(plan: Plan) -> str:
    start = "its activation" if plan.start is None else str(plan.start)
    guarded = "" if plan.guardrails is None else ", with guardrails"
    return f"{plan.bundle} {plan.version} for {steps_text(plan.steps)} from {start}{guarded}"


def _met(each: Comparison) -> str:
    """Which version some have now, and how many of the tenants of the usage."""
    has = "nothing answers now" if each.before is None else f"{each.before.version} answers now"
    return has if each.tenants is None else f"{has}: {each.tenants:,} of the tenants in the usage"
