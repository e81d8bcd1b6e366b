"""Decision tables of the DMN kit: our tables give the kit's answers, and our analysis finds the kit's own mistake."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

import policyengine as pe
from golden.asking import Ask
from golden.case_files import Case, read
from golden.runner import Result, run, run_files, summary
from golden.translate import dmn
from policyengine.compiler.pipeline import compile_texts
from policyengine.compiler.tables import Witness, analyse

HERE = Path(__file__).parent / "cases" / "dmn_tables.json"
KIT = Path(__file__).parents[3] / "shared" / "conformance" / "dmn"
TABLES = ("any", "collect", "first", "output_order", "priority", "rule_order", "unique")
CASES = read(HERE)


def asked(case: Case) -> Ask:
    return next(dmn.translate(case.given))


def lending_table() -> str:
    """The kit's table of risk categories as our bundle; 130 is neither in `[120..130)` nor in `> 130`."""
    (case,) = (case for case in CASES if "Pre-bureauRiskCategoryTable" in case.id)
    return asked(case).bundle


def without_an_otherwise(text: str) -> str:
    return text.replace("    otherwise: error\n", "")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_table_gives_the_answer_of_the_kit(case):
    """Every hit policy, cells that name other inputs, and results that are expressions."""
    assert Result(case.id, "passed") == run(case)


@pytest.mark.skipif(not KIT.exists(), reason="the whole kit lies outside of the repository")
def test_every_table_of_the_kit_gives_its_answers():
    """All 39 tables with all of their 90 tests."""
    assert "90 passed, 0 failed, 0 skipped" == summary(list(run_files(KIT / f"{name}.json" for name in TABLES)))


def test_the_gap_of_the_lending_table_is_found():
    """Without `otherwise` it does not compile, and the author sees the score that was forgotten."""
    with pytest.raises(pe.InvalidPolicy) as refused:
        compile_texts({"bundle.yaml": without_an_otherwise(lending_table())})

    (found,) = refused.value.diagnostics
    assert "gap" == found.name
    assert "no row of the table answers for existing_customer false, application_risk_score 130" == found.message


def test_the_witness_of_the_gap_is_an_input_that_nothing_answers():
    """With `otherwise: error` the forgotten score is accepted as a fact and answered with `no_match`."""
    program = compile_texts({"bundle.yaml": lending_table()}).program
    (gap,) = analyse(replace(program.tables[dmn.TABLE], otherwise="")).gaps
    facts = {"existing_customer": gap.keys[0], "application_risk_score": Decimal(gap.values[1])}

    with pytest.raises(pe.EvaluationError) as refused:
        pe.Policy(program).decide(dmn.DECISION, facts)

    assert Witness((False, gap.keys[1]), None, ("false", "130"), ("false", "130")) == gap
    assert "no_match" == refused.value.code


def test_scores_beside_the_gap_are_answered():
    """The gap is one score wide: the rows on both sides of it answer."""
    policy = pe.Policy(compile_texts({"bundle.yaml": lending_table()}).program)
    scores = [Decimal("129.999999999999"), Decimal("130.000000000001")]
    asked_with = [{"existing_customer": False, "application_risk_score": score} for score in scores]

    found = [policy.decide(dmn.DECISION, facts).value for facts in asked_with]

    assert ["LOW", "VERY LOW"] == found


def test_a_default_that_is_never_given_is_left_out():
    """A table that is complete refuses a row for the rest; the translator then asks without one."""
    (case,) = {case.id: case for case in CASES if case.id.endswith("0010-multi-output-U-test-01#001")}.values()
    table = dmn._Table(case.given["table"], case.given["input"])

    assert {"status": "Declined", "rate": "Standard"} == table.default()
    with pytest.raises(pe.InvalidPolicy, match="`otherwise` can never answer"):
        compile_texts({"bundle.yaml": table.text(with_default=True)})
    compile_texts({"bundle.yaml": table.text(with_default=False)})
