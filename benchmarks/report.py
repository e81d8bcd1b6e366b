"""Put measurements into `docs/benchmarks.md`: its tables, between their markers, and `docs/growth.svg`.

    python benchmarks/report.py --measure [--full]     run the benchmarks, and write the page of what they find
    python benchmarks/report.py found.jsonl ...        write it of what they have printed
    python benchmarks/report.py                        write it of what was kept

What was found is kept in `benchmarks/results.jsonl`. Lines that are not JSON are passed over; of two of the same
measurement the later counts. An empty table says so.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import plot
import start
from workloads.data import Row

ROOT = Path(__file__).resolve().parents[1]
PAGE, PICTURE, KEPT = (
    ROOT / "docs" / "benchmarks.md",
    ROOT / "docs" / "growth.svg",
    ROOT / "benchmarks" / "results.jsonl",
)
OURS = "policyengine"
MARKERS = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
NOTHING = "Not measured.\n"

MILLION = ["--rows=1000", f"--engines={OURS}", "--variants=decide", "--check=1000000", "--check-seconds=900"]
SHORT: tuple[list[str], ...] = (
    ["decisions.py", "--seconds=0.2", "--check-seconds=0.8", "--peer-rows=1000"],
    ["growth.py", "--seconds=0.2", "--check-seconds=1"],
    ["start.py"],
)
FULL: tuple[list[str], ...] = (["decisions.py"], ["decisions.py", *MILLION], ["growth.py"], ["start.py"])
"""What is run in turn; what `decisions.py` has found is known to `growth.py`."""

Lines = Sequence[Row]


def measured(runs: Sequence[list[str]]) -> tuple[str, bool]:
    """What the benchmarks print, and whether all of them ended well."""
    text, is_well = "", True
    with tempfile.TemporaryDirectory() as folder:
        known = Path(folder) / "known.jsonl"
        for script, *options in runs:
            begun, worked = time.perf_counter(), start.worked()
            known.write_text(text, "utf-8")
            options += [f"--known={known}"] if script == "growth.py" else []
            command = [sys.executable, str(Path(__file__).with_name(script)), *options]
            said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
            text, is_well = text + said.stdout, is_well and said.returncode == 0
            took, worked = time.perf_counter() - begun, start.worked() - worked
            print(f"{script}: {took:.0f} s, of which the processor worked {worked:.0f} s", flush=True)
    return text, is_well


def rendered(page: str, lines: Lines) -> str:
    """The page with its tables made of the measurements."""
    return MARKERS.sub(lambda found: found[1] + TABLES[found[2]](lines) + found[3], page)


def read(text: str) -> list[Row]:
    """The measurements of a text; of two of the same thing, the later."""
    found: dict[object, Row] = {}
    for line in text.splitlines():
        if line.startswith("{"):
            row = json.loads(line)
            kind = [row.get(word) for word in ("growth", "start", "workload", "size", "engine", "variant")]
            found[tuple(kind)] = row
    return list(found.values())


# ------------------------------------------------------------------------------------------------------------ tables


def about(lines: Lines) -> str:
    """What it was measured on."""
    found = [line for line in lines if "machine" in line]
    if not found:
        return NOTHING
    on = found[-1]
    peers = ", ".join(f"{name} {version}" for name, version in on["peers"].items())
    return f"Measured on {on['day']}: {on['machine']}, {on['cores']} cores, Python {on['python']}; {peers}.\n"


def of_workload(name: str) -> Callable[[Lines], str]:
    """Our variants by size, then the other engines: the ratio with its least and greatest."""

    def table(lines: Lines) -> str:
        found = [line for line in lines if line.get("workload") == name and "growth" not in line]
        sizes = sorted({line["size"] for line in found})
        kinds = dict.fromkeys((line["engine"], line["variant"]) for line in found)
        head = ["engine", *(f"{size:,}" for size in sizes), "p99 / median", "wrong"]
        body = []
        for engine, variant in kinds:
            its = {line["size"]: line for line in found if (line["engine"], line["variant"]) == (engine, variant)}
            last = its[max(its)]
            cells = [_ratio(its[size]) if size in its else "" for size in sizes]
            title = f"**`{variant}`**" if engine == OURS else engine
            wrong, checked = (sum(line[word] for line in its.values()) for word in ("wrong", "checked"))
            tail = [f"{last['p99_over_median']:.1f}", f"{wrong:,} of {checked:,}"]
            body.append([title, *cells, *tail])
        return _table(head, body)

    return table


def loading(lines: Lines) -> str:
    """Seconds and memory to load, by workload and size, and what publishing took."""
    found = {
        (line["workload"], line["size"], line["engine"]): line
        for line in lines
        if "load_s" in line and "growth" not in line
    }
    body = []
    for (name, size, engine), line in found.items():
        published = [f"{line['publish_s']:.2f}", f"{line['publish_mb']:,}"] if "publish_s" in line else ["", ""]
        title = f"**{engine}**" if engine == OURS else engine
        body.append(
            [name.upper(), f"{size:,}", title, f"{line['load_s']:.3f}", f"{line['memory_mb']:,.0f}", *published]
        )
    return _table(["workload", "size", "engine", "load s", "load MB", "publish s", "publish MB"], body)


def growing(lines: Lines) -> str:
    """Ratio and microseconds against what grows."""
    words = {"rows": "W1 rows", "tenants": "W2 tenants", "nodes": "values", "versions": "versions"}
    found = [line for kind in words for line in lines if line.get("growth") == kind]
    body = [
        [
            words[line["growth"]], f"{line['size']:,}", _ratio(line), f"{line['median_us']:.2f}",
            f"{line['by_hand_us']:.2f}", f"{line['load_s'] if 'load_s' in line else line['compile_s']:.3f}",
        ]
        for line in found
    ]  # fmt: skip
    return _table(["against", "size", "ratio", "µs", "µs by hand", "load or compile s"], body)


def lost(lines: Lines) -> str:
    """Where the hand-written function is faster, the worst first."""
    found = [line for line in lines if line.get("engine") == OURS and "growth" not in line and line["ratio"] > 1]
    found.sort(key=lambda line: -line["ratio"])
    return _table(
        ["workload", "size", "variant", "ratio", "µs", "µs by hand"],
        [
            [
                line["workload"].upper(), f"{line['size']:,}", f"`{line['variant']}`", _ratio(line),
                f"{line['median_us']:.2f}", f"{line['by_hand_us']:.2f}",
            ]
            for line in found
        ],
    )  # fmt: skip


def goals(lines: Lines) -> str:
    """What was aimed at, and whether it is met."""
    body = []
    for goal, most, measure in GOALS:
        try:
            found = measure(lines)
        except LookupError:
            body.append([goal, f"{most:,g}", "", "not measured"])
            continue
        body.append([goal, f"{most:,g}", f"{found:,.3g}", "yes" if found <= most else "**no**"])
    return _table(["goal", "at most", "measured", "met"], body)


def _ratio(line: Row) -> str:
    return " ".join([_short(line["ratio"]), f"[{_short(line['ratio_min'])} to {_short(line['ratio_max'])}]"])


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    if not body:
        return NOTHING
    rows = [head, ["---"] * len(head), *body]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


# ------------------------------------------------------------------------------------------------------------- goals


def _one(lines: Lines, **wanted: object) -> Row:
    return next(iter(_all(lines, **wanted)))


def _all(lines: Lines, **wanted: object) -> list[Row]:
    found = [line for line in lines if all(line.get(key) == value for key, value in wanted.items())]
    if not found:
        raise LookupError(wanted)
    return found


def _of(name: str, size: int, variant: str, field: str = "ratio") -> Callable[[Lines], float]:
    wanted = {"workload": name, "size": size, "engine": OURS, "variant": variant, "growth": None}
    return lambda lines: float(_one(lines, **wanted)[field])


def _times_ten_rows(lines: Lines) -> float:
    return _of("w1", 100_000, "decide", "median_us")(lines) / _of("w1", 10, "decide", "median_us")(lines)


def _above_interpreter(lines: Lines) -> float:
    return float(1_000 * (_one(lines, start="runtime")["seconds"] - _one(lines, start="interpreter")["seconds"]))


GOALS: list[tuple[str, float, Callable[[Lines], float]]] = [
    ("W1, 1,000 rows, `decide`: ratio", 0.6, _of("w1", 1_000, "decide")),
    ("W1, 1,000 rows, `rationale`: ratio", 1.5, _of("w1", 1_000, "rationale")),
    ("W1, 1,000 rows, `all`: ratio", 1.5, _of("w1", 1_000, "all")),
    ("W1, 1,000 rows, `compact`: ratio", 1.1, _of("w1", 1_000, "compact")),
    ("W1, 1,000 rows, `record`: ratio", 1.1, _of("w1", 1_000, "record")),
    ("W1, 1,000 rows, `decide`: p99 / median", 2.5, _of("w1", 1_000, "decide", "p99_over_median")),
    ("W1, 100,000 rows, `decide`: ratio", 0.75, _of("w1", 100_000, "decide")),
    ("W1, 100,000 rows: times our own time at 10 rows", 4, _times_ten_rows),
    ("W2, 1,000,000 tenants, `decide`: ratio", 1.0, _of("w2", 1_000_000, "decide")),
    ("W3, `decide`: ratio", 0.3, _of("w3", 34, "decide")),
    ("W3, `rationale`: ratio", 1.1, _of("w3", 34, "rationale")),
    ("W3, `all`: ratio", 1.1, _of("w3", 34, "all")),
    ("publish 100,000 price rows from CSV: seconds", 2, _of("w1", 100_000, "decide", "publish_s")),
    ("publish 100,000 price rows from CSV: MB", 250, _of("w1", 100_000, "decide", "publish_mb")),
    ("load 100,000 price rows: seconds", 0.3, _of("w1", 100_000, "decide", "load_s")),
    ("load 100,000 price rows: MB", 70, _of("w1", 100_000, "decide", "memory_mb")),
    ("compile 1,000 values: ms", 150, lambda lines: 1_000 * _one(lines, growth="nodes", size=1_000)["compile_s"]),
    ("import the runtime: ms above the interpreter", 30, _above_interpreter),
    ("`policyengine --help`: ms", 150, lambda lines: 1_000 * _one(lines, start="help")["seconds"]),
    ("wrong answers", 0, lambda lines: max(line["wrong"] for line in _all(lines, engine=OURS))),
]

TABLES: dict[str, Callable[[Lines], str]] = {
    "about": about,
    "goals": goals,
    "w1": of_workload("w1"),
    "w2": of_workload("w2"),
    "w3": of_workload("w3"),
    "lost": lost,
    "loading": loading,
    "growth": growing,
}


def main() -> int:
    """Write the page, the picture and the measurements; 1 where a benchmark failed or an answer of ours was wrong."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("results", nargs="*", type=Path, help="what the benchmarks have printed")
    arguments.add_argument("--measure", action="store_true", help="run the benchmarks first")
    arguments.add_argument("--full", action="store_true", help="longer, and compare a million answers a workload")
    options = arguments.parse_args()
    if options.measure and options.results:
        arguments.error("--measure makes its own results")
    if options.full and not options.measure:
        arguments.error("--full says how to --measure")
    if options.measure:
        text, is_well = measured(FULL if options.full else SHORT)
    else:
        text, is_well = "\n".join(file.read_text("utf-8") for file in options.results or [KEPT]), True
    lines = read(text)
    KEPT.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    PAGE.write_text(rendered(PAGE.read_text("utf-8"), lines), "utf-8")
    grown = [line for line in lines if "growth" in line]
    if grown:
        PICTURE.write_text(plot.draw(grown), "utf-8")
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
