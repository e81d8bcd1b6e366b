"""How long it takes to import the package and to start the command, beside an interpreter that does nothing.

    python benchmarks/start.py [--rounds 15]

Prints one JSON line for each, in seconds of the processor: the median of rounds by turns, with the least and the
greatest. `runtime` imports all that loads an artifact and decides.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys

COMMANDS = {
    "interpreter": ["-c", "pass"],
    "import": ["-c", "import policyengine"],
    "runtime": ["-c", "import policyengine.runtime.artifacts.artifact, policyengine.runtime.engine"],
    "help": ["-m", "policyengine", "--help"],
}


ENVIRONMENT = {name: its for name, its in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""Every start but the first finds its modules compiled, as that of an installed package does."""


def worked() -> float:
    """The processor's seconds of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Start each so many times, by turns."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=15)
    options = arguments.parse_args()
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(options.rounds + 1):
        for name, command in COMMANDS.items():
            before = worked()
            subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
            taken[name].append(worked() - before)
    for name, seconds in taken.items():
        warm = seconds[1:]
        line = {"seconds": statistics.median(warm), "min": min(warm), "max": max(warm)}
        print(json.dumps({"start": name} | {key: round(its, 4) for key, its in line.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
