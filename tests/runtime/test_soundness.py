"""A program from elsewhere can neither hang nor flood whoever loads it: it is refused, or it answers within bounds.

The slow test tries 20,000 changes: `python -m pytest -m slow tests/runtime/test_soundness.py`.
"""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import policyengine as pe
from policyengine.compiler.pipeline import compile_path, compile_texts
from policyengine.runtime.artifacts import artifact, program_json, well_formed
from policyengine.runtime.artifacts.column_json import numbers_json

BUNDLE = """
policyengine: 1
bundle: hostile
version: 1.0.0
currency: USD
timezone: UTC
inputs:
  used: {type: decimal token, min: 0, max: 1_000_000, places: 2}
  name: {type: string}
  parts: {list: int, max: 100}
tables:
  price:
    when: {plan: {type: string}}
    then: {each: money / 1 token}
    otherwise: error
    overridable: true
    rows:
      - {id: mini, plan: mini, each: 0.15}
      - {id: pro, plan: pro, each: 2.5}
values:
  total: {value: sum(parts), round: {places: 0, mode: half_up}}
  cost: {value: used * price(name), round: {places: 2, mode: half_up}}
  said: {value: 'name + "!"'}
  some: {value: 'size(parts.filter(p, p > 3))'}
decisions:
  bill: {outputs: {cost: cost, said: said, some: some, total: total}}
overrides:
  - {id: acme, tenant: acme, reason: a contract, effective: {from: 2026-01-01}, set: {price: {mini: {each: 0.10}}}}
"""
BODY = json.loads(program_json.to_json(compile_texts({"bundle.yaml": BUNDLE}).program))
Body = dict[str, Any]


def refused(change: Callable[[Body], object], message: str) -> None:
    """The program with a change is refused for this."""
    body = copy.deepcopy(BODY)
    change(body)
    with pytest.raises(pe.InvalidArtifact, match=message):
        program_json.from_json(json.dumps(body).encode())


def node(body: Body, name: str) -> Any:
    """The expression of a node."""
    return next(each for each in body["nodes"] if each[0] == name)[2]


def found(value: Any, tag: str) -> Any:
    """The first expression of a kind, or the first call of a function, in a value."""
    if isinstance(value, list):
        if tag in value[:1] or (value[:1] == ["call"] and value[2] == tag):
            return value
        return next((each for each in (found(inner, tag) for inner in value) if each is not None), None)
    return None


def number_type(body: Body) -> Any:
    """A type of decimals."""
    return next(kind for kind in body["types"] if kind[0] == "decimal")


def test_it_answers_as_it_is() -> None:
    policy = pe.Policy(program_json.from_json(json.dumps(BODY).encode()))
    given = {"used": 10, "name": "mini", "parts": [1, 5]}

    assert policy.decide("bill", given, at="2026-06-01T00:00:00Z").outputs["some"] == 1


@pytest.mark.parametrize("places", [10**9, -(10**9), 2**63, None, "2"])
def test_places_of_a_rounding_are_few(places: object) -> None:
    """Ten to the power of a billion fills the memory before it is ready."""

    def change(body: Body) -> None:
        found(node(body, "cost"), "round")[3][1][2] = places

    refused(change, "places|constant")


@pytest.mark.parametrize("den", [0, -1, 10**900, True])
def test_a_denominator_is_positive_and_not_huge(den: object) -> None:
    """By 0 nothing ends that looks for the last digit."""
    refused(lambda body: number_type(body).__setitem__(2, den), "not a program")


def test_a_scale_is_positive() -> None:
    """As long as 0 is divided by ten, it is divisible by ten."""
    refused(lambda body: body["inputs"][3][0].__setitem__(7, 0), "`used` has the scale 0")


@pytest.mark.parametrize("depth", [well_formed.DEPTH_MAX + 1, 900, 100_000])
def test_types_are_not_nested_without_end(depth: int) -> None:
    data = json.dumps(BODY).replace(
        '"types": [', '"types": [' + '["optional", ' * depth + '"bool"' + "]" * depth + ", "
    )

    with pytest.raises(pe.InvalidArtifact, match="not a program"):
        program_json.from_json(data.encode())


