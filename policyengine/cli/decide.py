"""`policyengine decide`: the answer for one input, or for every line of a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from policyengine.cli import OK, WRONG_CALL, question, show
from policyengine.cli.question import Oracle, Question
from policyengine.cli.render import counted
from policyengine.errors import EvaluationError, InvalidInput
from policyengine.runtime.answers.decision import Decision


@click.command()
@question.asking
@click.option("--lines", is_flag=True, help="The source holds one JSON object a line; implied by a name in .jsonl.")
@click.option("--format", "how", type=click.Choice(["pretty", "json"]), default="pretty", show_default=True)
def command(bundle: Path, source: str, lines: bool, how: str, **asked: Any) -> int:
    """Decide for the facts of an input, with the reasons.

    NAME is a decision of the BUNDLE, or any other of its nodes. With `--format json` the record is printed, which
    can be replayed. Of JSON lines each gets one line of answer, in order; a line that cannot be decided says why, the
    others are decided all the same, and the exit code is 1.
    """
    oracle = Oracle(bundle)
    if lines or source.endswith(question.LINES):
        return _decide_lines(oracle, source, Question(input=None, **asked), how)
    decision = oracle.answer(Question(input=question.facts(source), **asked))
    if how == "json":
        click.echo(json.dumps(decision.record(), indent=2, ensure_ascii=False))
    else:
        click.echo(show.decision_text(decision, oracle.policy))
    return OK


def _decide_lines(oracle: Oracle, source: str, first: Question, how: str) -> int:
    if first.event is not None:
        raise click.UsageError('each line is an event of its own: write {"event": ..., "input": {...}} in the lines')
    decided = failed = 0
    with _progress(source) as step:
        for number, line in question.lines(source):
            step()
            answer = _answer(oracle, number, line, first)
            if isinstance(answer, Decision):
                decided += 1
            else:
                failed += 1
            click.echo(_line_json(number, answer) if how == "json" else _line_text(number, answer))
    colour = "red" if failed else "green"
    click.echo(click.style(f"{decided} decided, {failed} failed", fg=colour, bold=True), err=True)
    return WRONG_CALL if failed else OK


def _answer(oracle: Oracle, number: int, line: str, first: Question) -> Decision | InvalidInput | EvaluationError:
    try:
        return oracle.answer(question.of_line(number, line, first, oracle.inputs))
    except (InvalidInput, EvaluationError) as fault:
        return fault


def _line_json(number: int, answer: Decision | InvalidInput | EvaluationError) -> str:
    if isinstance(answer, Decision):
        return json.dumps({"line": number, **answer.record()}, ensure_ascii=False)
    parts = ("code", "field", "node", "place", "message", "hint")
    fault = {name: value for name in parts if (value := getattr(answer, name, None))}
    return json.dumps({"line": number, "error": {"type": type(answer).__name__, **fault}}, ensure_ascii=False)


def _line_text(number: int, answer: Decision | InvalidInput | EvaluationError) -> str:
    if not isinstance(answer, Decision):
        return f"{number}: {click.style('error', fg='red', bold=True)}: {answer}"
    effect = click.style(answer.effect, fg=show.EFFECT_COLOURS[answer.effect])
    shown = {n: v for n, v in answer.outputs.items() if not show.is_rows(v)}
    return f"{number}: {effect}  " + "  ".join(f"{n} {show.value_text(v)}" for n, v in shown.items())


@contextmanager
def _progress(source: str) -> Iterator[Any]:
    """A bar on the terminal where the answers go elsewhere and the number of lines can be known."""
    if source == "-" or sys.stdout.isatty() or not sys.stderr.isatty() or not Path(source).is_file():
        yield lambda: None
        return
    with Path(source).open("rb") as stream:
        total = sum(bool(line.strip()) for line in stream)
    with click.progressbar(length=total, label=f"deciding {counted(total, 'line')}", file=sys.stderr) as bar:
        yield lambda: bar.update(1)
