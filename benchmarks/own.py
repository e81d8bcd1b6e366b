"""The engine itself, as an application uses it: a bundle is published as an artifact, loaded, and asked."""

from __future__ import annotations

import time
from importlib import import_module
from pathlib import Path
from typing import Any

from measure import Loop, loop, peak_mb
from workloads.data import Row

ARTIFACT = "bundle.policy"
QUESTION = "facts, tenant, at"
VARIANTS = {
    "decide": "policy.decide(NAME, facts, tenant=tenant, at=at)",
    "decider": "decide(facts, tenant, at)",
    "amount": "d = decide(facts, tenant, at); READ",
    "rationale": "d = decide(facts, tenant, at); d.rationale",
    "all": "d = decide(facts, tenant, at); dict(d.outputs); d.rationale",
    "id": "d = decide(facts, tenant, at, 'e'); READ; d.id",
    "compact": "d = decide(facts, tenant, at, 'e'); d.compact_record()",
    "record": "d = decide(facts, tenant, at, 'e'); d.record()",
}
"""What is measured, each in the words of a caller; `decide` alone is `policy.decider(NAME)`."""
AMOUNT = {"w1": "outputs['amount']"}
"""What an application reads at once; in the others, all outputs."""


def write(workload: str, policy: Row, folder: Path) -> None:
    """Write the bundle below a folder."""
    _module(workload).write(policy, folder / "bundle")


def publish(folder: Path) -> Row:
    """Compile the bundle to its artifact; the processor's time, and the most memory of this process."""
    from policyengine import __version__
    from policyengine.compiler.pipeline import compile_path
    from policyengine.runtime.artifacts import artifact

    begun = time.process_time()
    compiled = compile_path(folder / "bundle")
    (folder / ARTIFACT).write_bytes(artifact.write(compiled.program, compiled.sources, __version__))
    return {"publish_s": round(time.process_time() - begun, 3), "publish_mb": round(peak_mb())}


def imported(workload: str) -> None:
    """Import all that a load needs."""
    for name in ("policyengine.runtime.artifacts.artifact", "policyengine.runtime.engine"):
        import_module(name)
    _module(workload)


class Engine:
    """A loaded artifact; all that a caller would write to ask it."""

    def __init__(self, workload: str, folder: Path) -> None:
        import policyengine as pe

        self.module = _module(workload)
        self.policy = pe.load(folder / ARTIFACT)
        self.decide = self.policy.decider(self.module.DECISION)
        self.read = AMOUNT.get(workload)

    def questions(self, requests: list[Row]) -> list[tuple[Any, ...]]:
        """The requests as facts, tenant and instant."""
        return [self.module.asked(request) for request in requests]

    def is_right(self, request: Row, answer: Row) -> bool:
        """Whether it answers as the hand-written function does."""
        return bool(self.module.same(self.decide(*self.module.asked(request)).outputs, answer))

    def variants(self, names: str) -> dict[str, Loop]:
        """The loops of some variants, listed with commas."""
        read = f"d.{self.read}" if self.read else "dict(d.outputs)"
        scope = {"policy": self.policy, "decide": self.decide, "NAME": self.module.DECISION}
        return {name: loop(VARIANTS[name].replace("READ", read), QUESTION, **scope) for name in names.split(",")}


def _module(workload: str) -> Any:
    return import_module(f"workloads.{workload}")