@pytest.mark.parametrize("depth", [450, 20_000])
def test_expressions_are_not_nested_without_end(depth: int) -> None:
    body = copy.deepcopy(BODY)
    body["types"].append("bool")
    kind = len(body["types"]) - 1
    body["nodes"].insert(0, ["deep", kind, "HERE", "deep", "values", "", False])
    nested = f'["all", {kind}, [' * depth + f'["const", {kind}, true]' + "]]" * depth

    with pytest.raises(pe.InvalidArtifact, match="not a program"):
        program_json.from_json(json.dumps(body).replace('"HERE"', nested).encode())


def test_a_number_does_not_double_at_each_step() -> None:
    """Forty squares of a number of 50 bits have as many bits as no memory."""
    kind = BODY["types"].index(number_type(BODY))

    def change(body: Body) -> None:
        number_type(body)[2] = 1
        body["nodes"][:0] = [["n0", kind, ["const", kind, 12345], "n0", "values", "", False]]
        for step in range(1, 40):
            before = ["read", kind, f"n{step - 1}"]
            square = ["call", kind, "multiply", [before, before], False]
            body["nodes"].insert(step, [f"n{step}", kind, square, f"n{step}", "values", "", False])

    refused(change, "can grow too large")


def test_a_text_does_not_double_at_each_step() -> None:
    """Joining texts whose length is known is not charged, and this program says that it is known."""
    kind = BODY["types"].index("string")

    def change(body: Body) -> None:
        body["nodes"][:0] = [["n0", kind, ["const", kind, "xxxxxxxx"], "n0", "values", "", False]]
        for step in range(1, 40):
            before = ["read", kind, f"n{step - 1}"]
            twice = ["call", kind, "concat", [before, before], False]
            body["nodes"].insert(step, [f"n{step}", kind, twice, f"n{step}", "values", "", False])

    refused(change, "can grow too large")


@pytest.mark.parametrize("cost", [0, 1, -5, None])
def test_a_loop_charges_its_turns(cost: object) -> None:
    """One that costs nothing may stand in no other one, and one in others costs what its body is."""

    def change(body: Body) -> None:
        loop = found(node(body, "some"), "fold")
        loop[11] = cost
        outer = copy.deepcopy(loop)
        outer[7] = [loop]
        loop[7] = [outer[6][0]]
        node(body, "some")[:] = outer

    refused(change, "not a program")


def test_nodes_do_not_read_each_other() -> None:
    """Not themselves, and not what comes later: there would be no end."""

    def change(body: Body) -> None:
        body["nodes"].reverse()

    refused(change, "does not stand before it")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda b: found(node(b, "cost"), "round").__setitem__(2, "eval"), "no function `eval`"),
        (lambda b: b["entries"][0][3].clear(), "reads facts that it does not name"),
        (lambda b: b["entries"][0][3].append(99), "reads a fact that is not there"),
        (lambda b: b["entries"][0][2].append(["x", "nothing"]), "asks for what is not there"),
        (lambda b: b["facts"].append(b["facts"][-1]), "a fact stands twice"),
        (lambda b: b["tables"][0].__setitem__("hit", "last"), "hit policy `last`"),
        (lambda b: b["tables"][0]["ids"].append("more"), "2 cells for 3 rows"),
        (lambda b: b["tables"][0]["conditions"][0][0].__setitem__(0, ["matches"]), "a condition that is none"),
        (lambda b: b["tables"][0]["conditions"][0][0].__setitem__(0, 5), "a condition that is none"),
        (lambda b: b["tables"][0]["conditions"][0][0].__setitem__(0, ["matches", "("]), "cannot be used: a bracket"),
        (
            lambda b: b["tables"][0]["conditions"][0][0].__setitem__(0, ["any", ["matches", "a{9999}"]]),
            "cannot be used",
        ),
        (lambda b: b["tables"][0]["columns"][0][2][0].__setitem__(0, "x"), "is no value of the type"),
        (lambda b: b["tables"][0]["columns"][0][2][0].__setitem__(0, 1 << 5_000), "is no value of the type"),
        (lambda b: b["tenant_cells"][0].__setitem__(3, numbers_json([7])), "belongs to no row"),
        (lambda b: b["tenant_cells"][0].__setitem__(7, numbers_json([7])), "belongs to no row, or is none"),
        (lambda b: b["zones"].__setitem__("X", [1]), "the time zone `X` is none"),
        (lambda b: b.__setitem__("bundle", "\0"), "a name that is none"),
        (lambda b: b.__setitem__("effective", [0, None]), "is asked at no instant|not a program"),
    ],
)
def test_what_no_compiler_writes_is_refused(change: Callable[[Body], object], message: str) -> None:
    refused(change, message)


