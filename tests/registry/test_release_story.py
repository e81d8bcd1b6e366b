"""The whole release that docs/releasing.md tells, on every kind of registry, while a service answers.

The operators are the commands of the page. The service knows nothing of them: it is asked, answers, and takes a canary
back by what it has found beside its answers.
"""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner
from registry.beside_versions import soon
from test_docs import fences_of

import policyengine as pe
from policyengine.cli import cli
from policyengine.clock import now
from policyengine.registry import beside
from policyengine.registry.registry import Registry
from policyengine.registry.shadow import Report
from policyengine.runtime.answers.decision import Decision
from policyengine.runtime.engine import Policy
from policyengine.storage.open_store import open_store
from policyengine.values.instant import Timestamp

PAGE = Path(__file__).resolve().parents[2] / "docs" / "releasing.md"
BUNDLE = """
policyengine: 1
bundle: prices
version: {version}
currency: USD
timezone: UTC
inputs: {{model: string, used: {{type: int token, min: 0, max: 100_000_000}}}}
tables:
  rate:
    when: {{model: model}}
    then: {{price: money / 1_000 token}}
    rows:
{rows}
    otherwise: {{price: 5}}
charges:
  cost: {{charge_model: per_unit, quantity: used, unit_amount: rate.price, round: {{places: 2, mode: half_up}}}}
decisions: {{bill: {{outputs: {{cost: cost.amount}}}}}}
"""
NEW = {"mini": "0.12", "pro": "2.10", "embed": "0.01", "vision": "2.50", "audio": "1.00"}
PRICES = {
    "1.0.0": {"mini": "0.10", "pro": "2.00", "embed": "0.02", "vision": "2.40"},
    "2.0.0": {**NEW, "vision": "25"},
    "2.0.1": NEW,
}
USAGE = [("pro", 29_000)] * 411 + [("mini", 1_132_500), ("embed", 1_000_000)]
"""Of last month: 411 tenants have used one model, and the last one two others."""
TENANTS = [f"tenant-{number}" for number in range(200)]


