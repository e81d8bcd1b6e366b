"""`policyengine replay`: recorded decisions come out as they were, and what another version changes is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import policyengine as pe

AT = ("--at", "2026-06-01T00:00:00Z")


@pytest.fixture
def records(call: Any, chat: Path, tmp_path: Path) -> Path:
    """Three decisions of the bundle, and a line that could not be decided."""
    lines = ['{"plan": "team", "messages": 3000}', '{"plan": "free", "messages": 10}', '{"plan": "pro"}']
    asked = tmp_path / "asked.jsonl"
    asked.write_text("\n".join([*lines, '{"plan": "team", "messages": 0}']), encoding="utf-8")
    made = call("decide", chat, "monthly_bill", "--input", asked, *AT, "--format", "json")
    assert 1 == made.exit_code
    path = tmp_path / "records.jsonl"
    path.write_text(made.stdout, encoding="utf-8")
    return path


@pytest.fixture
def dearer(chat: Path, tmp_path: Path) -> Path:
    """Another version, in which messages cost twice as much."""
    folder = tmp_path / "dearer"
    folder.mkdir()
    text = (chat / "bundle.yaml").read_text(encoding="utf-8")
    assert "message: 2.50" in text
    (folder / "bundle.yaml").write_text(
        text.replace("message: 2.50", "message: 5").partition("\ntests:")[0], encoding="utf-8"
    )
    return folder


def test_decisions_of_the_same_version_come_out_as_they_were(call: Any, chat: Path, records: Path) -> None:
    result = call("replay", records, chat)

    assert (0, "3 decisions replayed, 0 came out otherwise, 1 without a decision left out\n") == (
        result.exit_code, result.output
    )  # fmt: skip


def test_compact_records_are_replayed_like_whole_ones(call: Any, chat: Path, dearer: Path, tmp_path: Path) -> None:
    decide = pe.load(chat).decider("monthly_bill")
    lines = [decide({"plan": "team", "messages": n}, at=AT[1]).compact_record() for n in (0, 3_000)]
    records = tmp_path / "compact.jsonl"
    records.write_text("\n".join(lines), encoding="utf-8")

    assert 0 == call("replay", records, chat).exit_code
    found = call("replay", records, "--with", dearer)
    assert 2 == found.exit_code
    assert "  amount: 22.5 -> 25\n" in found.output


def test_a_record_that_was_changed_is_found(call: Any, chat: Path, records: Path) -> None:
    """By its field, with what was recorded and what comes out."""
    records.write_text(records.read_text("utf-8").replace('"22.5"', '"22.4"', 1), encoding="utf-8")

    result = call("replay", records, chat)

    assert 2 == result.exit_code
    assert "  amount: 22.4 -> 22.5\n" in result.output
    assert "monthly_bill.amount: " in result.output
    assert result.output.endswith("3 decisions replayed, 1 came out otherwise, 1 without a decision left out\n")


def test_another_version_is_a_backtest(call: Any, records: Path, dearer: Path) -> None:
    result = call("replay", records, "--with", dearer)

    assert 2 == result.exit_code
    assert "  amount: 22.5 -> 25\n" in result.output
    assert "monthly_bill.amount: 42.5 -> 45 USD (+2.5 in 1 decision)" in result.output


def test_json_has_every_difference_and_the_sums(call: Any, records: Path, dearer: Path) -> None:
    result = call("replay", records, "--with", dearer, "--format", "json")
    *told, last = [json.loads(line) for line in result.stdout.splitlines()]

    assert [1, 4] == [line["line"] for line in told]  # the last one has the other price in its lines
    assert ("22.5", "25") == tuple(side["amount"] for side in told[0]["differences"]["outputs"])
    assert {"same": 1, "differ": 2, "left_out": 1} == {k: last[k] for k in ("same", "differ", "left_out")}
    assert ["USD", "42.5", "45"] == [last["sums"][0][k] for k in ("currency", "before", "after")]


def test_versions_are_found_in_a_registry(call: Any, chat: Path, records: Path, tmp_path: Path) -> None:
    registry = ("--registry", f"sqlite:{tmp_path}/r.db")
    assert 0 == call("publish", chat, *registry, "--actor", "ada").exit_code

    assert 0 == call("replay", records, *registry).exit_code


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "say by which version"),
        (("DEARER",), "which is not among the versions given"),
        (("DEARER", "--with", "DEARER"), "--with: it decides all records"),
    ],
)
def test_a_wrong_call_is_refused(call: Any, records: Path, dearer: Path, arguments: Any, message: str) -> None:
    result = call("replay", records, *(str(dearer) if each == "DEARER" else each for each in arguments))

    assert 1 == result.exit_code
    assert message in result.output


def test_a_line_that_is_no_record_is_refused_by_its_number(call: Any, chat: Path, tmp_path: Path) -> None:
    for text, message in (('{"a": 1}', "line 1: policy: is missing"), ("[1]", "line 1"), ("{", "line 1")):
        (tmp_path / "r.jsonl").write_text(text, encoding="utf-8")
        result = call("replay", tmp_path / "r.jsonl", chat)
        assert 1 == result.exit_code
        assert message in result.output


def test_what_is_no_record_is_named_in_a_backtest_as_well(call: Any, dearer: Path, tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text('{"policy": {"digest": "sha256:0"}}\n')

    result = call("replay", tmp_path / "r.jsonl", "--with", dearer)

    assert (1, "error: line 1: decision: is missing: this is no record of a decision\n") == (
        result.exit_code, result.output
    )  # fmt: skip
