"""What publishing, loading and starting cost, in time and in memory, beside the bounds that they are meant to keep.

    python benchmarks/publish.py [publish load graph import help] [--rows 100000] [--rounds 7]

Prints one JSON line a measurement and a table at the end. Each is made in a process of its own, `--rounds` times:

- `publish`: a bundle of YAML and CSV is compiled and written as an artifact, after the compiler is imported. `flat`
  has one line a price, `tiers` one a tier (300,000 for 100,000 prices), and contracts for a tenth of the prices;
- `load`: the artifact is loaded, after the runtime is imported; `first` also decides once, for which indexes are made;
- `graph`: 1,000 values that read one another are compiled, with their types checked;
- `import`: `import policyengine`, and the same with the runtime that `policyengine.Policy` brings;
- `help`: `policyengine --help` as a whole.

`seconds` are those of the processor, least and median of the rounds; what else the machine does makes them larger, at
times by half. `ratio` is the median of the rounds' ratios to the work named as `beside`, done right before in a process
of its own: reading the same CSV files with the `csv` module, reading the same YAML with PyYAML, or importing the
modules of the standard library that such a program needs. `memory_mb` is the most that the process has had; of `load`,
what it has had above an interpreter that does nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1])]

Measure = Callable[[Path], float]
MEMORY = 'int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) / 1024'
"""The most memory that the program has had, in MB, as Linux counts it."""
STANDARD = "import dataclasses, datetime, decimal, enum, hashlib, json, re, typing, zipfile"
PROGRAMS = {
    "nothing": ["-c", f"print({MEMORY})"],
    "standard": ["-c", STANDARD],
    "package": ["-c", "import policyengine"],
    "runtime": ["-c", "import policyengine; policyengine.Policy"],
    "click": ["-c", "import click"],
    "help": ["-m", "policyengine", "--help"],
}
"""What is measured as a whole process, by what follows `python`."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One line of the table: the work, the work beside it, and its bounds (None where there is none)."""

    name: str
    work: str
    beside: str
    bundle: str = ""
    seconds_max: float | None = None
    memory_max_mb: float | None = None
    is_above_nothing: bool = False
    """Whether what an interpreter takes that does nothing is subtracted: its time from programs, else its memory."""


MEASUREMENTS = {
    "publish": [
        Measurement("publish flat", "publish", "read_csv", "flat", 2.0, 250),
        Measurement("publish tiers", "publish", "read_csv", "tiers", 2.0, 250),
    ],
    "load": [
        Measurement("load flat", "load", "read_csv", "flat", 0.3, 70, True),
        Measurement("load tiers", "load", "read_csv", "tiers", 0.3, 70, True),
        Measurement("load tiers, first", "load_and_decide", "read_csv", "tiers", None, None, True),
    ],
    "graph": [Measurement("graph", "graph", "read_yaml", "graph", 0.150)],
    "import": [
        Measurement("import policyengine", "package", "standard", "", 0.030, None, True),
        Measurement("import runtime", "runtime", "standard", "", 0.030, None, True),
    ],
    "help": [Measurement("policyengine --help", "help", "click", "", 0.150)],
}


# ------------------------------------------------------------------------------------------------------- the bundles


def write_bundles(rows: int, folder: Path) -> None:
    """The bundles that are measured, each in a folder of its name, and their artifacts beside them."""
    from workloads import data, w1

    from policyengine import __version__
    from policyengine.compiler.pipeline import compile_path
    from policyengine.runtime.artifacts import artifact

    prices = data.prices(rows)
    w1.write(prices, folder / "tiers")
    w1.write_flat(prices, folder / "flat")
    (folder / "graph").mkdir()
    (folder / "graph" / "bundle.yaml").write_text(graph_bundle(1_000), "utf-8")
    for name in ("flat", "tiers"):
        compiled = compile_path(folder / name)
        (folder / name).with_suffix(".artifact").write_bytes(
            artifact.write(compiled.program, compiled.sources, __version__)
        )
    (folder / "request.json").write_text(json.dumps(data.calls(prices, 1)[0]), "utf-8")


def graph_bundle(nodes: int) -> str:
    """A bundle of so many values, each of which reads one or two before it."""
    lines = [
        "policyengine: 1",
        "bundle: graph",
        "version: 1.0.0",
        "currency: USD",
        "timezone: UTC",
        "inputs:",
        "  usage: {type: int token, min: 0, max: 1_000_000}",
        "  plan: {enum: [free, starter, pro]}",
        "values:",
        "  value_0: usage",
        "  value_1: usage * 2",
        "  value_2: 'plan == \"free\" ? usage : value_1'",
    ]
    forms = (
        "max(value_{near}, value_{far})",
        "'plan == \"pro\" ? value_{near} : value_{far}'",
        "'usage > {number} token ? value_{far} : min(usage + {number} token, value_{near})'",
        "min(value_{near}, value_{far} + {number} token)",
    )
    for number in range(3, nodes):
        near, far = number - 1 - number % 3, number // 2
        lines.append(f"  value_{number}: {forms[number % 4].format(near=near, far=far, number=number)}")
    lines += ["decisions:", f"  last: {{outputs: {{value: value_{nodes - 1}}}}}", ""]
    return "\n".join(lines)


# --------------------------------------------------------------------------------------- what a process of its own does


def publish(bundle: Path) -> float:
    """Seconds from the files of a bundle to the bytes of its artifact."""
    from policyengine import __version__
    from policyengine.compiler.pipeline import compile_path
    from policyengine.runtime.artifacts import artifact

    begun = time.process_time()
    compiled = compile_path(bundle)
    artifact.write(compiled.program, compiled.sources, __version__)
    return time.process_time() - begun


