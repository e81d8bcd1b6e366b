"""The benchmarks run, in the smallest form of each; how long anything takes is not looked at."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SMALL = {"rounds": 1, "requests": 20, "check": 50, "check_seconds": 60, "seconds": 0.01}
VARIANTS = ("decide", "decider", "amount", "rationale", "all", "id", "compact", "record")
FIELDS = {
    "workload", "size", "engine", "variant", "ratio", "ratio_min", "ratio_max", "p99_over_median", "wrong", "load_s",
    "memory_mb",
}  # fmt: skip
PEERS = ["zen-engine", "cel-expr-python", "common-expression-language", "cel-python", "panzi-json-logic", "rule-engine"]


def lines(script: str, *options: str) -> tuple[list[dict[str, Any]], list[str]]:
    """What a script prints as JSON, and the table after it."""
    small = [f"--{name.replace('_', '-')}={value}" for name, value in SMALL.items()]
    command = [sys.executable, str(BENCHMARKS / script), *options, *small]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n\n")
    return [json.loads(line) for line in said[0].splitlines()], said[1].splitlines()


@pytest.fixture(scope="module")
def scripts() -> Iterator[SimpleNamespace]:
    """The scripts as modules, which find each other beside them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        before = set(sys.modules)
        names = ("decisions", "growth", "measure", "own")
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in names})
        for name in set(sys.modules) - before:
            if name.partition(".")[0] in (*names, "peers", "plot", "workloads"):
                del sys.modules[name]


def test_decisions_prints_its_measurements_and_a_table():
    """A line for each of our variants, with right answers, and one for the hand-written function."""
    (about, *found), table = lines("decisions.py", "w1", "--rows=10", "--engines=policyengine,hand-written")

    assert {"machine", "cores", "python", "day", "peers"} == about.keys()
    assert [*VARIANTS, "decide"] == [line["variant"] for line in found]
    assert all(line.keys() > FIELDS for line in found)
    assert [(0, 50)] * len(found) == [(line["wrong"], line["checked"]) for line in found]
    assert 1 + len(found) == len(table)


@pytest.mark.parametrize(("workload", "size"), [("w2", 10), ("w3", 34)])
def test_the_other_workloads_are_measured(scripts, workload, size, tmp_path):
    """In this process, to save the time of starting others."""
    options = SimpleNamespace(**SMALL, variants=",".join(VARIANTS), folder=tmp_path)
    scripts.own.write(workload, scripts.decisions.WORKLOADS[workload].make(size), tmp_path)
    published = scripts.own.publish(tmp_path)

    found = list(scripts.decisions.measured(workload, size, "policyengine", options))

    assert {"publish_s", "publish_mb"} == published.keys()
    assert [(name, 0, 50) for name in VARIANTS] == [(its["variant"], its["wrong"], its["checked"]) for its in found]


@pytest.mark.parametrize(("against", "size"), [("nodes", 10), ("versions", 2)])
def test_growth_is_measured(scripts, against, size):
    """So are generated values, and versions in a registry."""
    found = scripts.growth.MADE_HERE[against](size, SimpleNamespace(**SMALL))

    assert (0, 50) == (found["wrong"], found["checked"])
    assert 0 < found["ratio_min"] <= found["ratio"] <= found["ratio_max"]


def test_growth_does_not_measure_again_what_is_known(tmp_path):
    """A size of which there is a line is taken from it, and drawn."""
    line = {
        "workload": "w1", "size": 10, "engine": "policyengine", "variant": "decide", "ratio": 7.0, "ratio_min": 6.0,
        "ratio_max": 8.0, "median_us": 7.0, "by_hand_us": 1.0, "wrong": 0,
    }  # fmt: skip
    known = tmp_path / "known.jsonl"
    known.write_text(f"a table\n{json.dumps(line)}\n", "utf-8")
    picture = tmp_path / "growth.svg"

    found, _ = lines("growth.py", "rows", "--most=10", f"--known={known}", f"--plot={picture}")

    assert [{"growth": "rows", **line}] == found
    assert picture.read_text("utf-8").startswith("<svg")


@pytest.mark.parametrize("engine", PEERS)
def test_a_peer_answers_as_the_hand_written_function_does(engine):
    """In every workload, where it is installed."""
    try:
        version(engine)
    except PackageNotFoundError:
        pytest.skip(f"{engine} is not installed")

    (_, *found), _ = lines("decisions.py", "--rows=10", f"--engines={engine}")

    # JsonLogic computes in doubles: one of these amounts comes out a cent too high.
    wrong = [0, 0, 1] if engine == "panzi-json-logic" else [0, 0, 0]
    assert ["w1", "w2", "w3"] == [line["workload"] for line in found]
    assert wrong == [line["wrong"] for line in found]


def test_the_cost_of_a_shadow_is_measured():
    """Back to back and paced, against answers without one, and these against themselves."""
    command = [sys.executable, str(BENCHMARKS / "shadow.py"), "--rounds=1", "--seconds=0.01", "--sample=50%"]

    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = [json.loads(line) for line in said.splitlines()]

    assert ["back to back", "paced"] == [line["mode"] for line in found]
    for line in found:
        assert 0 < line["differing"] <= line["compared"] <= line["sampled"]
        assert all(0 < line[figure][name] for figure in ("median", "mean", "p99") for name in ("ratio", "noise"))


def test_wrong_answers_are_counted(scripts):
    """Until there are no more questions, or no more time."""
    wrong = scripts.measure.wrong

    assert {"wrong": 3, "checked": 250} == wrong(lambda question: question >= 3, range(250), 60)
    assert {"wrong": 0, "checked": 0} == wrong(lambda question: False, range(250), 0)
