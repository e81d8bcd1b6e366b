"""`policyengine eval`: a value or a type, in two formats, and the exit codes."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from click.testing import CliRunner

from policyengine.cli import cli


def run(*arguments: str):
    return CliRunner().invoke(cli, ["eval", *arguments])


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("1 + 2.50", "3.5"),
        ('["a", null, true, 1h, int]', '["a", null, true, duration("3600s"), int]'),
        ('{"a": b"x", 1: date("2026-01-31")}', '{"a": base64.decode("eA=="), 1: date("2026-01-31")}'),
        ("timestamp(0)", 'timestamp("1970-01-01T00:00:00Z")'),
        ("1e30 * 1e3", "1" + "0" * 33),
    ],
)
def test_a_value_is_shown_as_it_could_be_written(expression, shown):
    """The answer could stand in an expression again."""
    done = run(expression)

    assert shown + "\n" == done.output
    assert 0 == done.exit_code


def test_json_keeps_every_digit():
    """Numbers are JSON numbers with all their digits, keys are texts."""
    done = run("{'a': [0.1, 1], 1: timestamp(0), 'b': b'x', 'c': null}", "--format", "json")

    expected = {"a": [Decimal("0.1"), 1], "1": "1970-01-01T00:00:00Z", "b": "eA==", "c": None}
    assert expected == json.loads(done.output, parse_float=Decimal)


def test_variables_and_declarations():
    """Facts come as for `decide`, types in the words of a bundle."""
    facts = ("--input", '{"tokens": 2500}')
    declared = ("--declare", "tokens=int token")

    assert "250.0" not in run("tokens / 10", *facts).output
    assert "250\n" == run("tokens / 10", *facts).output
    assert "7.5\n" == run("tokens * (3 USD / 1_000 token)", *declared, *facts).output
    assert "int token\n" == run("tokens + 1 token", *declared, "--type").output
    assert "2\n" == run("x", "--container", "a", "--input", '{"a.x": 2, "x": 1}').output


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["1 +"], 3, "E001"),
        (["true + 1"], 3, "T003"),
        (["1 / 0"], 1, "division by zero"),
        (["x", "--input", '{"x": }'], 1, "not JSON"),
        (["x", "--declare", "x"], 1, "NAME=TYPE"),
    ],
)
def test_mistakes_have_their_exit_codes(capsys, arguments, code, words):
    """3 where it cannot be compiled, 1 where the input or the call is wrong, or there is no answer."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["eval", *arguments])

    assert code == ended.value.code
    assert words in capsys.readouterr().err
