"""Versions of one bundle that are compared with each other, and how to wait until they were."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import policyengine as pe
from policyengine.registry import release
from policyengine.registry.release import Release
from policyengine.registry.shadow import Report

BUNDLE = """
policyengine: 1
bundle: tokens
version: {version}
currency: USD
timezone: UTC
inputs:
  used: {{type: int token, min: 0, max: 1_000}}
  plan: {{enum: [free, pro], default: pro}}
  note: {{type: string, default: "1"}}
parameters:
  rate: {{type: money / token, value: {{plan: {{free: 0.01, pro: {price}}}}}}}
decisions:
  bill:
    outputs:
      cost: used * rate
      fee: used * ({fee} EUR / 1 token)
      note: '{note}'
  other: {{outputs: {{used: used}}}}
"""


def made(version: str, price: str = "1", fee: str = "0.1", note: str = "1") -> Release:
    """A version that may be published."""
    return release.of_texts({"bundle.yaml": BUNDLE.format(version=version, price=price, fee=fee, note=note)}, "0.1.0")


def soon(condition: Callable[[], bool]) -> bool:
    """Whether it comes true within some seconds."""
    for _ in range(1_000):
        if condition():
            return True
        time.sleep(0.01)
    return False


def stalled(live: pe.LivePolicy) -> threading.Event:
    """What the shadowed version waits for from now on, before it answers `bill`."""
    candidate = live._watch._candidate
    assert candidate is not None
    decide, go_on = candidate.decider("bill"), threading.Event()

    def slow(*given: Any, **named: Any) -> pe.Decision:
        go_on.wait(60)
        return decide(*given, **named)

    candidate._deciders["bill"] = slow
    return go_on


def compared(live: pe.LivePolicy) -> Report:
    """The report of the shadow once everything that was sampled is compared or dropped."""

    def is_done() -> bool:
        found = live.shadow
        return found is not None and found.figures.compared + found.dropped >= found.sampled

    assert soon(is_done), str(live.shadow)
    found = live.shadow
    assert found is not None
    return found
