"""A simulated year of failing payments: no network's limit is ever exceeded."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

import policyengine as pe
from policyengine.compiler.pipeline import compile_texts

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def year() -> ModuleType:
    """The script, as a module."""
    spec = importlib.util.spec_from_file_location("failing_payments", ROOT / "benchmarks" / "failing_payments.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = found
    spec.loader.exec_module(found)
    return found


def test_a_few_payments_keep_the_limits(year):
    """And the same seed gives the same year."""
    first, again = year.simulate(300, 7), year.simulate(300, 7)

    assert [] == first.breaches
    assert first == again


@pytest.mark.slow
def test_many_payments_keep_the_limits(year):
    """Each limit is met by some payment, and none is exceeded."""
    found = year.simulate(10_000, 2026)

    assert [] == found.breaches
    assert {"visa_30_days", "mastercard_24_hours", "mastercard_30_days", "within", "attempts"} < found.ended.keys()


def test_a_policy_without_limits_is_found_out(year, monkeypatch):
    """The count of the simulation is its own: it sees what a policy without budgets would do."""
    texts: dict[str, str | bytes] = {p.name: p.read_text(encoding="utf-8") for p in year.BUNDLE.glob("*.yaml")}
    recovery = str(texts["recovery.yaml"])
    begin, end = recovery.index("    budgets:\n"), recovery.index("    finally: suspend\n")
    texts |= {"recovery.yaml": recovery[:begin] + recovery[end:], "contracts.yaml": year.CONTRACTS}
    loose = pe.Policy(compile_texts({name: text for name, text in texts.items() if name != "tests.yaml"}).program)
    monkeypatch.setattr(year, "policy", lambda: loose)

    assert {"visa: 20 reattempts in 30 days", "mastercard: 10 declines in 24 hours"} <= {
        text.partition(": ")[2] for text in year.simulate(1_500, 7).breaches
    }


def test_the_plot_is_that_of_the_documents(year):
    """Its shape: a bar for each of the first attempts, and a line."""
    drawn = (ROOT / "docs" / "recovery.svg").read_text(encoding="utf-8")

    assert year.SHOWN == drawn.count('class="bar"')
    assert year.SHOWN == year.plot(year.simulate(50, 7), 50).count('class="bar"')
