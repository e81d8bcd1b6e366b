"""A year of failing payments under `policies/payments`: is a network's limit ever exceeded, and what is recovered?

    python benchmarks/failing_payments.py [--payments 100000] [--seed 2026] [--plot docs/recovery.svg]

Every payment fails once and is then asked about, attempt after attempt, until it succeeds or the policy gives up. Two
thirds of them belong to tenants whose contracts want technical errors tried a hundred times in forty days, every hour
or every six hours: the networks' limits have to stop that. What an attempt meets is drawn from the seed; the chances
are made up, so the plot shows the policy's shape and says nothing of any card.

The limits are counted here anew, from the instants of the attempts, with nothing taken from the policy. Prints one JSON
line and exits with 1 if a limit was exceeded.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import policyengine as pe
from policyengine.compiler.pipeline import compile_texts

BUNDLE = Path(__file__).resolve().parents[1] / "policies" / "payments"
CONTRACTS = """
overrides:
  - id: eager
    tenant: eager
    effective: {from: 2026-01-01}
    reason: a contract that wants technical errors tried again and again
    set: {technical_attempts: 100, technical_longest_wait: 1h, technical_within: 40d}
  - id: steady
    tenant: steady
    effective: {from: 2026-01-01}
    reason: a contract that wants technical errors tried four times a day
    set: {technical_attempts: 100, technical_within: 40d}
