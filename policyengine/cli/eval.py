"""`policyengine eval`: the value of one expression, or its type."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from typing import Any

import click

import policyengine as pe
from policyengine.cli import OK, question


@click.command()
@click.argument("expression")
@click.option("--input", "-i", "source", metavar="FILE|-|JSON", help="The variables: a JSON or YAML file, or JSON.")
@click.option(
    "--declare",
    "-d",
    "declared",
    multiple=True,
    metavar="NAME=TYPE",
    help="The type of a variable, as in a bundle: `tokens=int token`. Then all of them are declared.",
)
@click.option("--container", default="", help="The scope in which names are looked up first.")
@click.option("--type", "only_type", is_flag=True, help="Print the type instead of the value.")
@click.option("--format", "how", type=click.Choice(["pretty", "json"]), default="pretty", show_default=True)
def command(
    expression: str, source: str | None, declared: tuple[str, ...], container: str, only_type: bool, how: str
) -> int:
    """Evaluate one expression.

    Without declared types it is typed as it runs, as in CEL, and exact all the same.
    """
    declarations = _declarations(declared)
    if only_type:
        click.echo(pe.check_expression(expression, declarations))
        return OK
    variables = question.facts(source) if source is not None else {}
    value = pe.evaluate_expression(expression, variables, declarations=declarations, container=container)
    click.echo(json_text(value) if how == "json" else literal_text(value))
    return OK


def _declarations(declared: tuple[str, ...]) -> dict[str, str] | None:
    if not declared:
        return None
    pairs = [each.partition("=") for each in declared]
    for name, sign, its_type in pairs:
        if not (name and sign and its_type):
            raise click.UsageError(f"write NAME=TYPE, such as `tokens=int token`, instead of `{name}{sign}{its_type}`")
    return {name: its_type for name, _, its_type in pairs}


def literal_text(value: Any) -> str:
    """A value as it could stand in an expression."""
    match value:
        case None | bool():
            return json.dumps(value)
        case pe.Timestamp():
            return f'timestamp("{value}")'
        case pe.Duration():
            return f'duration("{value}")'
        case pe.Date():
            return f'date("{value}")'
        case pe.TypeName():
            return str.__str__(value)
        case Decimal():
            return f"{value:f}"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case bytes():
            return f'base64.decode("{base64.b64encode(value).decode("ascii")}")'
        case list():
            return f"[{', '.join(map(literal_text, value))}]"
        case dict():
            return "{" + ", ".join(f"{literal_text(k)}: {literal_text(v)}" for k, v in value.items()) + "}"
    return str(value)


def json_text(value: Any) -> str:
    """A value as JSON: numbers with all their digits, times as text, bytes as base64, every key as text."""
    match value:
        case None | bool():
            return json.dumps(value)
        case pe.Timestamp() | pe.Duration() | pe.Date():
            return json.dumps(str(value))
        case int() | Decimal():
            return f"{value:f}" if isinstance(value, Decimal) else str(value)
        case bytes():
            return json.dumps(base64.b64encode(value).decode("ascii"))
        case list():
            return f"[{', '.join(map(json_text, value))}]"
        case dict():
            return "{" + ", ".join(f"{_key_text(k)}: {json_text(v)}" for k, v in value.items()) + "}"
    return json.dumps(str.__str__(value), ensure_ascii=False)


def _key_text(key: Any) -> str:
    return json_text(key) if isinstance(key, str) else json.dumps(json_text(key))
