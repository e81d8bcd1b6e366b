"""What tests reach is what decisions really used."""

from __future__ import annotations

from policyengine.analysis import bundle_tests, coverage
from policyengine.analysis.coverage import Coverage
from policyengine.compiler.pipeline import compile_texts

HEAD = "policyengine: 1\nbundle: sample\nversion: 1.0.0\ncurrency: USD\ntimezone: UTC\n"


def covered(sections: str, *tests: str) -> Coverage:
    """The coverage of a bundle by tests, each given as the fields after its name."""
    listed = "".join(f"  - {{name: test {i}, {test}}}\n" for i, test in enumerate(tests, 1))
    compiled = compile_texts({"bundle.yaml": HEAD + sections + "tests:\n" + listed})
    outcomes = bundle_tests.run(compiled)
    assert [] == [str(m) for outcome in outcomes for m in outcome.mismatches]
    return coverage.measure(compiled, outcomes)


def missed(found: Coverage) -> list[str]:
    return [f"{goal.kind} {goal.what}" for goal in found.missed]


PRICES = """
inputs: {plan: {enum: [free, team]}, old_plan: {enum: [free, team]}, seats: {type: int seat, min: 0}}
tables:
  price:
    when: {plan: plan}
    then: {seat: money / seat}
    rows:
      - {id: free, plan: free, seat: 0}
      - {id: team, plan: team, seat: 10}
decisions:
  bill: {outputs: {amount: seats * price.seat}}
  credit: {outputs: {amount: seats * price(old_plan)}}
"""


def test_rows_are_reached_by_look_ups() -> None:
    """The row that answered, with the place of the one that never did."""
    found = covered(PRICES, "decide: bill, input: {plan: team, seats: 1}, expect: {amount: 10}")
    (goal,) = found.missed

    assert ("row", "price.free", "bundle.yaml:13") == (goal.kind, goal.what, goal.place)
    assert (50, 1, 2) == (found.percent, found.count("row"), len(found.of("row")))


def test_rows_are_reached_by_calls() -> None:
    """A table that is called answers by a row, too."""
    found = covered(PRICES, "decide: credit, input: {old_plan: free, seats: 1}, expect: {amount: 0}")

    assert ["row price.team"] == missed(found)


CHOICES = """
inputs: {seats: {type: int, min: 0}, is_charity: {type: bool, default: false}, gift: {type: money, optional: true}}
values:
  size: "seats > 100 ? 'large' : (seats > 10 ? 'medium' : 'small')"
  share: {when: is_charity, value: 50%, otherwise: 100%}
  present: {when: has(gift), value: gift}
guards:
  many: {when: seats > 100, effect: review, approver: sales, reason: many seats}
decisions:
  quote: {guards: [many], outputs: {size: size}}
  part: {outputs: {share: share}}
  given: {outputs: {gift: present.orValue(0 USD)}}
"""


def test_both_sides_of_every_choice_are_goals() -> None:
    """`?:` inside `?:`, `when` with and without `otherwise`, and guards that speak or do not."""
    found = covered(CHOICES, "decide: quote, input: {seats: 1}, expect: {size: small}")

    assert [
        "branch size, where `seats > 100`",
        "branch size, where `seats > 10`",
        "branch share, where `is_charity`",
        "branch share, where not `is_charity`",
        "branch present, when it is there",
        "branch present, when it is absent",
        "guard many speaks",
    ] == missed(found)


def test_a_branch_that_nobody_asked_for_is_not_reached() -> None:
    """Only what the answer needed counts: `size` and the guard are computed for `quote` alone."""
    found = covered(
        CHOICES,
        "decide: part, input: {is_charity: true}, expect: {share: 0.5}",
        "decide: part, input: {}, expect: {share: 1}",
        "decide: given, input: {gift: 5}, expect: {gift: 5}",
        "decide: given, input: {}, expect: {gift: 0}",
    )

    assert (4, 10) == (found.count(), len(found.goals))
    assert {"size", "many"} == {goal.what.split(",")[0].split()[0] for goal in found.missed}


TIERS = """
inputs: {tokens: {type: int token, min: 0}}
parameters: {floor: {type: int token, value: 1_000, overridable: true}}
charges:
  usage:
    charge_model: tiered
    mode: graduated
    quantity: tokens
    free_quantity: floor
    tiers: [{up_to: 1_000, unit_amount: 0.02}, {up_to: 5_000, unit_amount: 0.01}, {unit_amount: 0.005}]
decisions: {bill: {outputs: {amount: usage.amount}}}
overrides:
  - {id: globex, tenant: globex, effective: {from: 2026-01-01}, reason: a contract, set: {floor: 2_000}}
"""


def test_tiers_are_reached_by_quantities() -> None:
    """Each tier that a quantity goes through."""
    test = "decide: bill, at: 2026-06-01, input: {tokens: 3_000}, expect: {amount: 30}"

    assert ["tier usage.tiers.3", "override globex"] == missed(covered(TIERS, test))


def test_overrides_are_reached_by_their_tenant() -> None:
    """Where the tenant's own value was taken."""
    test = "decide: bill, tenant: globex, at: 2026-06-01, input: {tokens: 3_000}, expect: {amount: 20}"

    assert ["tier usage.tiers.2", "tier usage.tiers.3"] == missed(covered(TIERS, test))


def test_an_invalid_input_reaches_nothing() -> None:
    """It is refused before any rule is asked."""
    found = covered(PRICES, "decide: bill, input: {plan: team, seats: -1}, error: seats")

    assert 0 == found.count()


def test_a_bundle_without_goals_is_covered() -> None:
    """Nothing is missing where there is nothing to reach."""
    found = covered("decisions: {fee: {outputs: {amount: 5 USD}}}\n", "decide: fee, input: {}, expect: {amount: 5}")

    assert (100, ()) == (found.percent, found.missed)
