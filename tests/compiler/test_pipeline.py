"""The pipeline as a whole: all mistakes at once, one diagnostic each."""

from __future__ import annotations

import pytest
from bundles import MANIFEST, mistakes, policy

import policyengine as pe
from policyengine.compiler.pipeline import compile_texts
from policyengine.runtime.artifacts import program_json

FIVE = """inputs:
  tokens: {type: int token, min: 0}
  plan: {enum: [free, team]}
parameters:
  price: {type: money / token, value: {plan: {free: 0, teem: 1}}}
values:
  a: tokens + 5 USD
  b: tokns * 2
  c: plan == "gold"
charges:
  usage: {charge_model: per_unit, quantity: tokens - 10 token, unit_amount: 2}
"""


def test_five_mistakes_are_five_diagnostics() -> None:
    """Authors hear of everything at once, in the order of places."""
    assert [
        "T009 not_a_member",
        "T004 unit_mismatch",
        "T001 unknown_name",
        "T009 not_a_member",
        "B020 quantity_may_be_negative",
    ] == mistakes(FIVE)


def test_what_reads_a_broken_part_is_not_reported_too() -> None:
    """One mistake gives one diagnostic, however many rules read the broken one."""
    assert ["T001 unknown_name"] == mistakes("values: {a: nothing + 1, b: a + 1, c: a + b}\n")


def test_a_cycle_prints_its_path() -> None:
    """Values that read one another have no order; the circle is named."""
    with pytest.raises(pe.InvalidPolicy, match="a -> b -> c -> a"):
        policy("values: {a: b + 1, b: c + 1, c: a + 1, d: 5}\n")


def test_a_long_chain_of_values_is_no_problem() -> None:
    """5,000 values in line: ordered, compiled and evaluated without recursion."""
    body = "inputs: {first: {type: int, min: 0, max: 10}}\nvalues:\n  r0: first\n"
    body += "".join(f"  r{i}: r{i - 1} + 1\n" for i in range(1, 5000))

    assert 5002 == policy(body).decide("r4999", {"first": 3}).value


def test_a_name_defined_twice_shows_both_places() -> None:
    """All sections and inputs share one space of names."""
    assert ["B001 defined_twice"] == mistakes("inputs: {a: int}\nvalues: {a: 1}\n")


DIGEST = (
    "inputs: {count: {type: int, min: 0}}\n"
    "values: {v: 'count*2 + 1'}\n"
    "tables:\n  t:\n    when: {k: count}\n    then: {x: decimal}\n    file: t.csv\n    otherwise: {x: 0}\n"
)


def digest(body: str, csv: str) -> str:
    return compile_texts({"bundle.yaml": MANIFEST + body, "t.csv": csv}).program.source_digest


def test_layout_and_quotes_do_not_change_the_digest() -> None:
    """Comments, spaces in expressions and CSV quoting are not meaning."""
    other = DIGEST.replace("count*2 + 1", "count * 2+1").replace("inputs", "# facts\ninputs")

    assert digest(DIGEST, "k,x\n1,2\n") == digest(other, '"k","x"\n1,"2"\n')


def test_a_changed_number_changes_the_digest() -> None:
    """Whatever can change a decision changes the identity."""
    assert digest(DIGEST, "k,x\n1,2\n") != digest(DIGEST, "k,x\n1,3\n")
    assert digest(DIGEST, "k,x\n1,2\n") != digest(DIGEST.replace("+ 1", "+ 2"), "k,x\n1,2\n")


def test_files_can_be_split_as_the_author_likes() -> None:
    """A section may stand in any file of the folder."""
    whole = compile_texts({"bundle.yaml": MANIFEST + "inputs: {n: int}\nvalues: {v: n + 1}\n"})
    parts = compile_texts({"bundle.yaml": MANIFEST + "inputs: {n: int}\n", "more.yaml": "values: {v: n + 1}\n"})

    assert whole.program.source_digest == parts.program.source_digest


def test_a_program_reads_back_from_its_bytes() -> None:
    """A program is plain JSON: written and read it decides the same and has the same digest."""
    made = compile_texts({"bundle.yaml": MANIFEST + DIGEST, "t.csv": "k,x\n1,2.5\n7,3\n"}).program
    read = program_json.from_json(program_json.to_json(made))

    assert program_json.digest(made) == program_json.digest(read)
    assert pe.Policy(made).decide("t", {"count": 7}).outputs == pe.Policy(read).decide("t", {"count": 7}).outputs


def test_a_word_that_an_enum_lacks_is_one_mistake_wherever_it_is_used() -> None:
    text = MANIFEST + (
        "types: {Interval: {enum: [month, zzz]}}\ninputs: {a: Interval, b: Interval}\n"
        "values:\n  p: {a: {month: 1, year: 2}}\n  q: {b: {month: 1, year: 2}}\n"
    )

    with pytest.raises(pe.InvalidPolicy) as raised:
        compile_texts({"bundle.yaml": text})

    (found,) = raised.value.diagnostics
    assert found.name == "not_a_member"
    assert [span.line - found.at.line for span, _ in found.related] == [1]  # type: ignore[union-attr]
