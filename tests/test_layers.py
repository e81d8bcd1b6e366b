"""House rule: imports go down only, and third-party packages stay where the layer table puts them.

`LAYERS` is the table; `docs/ARCHITECTURE.md` shows it. An import inside a function counts like any other, except in
the doors, which defer cost and not a cycle. An import for type checkers counts too: it is a dependence.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "policyengine"

LEVEL_0 = ("values", "errors", "source", "data_files", "observe", "frozen")


@dataclass(frozen=True)
class Layer:
    """What one package may import: our packages, and third-party ones, some of them in one file only."""

    ours: tuple[str, ...]
    theirs: tuple[str, ...] = ()
    only_in: dict[str, str] = field(default_factory=dict)


LAYERS = {
    "frozen": Layer(()),
    "source": Layer(("frozen",)),
    "errors": Layer(("source",)),
    "data_files": Layer(("errors",)),
    "observe": Layer(()),
    "values": Layer(("errors", "frozen", "source")),
    "clock": Layer(("values",)),
    "runtime": Layer(LEVEL_0, ("re2",)),
    "storage": Layer(("errors",), only_in={"psycopg": "storage/postgres.py"}),
    "language": Layer(("runtime", *LEVEL_0), ("yaml", "jsonschema", "pydantic")),
    "compiler": Layer(("language", "runtime", *LEVEL_0), only_in={"networkx": "compiler/graph.py"}),
    "analysis": Layer(("compiler", "language", "runtime", *LEVEL_0), ("z3",)),
    "batch": Layer(("runtime", *LEVEL_0), ("numpy", "duckdb", "pyarrow", "pyspark")),
    "registry": Layer(
        ("analysis", "batch", "compiler", "runtime", "storage", *LEVEL_0),
        only_in={"cryptography": "registry/signatures.py", "openfeature": "registry/openfeature.py"},
    ),
    "ledger": Layer(("storage", *LEVEL_0)),
    "payments": Layer(LEVEL_0, only_in={"stripe": "payments/clients/", "httpx2": "payments/clients/"}),
    "billing": Layer(
        ("registry", "analysis", "batch", "runtime", "ledger", "payments", "storage", *LEVEL_0),
        only_in={"networkx": "billing/provenance.py"},
    ),
}
BELOW = (*(name for name in reversed(LAYERS) if name not in LEVEL_0), *LEVEL_0)
LAYERS |= {
    "service": Layer(BELOW, ("pydantic", "fastapi", "starlette", "uvicorn", "jinja2", "prometheus_client")),
    "cli": Layer(BELOW, ("click", "rich")),
    "testing": Layer(BELOW),
}

# The package's own page re-exports the runtime and names what `connect` gives; its functions may reach for the rest
# when they are called.
FRONT = Layer(("registry", "runtime", *LEVEL_0))
DOORS = {
    "__init__.py": {"load", "connect", "evaluate_expression", "check_expression"},
    "runtime/": {"Policy.over"},
}


@dataclass(frozen=True)
class Import:
    """One imported module, the line it stands on and the function around it (`Policy.over`, or nothing)."""

    module: str
    line: int
    function: str


def imports(tree: ast.AST, package: str, function: str = "") -> Iterator[Import]:
    """Every import of a file in `package`, with `from policyengine import x` read as `policyengine.x`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno, function) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (Import(module, node.lineno, function) for module in imported_from(node, package))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from imports(node, package, f"{function}.{node.name}".lstrip("."))
        else:
            yield from imports(node, package, function)


def imported_from(node: ast.ImportFrom, package: str) -> list[str]:
    """The modules that a `from` import names, relative ones made absolute."""
    module = node.module or ""
    if node.level:
        above = package.split(".")[: len(package.split(".")) - node.level + 1]
        module = ".".join([*above, module]).rstrip(".")
    if module == "policyengine":
        return [f"policyengine.{alias.name}" for alias in node.names]
    return [module]


def broken_rules(path: str, text: str) -> list[str]:
    """What the imports of one file break, one sentence each; `path` is relative to the package."""
    *folders, _ = path.split("/")
    layer_name = folders[0] if folders else path.removesuffix(".py")
    found = imports(ast.parse(text), ".".join(["policyengine", *folders]))
    if path == "__main__.py":
        layer_name = "cli"
    layer = FRONT if path == "__init__.py" else LAYERS.get(layer_name)
    if layer is None:
        return [f"{path}: `{layer_name}` is in no layer; give it a row in LAYERS"]
    doors = set().union(*(names for prefix, names in DOORS.items() if path.startswith(prefix)))
    return [
        f"{path}:{one.line}: {sentence}"
        for one in found
        if one.function not in doors and (sentence := objection(one.module, path, layer_name, layer))
    ]


