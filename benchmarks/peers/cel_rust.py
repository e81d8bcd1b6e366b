"""common-expression-language: CEL in Rust."""

from __future__ import annotations

from collections.abc import Sequence

import cel as engine

from peers import cel
from peers.cel_text import by_map


def compiled(text: str, names: Sequence[str]) -> cel.Run:
    return engine.compile(text).execute


WORKLOADS = {
    "w1": lambda policy: cel.PriceCall(policy, compiled, by_map),
    "w2": lambda policy: cel.MayUse(policy, compiled, by_map),
    "w3": lambda policy: cel.Bill(policy, compiled, by_map, 8),
}
