"""`policyengine explain`: the answer, its reasons, and how every value came about, as text or as a picture."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import click

from policyengine.analysis import flow
from policyengine.analysis.outline import outline
from policyengine.analysis.svg import svg
from policyengine.cli import OK, question
from policyengine.cli.question import Oracle, Question
from policyengine.runtime.answers.decision import Decision


@click.command()
@question.asking
@click.option(
    "--graph", "picture", type=click.Choice(["svg", "html"]), help="The bundle's graph with the values in it."
)
def command(bundle: Path, source: str, picture: str | None, **asked: Any) -> int:
    """Decide, and show how every value came about.

    NAME is a decision of the BUNDLE, or any other of its nodes.
    """
    oracle = Oracle(bundle)
    decision = oracle.answer(Question(input=question.facts(source), **asked))
    if picture is None:
        click.echo(decision.explain())
        return OK
    drawn = _drawn(oracle, decision)
    click.echo(drawn if picture == "svg" else _page(decision, drawn))
    return OK


def _drawn(oracle: Oracle, decision: Decision) -> str:
    """The whole bundle; what this decision did not ask for is faint."""
    program = oracle.policy.program
    found = outline(oracle.compiled.bundle, program)
    return svg(found, flow.values(found, program, decision))


PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
  body {{ margin: 1.5rem; font: 14px/1.45 ui-sans-serif, system-ui, sans-serif; color-scheme: light dark; }}
  figure {{ margin: 0; overflow-x: auto; }}
  pre {{ font: 12px/1.5 ui-monospace, monospace; overflow-x: auto; }}
</style>
<h1>{title}</h1>
<figure>
{picture}
</figure>
<pre>
{text}
</pre>
</html>"""


def _page(decision: Decision, drawn: str) -> str:
    """One file without scripts: the picture, and the explanation as text below it."""
    title = f"{decision.name} of {decision.policy}: {decision.effect}"
    return PAGE.format(title=escape(title), picture=drawn, text=escape(decision.explain()))
