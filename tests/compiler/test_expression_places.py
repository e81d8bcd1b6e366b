"""A mistake inside an expression is shown at its own characters, in every way in which YAML can write a text."""

from __future__ import annotations

import pytest

import policyengine as pe
from policyengine.compiler.pipeline import compile_texts
from policyengine.source import Diagnostic

HEAD = (
    "policyengine: 1\nbundle: places\nversion: 1.0.0\ncurrency: USD\ntimezone: UTC\n"
    "inputs: {count: int, name: string, counts: {list: int, max: 9}}\nvalues:\n"
)
STYLES: dict[str, str] = {
    "plain": "  v: count + wrong + 1\n",
    "plain over lines": "  v: count +\n    wrong\n    + 1\n",
    "plain over lines with an empty one": "  v: count +\n\n    wrong + 1\n",
    "in single quotes": "  v: 'count + size(''it'') + wrong'\n",
    "in single quotes over lines": "  v: 'count\n    + size(''x'')\n\n    + wrong'\n",
    "in double quotes": '  v: "count + size(\\"a\\\\n\\") + wrong"\n',
    "in double quotes with escapes": '  v: "count\\u0020+\\x20size(\\"\\U0001F600\\")\\t+ wrong"\n',
    "in double quotes over lines": '  v: "count +\n    size(\\"x\\")\n    + wrong"\n',
    "in double quotes with a joined line": '  v: "count + \\\n      size(\\"x\\") + \\\n      wrong"\n',
    "as a literal block": "  v: |\n    count\n      + size('a')\n    + wrong\n",
    "as a literal block with its indentation": "  v: |2-\n      count\n    + wrong\n",
    "as a folded block": "  v: >\n    count\n    + size('a')\n    + wrong\n",
    "as a folded block with deeper lines": "  v: >-\n    count\n      + size('a')\n\n      + 2\n\n    + wrong\n",
    "as a folded block of its indentation": "  v: >2+\n      count +\n\n    wrong\n\n",
    "as a folded block with a blank line first": "  v: >\n\n    count +\n    wrong\n",
    "in a choice": "  v: {when: count > 1, value: count, otherwise: wrong}\n",
    "in a list": "  v:\n    - count\n    - >\n      count +\n      wrong\n",
    "in a record": "  v: {a: count, b: 'count + wrong'}\n",
    "behind characters of two units": "  v: 'size(\"é😀é\") + wrong'\n",
    "after a tab inside": "  v: |\n    count +\n    \twrong\n",
    "with a comment behind": "  v: count + wrong  # the second\n",
}


def diagnostic(text: str) -> Diagnostic:
    with pytest.raises(pe.InvalidPolicy) as refused:
        compile_texts({"bundle.yaml": text})
    (found,) = refused.value.diagnostics
    return found


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("written", STYLES.values(), ids=STYLES)
def test_an_unknown_name_is_shown(written: str, line_end: str) -> None:
    """The characters of the name, on the line and in the column where they stand in the file."""
    text = (HEAD + written).replace("\n", line_end)
    found = diagnostic(text)
    lines = text.replace("\r\n", "\n").split("\n")
    line = next(n for n, each in enumerate(lines, 1) if "wrong" in each)

    assert "T001" == found.code
    assert "wrong" == text[found.at.start : found.at.end]
    assert (line, lines[line - 1].index("wrong") + 1) == (found.at.line, found.at.column)


SYNTAX: dict[str, tuple[str, str]] = {
    "a doubled operator": ("  v: >\n    count\n    + * 2\n", "*"),
    "a bracket": ("  v: |\n    count +\n    (count\n", "("),
    "an escaped character": ('  v: "count + \\u0040"\n', "\\u0040"),
    "an operator of two lines": ("  v: 'count\n\n    = 1'\n", "="),
    "an operand": ('  v: "count +\n    (name - count)"\n', "name - count"),
    "a part behind an escape": ("  v: 'name == ''a'' && counts'\n", "counts"),
    "over a folded line": ("  v: >\n    1 + (name\n    - count)\n", "name\n    - count"),
}


@pytest.mark.parametrize(("written", "shown"), SYNTAX.values(), ids=SYNTAX)
def test_other_mistakes_are_shown(written: str, shown: str) -> None:
    """Faults of syntax and of types, each at what is wrong."""
    text = HEAD + written
    found = diagnostic(text)

    assert shown == text[found.at.start : found.at.end]
