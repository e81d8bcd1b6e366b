"""Bundles of class A for the columnar back ends, each at the edges of one part of the language."""

from __future__ import annotations

from bundles import MANIFEST

MODES = ("half_even", "half_up", "half_down", "up", "down", "ceiling", "floor")

ROUNDING = """
inputs:
  amount: {type: decimal, min: -1_000, max: 1_000, places: 4}
  share: {type: decimal, min: -3, max: 3, places: 2}
values:
""" + "\n".join(
    f"""  {mode}_0: round(amount, 0, {mode})
  {mode}_2: round(amount * share, 2, {mode})
  {mode}_tens: round(amount, -1, {mode})
  {mode}_ratio: 'round(share == 0 ? amount : amount / share, 2, {mode})'"""
    for mode in MODES
)

QUOTIENTS = """
inputs:
  a: {type: int, min: -1_000, max: 1_000}
  b: {type: int, min: -20, max: 20}
  c: {type: decimal, min: -5, max: 5, places: 1}
values:
  ratio: {value: a / b, round: {places: 3, mode: half_even}}
  chain: {value: a / b / c + c / b - 1, round: {places: 2, mode: half_up}}
  least: {value: "min(a / b, c / b, 0.5)", round: {places: 4, mode: floor}}
  most: {value: "max(a / b, c)", round: {places: 4, mode: ceiling}}
  equal: a / b == c / b
  below: a / b < c
  at_most: a / b <= c / b
  chosen: {when: b > 0, value: "round(a / b, 1, up)", otherwise: "round(c, 0, down)"}
  small: floor(a / b)
  large: ceil(-a / b)
  size: {value: "abs(a / b)", round: {places: 1, mode: half_down}}
  cut: div(a, b)
  cut_decimal: div(c, b)
  rest: a % b
  rest_decimal: c % b
  whole: int(c)
  back: {value: a / b * b, round: {places: 0, mode: half_even}}
"""

OVERFLOW = """
inputs:
  a: int
  b: int
  c: {type: int, min: -5, max: 5}
values:
  sum: a + b
  sum_of_three: a + b + c
  difference: a - b
  product: a * b
  product_of_three: a * b * c
  negative: -a
  size: abs(a)
  guarded: 'a > 0 && b > 0 ? a + b : c'
  cut: div(a, c)
  rest: a % c
  up: ceil(a * 1.0 / 3)
  tens: round(a, -1, half_up)
  is_more: a + b > c
"""

LOGIC = """
inputs:
  n: {type: int, min: -3, max: 3}
  m: {type: int, min: -3, max: 3}
  big: int
values:
  both: div(10, n) > 2 && m > 0
  other_way: m > 0 && div(10, n) > 2
  either: div(10, n) > 2 || m > 0
  three: big + m > 0 || div(10, n) > 2 || m == 2
  nested: '!(div(10, n) > 2 && (m > 0 || big * 2 == 4))'
  chosen: 'div(10, n) > 2 ? m : div(10, m)'
  deep: 'n > 0 ? (m > 0 ? div(n, m) : div(m, n)) : (div(1, n) > 0 ? 1 : big + 1)'
  members: n in [1, 2, m, div(10, m)]
  texts: '"x" in ["y", "x"]'
  compared: (n > 0) == (m > 0)
"""

