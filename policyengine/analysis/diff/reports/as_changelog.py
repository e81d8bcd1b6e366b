"""A difference as the section of a changelog, as Keep a Changelog has them: a person's sentence, then the changes."""

from __future__ import annotations

from collections.abc import Iterator

from policyengine.analysis.diff.judging.findings import Finding
from policyengine.analysis.diff.report import Difference
from policyengine.analysis.diff.reports.as_markdown import code

STAR = "★"
"""What stands before a change that can change an amount or a decision."""


def as_changelog(found: Difference, sentence: str, date: str = "") -> str:
    """The section of the second version; `date` stands in its heading, if there is one."""
    return "\n".join(_section(found, sentence, date)) + "\n"


def heading(version: str) -> str:
    """How the section of a version begins."""
    return f"## [{version}]"


def with_section(text: str, section: str, version: str) -> str:
    """A changelog with one more section, before the first one. Raises ValueError where the version has one already."""
    lines = text.splitlines()
    if any(line.startswith(heading(version)) for line in lines):
        raise ValueError(f"there is a section of {version} already")
    first = next((place for place, line in enumerate(lines) if line.startswith("## ")), len(lines))
    head, rest = "\n".join(lines[:first]).rstrip(), "\n".join(lines[first:])
    parts = [head or "# Changelog", section.rstrip(), *([rest.rstrip()] if rest else [])]
    return "\n\n".join(parts) + "\n"


def _section(found: Difference, sentence: str, date: str) -> Iterator[str]:
    yield heading(found.after.version) + (f" - {date}" if date else "")
    yield from ("", sentence.strip())
    for level, own in found.by_level():
        yield ""
        yield from (_line(finding, STAR + " " if level != "patch" else "") for finding, _ in own)


def _line(finding: Finding, star: str) -> str:
    name = f"- {star}{finding.rule.name.replace('_', ' ')}: {code(finding.path)}"
    before, after = code(finding.before), code(finding.after)
    if finding.what == "moved":
        return f"{name} stands in another order"
    if before and after:
        return f"{name} from {before} to {after}"
    return name + (f" was {before}" if before else f" is {after}" if after else "")