"""
SECOND = 10**9
HOUR, DAY = 3600 * SECOND, 86400 * SECOND
YEAR_START = int(pe.Timestamp.parse("2026-01-01T00:00:00Z"))
YEAR = 365 * DAY

# Made up: what a failure says, how often, and how likely an attempt after it succeeds.
FAILURES: dict[str, list[tuple[str, str, float, float]]] = {
    "visa": [
        ("insufficient_funds", "51", 0.40, 0.22),
        ("processing_error", "96", 0.25, 0.05),
        ("do_not_honor", "05", 0.20, 0.15),
        ("stolen_card", "43", 0.05, 0.0),
        ("expired_card", "54", 0.10, 0.0),
    ],
    "mastercard": [
        ("insufficient_funds", "24", 0.25, 0.22),
        ("try_again_later", "02", 0.20, 0.15),
        ("processing_error", "", 0.25, 0.05),
        ("do_not_honor", "30", 0.15, 0.2),
        ("lost_card", "03", 0.10, 0.0),
        ("do_not_honor", "41", 0.05, 0.0),
    ],
    "other": [("insufficient_funds", "", 0.6, 0.22), ("processing_error", "", 0.4, 0.05)],
}
VISA_NEVER = {"43"}
ADVICE_HOURS = {"02": 72, "24": 1, "30": 240}
ADVICE_NEVER = {"03", "41"}


@dataclass(slots=True)
class Payment:
    """One payment with the instants of its declines, the first one included."""

    id: str
    tenant: str
    network: str
    declines: list[int]
    code: str = ""
    advice: str = ""
    chance: float = 0.0
    unknown: bool = False

    def fail(self, draw: random.Random) -> None:
        """What the failure says, mostly what the last one said; some say nothing: money may have been taken."""
        self.unknown = draw.random() < 0.01
        if self.code and draw.random() < 0.95:
            return
        kinds = FAILURES[self.network]
        self.code, self.advice, _, self.chance = draw.choices(kinds, [kind[2] for kind in kinds])[0]

    def within(self, span: int, now: int) -> int:
        return sum(now - span < at <= now for at in self.declines)

    def facts(self) -> dict[str, Any]:
        last = self.declines[-1]
        return {
            "id": self.id,
            "amount": 20,
            "network": self.network,
            "outcome": "unknown" if self.unknown else "declined",
            "decline_code": self.code,
            "response_code": self.advice if self.network == "visa" else "",
            "advice_code": self.advice if self.network == "mastercard" else "",
            "failures": len(self.declines),
            "first_failed_at": pe.Timestamp(self.declines[0]),
            "failed_at": pe.Timestamp(last),
            "declines_24h": self.within(DAY, last),
            "declines_30d": self.within(30 * DAY, last),
        }


@dataclass(slots=True)
class Outcome:
    """What became of all payments: recovered by the number of the attempt, tried so often, stopped by, and breaches."""

    recovered: Counter[int] = field(default_factory=Counter)
    tried: Counter[int] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    decisions: int = 0
    breaches: list[str] = field(default_factory=list)


def breach(payment: Payment, at: int) -> str | None:
    """Which published limit an attempt at this instant exceeds, counted anew."""
    reattempts = len(payment.declines)  # this attempt included
    if payment.unknown:
        return "an unknown outcome was tried again"
    if at < payment.declines[-1]:
        return "an attempt in the past"
    if payment.network == "visa":
        if payment.advice in VISA_NEVER:
            return "visa: never reattempt"
        if at <= payment.declines[0] + 30 * DAY and reattempts > 20:
            return "visa: 20 reattempts in 30 days"
    if payment.network == "mastercard":
        if payment.advice in ADVICE_NEVER:
            return "mastercard: advised against"
        if at < payment.declines[-1] + ADVICE_HOURS.get(payment.advice, 0) * HOUR:
            return "mastercard: earlier than advised"
        if payment.within(DAY, at) >= 10:
            return "mastercard: 10 declines in 24 hours"
        if payment.within(30 * DAY, at) >= 35:
            return "mastercard: 35 declines in 30 days"
    return None


def policy() -> pe.Policy:
    """The shipped policy with the contracts of the two tenants."""
    texts: dict[str, str | bytes] = {path.name: path.read_text(encoding="utf-8") for path in BUNDLE.glob("*.yaml")}
    return pe.Policy(compile_texts({**texts, "contracts.yaml": CONTRACTS}).program)


def simulate(payments: int, seed: int) -> Outcome:
    """The whole year; the same seed gives the same year."""
    draw = random.Random(seed)
    asked, found = policy(), Outcome()
    for number in range(payments):
        start = YEAR_START + draw.randrange(YEAR // SECOND) * SECOND
        network = draw.choices(["visa", "mastercard", "other"], [0.55, 0.35, 0.1])[0]
        payment = Payment(f"in_{number}", draw.choice(["patient", "eager", "steady"]), network, [start])
        payment.fail(draw)
        found.ended[recover(asked, payment, draw, found)] += 1
    return found


def recover(asked: pe.Policy, payment: Payment, draw: random.Random, found: Outcome) -> str:
    """One payment until its end, which is named."""
    while True:
        now = payment.declines[-1]
        answer = asked.decide(
            "after_failure", {"payment": payment.facts()}, tenant=payment.tenant, at=pe.Timestamp(now)
        )
        found.decisions += 1
        outputs = answer.outputs
        if outputs["action"] != "retry":
            return outputs["stopped_by"] or outputs["action"]
        at = int(outputs["next_at"])
        exceeded = breach(payment, at)
        if exceeded is not None:
            found.breaches.append(f"{payment.id}: {exceeded}")
        attempt = len(payment.declines)
        found.tried[attempt] += 1
        if draw.random() < payment.chance:
            found.recovered[attempt] += 1
            return "recovered"
        payment.declines.append(at)
        payment.fail(draw)


# --------------------------------------------------------------------------------------------------------------- plot

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720, 320, 56, 44, 48
SHOWN = 20
STYLE = """
  text { font: 12px ui-sans-serif, system-ui, sans-serif; fill: #16202c; }
  .title { font-size: 14px; font-weight: 600; }
  .paper { fill: #ffffff; }
  .bar { fill: #7fb3d5; }
  .line { fill: none; stroke: #0b3d91; stroke-width: 2; }
  .grid { stroke: #d5dbe1; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6ebf0; } .paper { fill: #14181d; } .bar { fill: #4a7fa5; } .line { stroke: #8fb4ff; }
    .grid { stroke: #39424c; }
  }
"""


def plot(found: Outcome, payments: int) -> str:
    """Bars: the share of all payments that an attempt recovered; line: all attempts up to it."""
    shares = [found.recovered[attempt] / payments for attempt in range(1, SHOWN + 1)]
    total, sums = 0.0, []
    for share in shares:
        total += share
        sums.append(total)
    step, high = (WIDTH - LEFT - 16) / SHOWN, HEIGHT - BOTTOM - TOP

    def y(share: float) -> float:
        return HEIGHT - BOTTOM - share * high

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img">']
    parts += [f"<style>{STYLE}</style>", f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>']
    parts.append(
        f'<text class="title" x="{LEFT}" y="22">Recovered by attempt, of {payments:,} simulated payments</text>'
    )
    parts.append(f'<text x="{LEFT}" y="39">bars: by this attempt; line: by all attempts up to it</text>')
    for tenth in range(0, 11, 2):
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - 16}" y1="{y(tenth / 10):.1f}" y2="{y(tenth / 10):.1f}"/>'
        )
        parts.append(f'<text x="{LEFT - 8}" y="{y(tenth / 10) + 4:.1f}" text-anchor="end">{tenth * 10} %</text>')
    for index, share in enumerate(shares):
        x = LEFT + index * step
        parts.append(
            f'<rect class="bar" x="{x + 3:.1f}" y="{y(share):.1f}" width="{step - 6:.1f}" height="{share * high:.1f}"/>'
        )
        parts.append(f'<text x="{x + step / 2:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{index + 1}</text>')
    points = " ".join(f"{LEFT + (index + 0.5) * step:.1f},{y(share):.1f}" for index, share in enumerate(sums))
    parts.append(f'<polyline class="line" points="{points}"/>')
    parts.append(
        f'<text x="{WIDTH / 2:.0f}" y="{HEIGHT - 8}" text-anchor="middle">attempt after the first failure</text>'
    )
    return "\n".join([*parts, "</svg>"]) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Run the year, print what became of it, draw the plot."""
    parser = argparse.ArgumentParser(description="A year of failing payments under policies/payments.")
    parser.add_argument("--payments", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--plot", type=Path, help="where to write the plot, an SVG")
    options = parser.parse_args(arguments)
    started = time.process_time()
    found = simulate(options.payments, options.seed)
    line = {
        "payments": options.payments,
        "decisions": found.decisions,
        "attempts": found.tried.total(),
        "most_attempts": max(found.tried, default=0),
        "recovered": found.recovered.total(),
        "ended": dict(sorted(found.ended.items())),
        "breaches": len(found.breaches),
        "cpu_seconds": round(time.process_time() - started, 1),
    }
    print(json.dumps(line))
    for text in found.breaches[:10]:
        print(text, file=sys.stderr)
    if options.plot is not None:
        options.plot.write_text(plot(found, options.payments), encoding="utf-8")
    return 1 if found.breaches else 0


if __name__ == "__main__":
    sys.exit(main())