OPTIONALS = """
inputs:
  n: {type: int, optional: true, min: -5, max: 5}
  rate: {type: decimal, optional: true, min: 0, max: 1, places: 3}
  word: {type: string, optional: true}
  given: {type: int, default: 3, min: 0, max: 9}
  change:
    optional: true
    fields:
      amount: {type: money, min: -100, max: 100, places: 2}
      reason: {type: string, optional: true}
      to: {optional: true, fields: {plan: {enum: [free, team]}, seats: {type: int, min: 1, max: 50}}}
tables:
  seat_price:
    when: {plan: change.to.plan}
    then: {amount: money, setup: {type: money, optional: true}}
    rows:
      - {id: free, plan: free, amount: 0}
      - {id: team, plan: team, amount: 12.50, setup: 99.99}
values:
  there: has(n)
  plain: n.orValue(7) + given
  mixed: rate.orValue(0.25) * given
  inverse: {when: has(n), value: 1 / n}
  inverse_rounded: {when: has(n) && n != 0, value: "round(10 / n, 2, half_up)"}
  greeting: word.orValue("none") == "a"
  is_word: has(word) && word == "a"
  taken: {when: has(change), value: change.amount * 2}
  left: {when: has(change), value: change.amount, otherwise: 1 USD}
  reason_given: has(change.reason) && change.reason != ""
  seats: {when: has(change.to), value: seat_price.amount * change.to.seats}
  setup: 'has(seat_price.setup) ? seat_price.setup : 0 USD'
  due: seats.orValue(0 USD) + taken.orValue(0 USD)
  ratio: 'has(inverse) ? round(inverse, 3, half_even) : 0.5'
  known: 'has(n) ? n > 0 : false'
  same: 'has(taken) == has(change)'
"""

LIMITS = """
inputs:
  used: {type: int token, min: 0, max: 100}
  wanted: {type: int token, min: 0, max: 100}
  allowed: limit token
  other: {type: limit token, optional: true}
  plan: {enum: [free, team, enterprise]}
tables:
  band:
    when: {allowed: allowed, used: used}
    then: {value: int}
    rows:
      - {id: none, allowed: 0, value: 0}
      - {id: small, allowed: "(0..10]", used: "< 50", value: 1}
      - {id: large, allowed: [11, "> 12"], used: "< 50", value: 2}
      - {id: other, allowed: {not: ["< 20", unlimited]}, used: ">= 50", value: 3}
    otherwise: error
parameters:
  quota: {type: limit token, value: {plan: {free: 10, team: 50, enterprise: unlimited}}}
values:
  fits: used + wanted <= quota
  below: quota < allowed
  at_least: allowed >= quota
  above: allowed > used
  left: quota - used
  still: allowed - used - wanted
  strictest: min(quota, allowed)
  loosest: max(quota, allowed)
  same: quota == allowed && allowed == quota
  either: other.orValue(quota) > used
  chosen: 'plan == "free" ? quota : allowed'
"""

TABLES = """
types:
  Plan: {enum: [free, team, enterprise]}
inputs:
  k: {type: int, min: -20, max: 20}
  x: {type: decimal, min: -10, max: 10, places: 2}
  word: string
  plan: Plan
  flag: bool
  when: timestamp
tables:
  ranges:
    when: {k: k}
    then: {value: int}
    rows:
      - {id: low, k: "< -5", value: -1}
      - {id: middle, k: "[-5..5)", value: 0}
      - {id: some, k: [5, 6, "(8..10]"], value: 1}
    otherwise: {value: 9}
  decimals:
    when: {x: x, flag: flag}
    then: {value: decimal}
    rows:
      - {id: a, x: "<= 0", flag: true, value: 0.125}
      - {id: b, x: "(0..2.5]", value: -0.5}
      - {id: c, x: "> 2.5", flag: false, value: 3}
    otherwise: error
  words:
    when: {word: word, plan: plan}
    then: {value: string, other: {type: int, optional: true}}
    hit: first
    rows:
      - {id: a, word: a, plan: [free, team], value: x, other: 1}
      - {id: not_a, word: {not: [a, b]}, plan: {not: free}, value: "it's"}
      - {id: b, word: b, value: z, other: 3}
      - {id: rest, value: other}
  specific:
    when: {k: k, plan: plan, flag: flag}
    then: {value: int}
    hit: most_specific
    rows:
      - {id: any, value: 0}
      - {id: plan, plan: team, value: 1}
      - {id: k, k: 3, value: 2}
      - {id: both, k: 3, plan: team, value: 3}
      - {id: all, k: 3, plan: team, flag: true, value: 4}
  dated:
    when: {plan: plan}
    then: {value: money}
    dated: true
    rows:
      - {id: early, plan: free, from: 2026-01-01, until: 2026-07-01, value: 1}
      - {id: late, plan: free, from: 2026-07-01, value: 2}
      - {id: team, plan: team, from: 2026-01-01, value: 3}
    otherwise: error
  times:
    when: {when: when}
    then: {value: int}
    rows:
      - {id: before, when: "< 2027-01-01T00:00:00Z", value: 0}
      - {id: after, when: ">= 2027-01-01T00:00:00Z", value: 1}
  called:
    when: {plan: {type: Plan}, k: {type: int}}
    then: {value: int}
    rows:
      - {id: free, plan: free, k: "> 0", value: 10}
      - {id: rest, plan: [team, enterprise], value: 20}
    otherwise: error
values:
  twice: called("free", k) + called(plan, 3)
  text: words.value == "it's"
  optional: 'has(words.other) ? words.other : -1'
  fallback: 'k > 3 ? dated.value : 0 USD'
"""

