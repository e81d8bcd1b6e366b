"""`policyengine changelog`: a person's sentence, then what changed, with a star where an amount can change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
SECTION = """\
## [1.4.0] - 2027-01-01

Large calls cost more; small ones less.

- ★ price raised: `free_calls.team` from `10_000` to `8_000`
- ★ guard loosened: `review_above` from `500` to `600`
- ★ price raised: `price.large.each` from `2.00` to `2.20`

- ★ price lowered: `price.small.each` from `0.40` to `0.36`
"""


@pytest.fixture
def asked() -> tuple[str, ...]:
    told = ("--message", "Large calls cost more; small ones less.", "--date", "2027-01-01")
    return ("changelog", str(EXAMPLES / "prices-2026"), str(EXAMPLES / "prices-2027"), *told)


def test_a_section(call: Any, asked: tuple[str, ...]) -> None:
    result = call(*asked)

    assert (0, SECTION) == (result.exit_code, result.output)


def test_it_is_put_before_the_others(call: Any, asked: tuple[str, ...], tmp_path: Path) -> None:
    """What the file says otherwise stays; a version that has a section is refused, and nothing is written."""
    file = tmp_path / "CHANGELOG.md"
    file.write_text("# Prices\n\nWhat they were.\n\n## [1.3.0]\n\nThe first.\n", encoding="utf-8")

    assert 0 == call(*asked, "--into", file).exit_code
    whole = f"# Prices\n\nWhat they were.\n\n{SECTION}\n## [1.3.0]\n\nThe first.\n"
    assert whole == file.read_text("utf-8")
    again = call(*asked, "--into", file)
    assert 1 == again.exit_code
    assert "there is a section of 1.4.0 already" in again.output
    assert whole == file.read_text("utf-8")


def test_a_file_that_is_not_there_is_made(call: Any, asked: tuple[str, ...], tmp_path: Path) -> None:
    assert 0 == call(*asked, "--into", tmp_path / "new.md").exit_code
    assert f"# Changelog\n\n{SECTION}" == (tmp_path / "new.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--date", "soon"), "`soon` is not a date"),
        (("--message", " "), "say in a sentence"),
    ],
)
def test_a_wrong_call_is_refused(call: Any, asked: tuple[str, ...], more: tuple[str, ...], message: str) -> None:
    result = call(*asked, *more)

    assert 1 == result.exit_code
    assert message in result.output


def test_equal_versions_have_nothing_to_tell(call: Any, asked: tuple[str, ...]) -> None:
    result = call("changelog", asked[1], asked[1], "-m", "Nothing.")

    assert 1 == result.exit_code
    assert "there is nothing to tell" in result.output


def test_what_an_author_writes_is_shown_as_text(call: Any, tmp_path: Path) -> None:
    """Words of a bundle cannot end the code in which they stand."""
    for name, fee in (("a", '"x` y"'), ("b", '"z | `` w"')):
        (tmp_path / name).mkdir()
        (tmp_path / name / "bundle.yaml").write_text(
            "policyengine: 1\nbundle: sample\nversion: 1.0.0\ncurrency: USD\ntimezone: UTC\n"
            f"parameters: {{word: {{type: string, value: {fee}}}}}\n", encoding="utf-8"
        )  # fmt: skip
    result = call("changelog", tmp_path / "a", tmp_path / "b", "-m", "Words.")

    assert 0 == result.exit_code
    assert "`` " in result.output
