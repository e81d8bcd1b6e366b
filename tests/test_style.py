"""House rules that no linter knows; each finding names what to write instead.

A rule is a function from a parsed file to its findings, and a list of the places that it holds for.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "policyengine"
Findings = Iterator[tuple[int, str]]

CLOCKS = {
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "monotonic"),
    ("time", "monotonic_ns"),
    ("time", "perf_counter"),
    ("time", "perf_counter_ns"),
    ("time", "localtime"),
    ("time", "gmtime"),
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
}
HOST = {("os", "environ"), ("os", "getenv")}
# The outermost edges: the last place that can turn a fault of ours into exit code 70 or status 500.
EDGES = ("cli/__init__.py", "service/app.py")
# Where a version is tried beside the one that answers: whatever it raises is what was to be found out.
TRIALS = ("registry/beside.py",)


@dataclass(frozen=True)
class Rule:
    """Where a rule holds (`""` is everywhere), where it does not, and how it is checked."""

    find: Callable[[str], Findings]
    within: tuple[str, ...] = ("",)
    except_in: tuple[str, ...] = ()

    def holds_in(self, path: str) -> bool:
        return path.startswith(self.within) and not (self.except_in and path.startswith(self.except_in))


def floats(text: str) -> Findings:
    """A float as a type or as a literal; to refuse one (`type(x) is float`, `isinstance`, `case float():`) is fine."""
    nodes = list(ast.walk(ast.parse(text)))
    refusals = {id(name) for node in nodes for name in names_a_refusal_asks_for(node)}
    annotations = {id(part) for node in nodes for part in parts_of_annotation(node)}
    for node in nodes:
        match node:
            case ast.Name(id="float"):
                found = id(node) not in refusals
            case ast.Constant(value=str(words)):
                found = id(node) in annotations and bool(re.search(r"\bfloat\b", words))
            case ast.Constant(value=value):
                found = isinstance(value, float | complex)
            case _:
                continue
        if found:
            yield node.lineno, "a float cannot hold an amount; use an int at a known scale, or `Money`"


def names_a_refusal_asks_for(node: ast.AST) -> list[ast.AST]:
    """The names inside a test of somebody else's value for its type."""
    match node:
        case ast.Compare(ops=[ast.Is() | ast.IsNot() | ast.In() | ast.NotIn()], comparators=[right]):
            return list(ast.walk(right))
        case ast.Call(func=ast.Name(id="isinstance"), args=[_, kinds]):
            return list(ast.walk(kinds))
        case ast.MatchClass(cls=kind):
            return [kind]
    return []


def parts_of_annotation(node: ast.AST) -> list[ast.AST]:
    """The parts of a node that are an annotation: text in them is a type."""
    annotation = getattr(node, "annotation", None) or getattr(node, "returns", None)
    return list(ast.walk(annotation)) if isinstance(annotation, ast.AST) else []


def clocks(text: str) -> Findings:
    """A look at the clock, called or handed on."""
    for line, owner, name in uses(text):
        if (owner, name) in CLOCKS:
            yield line, f"`{owner}.{name}` reads the clock; take `now` as an argument from `service` or `cli`"


def environment(text: str) -> Findings:
    """A look at the environment of the process."""
    for line, owner, name in uses(text):
        if (owner, name) in HOST:
            yield line, f"`{owner}.{name}` reads the environment; take the setting as an argument"


def uses(text: str) -> Iterator[tuple[int, str, str]]:
    """Each `owner.name` of the text, and each `from owner import name`, with its line."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name):
                yield node.lineno, owner, name
            case ast.ImportFrom(module=str(owner), names=aliases):
                yield from ((node.lineno, owner, alias.name) for alias in aliases)


def broad_excepts(text: str) -> Findings:
    """A handler for every exception."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ExceptHandler) and catches_everything(node.type):
            yield node.lineno, "this hides our own faults; name the exception that you expect"


def catches_everything(kind: ast.expr | None) -> bool:
    """Whether the expression after `except` names all exceptions."""
    if kind is None:
        return True
    return any(isinstance(node, ast.Name) and node.id in {"Exception", "BaseException"} for node in ast.walk(kind))


