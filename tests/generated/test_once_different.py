"""What the generated bundles have found: each case is the smallest on which an evaluator was once wrong.

`found` is the answer by the text of the language, worked out by hand; generated code and the interpreter must give it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from policyengine.compiler.pipeline import compile_texts
from policyengine.errors import EvaluationError, InvalidPolicy
from policyengine.runtime.answers.outputs import plain
from policyengine.runtime.engine import Policy, interpreted
from policyengine.runtime.given.facts import Reader
from policyengine.runtime.meaning.interpreter import needed
from policyengine.runtime.unavailable import UNAVAILABLE

HEAD = "policyengine: 1\nbundle: case\nversion: 1.0.0\ncurrency: USD\ntimezone: UTC\n"
WHEN = "2026-09-21T00:00:00Z"


@dataclass(frozen=True)
class Case:
    """A bundle whose decision `d` has the output `x`: its value, or the code of its failure."""

    id: str
    text: str
    found: Any = None
    fails: str = ""
    input: dict[str, Any] = field(default_factory=dict)
    at: str = WHEN


FOLD = """
inputs: {{n: {{list: {{type: int, min: 0, max: 9}}, max: 3}}}}
values:
  v:
    each: one in n
    carry: {{left: {{type: int, start: 5, next: left - one, min: 0, max: 5}}}}
    value: {value}
decisions: {{d: {{outputs: {{x: {asked}}}}}}}
"""

CASES = [
    Case(
        "a parameter that is asked for a text which is no member of its key",
        """
types: {Plan: {enum: [starter, team]}}
inputs: {plan: Plan, name: string}
parameters: {fee: {type: int, value: {plan: {starter: 5, team: 10}}}}
decisions: {d: {outputs: {x: fee(name)}}}
""",
        fails="no_match",
        input={"name": "gold"},
    ),
    Case(
        "a step after a product whose operand may fail",
        """
inputs: {n: {list: {type: int, min: 0, max: 9}, max: 3}, big: int}
decisions: {d: {outputs: {x: '1 * big * (n.all(i, 1 / i > 0) ? 4 : 0) - 1 < 0'}}}
""",
        fails="overflow",
        input={"n": [1], "big": 2**62},
    ),
    Case(
        "a carried state that leaves its range in the last step fails the items",
        FOLD.format(value="one + left", asked="v.items"),
        fails="out_of_range",
        input={"n": [5, 1]},
    ),
    Case(
        "an element's value that fails does not fail the carried state",
        FOLD.format(value="div(1, one)", asked="v.left"),
        found=5,
        input={"n": [0, 0]},
    ),
    Case(
        "a date on which no key is asked",
        """
inputs: {flag: bool}
parameters: {p: {type: int, value: {2027-01-01: {flag: {true: 1, false: 2}}}}}
decisions: {d: {outputs: {x: p}}}
""",
        fails="no_match",
        input={"flag": UNAVAILABLE},
    ),
    Case(
        "two failed sides of `||`",
        """
inputs: {n: {type: int, min: 0, max: 9}}
decisions: {d: {outputs: {x: '1 / n > 1 || 1 / n > 2'}}}
""",
        fails="division_by_zero",
        input={"n": 0},
    ),
    Case(
        "tiers of a number that is not there yet",
        """
inputs: {tokens: {type: int token, min: 0}}
parameters: {rate: {type: money / token, value: {2027-03-29: 2.83}}}
charges:
  c:
    charge_model: tiered
    mode: graduated
    quantity: tokens
    tiers: [{up_to: 1, unit_amount: rate}, {unit_amount: 1.484}]
decisions: {d: {outputs: {x: c.amount}}}
""",
        fails="no_match",
        input={"tokens": 1},
    ),
    Case(
        "volume tiers of a number that is not there yet",
        """
inputs: {tokens: {type: int token, min: 0}}
parameters: {rate: {type: money / token, value: {2027-03-29: 2.83}}}
charges: {c: {charge_model: tiered, mode: volume, quantity: tokens, tiers: [{unit_amount: rate}]}}
decisions: {d: {outputs: {x: c.amount}}}
""",
        fails="no_match",
        input={"tokens": 1},
    ),
    Case(
        "two branches that are one value",
        """
inputs: {ratio: {type: decimal, min: -100, max: 100, places: 0}}
values: {a: -15.0 / ratio, b: '(true ? a : a) * -0.5', c: b}
decisions: {d: {outputs: {x: 'round(c, 2, ceiling)'}}}
""",
        Decimal("7.5"),
        input={"ratio": 1},
    ),
    Case(
        "an optional cell beside one of another scale",
        """
inputs: {plan: {enum: [free, team]}}
tables:
  a: {when: {k: plan}, then: {out: {type: money, optional: true}}, rows: [{id: all, out: 79.38}]}
  b: {when: {k: plan}, then: {out: money}, rows: [{id: free, k: free, out: 0.9991}, {id: team, k: team, out: 0.9871}]}
values: {v: {value: a.out <= b.out, when: has(a.out)}}
decisions: {d: {outputs: {x: 'has(v) ? v : true'}}}
""",
        False,
        input={"plan": "free"},
    ),
    Case(
        "arithmetic on an optional charge that is there",
        """
inputs: {flag: bool}
charges: {c: {charge_model: per_unit, quantity: 2, unit_amount: 58.5, when: flag}}
decisions: {d: {outputs: {x: 'has(c) ? 1 USD - c.amount : 0 USD'}}}
""",
        Decimal(-116),
        input={"flag": True},
    ),
    Case(
        "an optional quotient that is there",
        """
