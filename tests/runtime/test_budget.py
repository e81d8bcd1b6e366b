"""The budget of decisions: what charges it, that both evaluators charge alike, and that nothing absorbs its end."""

from __future__ import annotations

from typing import Any

import metering
import pytest

import policyengine as pe
from policyengine.compiler.pipeline import compile_texts
from policyengine.runtime.engine import Policy
from policyengine.runtime.given.facts import Reader
from policyengine.runtime.limits import COST_MAX
from policyengine.runtime.meaning import costs, interpreter

HEAD = """
policyengine: 1
bundle: budget
version: 1.0.0
currency: USD
timezone: UTC
inputs:
  s: string
  t: {type: string, default: ""}
  n: {type: int, min: 0, max: 1_000_000, default: 0}
  flag: {type: bool, default: false}
  xs: {list: int, max: 1_000, default: []}
  big: {list: int, max: 100_000, default: []}
  words: {list: string, max: 1_000, default: []}
  runs: {list: {id: string, n: int}, max: 1_000, default: []}
"""


def policy(values: dict[str, str], outputs: dict[str, str] | None = None, more: str = "") -> Policy:
    """A bundle of these values, whose decision `go` answers with all of them, or with other expressions."""
    lines = [HEAD, "values:", *(f"  {name}: {text!r}" for name, text in values.items())]
    lines += ["decisions:", "  go:", "    outputs:", *(f"      {k}: {v!r}" for k, v in (outputs or {}).items())]
    if not outputs:
        lines += [f"      {name}: {name}" for name in values]
    return Policy(compile_texts({"bundle.yaml": "\n".join(lines) + "\n" + more}).program)


def charged(made: Policy, given: dict[str, Any]) -> dict[str, int | None]:
    """What each evaluator charges, which all answer alike."""
    entry = made.program.entries["go"]
    facts = Reader(made.program, entry).check(given, None, None).held
    runs = {
        "interpreter": metering.interpreted(made.program, entry, facts),
        "quick": metering.generated(made.program, entry, facts),
        "careful": metering.generated(made.program, entry, facts, careful=True),
    }
    assert runs["interpreter"][0] == runs["quick"][0] == runs["careful"][0]
    return {name: cost for name, (_, cost) in runs.items()}


TEXT = "alpha beta gamma " * 50
GIVEN: dict[str, Any] = {
    "s": TEXT,
    "t": "beta",
    "n": 3,
    "flag": True,
    "xs": list(range(40)),
    "big": list(range(300)),
    "words": ["a", "beta", TEXT] * 5,
    "runs": [{"id": f"r{i}", "n": i} for i in range(30)],
}
CHARGED: dict[str, dict[str, str]] = {
    "a text is put together": {"v": "s + t"},
    "a text is put together twice alike": {"v": "s + t", "w": "(s + t) + (s + t)"},
    "one name for another": {"v": "s + t", "w": "v", "x": "w + v"},
    "a long text in parts": {"v": "s + t + s + t + s"},
    "a pattern": {"v": "s.matches('be.a') && t.matches('^b')"},
    "an untaken branch": {"v": "flag ? s + t : s.replace(t, s)"},
    "a side that decides": {"v": "flag || s.matches('x')", "w": "s.matches('x') && t.matches('y')"},
    "a text in a loop": {"v": "words.map(w, w + t)"},
    "a node read in a loop": {"v": "s + t", "w": "words.filter(x, v.contains(x))"},
    "a node read in two branches": {"v": "s + t", "w": "flag ? size(v) : 0", "x": "flag ? 0 : size(v)"},
    "loops in loops": {"v": "xs.map(x, xs.filter(y, y > x).map(z, string(z) + t))"},
    "a list is looked through in a loop": {"v": "big.filter(x, x in xs)", "w": "words.exists(w, w == s)"},
    "sums in loops": {"v": "words.map(w, sum(xs) + size(w))", "w": "s + t"},
    "sorted": {"v": "runs.sortBy(r, -r.n).map(r, r.id)", "w": "words.sort().distinct()"},
    "a map": {"v": "words.transformList(i, w, string(i) + w).size()", "w": "xs.transformMap(i, x, x + i).size()"},
    "failures": {"v": "int(s + t)", "w": "flag || int(s) > 0", "x": "[int(t), size(s + t)].size()"},
    "failures in calls": {"v": "s.substring(int(t)) + (s + t)", "w": "'%s %s'.format([int(t), s + t])"},
    "failures in loops": {"v": "words.map(w, int(w) + size(s + w))", "w": "words.all(w, int(w + t) > 0)"},
    "bound names": {"v": "cel.bind(x, s + t, flag ? x + x : x)", "w": "cel.bind(x, int(s + t), flag || x > 0)"},
    "quotients": {"v": "round(size(s + t) / (n + size(t + s)), 2, half_up) > 1"},
    "a long sum of ints": {"v": "9223372036854775807 - size(s + t) + size(t + s) + size(s + s) + n"},
    "a record in a loop": {"v": "runs.map(r, r.id + t).join(',')", "w": "runs.exists(r, r.id.contains('9' + t))"},
    "an optional": {"v": "words[?n].orValue(s + t)", "w": "words[?99].orValue(s + t)"},
}


@pytest.mark.parametrize("values", CHARGED.values(), ids=CHARGED)
def test_both_evaluators_charge_alike(values: dict[str, str]) -> None:
    """The interpreter and both kinds of generated code spend the same number of units, and answer alike."""
    found = set(charged(policy(values), GIVEN).values())

    assert 1 == len(found)
    assert None not in found