def prints(text: str) -> Findings:
    """A word to a terminal that a service does not have."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield node.lineno, "only `cli` prints; return the text, or hand it to the hook that the caller gave"


def open_ends(text: str) -> Findings:
    """A promise in a comment that nobody keeps track of."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT:
            continue
        for promise in re.finditer(r"\b(?:TODO|FIXME|XXX)\b(?!\(#\d+\))", token.string):
            yield token.start[0], f"a {promise[0]} without an issue is forgotten; write `TODO(#12): ...`"


EDGE_LAYERS = ("service/", "cli/", "testing/")
RULES = {
    "float": Rule(floats, within=("values/", "ledger/", "runtime/")),
    "clock": Rule(clocks, except_in=(*EDGE_LAYERS, "clock.py")),
    "environment": Rule(environment, except_in=EDGE_LAYERS),
    "except": Rule(broad_excepts, except_in=(*EDGES, *TRIALS)),
    "print": Rule(prints, except_in=("cli/",)),
    "todo": Rule(open_ends),
}


def broken_rules(path: str, text: str) -> list[str]:
    """What one file breaks, as `path:line: rule: sentence`; `path` is relative to the package."""
    return [
        f"{path}:{line}: {name}: {sentence}"
        for name, rule in RULES.items()
        if rule.holds_in(path)
        for line, sentence in rule.find(text)
    ]


FILES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES)
def test_the_package_keeps_its_rules(path):
    """No file of the package breaks a house rule."""
    assert [] == broken_rules(path, (PACKAGE / path).read_text(encoding="utf-8"))


BAD = [
    ("values/money.py", "def half(amount: float) -> int: ...", "1: float"),
    ("values/money.py", "def half(amount: 'float | None') -> int: ...", "1: float"),
    ("values/money.py", "def half(amount) -> 'float': ...", "1: float"),
    ("ledger/holds.py", "share = 0.5", "1: float"),
    ("runtime/engine.py", "n = 1\nx = float(n)", "2: float"),
    ("analysis/diff.py", "import time\nstart = time.time()", "2: clock"),
    ("analysis/diff.py", "from time import monotonic", "1: clock"),
    ("billing/receive.py", "when = datetime.now(UTC)", "1: clock"),
    ("billing/receive.py", "when = datetime.datetime.utcnow()", "1: clock"),
    ("registry/store.py", "def read(clock=time.time_ns): ...", "1: clock"),
    ("storage/sqlite.py", "import os\npath = os.environ['DB']", "2: environment"),
    ("cli/check.py", "try:\n    f()\nexcept Exception:\n    pass", "3: except"),
    ("language/yaml.py", "try:\n    f()\nexcept:\n    pass", "3: except"),
    ("language/yaml.py", "try:\n    f()\nexcept (KeyError, BaseException):\n    pass", "3: except"),
    ("service/routes.py", "print('here')", "1: print"),
    ("cli/check.py", "x = 1  # TODO: say it better", "1: todo"),
    ("errors.py", "# FIXME later", "1: todo"),
]


@pytest.mark.parametrize(("path", "text", "start"), BAD)
def test_it_finds(path, text, start):
    """Each rule finds what it forbids, once, on its line."""
    (found,) = broken_rules(path, text)

    assert found.startswith(f"{path}:{start}: ")


GOOD = [
    ("runtime/inputs.py", "if type(fact) is float:\n    raise ValueError"),
    ("runtime/inputs.py", "if type(fact) in (float, complex):\n    raise ValueError"),
    ("runtime/inputs.py", "if isinstance(fact, float):\n    raise ValueError"),
    ("runtime/inputs.py", "match fact:\n    case float():\n        raise ValueError"),
    ("runtime/inputs.py", "message = 'a float is not exact'"),
    ("analysis/coverage.py", "share = 0.5"),
    ("cli/decide.py", "now = datetime.now(UTC)\nprint(now)"),
    ("billing/receive.py", "def receive(event, now): return now.date()"),
    ("values/calendar.py", "def today(now): return now"),
    ("cli/__init__.py", "try:\n    f()\nexcept Exception:\n    pass"),
    ("language/yaml.py", "try:\n    f()\nexcept ValueError:\n    pass"),
    ("errors.py", "# TODO(#12): say it better"),
    ("errors.py", "text = 'TODO'"),
]


@pytest.mark.parametrize(("path", "text"), GOOD)
def test_it_lets_pass(path, text):
    """What looks alike and is right."""
    assert [] == broken_rules(path, text)
