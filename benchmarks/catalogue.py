"""How long the bundle `policies/llm-catalog` takes: to check, to load when it is compiled, and to decide.

    python benchmarks/catalogue.py

Prints one JSON line for each, with the limit that it has to keep, and exits with 1 if one does not. Times are those of
the process, so that others on the machine count as little as they can; each is the best of `ROUNDS`.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from policyengine.compiler.pipeline import compile_path
from policyengine.runtime.artifacts.program_json import from_json, to_json
from policyengine.runtime.engine import Policy

BUNDLE = Path(__file__).resolve().parents[1] / "policies" / "llm-catalog"
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
ROUNDS = 5
CALLS = 5_000

CHECK_SECONDS = 3.0
LOAD_SECONDS = 0.3
DECISION_SECONDS = 10e-6

FACTS: dict[str, dict[str, Any]] = {
    "a chat": {
        "call": {"provider": "openai", "model": "gpt-4o"},
        "usage": {"input_tokens": 1_000, "cache_read_tokens": 100, "output_tokens": 200},
    },
    "a long context": {
        "call": {"provider": "google", "model": "gemini-2.5-pro"},
        "usage": {"input_tokens": 250_000, "output_tokens": 1_000},
    },
    "by night": {
        "call": {"provider": "deepseek", "model": "deepseek-chat"},
        "usage": {"input_tokens": 1_000, "output_tokens": 200},
    },
    "speech": {
        "call": {"provider": "openai", "model": "gpt-realtime"},
        "usage": {
            "input_tokens": 3_000,
            "input_audio_tokens": 2_000,
            "cache_read_tokens": 1_500,
            "cache_audio_read_tokens": 500,
            "output_tokens": 700,
            "output_audio_tokens": 600,
        },
    },
}


def seconds(action: Callable[[], object], repeat: int = 1) -> float:
    """The best time of one action, over `ROUNDS` of so many."""
    best = float("inf")
    for _ in range(ROUNDS):
        gc.collect()
        start = time.process_time()
        for _ in range(repeat):
            action()
        best = min(best, (time.process_time() - start) / repeat)
    return best


def said(what: str, found: float, limit: float | None = None, **more: object) -> bool:
    """Print one measurement; whether it keeps its limit."""
    kept = limit is None or found <= limit
    line = {"what": what, "seconds": float(f"{found:.3g}"), **more}
    print(json.dumps(line if limit is None else {**line, "limit": limit, "kept": kept}))
    return kept


def main() -> int:
    """Measure everything, and say whether all limits are kept."""
    compiled = compile_path(BUNDLE)
    rows = sum(len(table.ids) for table in compiled.program.tables.values())
    kept = [said("check", seconds(lambda: compile_path(BUNDLE)), CHECK_SECONDS, rows=rows)]
    data = to_json(compiled.program)
    kept.append(said("load", seconds(lambda: Policy(from_json(data))), LOAD_SECONDS, bytes=len(data)))

    def first() -> None:
        Policy(from_json(data)).decide("price_call", FACTS["a chat"], at=AT)

    said("load and the first decision", seconds(first))
    policy = Policy(from_json(data))
    for name, facts in FACTS.items():
        one = seconds(lambda facts=facts: policy.decide("price_call", facts, at=AT), CALLS)  # type: ignore[misc]
        kept.append(said(f"a decision: {name}", one, DECISION_SECONDS))
    chat = FACTS["a chat"]
    said("with its amount", seconds(lambda: policy.decide("price_call", chat, at=AT).outputs["amount"], CALLS))
    said("with its lines", seconds(lambda: policy.decide("price_call", chat, at=AT).outputs["lines"], 20))
    said("with its reasons", seconds(lambda: policy.decide("price_call", chat, at=AT).rationale, 20))
    for name in ("gpt-4o", "gemini-2.5-pro-002", "gpt-6-sol-2026-01-05"):
        found = seconds(lambda name=name: policy.decide("find_model", {"asked": {"name": name}}), 500)  # type: ignore[misc]
        said("a model by its name", found, name=name)
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