def test_cells_can_be_told_apart() -> None:
    """All multiples of 2**61 - 1 have one hash: a look-up among many of them would compare them one by one."""
    with pytest.raises(well_formed.Unsound, match="told apart"):
        well_formed.check_spread([number * (2**61 - 1) for number in range(1_000)])
    well_formed.check_spread(list(range(1_000)))


def test_many_overrides_of_one_cell_are_read_once_each() -> None:
    """A hundred thousand of them, which one after another would be copied five billion times."""
    body, count = copy.deepcopy(BODY), 100_000
    for place in (2, 4, 5, 6):
        body["tenant_cells"][0][place][1] = numbers_json([0] * count)
    for place in (3, 7):
        body["tenant_cells"][0][place] = numbers_json([0] * count)

    program = program_json.from_json(json.dumps(body).encode())

    assert count == len(program.tenant_cells["acme"]["price"][0, "each"])


def test_the_text_of_a_program_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    data = json.dumps(BODY).encode()
    monkeypatch.setattr(well_formed, "BYTES_MAX", len(data) - 1)
    with pytest.raises(pe.InvalidArtifact, match="bytes, more than"):
        program_json.from_json(data)

    monkeypatch.setattr(well_formed, "BYTES_MAX", len(data))
    monkeypatch.setattr(well_formed, "VALUES_MAX", 100)
    with pytest.raises(pe.InvalidArtifact, match="more than 100 values"):
        program_json.from_json(data)


def test_an_archive_is_bounded_before_it_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = compile_texts({"bundle.yaml": BUNDLE})
    data = artifact.write(compiled.program, compiled.sources, "0.1.0")
    monkeypatch.setattr(artifact, "MEMBERS_MAX", 3)
    with pytest.raises(pe.InvalidArtifact, match="more than 3 members"):
        artifact.read(data)

    monkeypatch.setattr(artifact, "FILE_BYTES_MAX", len(data) - 1)
    with pytest.raises(pe.InvalidArtifact, match="bytes, more than"):
        artifact.read(data)


def test_a_program_that_could_not_be_loaded_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = compile_texts({"bundle.yaml": BUNDLE})
    monkeypatch.setattr(well_formed, "VALUES_MAX", 100)
    with pytest.raises(pe.InvalidArtifact, match="too large for an artifact"):
        artifact.write(compiled.program, compiled.sources, "0.1.0")


CASES = sorted((Path(__file__).parents[1] / "cases" / "good").glob("*.yaml"))


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_what_the_compiler_writes_is_sound(file: Path) -> None:
    """And is read as it was written."""
    data = program_json.to_json(compile_path(file).program)

    assert data == program_json.to_json(program_json.from_json(data))


def tried(seed: int, count: int) -> dict[str, Any]:
    """What `hostile_programs.py` says."""
    runner = Path(__file__).with_name("hostile_programs.py")
    path = os.pathsep.join([str(Path(pe.__file__).parents[1]), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, str(runner), str(seed), str(count)],
        env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr[-2_000:]
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no limits for a process")
def test_a_changed_program_is_refused_or_answers_within_bounds() -> None:
    """Three hundred changes: numbers become huge, lists long or deep, names others, kinds are swapped."""
    said = tried(1, 300)

    assert [] == said["wrong"]
    assert {"refused", "answered"} <= said["found"].keys()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="this system has no limits for a process")
@pytest.mark.parametrize("seed", range(4))
def test_twenty_thousand_changed_programs_are_refused_or_answer_within_bounds(seed: int) -> None:
    said = tried(100 + seed, 5_000)

    assert [] == said["wrong"]
