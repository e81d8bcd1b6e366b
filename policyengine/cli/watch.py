"""Running a command again whenever a file of a bundle changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click

INTERVAL_SECONDS = 0.3
SUFFIXES = (".yaml", ".csv")

Fingerprint = frozenset[tuple[str, int, int]]


def watched(bundles: Sequence[Path], again: bool, run: Callable[[], int]) -> int:
    """The exit code of one run, or of the last one before Ctrl-C when it is to be repeated on every change."""
    if not again:
        return run()
    code = 0
    try:
        for _ in changes(bundles, lambda: time.sleep(INTERVAL_SECONDS)):
            click.clear()
            code = run()
            click.echo(click.style("\nwaiting for changes; Ctrl-C ends", dim=True))
    except KeyboardInterrupt:
        click.echo()
    return code


def changes(bundles: Sequence[Path], wait: Callable[[], None]) -> Iterator[Fingerprint]:
    """What the files look like at the start and after every change; `wait` is called between two looks."""
    last: Fingerprint | None = None
    while True:
        now = fingerprint(bundles)
        if now != last:
            last = now
            yield now
        else:
            wait()


def fingerprint(bundles: Sequence[Path]) -> Fingerprint:
    """Name, size and time of change of every file that the bundles are made of."""
    return frozenset(_seen(file) for bundle in bundles for file in _files(bundle))


def _files(bundle: Path) -> Iterator[Path]:
    folder = bundle if bundle.is_dir() else bundle.parent
    yield from (file for file in folder.rglob("*") if file.suffix in SUFFIXES)


def _seen(file: Path) -> tuple[str, int, int]:
    try:
        status = file.stat()
    except OSError:  # an editor replaces a file by deleting it first
        return str(file), 0, 0
    return str(file), status.st_size, status.st_mtime_ns