def objection(module: str, path: str, layer_name: str, layer: Layer) -> str | None:
    """Why a file of this layer must not import `module`, or None."""
    first, _, rest = module.partition(".")
    if first in sys.stdlib_module_names:
        return None
    if first != "policyengine":
        return stranger(first, path, layer_name, layer)
    target = rest.partition(".")[0]
    if target not in LAYERS:
        if layer_name in {"service", "cli", "testing"}:
            return None  # they are users of the public page
        return f"`{module}` is the package's front page; import from the module that defines it"
    if target == layer_name or target in layer.ours:
        return None
    return f"`{layer_name}` must not import `{target}`; it may import {', '.join(layer.ours) or 'nothing of ours'}"


def stranger(name: str, path: str, layer_name: str, layer: Layer) -> str | None:
    """Why a file must not import the third-party package `name`, or None."""
    if name in layer.theirs:
        return None
    place = layer.only_in.get(name)
    if place is None:
        return f"`{layer_name}` must not import `{name}`; it may import {', '.join(layer.theirs) or 'no third party'}"
    return None if path.startswith(place) else f"`{name}` belongs in `{place}` only"


def table() -> list[str]:
    """The layer table as Markdown, as `docs/ARCHITECTURE.md` shows it."""
    rows = ["| package | may import | third party |", "|---|---|---|"]
    for name, layer in LAYERS.items():
        ours = "everything below" if layer.ours == BELOW else names(layer.ours)
        placed = [f"`{package}` in `{place}` only" for package, place in layer.only_in.items()]
        theirs = ", ".join([*(f"`{package}`" for package in layer.theirs), *placed])
        rows.append(f"| `{name}` | {ours or 'nothing'} | {theirs or 'none'} |")
    return rows


def names(ours: tuple[str, ...]) -> str:
    """Our packages in words; the five of level 0 together are one word."""
    above = [f"`{name}`" for name in ours if name not in LEVEL_0 or not set(LEVEL_0) <= set(ours)]
    return ", ".join([*above, "level 0"] if set(LEVEL_0) <= set(ours) else above)


FILES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES)
def test_imports_go_down_only(path):
    """Every file of the package keeps to its row of the table."""
    assert [] == broken_rules(path, (PACKAGE / path).read_text(encoding="utf-8"))


def test_the_architecture_page_shows_this_table():
    """The table of the documentation is this one; on a difference, paste what is expected here."""
    page = ROOT / "docs" / "ARCHITECTURE.md"
    if not page.exists():
        pytest.skip("no ARCHITECTURE.md beside these tests")
    assert "\n".join(table()) in page.read_text(encoding="utf-8")


GOOD = [
    ("runtime/engine.py", "import json\nfrom policyengine.values.money import Money"),
    ("runtime/functions/text.py", "import re2"),
    ("runtime/engine.py", "class Policy:\n    def over(self):\n        from policyengine.batch import columns"),
    ("language/check.py", "import yaml\nfrom policyengine import source\nfrom policyengine.runtime import program"),
    ("language/check.py", "from .expression import syntax"),
    ("compiler/graph.py", "import networkx as nx"),
    ("__init__.py", "from policyengine.runtime.engine import Policy"),
    ("__init__.py", "def load(path):\n    from policyengine.compiler import pipeline"),
    ("cli/check.py", "import click\nimport policyengine as pe\nfrom policyengine.billing import receive"),
    ("__main__.py", "from policyengine.cli import main"),
]


@pytest.mark.parametrize(("path", "text"), GOOD)
def test_it_lets_pass(path, text):
    """Imports that the table allows."""
    assert [] == broken_rules(path, text)


BAD = [
    ("runtime/engine.py", "import yaml", "1: `runtime` must not import `yaml`; it may import re2"),
    (
        "runtime/engine.py",
        "def f():\n    from policyengine.batch import duckdb",
        "2: `runtime` must not import `batch`",
    ),
    ("runtime/engine.py", "from policyengine import load", "1: `policyengine.load` is the package's front page"),
    ("values/money.py", "from ..runtime import program", "1: `values` must not import `runtime`"),
    ("values/money.py", "from .. import runtime", "1: `values` must not import `runtime`"),
    ("compiler/emit.py", "import networkx", "1: `networkx` belongs in `compiler/graph.py` only"),
    ("language/check.py", "from policyengine import compiler", "1: `language` must not import `compiler`"),
    ("__init__.py", "from policyengine.compiler import pipeline", "1: `__init__` must not import `compiler`"),
    (
        "__init__.py",
        "def other():\n    from policyengine.language import yaml",
        "2: `__init__` must not import `language`",
    ),
    ("ledger/holds.py", "from policyengine.payments import events", "1: `ledger` must not import `payments`"),
    (
        "errors.py",
        "if TYPE_CHECKING:\n    from policyengine.values import money",
        "2: `errors` must not import `values`",
    ),
    ("utils/text.py", "", " `utils` is in no layer; give it a row in LAYERS"),
]


@pytest.mark.parametrize(("path", "text", "sentence"), BAD)
def test_it_finds(path, text, sentence):
    """Imports that the table forbids, each with its sentence."""
    (found,) = broken_rules(path, text)

    assert found.startswith(f"{path}:{sentence}")