ANY_HIT = """
inputs:
  k: {type: int, min: 0, max: 10}
  m: {type: int, min: 0, max: 10}
tables:
  agreeing:
    when: {k: k, m: m}
    then: {value: int}
    hit: any
    rows:
      - {id: a, k: "< 5", value: 1}
      - {id: b, m: "< 5", value: 1}
      - {id: c, k: ">= 5", m: ">= 5", value: 2}
"""

TIERS = """
inputs:
  plan: {enum: [free, team, enterprise]}
  tokens: {type: int token, min: 0, max: 5_000}
  before: {type: int token, min: 0, max: 5_000}
  hours: {type: decimal hour, min: 0, max: 100, places: 3}
  rate: {type: money / token, min: 0, max: 3, places: 4}
tables:
  price:
    when: {plan: plan}
    then: {tiers: {up_to: int token, unit_amount: money / 1_000 token, flat_amount: money}}
    rows:
      - {id: free, plan: free, tiers: [{unit_amount: 0}]}
      - id: team
        plan: team
        tiers: [{up_to: 100, unit_amount: 5.25}, {up_to: 1_000, unit_amount: 4, flat_amount: 2}, {unit_amount: 3}]
      - id: enterprise
        plan: enterprise
        tiers: [{up_to: 500, unit_amount: 3, flat_amount: 0.5}, {unit_amount: 2.5}]
charges:
  by_row:
    charge_model: tiered
    mode: graduated
    flat_at_zero: false
    quantity: tokens
    already_rated: before
    tiers: price.tiers
  by_volume:
    charge_model: tiered
    mode: volume
    flat_at_zero: true
    quantity: tokens
    tiers: price.tiers
  by_rate:
    charge_model: tiered
    mode: graduated
    flat_at_zero: false
    quantity: tokens
    tiers:
      - {up_to: 10, unit_amount: rate}
      - {up_to: 100, unit_amount: 1.5, flat_amount: 3}
      - {unit_amount: rate}
  by_hour:
    charge_model: tiered
    mode: volume
    flat_at_zero: false
    quantity: hours
    tiers:
      - {up_to: 0.5, unit_amount: 10, flat_amount: 1}
      - {up_to: 24, unit_amount: 7.77}
      - {unit_amount: 5, flat_amount: 2.5}
  total: {sum: [by_row, by_volume, by_rate, by_hour], round: {places: 2, mode: half_even}}
"""