def load(bundle: Path) -> float:
    """Seconds from the artifact of a bundle to a policy."""
    import policyengine as pe
    from policyengine.runtime import engine as engine
    from policyengine.runtime.artifacts import artifact as artifact

    begun = time.process_time()
    pe.load(bundle.with_suffix(".artifact"))
    return time.process_time() - begun


def load_and_decide(bundle: Path) -> float:
    """Seconds from the artifact of a bundle to its first decision."""
    import policyengine as pe
    from policyengine.runtime import engine as engine
    from policyengine.runtime.artifacts import artifact as artifact

    request = json.loads((bundle.parent / "request.json").read_text("utf-8"))
    tenant = request.pop("tenant")
    begun = time.process_time()
    policy = pe.load(bundle.with_suffix(".artifact"))
    policy.decide("price_call", request, tenant=tenant, at=pe.Timestamp.parse("2026-07-01T00:00:00Z"))
    return time.process_time() - begun


def graph(bundle: Path) -> float:
    """Seconds from the text of a bundle without tables to its program."""
    from policyengine.compiler.pipeline import compile_texts

    texts: dict[str, str | bytes] = {"bundle.yaml": (bundle / "bundle.yaml").read_text("utf-8")}
    begun = time.process_time()
    compile_texts(texts)
    return time.process_time() - begun


def read_csv(bundle: Path) -> float:
    """Seconds in which the `csv` module reads the bundle's files of rows."""
    import csv

    begun = time.process_time()
    for file in sorted(bundle.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            for _ in csv.reader(lines):
                pass
    return time.process_time() - begun


def read_yaml(bundle: Path) -> float:
    """Seconds in which PyYAML reads the bundle's YAML."""
    import yaml

    text = (bundle / "bundle.yaml").read_text("utf-8")
    begun = time.process_time()
    yaml.safe_load(text)
    return time.process_time() - begun


WORKS: dict[str, Measure] = {
    work.__name__: work for work in (publish, load, load_and_decide, graph, read_csv, read_yaml)
}


# ----------------------------------------------------------------------------------------------------- the measurement


def taken(work: str, bundle: Path) -> tuple[float, float]:
    """Seconds and most memory in MB of some work, in a process of its own; of a program, its seconds as a whole."""
    command = PROGRAMS.get(work) or [str(HERE), "--one", work, "--bundle", str(bundle)]
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen([sys.executable, *command], stdout=out, cwd=bundle.parent, env=environment(bundle))
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{work} of {bundle.name} failed")
        out.seek(0)
        if work in PROGRAMS:
            return used.ru_utime + used.ru_stime, float(out.read()) if work == "nothing" else 0.0
        seconds, memory_mb = json.loads(out.read())
    return seconds, memory_mb


def environment(bundle: Path) -> dict[str, str]:
    """Modules are compiled once and kept, as where a package is installed, whatever this machine does otherwise."""
    kept = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPATH": str(HERE.parents[1]), "PYTHONPYCACHEPREFIX": str(bundle.parent / "bytecode")}


def measured(what: Measurement, folder: Path, rounds: int) -> dict[str, Any]:
    """One measurement, after a first run that only compiles the modules."""
    bundle = folder / (what.bundle or "graph")
    taken(what.work, bundle), taken(what.beside, bundle)
    is_program = what.work in PROGRAMS
    seconds, memory, ratios = [], [], []
    for _ in range(rounds):
        nothing_s, nothing_mb = taken("nothing", bundle) if what.is_above_nothing else (0.0, 0.0)
        less_s, less_mb = (nothing_s, 0.0) if is_program else (0.0, nothing_mb)
        beside_s, _ = taken(what.beside, bundle)
        own_s, own_mb = taken(what.work, bundle)
        seconds.append(own_s - less_s)
        memory.append(own_mb - less_mb)
        ratios.append(seconds[-1] / (beside_s - less_s))
    return {
        "measured": what.name,
        "seconds": round(min(seconds), 4),
        "median_seconds": round(statistics.median(seconds), 4),
        "seconds_max": what.seconds_max,
        "memory_mb": None if is_program else round(statistics.median(memory), 1),
        "memory_max_mb": what.memory_max_mb,
        "ratio": round(statistics.median(ratios), 2),
        "beside": what.beside,
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("names", nargs="*", help=f"{', '.join(MEASUREMENTS)}; all of them unless some are named")
    arguments.add_argument("--rows", type=int, default=100_000)
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--one", choices=WORKS, help=argparse.SUPPRESS)
    arguments.add_argument("--bundle", type=Path, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.one:
        print(json.dumps([WORKS[options.one](options.bundle), eval(MEMORY)]))
        return
    found = []
    with tempfile.TemporaryDirectory() as folder:
        write_bundles(options.rows, Path(folder))
        for name in options.names or MEASUREMENTS:
            for what in MEASUREMENTS[name]:
                found.append(measured(what, Path(folder), options.rounds))
                print(json.dumps(found[-1]), flush=True)
    print(f"\n{'':20}  {'seconds':>8} {'median':>8} {'bound':>7}  {'MB':>6} {'bound':>6}  {'ratio':>6}  beside")
    for line in found:
        bound, most = (f"{line[name] or '':>{width}}" for name, width in (("seconds_max", 7), ("memory_max_mb", 6)))
        times = f"{line['seconds']:8.3f} {line['median_seconds']:8.3f} {bound}"
        beside = f"{line['ratio']:6.2f}  {line['beside']}"
        print(f"{line['measured']:20}  {times}  {line['memory_mb'] or '':>6} {most}  {beside}")


if __name__ == "__main__":
    main()
