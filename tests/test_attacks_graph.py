"""Hostile bundles: long chains and circles, names of Python's own, files and addresses elsewhere, tables that explode.

Each ends in its class of outcome within the limits of the attack corpus, in a process of its own: no other exception,
no network, no file outside of the bundle.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from golden.bundle_text import Raw, bundle

ROOT = Path(__file__).resolve().parents[1]
GIVEN = ROOT.parent / "shared" / "cases" / "attacks.json"
CPU_SECONDS, MEMORY_MB = 1.0, 100
COMPILE_ERROR, EVAL_ERROR, FINE = "compile_error", "eval_error", "fine"

# One process imports the package, and forks for every attack; from the fork on every moment and megabyte counts.
# The hard limits only end what runs away.
NURSERY = """
import json, os, resource, socket, sys
sys.path.insert(0, sys.argv[1])
import policyengine as pe
import policyengine.compiler.pipeline

def refuse(*given):
    raise SystemExit("a bundle must not reach the network")

def used():
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime, spent.ru_maxrss / 1024

def outcome(folder, decide, facts):
    try:
        policy = pe.load(folder)
        policy.decide(decide or policy.entries[0], facts)
    except pe.InvalidPolicy as refused:
        return "compile_error", str(refused)
    except (pe.InvalidInput, pe.EvaluationError) as refused:
        return "eval_error", str(refused)
    return "fine", ""

def suffer(attack):
    socket.socket.connect = socket.getaddrinfo = refuse
    resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
    before = used()
    found, text = outcome(*attack)
    after = used()
    print(json.dumps([found, text, after[0] - before[0], after[1] - before[1]]), flush=True)