inputs: {big: int, fee: {type: money, min: -1000, max: 1000, places: 4}}
values: {v: {value: fee / big, when: big != 0}}
decisions: {d: {outputs: {x: 'round(has(v) ? v : -0.383 USD, 2, half_up)'}}}
""",
        Decimal(-1),
        input={"big": -1, "fee": 1},
    ),
    Case(
        "a quotient of times under a condition",
        """
inputs: {start: timestamp, flag: bool}
values: {v: {value: 'seconds_between(start, at) / seconds_between(start, at)', when: flag}}
decisions: {d: {outputs: {x: 'round(has(v) ? v : 4.11, 6, up)'}}}
""",
        Decimal(1),
        input={"start": "1970-01-01T00:00:00Z", "flag": True},
    ),
    Case(
        "a dated value inside a case, before its first date",
        """
inputs: {flag: bool}
values: {v: {flag: {'false': {2027-11-07: 75.17}, otherwise: 12.17}}}
decisions: {d: {outputs: {x: v}}}
""",
        fails="no_match",
        input={"flag": False},
    ),
    Case(
        "the flat amount at zero of a slice with nothing before it",
        """
charges:
  c:
    charge_model: tiered
    mode: graduated
    quantity: 4
    already_rated: 0
    flat_at_zero: true
    tiers: [{unit_amount: -0.41, flat_amount: 97.02}]
decisions: {d: {outputs: {x: c.amount}}}
""",
        Decimal("95.38"),
    ),
    Case(
        "a step of a chain that overflows before an operand that fails",
        """
inputs: {big: int}
parameters: {p: {type: int, value: {2027-01-01: 1}}}
decisions: {d: {outputs: {x: 1 + big + p}}}
""",
        fails="overflow",
        input={"big": 2**63 - 1},
    ),
    Case(
        "a time between times that is longer than a duration may be",
        """
inputs: {start: timestamp}
decisions: {d: {outputs: {x: start - at}}}
""",
        fails="time_range",
        input={"start": "9999-12-31T23:59:59.999999999Z"},
    ),
    Case(
        "a loop inside another loop's body",
        """
inputs: {things: {list: int, max: 4}}
parameters: {p: {type: decimal, value: {2027-07-01: -44.73}}}
values: {v: {when: 'things.all(x, false)', value: p, otherwise: 0.0}}
decisions: {d: {outputs: {x: 'things.all(x, 0.0 < v)'}}}
""",
        False,
        input={"things": [61, -9, 75, -3]},
    ),
    Case(
        "a fact that could not be fetched, as a key of a case that is not chosen",
        """
inputs: {big: int, n: int}
parameters: {p: {type: bool, value: {n: {'-2': {big: {otherwise: true}}, otherwise: false}}}}
decisions: {d: {outputs: {x: p}}}
""",
        False,
        input={"big": UNAVAILABLE, "n": 0},
    ),
    Case(
        "a rounded charge without a line",
        """
charges:
  c:
    charge_model: tiered
    mode: graduated
    quantity: 0
    unit_amount: 32.05
    tiers: [{factor: 1.1}]
    round: {places: 2, mode: half_down}
decisions: {d: {outputs: {x: c.lines}}}
""",
        [],
    ),
]

REFUSED = [
    (
        "a key inside its own case",
        """
inputs: {label: string}
parameters: {p: {type: money, value: {label: {beta: {label: {alpha: 10.6, otherwise: 19.75}}, otherwise: 42.16}}}}
""",
        "key_inside_itself",
    ),
    (
        "a key that may fail inside a case",
        """
inputs: {count: {type: int, min: -20, max: 20}, n: int}
parameters: {p: {type: decimal, value: {n: {'5': {'7 % count': {otherwise: -0.08}}, otherwise: -0.0497}}}}
""",
        "key_may_fail",
    ),
    (
        "a key that may fail inside a step",
        """
inputs: {count: {type: int, min: -20, max: 20}}
parameters: {p: {type: decimal, value: {2026-01-01: 2.5, 2028-01-01: {'7 % count': {otherwise: -0.08}}}}}
""",
        "key_may_fail",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_what_is_decided(case: Case) -> None:
    """`decide` gives the value, or raises the failure."""
    policy = Policy(compile_texts({"bundle.yaml": HEAD + case.text}).program)

    if case.fails:
        with pytest.raises(EvaluationError) as raised:
            policy.decide("d", case.input, at=case.at).outputs["x"]
        assert case.fails == raised.value.code
    else:
        assert case.found == policy.decide("d", case.input, at=case.at).outputs["x"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_what_the_interpreter_says(case: Case) -> None:
    """The specification says the same."""
    program = compile_texts({"bundle.yaml": HEAD + case.text}).program
    entry = program.entries["d"]
    facts = Reader(program, entry).check(case.input, case.at)
    (held,) = interpreted(program, entry, needed(program, entry), facts, None)
    node = program.nodes[dict(entry.outputs)["x"]]

    if not node.deferred:
        found = plain(held, node.type)
        assert (case.fails or case.found) == getattr(found, "code", found)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case[0])
def test_what_is_refused(case: tuple[str, str, str]) -> None:
    """What two readers could understand differently does not compile."""
    _, text, name = case

    with pytest.raises(InvalidPolicy) as raised:
        compile_texts({"bundle.yaml": HEAD + text + "decisions: {d: {outputs: {x: p}}}\n"})

    assert name in {each.name for each in raised.value.diagnostics}
