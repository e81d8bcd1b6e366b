"""`docs/functions.md` is made from the table of functions; `pytest --update` writes it anew."""

from __future__ import annotations

from pathlib import Path

from policyengine.runtime import limits
from policyengine.runtime.functions.table import LIBRARIES

PAGE = Path(__file__).resolve().parents[1] / "docs" / "functions.md"
HEAD = f"""# The functions

<!-- Written by `pytest tests/test_functions_page.py --update` from policyengine/runtime/functions. -->

Every built-in function with its forms, what it takes and what it gives.
`number` is an int or a decimal; `T`, `K` and `V` stand for any type, the same one wherever the letter stands.
`x.f(y)` is written behind its first argument, `f(x, y)` before both.
In a bundle, units and ranges count besides: [the language](language.md#functions) says how.

A function that cannot answer fails, and the failure is a value: `&&`, `||`, `all` and `exists` can do without it.
An evaluation may cost {limits.COST_MAX:,} units.
A small operation costs about one, and so do ten characters of text that are built or gone through.
A text that is built has at most {limits.TEXT_MAX:,} characters.

## Macros

| form | answer |
|---|---|
| `has(m.field)` | whether a map has a field |
| `cel.bind(name, value, e)` | `e`, in which `name` stands for the value |
| `xs.all(x, c)`, `xs.exists(x, c)` | whether the condition holds for all, for at least one |
| `xs.exists_one(x, c)`, `xs.existsOne(x, c)` | whether it holds for exactly one |
| `xs.filter(x, c)` | the items for which it holds |
| `xs.map(x, e)`, `xs.map(x, c, e)` | `e` of each item, or of those for which `c` holds |
| `xs.sortBy(x, key)` | the items in the order of their keys |
| `xs.all(i, x, c)`, `xs.exists(i, x, c)`, `xs.existsOne(i, x, c)` | with positions; of a map, with keys |
| `xs.transformList(i, x, e)`, `xs.transformList(i, x, c, e)` | a list, with positions or keys at hand |
| `m.transformMap(k, v, e)`, `m.transformMap(k, v, c, e)` | a map with the same keys |
| `m.transformMapEntry(k, v, e)`, `m.transformMapEntry(k, v, c, e)` | the entries of all the maps that `e` gives |
| `o.optMap(x, e)`, `o.optFlatMap(x, e)` | an optional: `e` of the value, if there is one |

A macro over a map goes through its keys where one variable is named.
Macros that go through something stand at most {limits.LOOPS_MAX} deep inside each other.
"""


def page() -> str:
    """The whole page."""
    lines = [HEAD]
    for library, functions in LIBRARIES.items():
        lines += [f"## {library}", "", "| form | answer |", "|---|---|"]
        for function in functions:
            forms = "<br>".join(f"`{form.shown(function.name)}`" for form in function.signatures)
            lines.append(f"| {forms} | {function.doc} |")
        lines.append("")
    return "\n".join(lines)


def test_the_page_shows_the_table(request):
    """What the reference says of functions is what the table says."""
    if request.config.getoption("--update"):
        PAGE.write_text(page(), encoding="utf-8")

    assert page() == PAGE.read_text(encoding="utf-8")


def test_every_function_has_a_line():
    """A function without a line in the reference is not finished."""
    for functions in LIBRARIES.values():
        for function in functions:
            assert function.doc, function.name
            assert function.signatures, function.name
            assert not function.doc.endswith("."), function.name
