"""`policyengine explain`: the answer, its reasons, and how every value came about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from policyengine.cli import OK, question
from policyengine.cli.question import Oracle, Question


@click.command()
@question.asking
def command(bundle: Path, source: str, **asked: Any) -> int:
    """Decide, and show how every value came about.

    NAME is a decision of the BUNDLE, or any other of its nodes.
    """
    oracle = Oracle(bundle)
    click.echo(oracle.answer(Question(input=question.facts(source), **asked)).explain())
    return OK