def test_new_prices_go_from_a_plan_to_everyone(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With two approvals, a shadow, a canary that takes itself back, and one that does not."""
    monkeypatch.setattr(beside, "SHARE_PERCENT", 90)  # so that nobody waits for the comparing
    monkeypatch.setattr(beside, "IDLE_SECONDS", 0.001)
    monkeypatch.setenv("POLICYENGINE_REGISTRY", address)
    monkeypatch.chdir(tmp_path)
    begin, publish, plan, activate, widen, look, fix, finish = acts(tmp_path)

    perform(begin)
    with pe.connect(
        address, "prices", interval=0.02, offers={"bill": ["model", "used"]}, actor="billing-service"
    ) as live:
        service = Service(live)
        assert {"1.0.0": 200} == service.serve("pro")

        perform(publish)
        assert {"1.0.0": 200} == service.serve("pro")
        shadow = service.shadow()
        assert (shadow.figures.differing, shadow.figures.failed) == (shadow.figures.compared, {})
        assert shadow.figures.differing * Decimal("0.40") == shadow.figures.money["USD"].sum

        perform(plan)
        edited = (tmp_path / "plan.json").read_text().replace('"500.00 USD"', '"5000.00 USD"')
        (tmp_path / "edited.json").write_text(edited)
        assert {"1.0.0": 200} == service.serve("pro")

        perform(activate)
        assert {"1.0.0": 199, "2.0.0": 1} == service.serve("mini")
        perform(widen)
        widened = service.serve("mini")
        assert widened["2.0.0"] > 1

        assert soon(lambda: service.serve("vision") == {"1.0.0": 200})  # nothing but asking brings that about
        perform(look)

        perform(fix)
        assert {"1.0.0": widened["1.0.0"], "2.0.1": widened["2.0.0"]} == service.serve("vision")
        canaries = service.canaries()
        assert {"tenant tenant-7", "5 %"} == {each.scope for each in canaries}
        assert [""] * 2 == [each.breach for each in canaries]
        perform(finish)
        assert {"2.0.1": 200} == service.serve("vision")

    the_history_says_why(address)
    each_decision_names_the_version_that_was_due(address, service)
    each_decision_is_replayed(address, service)


# ------------------------------------------------------------------------------------------------------ the operators


def acts(folder: Path) -> Iterator[str]:
    """The commands of the page, fence by fence; the files that they name are in the folder."""
    text = PAGE.read_text(encoding="utf-8")
    fences = list(fences_of(PAGE, text[text.index("## A whole release\n") : text.index("## Take back\n")]))
    (rules,) = (fence.text for fence in fences if fence.language == "yaml")
    (folder / "rules.yaml").write_text(rules, encoding="utf-8")
    for version, prices in PRICES.items():
        rows = "\n".join(f"      - {{id: {model}, model: {model}, price: {price}}}" for model, price in prices.items())
        bundle = folder / f"prices-{version}"
        bundle.mkdir()
        (bundle / "bundle.yaml").write_text(BUNDLE.format(version=version, rows=rows), encoding="utf-8")
    lines = [
        {"decision": "bill", "tenant": f"customer-{min(number, 411)}", "at": "2026-10-01T00:00:00Z",
         "input": {"model": model, "used": used}}
        for number, (model, used) in enumerate(USAGE)
    ]  # fmt: skip
    (folder / "usage.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return (fence.text for fence in fences if fence.language == "sh")


def perform(act: str) -> None:
    """Run commands; what stands below one is in what it says, and it fails where that is an error."""
    said, is_right = "", True
    for line in act.splitlines():
        if line.startswith("# "):
            expected = line.removeprefix("# ").removeprefix("error: ")
            assert expected in said, said
            assert is_right != line.startswith("# error: "), said
            is_right = True
            continue
        assert is_right, said
        result = CliRunner().invoke(cli, shlex.split(line)[1:])
        said, is_right = result.output, result.exit_code in (0, 2)
    assert is_right, said


# -------------------------------------------------------------------------------------------------------- the service


@dataclass
class Service:
    """A service that is asked by its tenants, and what it has answered."""

    live: pe.LivePolicy
    answered: list[tuple[Decision, set[int]]] = field(default_factory=list)
    """Each decision, with the last event of the registry that the service knew, before and after."""

    def serve(self, model: str) -> dict[str, int]:
        """Every tenant asks once; how many decisions each version has made."""
        self.live.refresh()
        count: Counter[str] = Counter()
        for tenant in TENANTS:
            before = self.live.status.event
            decision = self.live.decide("bill", {"model": model, "used": 4_000}, tenant=tenant)
            self.answered.append((decision, {before, self.live.status.event}))
            count[decision.policy.version] += 1
        return dict(sorted(count.items()))

    def shadow(self) -> Report:
        """What the shadow has found, once it has compared all."""
        assert soon(lambda: is_done(self.live.shadow))
        assert self.live.shadow is not None
        return self.live.shadow

    def canaries(self) -> tuple[Report, ...]:
        """What the canaries have found, once they have compared all."""
        assert soon(lambda: all(map(is_done, self.live.canaries)))
        return self.live.canaries


def is_done(report: Report | None) -> bool:
    """Whether everything that was sampled is compared or dropped, and something is."""
    return (
        report is not None
        and 0 < report.figures.compared
        and (report.figures.compared + report.dropped >= report.sampled)
    )


# ------------------------------------------------------------------------------------------------------ what is left


def the_history_says_why(address: str) -> None:
    """Who did what; what the service did by itself, it has done for each canary."""
    with Registry(open_store(address, make=False), now) as registry:
        history = registry.history()
        assert len(history) == registry.verify()
    way = ["bob planned", "pia approved", "fay approved", "bob activated", "bob activated"]
    back = ["billing-service rolled_back"] * 2
    assert [
        "ada published", "ada activated", "olga rules",
        "ada published", "ada shadowed", *way, *back,
        "ada published", "ada shadowed", *way, "bob activated",
    ] == [f"{event.actor} {event.kind}" for event in history]  # fmt: skip
    reasons = {event.data["reason"] for event in history if event.kind == "rolled_back"}
    (reason,) = reasons
    assert reason.startswith("guardrail max_money: the amounts of ")
    assert reason.endswith(" USD, and at most 500.00 USD are allowed")


def each_decision_names_the_version_that_was_due(address: str, service: Service) -> None:
    """By the registry as the service knew it, when it was asked."""
    with Registry(open_store(address, make=False), now) as registry:
        recorded = {event.number: event.recorded for event in registry.history()}
        programs = {version.digest: version.program_digest for version in registry.versions()}
        for decision, known in service.answered:
            assert decision.at is not None
            at = Timestamp(decision.at)
            due = {registry.due("prices", decision.tenant, at, recorded[number]).artifact for number in known}
            assert decision.policy.program_digest in {programs[digest] for digest in due}


def each_decision_is_replayed(address: str, service: Service) -> None:
    """By the artifacts of the registry alone: every byte of its record."""
    with Registry(open_store(address, make=False), now) as registry:
        policies = {}
        for version in registry.versions():
            found = registry.artifact(version.digest)
            policies[version.program_digest] = Policy(found.program, found.program_digest)
    for decision, _ in service.answered:
        record = json.loads(json.dumps(decision.record()))
        again = pe.replay(record, policies[decision.policy.program_digest])
        assert again.same, again.differences
        assert json.dumps(record) == json.dumps(again.decision.record())
