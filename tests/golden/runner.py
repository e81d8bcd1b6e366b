"""Runs case files and says what passed, failed and was left out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from golden import asking, case_files
from golden.asking import LeftOut
from golden.case_files import Case
from golden.compare import differences
from golden.translate import TRANSLATORS

Status = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one case; `lines` say how it differs, or why it was left out."""

    id: str
    status: Status
    lines: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n    ".join((f"{self.status} {self.id}", *self.lines))


def run(case: Case) -> Result:
    """Translate one case, let the engine answer, compare."""
    translate = TRANSLATORS.get(case.kind)
    if translate is None:
        return Result(case.id, "skipped", (f"no translator for cases of kind `{case.kind}`",))
    try:
        found = asking.found(translate(case.given))
    except LeftOut as reason:
        return Result(case.id, "skipped", (str(reason),))
    except Exception as fault:  # a translator that trips over one case must not hide the others
        return Result(case.id, "failed", (f"{type(fault).__name__}: {fault}",))
    lines = tuple(differences(case.expected, found))
    return Result(case.id, "failed" if lines else "passed", lines)


def run_files(paths: Iterable[Path]) -> Iterator[Result]:
    """Every case of these files, in order."""
    for path in paths:
        yield from map(run, case_files.read(path))


def summary(results: Sequence[Result]) -> str:
    """`N passed, N failed, N skipped`."""
    statuses = [result.status for result in results]
    return ", ".join(f"{statuses.count(status)} {status}" for status in ("passed", "failed", "skipped"))


def questions(case: Case) -> Iterator[str]:
    """The bundles and facts with which a case's translator asks: what to look at when it fails."""
    translation = TRANSLATORS[case.kind](case.given)
    try:
        ask = next(translation)
        while True:
            yield f"{ask.bundle}\n# decide {ask.decide}: {dict(ask.input)}\n"
            ask = translation.send(asking.answer(ask))
    except StopIteration:
        return


def main(arguments: Sequence[str]) -> int:
    """The command: prints what did not pass, then the counts; 1 if anything failed."""
    parser = argparse.ArgumentParser("python -m tests.golden", description="Answer case files with our own rules.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--show", metavar="ID", help="print how the cases whose id has this text are asked, instead")
    options = parser.parse_args(arguments)
    if options.show is not None:
        for case in (case for path in options.files for case in case_files.read(path) if options.show in case.id):
            sys.stdout.writelines(questions(case))
        return 0
    results = list(run_files(options.files))
    for result in results:
        if result.status != "passed":
            sys.stdout.write(f"{result}\n")
    sys.stdout.write(f"{summary(results)}\n")
    return 1 if any(result.status == "failed" for result in results) else 0