def test_what_is_bounded_has_no_meter() -> None:
    """Where an entry point cannot exceed the budget, its generated code counts nothing."""
    made = policy({
        "v": "xs.map(x, x * 2).filter(x, x > 3)",
        "w": "sum(xs) + runs.map(r, r.n).size()",
        "x": "runs.exists(r, r.id == 'a')",
        "u": "s.startsWith('a') && s.contains(t) && flag",
        "z": "'n is ' + string(n)",
    })  # fmt: skip
    entry = made.program.entries["go"]
    order = interpreter.needed(made.program, entry)

    assert (costs.most(made.program, order) or 0) <= COST_MAX
    assert {"quick": None, "careful": None} == {
        name: cost for name, cost in charged(made, GIVEN).items() if name != "interpreter"
    }


EXCEEDING = {
    "loops": "xs.map(x, xs.filter(y, y > x && y > 2 * x).size()).size() > 0",
    "a list": "lists.range(n).map(x, x + 1).size() > 0",
    "texts": "xs.map(x, xs.map(y, s + s).size()).size() > 0",
    "patterns": "xs.all(x, xs.all(y, !s.matches('(a|b|ab)*c$')))",
}


@pytest.mark.parametrize("text", EXCEEDING.values(), ids=EXCEEDING)
@pytest.mark.parametrize("form", ["{}", "flag || {}", "{} || flag", "xs.exists(q, {} || q > 0)", "!flag ? false : {}"])
def test_nothing_absorbs_the_end_of_the_budget(form: str, text: str) -> None:
    """An evaluation that exceeds its budget ends as a whole; a side that decides before is not asked the other one."""
    given = {"s": "ab" * 5_000, "flag": True, "xs": list(range(1_000)), "n": 900_000}
    made = policy({"v": form.format(text)})

    if form == "flag || {}":
        assert made.decide("go", given).outputs["v"] is True
        return
    with pytest.raises(pe.EvaluationError) as failed:
        made.decide("go", given)
    assert "cost_exceeded" == failed.value.code


def test_on_error_does_not_absorb_it() -> None:
    """What a node does about its errors is not asked."""
    when = "lists.range(n).map(x, x).size() > 0"
    guards = f"guards:\n  many: {{when: '{when}', effect: deny, reason: many, on_error: {{other: deny}}}}\n"
    made = policy({"v": "n"}, more=guards)

    with pytest.raises(pe.EvaluationError) as failed:
        made.decide("many", {"s": "", "n": 900_000})

    assert "cost_exceeded" == failed.value.code


def test_a_text_has_a_greatest_length() -> None:
    """Texts that double from node to node fail, and do not fill the memory."""
    values = {"v0": "s + s"} | {f"v{i}": f"v{i - 1} + v{i - 1}" for i in range(1, 40)}
    made = policy(values, {"last": "v39"})

    with pytest.raises(pe.EvaluationError) as failed:
        made.decide("go", {"s": "x" * 100})

    assert failed.value.code in ("text_too_long", "cost_exceeded")


def test_a_result_has_a_greatest_size() -> None:
    """Lists of one list in many places are small in memory and endless when they are handed out."""
    values = {"v0": "[xs, xs, xs, xs]"} | {f"v{i}": f"[{', '.join([f'v{i - 1}'] * 50)}]" for i in range(1, 6)}
    made = policy(values, {"last": "v5"})
    decision = made.decide("go", {"s": "", "xs": [1, 2, 3]})

    with pytest.raises(pe.EvaluationError) as failed:
        decision.outputs["last"]

    assert "result_too_large" == failed.value.code
    declared = {"xs": {"list": "int", "max": 9_999}}
    with pytest.raises(pe.EvaluationError) as alone:
        pe.evaluate_expression("xs.map(x, xs)", {"xs": list(range(2_000))}, declarations=declared)
    assert "result_too_large" == alone.value.code


def test_lists_in_lists_are_charged_where_they_are_compared() -> None:
    """Outside of loops, too: one list may stand in many places."""
    grown = {f"v{i}": f"[{', '.join([f'v{i - 1}'] * 50)}]" for i in range(1, 6)}
    other = {f"w{i}": f"[{', '.join([f'w{i - 1}'] * 50)}]" for i in range(1, 6)}
    made = policy({"v0": "[xs]", "w0": "[xs + []]"} | grown | other, {"last": "v5 == w5"})

    with pytest.raises(pe.EvaluationError) as failed:
        made.decide("go", {"s": "", "xs": [1, 2, 3]})

    assert "cost_exceeded" == failed.value.code


def test_lists_that_grow_are_refused() -> None:
    """A list that may have more than a million items is a diagnostic."""
    values = {"v0": "big + big"} | {f"v{i}": f"v{i - 1} + v{i - 1}" for i in range(1, 6)}

    with pytest.raises(pe.InvalidPolicy) as refused:
        policy(values, {"last": "size(v5)"})

    assert ["T034"] == [d.code for d in refused.value.diagnostics]


def test_explaining_costs_nothing_more() -> None:
    """A decision that was within the budget can be explained."""
    made = policy({"v": "lists.range(n).filter(x, x > 5).size()"})

    assert "v" in made.decide("go", {"s": "", "n": 50_000}).explain()
