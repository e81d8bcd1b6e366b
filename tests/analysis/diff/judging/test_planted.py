"""Changes planted one by one in `shop.yaml`: each is found as what it is, by its rule, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from policyengine.analysis.diff.changes import between
from policyengine.analysis.diff.judging.findings import findings
from policyengine.compiler.pipeline import compile_texts

HERE = Path(__file__).parents[1]
SHOP = (HERE / "shop.yaml").read_text(encoding="utf-8")

PLANTED = {each["name"]: each for each in yaml.safe_load((HERE / "planted.yaml").read_text(encoding="utf-8"))}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_change_is_found_as_what_it_is(name):
    """One change in the text gives one finding, with its code, its path and both words."""
    before, after = (compile_texts({"bundle.yaml": text}) for text in (SHOP, planted(name)))
    found = findings(before, after, between(before, after))

    assert PLANTED[name]["found"] == [line(each) for each in found]


@pytest.mark.parametrize("name", PLANTED)
def test_it_is_found_backwards_too(name):
    """What is added one way is removed the other way, and what is better for somebody one way is worse the other."""
    before, after = (compile_texts({"bundle.yaml": text}) for text in (planted(name), SHOP))

    assert PLANTED[name]["back"] == [each.rule.code for each in findings(before, after, between(before, after))]


def planted(name: str) -> str:
    """The shop with one text replaced, which stands there once."""
    old, new = PLANTED[name]["old"], PLANTED[name]["new"]
    assert 1 == SHOP.count(old), old
    return SHOP.replace(old, new)


def line(finding):
    """A finding as one line: code, what, path and words."""
    what = "needed" if finding.change is None else finding.change.what
    both = finding.before and finding.after
    words = f"{finding.before} -> {finding.after}" if both else finding.before or finding.after
    return f"{finding.rule.code} {what} {finding.path}: {words}"


def test_a_new_fact_that_is_read_must_be_given():
    """A fact that callers do not know yet breaks them as soon as a decision reads it, and not before."""
    declared = SHOP.replace("    colour: Colour\n", "    colour: Colour\n    bank: Bank\n")
    read = declared.replace("when: bill.amount > customer.credit,", 'when: payment.bank == "far",')
    before, unread, after = (compile_texts({"bundle.yaml": text}) for text in (SHOP, declared, read))

    assert ["D037 added payment.bank"] == heads(before, unread)
    assert ["D001 added payment.bank", "D017 changed credit.when"] == heads(before, after)
    assert ["D017 changed credit.when", "D001 needed payment.bank"] == heads(unread, after)


def heads(before, after):
    """The findings without their words."""
    return [line(each).partition(":")[0] for each in findings(before, after, between(before, after))]