for line in sys.stdin:
    child = os.fork()
    if not child:
        suffer(json.loads(line))
        sys.exit()
    if status := os.waitpid(child, 0)[1]:
        print(json.dumps(["crash", f"ended with {status}", 0, 0]), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Attack:
    """Sections of a bundle, what is asked of it, and the outcomes that are right."""

    sections: Mapping[str, Any]
    outcomes: tuple[str, ...]
    decide: str = ""
    input: Mapping[str, Any] = field(default_factory=dict)
    says: str = ""


def chain(name: str, length: int, end: str) -> dict[str, Any]:
    """Values of which each reads the next, and the last one `end`."""
    names = [f"{name}{n}" for n in range(length)]
    return dict(zip(names, [*names[1:], end], strict=True))


def doubled(length: int, end: str, operator: str) -> dict[str, Any]:
    """Values of which each reads the next one twice: a path count of two to the power of their number."""
    return {name: f"{other} {operator} {other}" for name, other in chain("r", length, end).items()}


def table(rows: list[dict[str, Any]], when: Mapping[str, str], **more: Any) -> dict[str, Any]:
    return {"price": {"when": dict(when), "then": {"amount": "money"}, "rows": rows, **more}}


def given_sections(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A `spec` of the attack corpus as sections of ours: its rules are our values, its schema an input's type."""
    assert spec.keys() <= {"rules", "inputs", "schema"}, spec
    rules = spec.get("rules", {})
    if "$chain" in rules:
        name, length, form = rules["$chain"]
        rules = chain(name, length, f"{name}0" if form == "cyclic" else "1")
    inputs = dict.fromkeys(spec.get("inputs", ()), "money")
    if "schema" in spec:
        inputs = {"facts": spec["schema"]}
    return {"inputs": inputs, "values": rules}


GIVEN_SPECS: dict[str, tuple[dict[str, Any], str]] = {
    "graph-cycle-long": ({"rules": {"$chain": ["r", 1000, "cyclic"]}}, COMPILE_ERROR),
    "graph-chain-long": ({"rules": {"$chain": ["r", 5000, "open"]}}, FINE),
    "graph-schema-ref-url": ({"schema": {"$ref": "http://example.com/s.json"}}, COMPILE_ERROR),
    "graph-rule-shadows-input": ({"inputs": ["price"], "rules": {"price": "1"}}, COMPILE_ERROR),
    "graph-rule-name-dunder": ({"rules": {"__class__": "1"}}, COMPILE_ERROR),
}
"""The cases of the corpus that describe a bundle, as facts, so that they are tried wherever the tests run."""

X = {"x": {"type": "int", "min": 0, "max": 10}}
FLAG = {"flag": "bool"}
MEMBERS = [f"m{n}" for n in range(10_000)]
WIDE = {f"c{n}": "bool" for n in range(30)}

ATTACKS: dict[str, Attack] = {
    # --- chains and circles
    "a value that reads itself": Attack({"values": {"a": "a"}}, (COMPILE_ERROR,), says="a -> a"),
    "a circle of two": Attack({"values": {"a": "b", "b": "a"}}, (COMPILE_ERROR,), says="a -> b -> a"),
    "a circle of five thousand": Attack({"values": chain("r", 5000, "r0")}, (COMPILE_ERROR,)),
    "five hundred circles": Attack(
        {"values": {k: v for n in range(500) for k, v in chain(f"r{n}_", 3, f"r{n}_0").items()}}, (COMPILE_ERROR,)
    ),
    "a chain over an input": Attack({"inputs": X, "values": chain("r", 5000, "x")}, (FINE,), "r0", {"x": 3}),
    "a chain of sums": Attack(
        {"inputs": X, "values": {name: f"{other} + 1" for name, other in chain("r", 1000, "x").items()}},
        (FINE,),
        "r0",
        {"x": 3},
    ),
    "a diamond on each of a thousand": Attack(
        {"inputs": FLAG, "values": doubled(1000, "flag", "&&")}, (FINE,), "r0", {"flag": True}
    ),
    "sums doubled a hundred times": Attack(
        {"inputs": X, "values": doubled(100, "x", "+")}, (EVAL_ERROR, COMPILE_ERROR), "r0", {"x": 9}
    ),
    "products squared a hundred times": Attack(
        {"inputs": X, "values": doubled(100, "x", "*")}, (EVAL_ERROR, COMPILE_ERROR), "r0", {"x": 9}
    ),
    "one value that all the others read": Attack(
        {"inputs": X, "values": {"hub": "x + 1", **{f"r{n}": "hub + 1" for n in range(2000)}}}, (FINE,), "r7", {"x": 1}
    ),
    "sums of each other": Attack({"charges": {"a": {"sum": ["b"]}, "b": {"sum": ["a"]}}}, (COMPILE_ERROR,)),
    "a table that reads its own result": Attack(
        {"tables": table([{"c": Raw('">= 0 USD"'), "amount": 1}], {"c": "price"})}, (COMPILE_ERROR,)
    ),
    "a parameter keyed by itself": Attack(
        {"parameters": {"p": {"type": "int", "value": {"p": {"a": 1}}}}}, (COMPILE_ERROR,)
    ),
    "types of each other": Attack({"types": {"A": "B", "B": "A"}, "inputs": {"x": "A"}}, (COMPILE_ERROR,)),
    "a type of lists of itself": Attack(
        {"types": {"A": {"list": "A", "max": 2}}, "inputs": {"x": "A"}}, (COMPILE_ERROR,)
    ),
    "a chain of types": Attack(
        {"types": {f"T{n}": f"T{n + 1}" if n < 1999 else "int" for n in range(2000)}, "inputs": {"x": "T0"}},
        (FINE, COMPILE_ERROR),
        "y",
        {"x": 1},
    ),
    "a decision that repeats itself": Attack(
        {
            "inputs": {"xs": {"list": {"n": "int"}, "max": 2}},
            "decisions": {"d": {"each": "e in xs", "decide": "d", "input": {"xs": "xs"}}},
        },
        (COMPILE_ERROR,),
    ),
    # --- names
    "an input named like a method": Attack({"inputs": {"__init__": "int"}}, (COMPILE_ERROR,)),
    "a field named like a method": Attack({"inputs": {"a": {"__dict__": "int"}}}, (COMPILE_ERROR,)),
    "a type named like a method": Attack({"types": {"__Type__": "int"}}, (COMPILE_ERROR,)),
    "a column named like a method": Attack(
        {"inputs": X, "tables": {"t": {"when": {"__x__": "x"}, "then": {"y": "int"}, "rows": [{"y": 1}]}}},
        (COMPILE_ERROR,),
    ),
    "a path through a method": Attack({"inputs": X, "values": {"a": "x.__class__.__mro__"}}, (COMPILE_ERROR,)),
    "a call of Python's own": Attack({"values": {"a": "eval('1')", "b": "__import__('os')"}}, (COMPILE_ERROR,)),
    "names of Python's own": Attack(
        {
            "inputs": X,
            "values": {"print": "x", "self": "print + 1", "exec": "self + 1", "def": "exec + 1", "class": "def + 1"},
        },
        (FINE,),
        "class",
        {"x": 1},
    ),
    "a name of a megabyte": Attack({"values": {"a" * 1_000_000: "1"}}, (COMPILE_ERROR, FINE)),
    "a name twice in two sections": Attack(
        {"values": {"a": "1"}, "parameters": {"a": {"type": "int", "value": 1}}}, (COMPILE_ERROR,)
    ),
    "code in an id": Attack(
        {
            "inputs": FLAG,
            "tables": table(
                [
                    {"id": '"]); import os; os._exit(3)  #', "c": True, "amount": 1},
                    {"id": "'''\n\\", "c": False, "amount": 2},
                ],
                {"c": "flag"},
            ),
        },
        (FINE,),
        "price",
        {"flag": False},
    ),
    # --- elsewhere
    "an address as a schema": Attack({"$schema": "http://example.com/s.json"}, (COMPILE_ERROR,)),
    "an address as a type": Attack({"inputs": {"x": {"type": "http://example.com/s.json"}}}, (COMPILE_ERROR,)),
    "a file included": Attack({"include": ["../secret.csv"]}, (COMPILE_ERROR,), says="include"),
    "another bundle used": Attack({"uses": "../other"}, (COMPILE_ERROR,), says="uses"),
    "rows of a file above": Attack(
        {"inputs": FLAG, "tables": {"t": {"when": {"c": "flag"}, "then": {"y": "int"}, "file": "../secret.csv"}}},
        (COMPILE_ERROR,),
    ),
    "rows of a file by its full path": Attack(
        {"inputs": FLAG, "tables": {"t": {"when": {"c": "flag"}, "then": {"y": "int"}, "file": "/tmp/secret.csv"}}},
        (COMPILE_ERROR,),
    ),
    "rows of a file behind a link": Attack(
        {"inputs": FLAG, "tables": {"t": {"when": {"c": "flag"}, "then": {"y": "int"}, "file": "link.csv"}}},
        (COMPILE_ERROR,),
    ),
    "members of a file above": Attack({"types": {"A": {"enum": {"column": "../secret.csv#c"}}}}, (COMPILE_ERROR,)),
    "overrides of a file above": Attack({"overrides": [{"file": "../secret.csv"}]}, (COMPILE_ERROR,)),
    # --- tables
    "rows that overlap": Attack(
        {"inputs": X, "tables": table([{"c": "< 6", "amount": 1}, {"c": ">= 5", "amount": 2}], {"c": "x"})},
        (COMPILE_ERROR,),
        says="both answer for c 5",
    ),
    "rows that leave a gap": Attack(
        {"inputs": X, "tables": table([{"c": "< 5", "amount": 1}, {"c": "> 5", "amount": 2}], {"c": "x"})},
        (COMPILE_ERROR,),
        says="answers for c 5",
    ),
    "a row that never answers": Attack(
        {"inputs": X, "tables": table([{"amount": 1}, {"c": 5, "amount": 2}], {"c": "x"}, hit="first")},
        (COMPILE_ERROR,),
        says="can never answer",
    ),
    "a row for each of thirty columns": Attack(
        {
            "inputs": WIDE,
            "tables": table([{c: True, "amount": 1} for c in WIDE], {c: c for c in WIDE}, otherwise={"amount": 0}),
        },
        (COMPILE_ERROR,),
    ),
    "the first of a row for each of thirty columns": Attack(
        {
            "inputs": WIDE,
            "tables": table(
                [{c: True, "amount": 1} for c in WIDE], {c: c for c in WIDE}, hit="first", otherwise={"amount": 0}
            ),
        },
        (FINE,),
        "price",
        dict.fromkeys(WIDE, False),
    ),
    "a hundred million combinations": Attack(
        {
            "types": {"M": {"enum": MEMBERS}},
            "inputs": {"a": "M", "b": "M"},
            "tables": table([{"a": "m1", "b": "m1", "amount": 1}], {"a": "a", "b": "b"}),
        },
        (COMPILE_ERROR,),
        says="answers for a m",
    ),
    "a column of texts against one another": Attack(
        {
            "inputs": {"s": "string"},
            "tables": table(
                [{"c": {"contains": f"{n:03d}"}, "amount": n} for n in range(200)],
                {"c": "s"},
                hit="first",
                otherwise="error",
            ),
        },
        (FINE, COMPILE_ERROR, EVAL_ERROR),
        "price",
        {"s": "x042"},
    ),
}


@pytest.fixture(scope="module")
def nursery() -> Iterator[subprocess.Popen[str]]:
    """The process that forks for every attack; what its children print beside their outcome is seen in the report."""
    command = [sys.executable, "-c", NURSERY, str(ROOT)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process


@pytest.fixture
def check(nursery: subprocess.Popen[str], tmp_path: Path) -> Callable[[Attack], None]:
    """Asserts that an attack ends as it should, within the limits."""

    def attempt(attack: Attack) -> tuple[str, str, float, float]:
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        home = written(attack, tmp_path)
        nursery.stdin.write(json.dumps([str(home), attack.decide, attack.input]) + "\n")
        nursery.stdin.flush()
        found, text, seconds, megabytes = json.loads(nursery.stdout.readline())
        return found, text, seconds, megabytes

    def checked(attack: Attack) -> None:
        found, text, seconds, megabytes = attempt(attack)
        if seconds > CPU_SECONDS:  # others may use the machine
            found, text, seconds, megabytes = attempt(attack)

        assert found in attack.outcomes, text
        assert attack.says in text
        assert seconds <= CPU_SECONDS
        assert megabytes <= MEMORY_MB

    return checked


def written(attack: Attack, folder: Path) -> Path:
    """The bundle's folder, with a file above it that no bundle may read, and a link to that file."""
    home = folder / "bundle"
    home.mkdir(exist_ok=True)
    (home / "bundle.yaml").write_text(bundle(attack.sections), encoding="utf-8")
    (folder / "secret.csv").write_text("id,c,y\na,true,1\nb,false,2\n", encoding="utf-8")
    (home / "link.csv").unlink(missing_ok=True)
    (home / "link.csv").symlink_to(folder / "secret.csv")
    return home


@pytest.mark.parametrize("name", ATTACKS)
def test_a_hostile_bundle_ends_as_it_should(name, check):
    """It is refused, fails or answers, whichever is right, and costs no more than the limits."""
    check(ATTACKS[name])


@pytest.mark.parametrize("name", GIVEN_SPECS)
def test_a_bundle_of_the_attack_corpus_ends_as_it_should(name, check):
    """The corpus' own descriptions of a bundle, translated."""
    spec, outcome = GIVEN_SPECS[name]

    check(Attack(given_sections(spec), (outcome,)))


@pytest.mark.skipif(not GIVEN.exists(), reason="the attack corpus lies outside of the repository")
def test_the_corpus_describes_no_bundle_that_is_not_tried():
    """Every case with a `spec` stands here, with the corpus' outcome."""
    cases = json.loads(GIVEN.read_text(encoding="utf-8"))["cases"]

    assert {case["id"]: (case["spec"], case["outcome"]) for case in cases if "spec" in case} == GIVEN_SPECS
