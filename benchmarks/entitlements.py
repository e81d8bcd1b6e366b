"""Entitlements of very many tenants: each with a dated limit of its own, from CSV, compiled, loaded and asked.

    python benchmarks/entitlements.py [TENANTS]

Writes a bundle with TENANTS overrides (1,000,000 unless told otherwise; a file of CSV holds 100,000), and prints one
JSON line for each step: seconds of the process, and the most memory that it has held so far. A million tenants need
several gigabytes while they are compiled; a service that loads the compiled program needs what the line `load` says.
"""

from __future__ import annotations

import gc
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from policyengine.compiler.pipeline import compile_path
from policyengine.runtime.artifacts.program_json import from_json, to_json
from policyengine.runtime.engine import Policy

TENANTS = 1_000_000
LINES_A_FILE = 100_000
CALLS = 20_000

BUNDLE = """\
policyengine: 1
bundle: many-tenants
version: 1.0.0
currency: USD
timezone: UTC
inputs:
  plan: {enum: [free, team]}
  used: {type: int token, min: 0}
  requested: {type: int token, min: 0}
parameters:
  token_limit:
    type: int token
    value: {plan: {free: 1_000, team: 50_000}}
    overridable: true
entitlements:
  tokens:
    limit: token_limit
    used: used
    requested: requested
    when_exceeded: block
    warn_at: 0.8
overrides:
"""


def written(folder: Path, tenants: int) -> None:
    """The bundle with its files of overrides; the tenant's number is in its limit, so that answers can be checked."""
    files = []
    for first in range(0, tenants, LINES_A_FILE):
        name = f"contracts-{first // LINES_A_FILE:03}.csv"
        lines = ["id,tenant,from,until,reason,name,key,column,value"]
        lines += [
            f"contract-{n},tenant-{n},2026-01-01,2027-01-01,contract {n},token_limit,team,,{100_000 + n}"
            for n in range(first, min(first + LINES_A_FILE, tenants))
        ]
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        files.append(f"  - {{file: {name}}}\n")
    (folder / "bundle.yaml").write_text(BUNDLE + "".join(files), encoding="utf-8")


def measured(what: str, action: Callable[[], Any], **more: object) -> Any:
    """The result of an action, after a line with what it took."""
    gc.collect()
    start = time.process_time()
    result = action()
    seconds = time.process_time() - start
    said(what, seconds=float(f"{seconds:.3g}"), **more)
    return result


def said(what: str, **more: object) -> None:
    print(json.dumps({"what": what, **more, "peak_megabytes": peak_megabytes()}), flush=True)


def peak_megabytes() -> int:
    """The most memory of this program alone; `getrusage` would count that of the process which has started it."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def ask(policy: Policy, tenants: int) -> None:
    """Decisions of tenants all over the list, each with its own limit; the time of a call at the median and above."""
    facts = {"plan": "team", "used": 99_000, "requested": 1_000}
    policy.decide("tokens", facts, tenant="tenant-0", at="2026-06-01T00:00:00Z")
    step = max(1, tenants // CALLS)
    times = []
    for n in range(0, tenants, step):
        start = time.perf_counter()
        decision = policy.decide("tokens", facts, tenant=f"tenant-{n}", at="2026-06-01T00:00:00Z")
        times.append(time.perf_counter() - start)
        assert n == decision.outputs["balance"], "each tenant has the limit of its own contract"
    times.sort()
    micro = {name: round(times[int(len(times) * share)] * 1e6, 1) for name, share in (("p50", 0.5), ("p99", 0.99))}
    said("ask", tenants=tenants, calls=len(times), microseconds=micro)


def load(path: Path, tenants: int) -> None:
    """What a service does: read the compiled program, make the policy, answer."""
    program = measured("load", lambda: from_json(path.read_bytes()), megabytes=path.stat().st_size // 1_000_000)
    ask(measured("ready", lambda: Policy(program)), tenants)


def compiled(folder: Path) -> Path:
    """Compile the bundle of a folder, and write its program down."""
    program = measured("compile", lambda: compile_path(folder).program)
    path = folder / "program.json"
    measured("artifact", lambda: path.write_bytes(to_json(program)))
    return path


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--load"]:
        load(Path(arguments[1]), int(arguments[2]))
        return 0
    tenants = int(arguments[0]) if arguments else TENANTS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measured("write", lambda: written(folder, tenants), tenants=tenants)
        path = compiled(folder)
        gc.collect()
        # In a process of its own, so that its memory is that of a service, which never compiles.
        command = [sys.executable, __file__, "--load", str(path), str(tenants)]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
