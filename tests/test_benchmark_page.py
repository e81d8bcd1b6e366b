"""The page of the benchmarks is made of the measurements that are kept beside it."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[1]
LINE = {
    "workload": "w1", "size": 1_000, "engine": "policyengine", "variant": "decide", "ratio": 0.5, "ratio_min": 0.4,
    "ratio_max": 12.345, "p99_over_median": 2.0, "median_us": 1.0, "by_hand_us": 2.0, "wrong": 0, "checked": 10,
    "load_s": 0.1, "memory_mb": 7.0, "publish_s": 1.5, "publish_mb": 90,
}  # fmt: skip


@pytest.fixture(scope="module")
def made() -> Iterator[SimpleNamespace]:
    """`report` and `plot`, as scripts beside them find them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        before = set(sys.modules)
        yield SimpleNamespace(report=importlib.import_module("report"), plot=importlib.import_module("plot"))
        for name in set(sys.modules) - before:
            if name.partition(".")[0] in ("report", "plot", "start", "workloads"):
                del sys.modules[name]


def test_the_tables_are_those_of_the_measurements(made):
    """Nothing between the markers is written by hand."""
    page, kept = made.report.PAGE.read_text("utf-8"), made.report.read(made.report.KEPT.read_text("utf-8"))

    assert page == made.report.rendered(page, kept)


def test_the_plot_is_that_of_the_measurements(made):
    """So is the picture."""
    kept = made.report.read(made.report.KEPT.read_text("utf-8"))

    assert made.report.PICTURE.read_text("utf-8") == made.plot.draw([line for line in kept if "growth" in line])


def test_a_measurement_shows_its_spread_and_its_wrong_answers(made):
    """Our variants are set apart from other engines."""
    theirs = {**LINE, "engine": "other", "variant": "decide", "ratio": 1234.0, "wrong": 3}

    table = made.report.TABLES["w1"]([LINE, theirs])

    assert "| **`decide`** | 0.50 [0.40 to 12.3] | 2.0 | 0 of 10 |\n" in table
    assert "| other | 1,234 [0.40 to 12.3] | 2.0 | 3 of 10 |\n" in table


def test_a_goal_that_is_missed_says_so(made):
    """And one that nothing was measured for is not met."""
    table = made.report.TABLES["goals"]([{**LINE, "ratio": 0.7}])

    assert "| W1, 1,000 rows, `decide`: ratio | 0.6 | 0.7 | **no** |\n" in table
    assert "| W3, `decide`: ratio | 0.3 |  | not measured |\n" in table


def test_the_later_of_two_measurements_counts(made):
    """What is no JSON is passed over."""
    text = f"some words\n{json.dumps(LINE)}\n{json.dumps({**LINE, 'ratio': 0.9})}\n"

    assert [0.9] == [line["ratio"] for line in made.report.read(text)]
