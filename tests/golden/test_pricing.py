"""Amounts that other systems publish, for the same prices, are ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from golden.case_files import Case, read
from golden.runner import Result, run, run_files

CASES = Path(__file__).parent / "cases"
HERE = read(CASES / "pricing.json")
OPTIONS = read(CASES / "pricing_options.json")
SHARED = Path(__file__).parents[3] / "shared" / "cases" / "pricing_cases.json"
is_shared = pytest.mark.skipif(not SHARED.exists(), reason="the shared case files lie outside of this repository")

NAMES_OF_OTHERS = ("model.charges.", "input.usage[].dims.")
"""Fields below these are named by the case: names of charges and of dimensions."""

# Shared cases that do not pass yet. This list only ever shrinks.
NOT_YET: frozenset[str] = frozenset()


@pytest.mark.parametrize("case", HERE, ids=lambda case: case.id)
def test_a_published_amount_is_ours(case: Case):
    """One case of every kind, field and option of a price that occurs."""
    assert Result(case.id, "passed") == run(case)


@pytest.mark.parametrize("case", OPTIONS, ids=lambda case: case.id)
def test_an_option_means_what_the_case_files_say(case: Case):
    """Options side by side that no published case combines; the amounts are worked out by hand."""
    assert Result(case.id, "passed") == run(case)


@is_shared
def test_all_shared_cases_pass_but_those_that_we_know():
    """What fails is listed by its name, so that nothing is lost and nothing is forgotten on the list."""
    assert NOT_YET == {result.id for result in run_files([SHARED]) if result.status == "failed"}


@is_shared
def test_hardly_any_shared_case_is_left_out():
    """At most one in twenty."""
    skipped = [result.id for result in run_files([SHARED]) if result.status == "skipped"]

    assert len(skipped) * 20 <= len(read(SHARED))


def words_of(kind: str, part: object, path: str) -> Iterator[tuple[str, str, str]]:
    """Every (kind, field, word) of a case: true, false and null are words too; names of keys in a mapping are not."""
    match part:
        case dict():
            for key, value in part.items():
                yield from words_of(kind, value, f"{path}.{key}")
        case list():
            for value in part:
                yield from words_of(kind, value, f"{path}[]")
        case _:
            yield kind, path, part if isinstance(part, str) else json.dumps(part)


@is_shared
def test_every_field_and_word_is_in_our_cases():
    """What the field list names occurs in a case that is always run."""
    listed = json.loads((SHARED.parent / "fields.json").read_text(encoding="utf-8"))["pricing"]
    ours = [words for case in (*HERE, *OPTIONS) for words in words_of(case.kind, case.given, "")]
    fields = {(kind, path.removeprefix(".")) for kind, path, _ in ours}
    written = {(kind, path.removeprefix("."), word) for kind, path, word in ours}
    missing = [
        f"{kind}: {path} {word}"
        for kind, its in listed.items()
        for path, field in its.items()
        if path.startswith(("model.", "input.")) and "*" not in path and not path.startswith(NAMES_OF_OTHERS)
        for word in ["", *field.get("words", [])]
        if ((kind, path) not in fields if not word else (kind, path, word) not in written)
    ]

    assert [] == missing
