"""What `benchmarks/decisions.py` measures against has the data and answers that others were measured with before."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "bench"
FEW, MANY = 2_000, 100_000

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="there is no ../shared/bench to compare with")


@pytest.fixture(scope="module")
def sides() -> Iterator[tuple[SimpleNamespace, SimpleNamespace]]:
    """(make, ask, answer) by workload: ours, and the shared ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(SHARED))
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        before = set(sys.modules)
        data, hand = importlib.import_module("workloads.data"), importlib.import_module("workloads.hand")
        gen, shared = importlib.import_module("gen"), importlib.import_module("adapters.hand_python")
        yield (
            SimpleNamespace(
                w1=(data.prices, data.calls, hand.PriceCall),
                w2=(data.limits, data.asked, hand.MayUse),
                w3=(lambda size: data.subscription(), lambda policy, count: data.changes(count), hand.BillSubscription),
            ),
            SimpleNamespace(
                w1=(gen.w1_policy, gen.w1_requests, shared.W1),
                w2=(gen.w2_policy, gen.w2_requests, shared.W2),
                w3=(lambda size: gen.w3_policy(), lambda policy, count: gen.w3_requests(count), shared.W3),
            ),
        )
        for name in set(sys.modules) - before:
            if name.partition(".")[0] in ("workloads", "gen", "adapters"):
                del sys.modules[name]


def differences(sides: tuple[SimpleNamespace, SimpleNamespace], workload: str, size: int, count: int) -> list[Any]:
    """Where policy, requests or answers differ; a contract's `row`, which only our bundle needs, is left out."""
    (make, ask, ours), (shared_make, shared_ask, shared) = (getattr(side, workload) for side in sides)
    policy, shared_policy = make(size), shared_make(size)
    requests = ask(policy, count)
    if requests != shared_ask(shared_policy, count):
        return ["requests"]
    decide, shared_decide = ours(policy).decide, shared(shared_policy).decide
    found: list[Any] = [request for request in requests if decide(request) != shared_decide(request)]
    if workload == "w1":
        policy["overrides"] = [{k: v for k, v in row.items() if k != "row"} for row in policy["overrides"]]
    return found + [part for part in policy if policy[part] != shared_policy[part]]


@pytest.mark.parametrize("workload", ["w1", "w2", "w3"])
@pytest.mark.parametrize("size", [10, 1_000])
def test_data_and_answers_are_the_shared_ones(sides, workload, size):
    """Policy, requests and answers, in a few thousand requests."""
    assert [] == differences(sides, workload, size, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("workload", ["w1", "w2", "w3"])
def test_many_answers_are_the_shared_ones(sides, workload):
    """The same in 10^5 requests."""
    assert [] == differences(sides, workload, 1_000, MANY)
