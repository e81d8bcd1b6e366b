"""The benchmarks run, in the smallest form of each; how long anything takes is not looked at."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SMALL = ["--rounds=1", "--requests=20", "--check=50", "--seconds=0.01"]
FIELDS = {
    "workload", "size", "engine", "variant", "ratio", "ratio_min", "ratio_max", "p99_over_median", "wrong", "load_s",
    "memory_mb",
}  # fmt: skip
PEERS = ["zen-engine", "cel-expr-python", "common-expression-language", "cel-python", "panzi-json-logic", "rule-engine"]


def lines(script: str, *options: str) -> tuple[list[dict[str, Any]], list[str]]:
    """What a script prints as JSON, and the table after it."""
    command = [sys.executable, str(BENCHMARKS / script), *options, *SMALL]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [json.loads(line) for line in said if line.startswith("{")], [line for line in said if line and line[0] != "{"]


@pytest.mark.parametrize("workload", ["w1", "w2", "w3"])
def test_decisions_prints_its_measurements_and_a_table(workload):
    """A line for each of our variants, with right answers, and one for the hand-written function."""
    (about, *found), table = lines("decisions.py", workload, "--rows=10", "--engines=policyengine,hand-written")

    assert {"machine", "cores", "python", "day", "peers"} == about.keys()
    assert ["decide", "decider", "amount", "rationale", "id", "record", "decide"] == [line["variant"] for line in found]
    assert all(line.keys() > FIELDS for line in found)
    assert [(0, 50)] * 7 == [(line["wrong"], line["checked"]) for line in found]
    assert 1 + len(found) == len(table)


@pytest.mark.parametrize("against", [["rows", "--most=10"], ["nodes", "--most=10"], ["versions", "--most=1"]])
def test_growth_prints_its_measurements_and_draws_them(against, tmp_path):
    """Each is measured in its own way."""
    picture = tmp_path / "growth.svg"

    (found,), _ = lines("growth.py", *against, f"--plot={picture}")

    assert against[0] == found["growth"]
    assert (0, 50) == (found["wrong"], found["checked"])
    assert picture.read_text("utf-8").startswith("<svg")


def test_growth_does_not_measure_again_what_is_known(tmp_path):
    """A size of which there is a line is taken from it."""
    line = {
        "workload": "w1", "size": 10, "engine": "policyengine", "variant": "decide", "ratio": 7.0, "ratio_min": 6.0,
        "ratio_max": 8.0, "median_us": 7.0, "by_hand_us": 1.0, "wrong": 0,
    }  # fmt: skip
    known = tmp_path / "known.jsonl"
    known.write_text(f"a table\n{json.dumps(line)}\n", "utf-8")

    found, _ = lines("growth.py", "rows", "--most=10", f"--known={known}")

    assert [{"growth": "rows", **line}] == found


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


def test_wrong_answers_are_counted():
    """Until there are no more questions, or no more time."""
    spec = importlib.util.spec_from_file_location("measure", BENCHMARKS / "measure.py")
    assert spec is not None
    assert spec.loader is not None
    measure = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(measure)

    assert {"wrong": 3, "checked": 250} == measure.wrong(lambda question: question >= 3, range(250), 60)
    assert {"wrong": 0, "checked": 0} == measure.wrong(lambda question: False, range(250), 0)