OVERRIDES = """
inputs:
  plan: {enum: [free, team, enterprise]}
  seats: {type: int, min: 0, max: 100}
parameters:
  seat_price:
    type: money
    value: {plan: {free: 0, team: {2026-01-01: 10, 2027-01-01: 11.50}, enterprise: 20}}
    overridable: {min: 0, max: 100}
  free_seats: {type: int, value: 3, overridable: {min: 0, max: 50}}
  quota: {type: limit, value: {plan: {free: 5, team: 50, enterprise: unlimited}}, overridable: {max: 1_000_000}}
values:
  billed: max(seats - free_seats, 0)
  due: billed * seat_price
  allowed: seats <= quota
overrides:
""" + "\n".join(
    f"""  - id: {tenant}-{number}
    tenant: {tenant}
    effective: {{{dates}}}
    reason: contract {number}
    set: {{{changed}}}"""
    for number, (tenant, dates, changed) in enumerate(
        [
            ("acme", "from: 2026-01-01, until: 2026-06-01", "seat_price: {enterprise: 15.5}"),
            ("acme", "from: 2026-06-01", "seat_price: {enterprise: 14}, free_seats: 7"),
            ("globex", "from: 2026-03-01, until: 2027-03-01", "free_seats: 0, quota: {enterprise: 900}"),
            ("O'Neill", "from: 2026-01-01", "quota: {free: 6, team: 60}"),
            *((f"tenant-{i}", "from: 2026-01-01", f"free_seats: {i}") for i in range(20)),
        ]
    )
)

TIMES = """
inputs:
  start: timestamp
  end: timestamp
  span: duration
  other: duration
  days: {type: int, min: -3, max: 3}
values:
  later: start + span
  earlier: end - span
  both: span + other
  apart: span - other
  longer: end - start > 5d
  seconds: {value: "seconds_between(start, end)", round: {places: 0, mode: half_up}}
  share: {when: end > start, value: "round(seconds_between(start, at) / seconds_between(start, end), 4, half_even)"}
  is_later: start + span > end
  first: min(start, end)
  longest: max(span, other)
  epoch: int(start)
  same: start == end
"""

CURRENCIES = """currency: code
inputs:
  code: {enum: [USD, JPY, BHD, CLF]}
  amount: {type: decimal, min: -100, max: 100, places: 6}
  seats: {type: int, min: 1, max: 9}
tables:
  price:
    when: {code: code}
    then: {amount: money}
    rows:
      - {id: usd, code: USD, amount: 10.005}
      - {id: jpy, code: JPY, amount: 1500}
      - {id: bhd, code: BHD, amount: 3.7705}
      - {id: clf, code: CLF, amount: 0.12345}
values:
  rounded: {value: price.amount * seats * amount, round: {places: currency, mode: half_even}}
"""

RECORDS = """
inputs:
  n: {type: int, min: -5, max: 5}
  fee: {type: money, min: -10, max: 10, places: 3}
  change: {optional: true, fields: {n: {type: int, min: -5, max: 5}}}
values:
  parts:
    value: {double: n * 2, share: "round(fee / 3, 2, half_up)", positive: n > 0, inverse: "div(1, n)"}
  read: parts.double + 1
  chosen: 'n > 0 ? parts.share : fee'
  maybe: {when: has(change), value: change.n * n}
  again: 'has(maybe) ? maybe : n'
"""

WIDE = """
inputs:
  a: {type: money, places: 12}
  b: {type: money, places: 2}
  c: {type: decimal, min: -1, max: 1, places: 12}
values:
  below: a < b / 7
  at_most: a <= b
  equal: a == b
  share: {value: b * c, round: {places: 2, mode: half_even}}
  too_wide: {value: a * c * c * c * c, round: {places: 2, mode: half_even}}
  negative: -a
"""

BUNDLES = {
    "rounding": ROUNDING,
    "quotients": QUOTIENTS,
    "overflow": OVERFLOW,
    "logic": LOGIC,
    "optionals": OPTIONALS,
    "limits": LIMITS,
    "tables": TABLES,
    "any_hit": ANY_HIT,
    "tiers": TIERS,
    "overrides": OVERRIDES,
    "times": TIMES,
    "currencies": CURRENCIES,
    "records": RECORDS,
    "wide": WIDE,
}
"""The sections of each bundle by name; one without a currency of its own is in dollars."""


def text_of(name: str) -> str:
    """The whole bundle."""
    body = BUNDLES[name]
    return (MANIFEST.replace("currency: USD\n", "") if body.startswith("currency:") else MANIFEST) + body
