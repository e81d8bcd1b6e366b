"""Diagnostics as text for people, for programs, for GitHub's annotations and as SARIF 2.1.0."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

import click

from policyengine import __version__
from policyengine.source import Diagnostic

FORMATS = ("pretty", "json", "github", "sarif")


def rendered(found: Sequence[Diagnostic], how: str) -> str:
    """The diagnostics in one of the `FORMATS`."""
    return {"pretty": pretty, "json": as_json, "github": github, "sarif": sarif}[how](found)


# ----------------------------------------------------------------------------------------------------- for people

_HEAD = re.compile(r"(?P<place>.+:\d+:\d+: )?(?P<code>[A-Z]\d{3}): (?P<warning>warning: )?(?P<message>.*)")


def pretty(found: Sequence[Diagnostic]) -> str:
    """Each as place, message, the line with carets and a hint; colours are taken off where there is no terminal."""
    return "\n\n".join(_coloured(each) for each in found)


def _coloured(diagnostic: Diagnostic) -> str:
    colour = "red" if diagnostic.severity == "error" else "yellow"
    first, *rest = diagnostic.render().split("\n")
    head = _HEAD.fullmatch(first)
    if head is not None:
        code = click.style(head["code"], fg=colour, bold=True)
        warning = click.style(head["warning"] or "", fg=colour)
        first = f"{click.style(head['place'] or '', bold=True)}{code}: {warning}{head['message']}"
    return "\n".join([first, *(_coloured_line(line, colour) for line in rest)])


def _coloured_line(line: str, colour: str) -> str:
    if re.fullmatch(r" +\| \s*\^+", line):
        return click.style(line, fg=colour)
    if line.startswith("  hint: "):
        return click.style("  hint:", fg="cyan") + line.removeprefix("  hint:")
    return line


def verdict(found: Sequence[Diagnostic]) -> str:
    """`2 errors, 1 warning`, or `no mistakes`."""
    errors = sum(d.severity == "error" for d in found)
    warnings = len(found) - errors
    parts = [counted(errors, "error")] if errors else []
    parts += [counted(warnings, "warning")] if warnings else []
    return ", ".join(parts) or "no mistakes"


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


# --------------------------------------------------------------------------------------------------- for programs


def as_json(found: Sequence[Diagnostic]) -> str:
    """A list with one object for each."""
    return json.dumps([finding(d) for d in found], indent=2, ensure_ascii=False)


def finding(diagnostic: Diagnostic) -> dict[str, Any]:
    """One diagnostic as JSON values; lines and columns count from 1, the end lies behind the last character."""
    related = [(span.source.name, span.line, span.column, note) for span, note in diagnostic.related]
    return {
        "code": diagnostic.code,
        "name": diagnostic.name,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
        **_place(diagnostic),
        "related": [dict(zip(("file", "line", "column", "note"), each, strict=True)) for each in related],
    }


def _place(diagnostic: Diagnostic) -> dict[str, Any]:
    at = diagnostic.at
    if at is None:
        return dict.fromkeys(("file", "line", "column", "end_line", "end_column"))
    end_line, end_column = at.source.position(at.end)
    place = {"file": at.source.name, "line": at.line, "column": at.column}
    return {**place, "end_line": end_line, "end_column": end_column}


def github(found: Sequence[Diagnostic]) -> str:
    """Workflow commands, which GitHub shows beside the changed lines."""
    return "\n".join(_annotation(d) for d in found)


def _annotation(diagnostic: Diagnostic) -> str:
    place = _place(diagnostic)
    given = {"file": place["file"], "line": place["line"], "endLine": place["end_line"], "col": place["column"]}
    if place["line"] == place["end_line"]:  # GitHub ignores columns of a stretch over several lines
        given["endColumn"] = place["end_column"]
    given["title"] = f"{diagnostic.code} {diagnostic.name}"
    properties = ",".join(f"{k}={_escaped(str(v), ':,')}" for k, v in given.items() if v is not None)
    text = diagnostic.message + (f"\nhint: {diagnostic.hint}" if diagnostic.hint else "")
    return f"::{diagnostic.severity} {properties}::{_escaped(text)}"


def _escaped(text: str, also: str = "") -> str:
    """A text for a workflow command: what would end it is written as in a URL."""
    return "".join(f"%{ord(c):02X}" if c in "%\r\n" or c in also else c for c in text)


def sarif(found: Sequence[Diagnostic]) -> str:
    """A SARIF log of one run, as code scanners read it."""
    rules = {d.code: {"id": d.code, "name": d.name} for d in found}
    driver = {
        "name": "policyengine",
        "version": __version__,
        "rules": [rules[code] for code in sorted(rules)],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(d) for d in found],
    }
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False)


def _result(diagnostic: Diagnostic) -> dict[str, Any]:
    text = diagnostic.message + (f" (hint: {diagnostic.hint})" if diagnostic.hint else "")
    result = {"ruleId": diagnostic.code, "level": diagnostic.severity, "message": {"text": text}}
    place = _place(diagnostic)
    if place["file"] is None:
        return result
    region = {"startLine": place["line"], "startColumn": place["column"]}
    region |= {"endLine": place["end_line"], "endColumn": place["end_column"]}
    artifact = {"uri": PurePath(place["file"]).as_posix()}
    return {**result, "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": region}}]}
