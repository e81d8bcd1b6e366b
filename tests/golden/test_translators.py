"""House rule: translators never compute. What they write is computed by the engine, so an answer is the engine's."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from golden import case_files
from golden.translate import TRANSLATORS

GOLDEN = Path(__file__).parent
CHECKED = sorted([*GOLDEN.glob("translate/**/*.py"), GOLDEN / "bundle_text.py"])

ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult, ast.LShift, ast.RShift)
MODULES = frozenset(["calendar", "cmath", "dateutil", "datetime", "decimal", "fractions", "math", "numbers", "numpy"])
MODULES |= frozenset(["operator", "pandas", "random", "statistics", "time", "zoneinfo"])
FUNCTIONS = frozenset(["abs", "divmod", "eval", "exec", "max", "min", "pow", "round", "sum", "__import__"])
NUMBERS = frozenset(["complex", "float", "int"])
Findings = Iterator[tuple[int, str]]


def computations(text: str) -> Findings:
    """Each operator, function or import that computes, with its line.

    Texts and lists are put together by f-strings, `join`, `[*a, *b]` and `extend`, so that no operator needs a look at
    what it joins.
    """
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.BinOp(op=operator) | ast.AugAssign(op=operator) if isinstance(operator, ARITHMETIC):
                yield node.lineno, f"`{ast.unparse(node)}` computes; write it as an expression of the bundle"
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand) if not isinstance(operand, ast.Constant):
                yield node.lineno, f"`{ast.unparse(node)}` computes; write it as an expression of the bundle"
            case ast.Name(id=name) if name in FUNCTIONS:
                yield node.lineno, f"`{name}` computes; write it as an expression of the bundle"
            case ast.Call(func=ast.Name(id=function), args=arguments) if function != "isinstance":
                called = [function, *(argument.id for argument in arguments if isinstance(argument, ast.Name))]
                yield from (
                    (node.lineno, f"`{name}` makes a number; write `Raw`") for name in called if name in NUMBERS
                )
            case ast.Attribute(attr=name) if name.startswith("__") and name != "__name__":
                yield node.lineno, f"`{name}` is a way around this rule"
            case ast.Import(names=aliases):
                yield from ((node.lineno, refused(alias.name)) for alias in aliases if is_refused(alias.name))
            case ast.ImportFrom(module=str(module)) if is_refused(module):
                yield node.lineno, refused(module)


def is_refused(module: str) -> bool:
    return module.partition(".")[0] in MODULES or module.startswith("policyengine.values")


def refused(module: str) -> str:
    return f"`{module}` is for computing; write it as an expression of the bundle"


@pytest.mark.parametrize("path", CHECKED, ids=lambda path: path.name)
def test_a_translator_does_not_compute(path):
    """No arithmetic on amounts, dates or limits, in no way that the rule knows."""
    assert [] == list(computations(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "text",
    [
        "a + b",
        "'a' + b",
        "rows + [last]",
        "'%s of %s' % (a, b)",
        "rows += more",
        "a - 1",
        "-a",
        "a * b",
        "a / b",
        "a // b",
        "a % b",
        "a ** 2",
        "total += a",
        "f'{a - b}'",
        "sum(amounts)",
        "sorted(xs, key=abs)",
        "round(a)",
        "int(text)",
        "map(int, texts)",
        "max(a, b)",
        "a.__add__(b)",
        "import decimal",
        "import datetime as d",
        "from fractions import Fraction",
        "from math import floor",
        "from policyengine.values.calendar import add_months",
    ],
)
def test_the_rule_finds_computations(text):
    """Operators, functions and modules; also inside of texts that are filled in."""
    assert [1] == [line for line, _ in computations(text)]


@pytest.mark.parametrize(
    "text",
    [
        "'10%'",
        "f'{rate}%'",
        "''.join(texts)",
        "[first, *rest]",
        "rows.extend(more)",
        "text = f'{a} - {b} * {c}'",
        "def f(a: int | None) -> dict[str, int] | None: ...",
        "isinstance(a, int)",
        "{'a': 1} | more",
        "-1",
        "words[-1]",
        "dict(zip(a, b, strict=True))",
    ],
)
def test_the_rule_does_not_take_texts_for_computations(text):
    """Formatting, joining, types and constants are no arithmetic."""
    assert [] == list(computations(text))


def test_every_kind_is_always_run():
    """No translator is without a case in this folder, and no case without a translator."""
    files = [path for path in (GOLDEN / "cases").glob("*.json") if path.name != "yaml_cases.json"]

    assert TRANSLATORS.keys() == {case.kind for path in files for case in case_files.read(path)}
