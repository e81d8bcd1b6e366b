"""`--watch`: again on every change of a file, and never without one."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

from policyengine.cli import watch


def test_it_runs_once_where_nothing_is_watched(tmp_path):
    """Without `--watch` there is one run and its exit code."""
    assert 3 == watch.watched([tmp_path], False, lambda: 3)


def test_each_change_is_seen_once(tmp_path: Path):
    """A file written, a file added, a file removed; looks between them see nothing."""
    bundle, table = tmp_path / "bundle.yaml", tmp_path / "prices.csv"
    bundle.write_text("a: 1")
    steps = iter(
        [
            lambda: None,
            lambda: (bundle.write_text("a: 2"), os.utime(bundle, (9, 9))),
            lambda: None,
            lambda: table.write_text("id"),
            lambda: (tmp_path / "notes.txt").write_text("no file of a bundle"),
            lambda: table.unlink(),
        ]
    )
    seen = list(islice(watch.changes([tmp_path], lambda: next(steps)()), 4))

    assert [1, 1, 2, 1] == [len(fingerprint) for fingerprint in seen]
    assert [] == list(steps)


def test_a_single_file_is_watched_with_its_tables(tmp_path: Path):
    """A bundle of one file reads the CSV files beside it."""
    (tmp_path / "one.yaml").write_text("a: 1")
    (tmp_path / "prices.csv").write_text("id")

    assert 2 == len(watch.fingerprint([tmp_path / "one.yaml"]))


def test_ctrl_c_ends_with_the_last_exit_code(tmp_path: Path, monkeypatch):
    """The verdict of the last run is the verdict."""

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(watch.time, "sleep", interrupt)

    assert 4 == watch.watched([tmp_path], True, lambda: 4)
