"""A file of recorded usage decided by two versions: in stretches, by as many processes as are wanted."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from policyengine.analysis.diff.rating.rater import Grouping, Rater, UnreadableLine
from policyengine.analysis.diff.rating.tally import Tally
from policyengine.analysis.diff.rating.usage import Chunk, Defaults, chunks
from policyengine.runtime.artifacts import program_json
from policyengine.runtime.engine import Policy
from policyengine.runtime.program import Program

CHUNK_BYTES = 2 * 1024 * 1024
Progress = Callable[[int], None]
"""Told how many more bytes of the usage have been decided."""

_rater: Rater | None = None
"""That of a worker process."""


def rerated(
    before: Program, after: Program, path: Path, defaults: Defaults, grouping: Grouping, processes: int, told: Progress
) -> Tally:
    """What a file of usage comes to under two versions. Raises InvalidInput where a line cannot be read."""
    stretches = chunks(path, CHUNK_BYTES)
    found = Tally()
    if processes < 2 or len(stretches) < 2:
        rater = Rater(Policy(before), Policy(after), defaults, grouping)
        for stretch in stretches:
            _merge(found, _counted(rater, stretch), told, stretch)
        return found
    programs = (program_json.to_json(before), program_json.to_json(after))
    with ProcessPoolExecutor(processes, initializer=_start, initargs=(programs, defaults, grouping)) as pool:
        for stretch, its in zip(stretches, pool.map(_work, stretches), strict=True):
            _merge(found, its, told, stretch)
    return found


def _merge(found: Tally, its: Tally | UnreadableLine, told: Progress, stretch: Chunk) -> None:
    """Stretches are merged in their order, so that lines have their numbers in the file."""
    if isinstance(its, UnreadableLine):
        raise UnreadableLine(found.lines + its.number, its.reason)
    found.merge(its)
    told(stretch.end - stretch.start)


def _counted(rater: Rater, stretch: Chunk) -> Tally | UnreadableLine:
    try:
        found = rater.tally(stretch.lines())
    except UnreadableLine as fault:
        return fault
    found.lines = stretch.count()
    return found


def _start(programs: tuple[bytes, bytes], defaults: Defaults, grouping: Grouping) -> None:
    global _rater
    before, after = (Policy(program_json.from_json(data)) for data in programs)
    _rater = Rater(before, after, defaults, grouping)


def _work(stretch: Chunk) -> Tally | UnreadableLine:
    assert _rater is not None
    return _counted(_rater, stretch)
