"""`policyengine approve`: somebody agrees to a plan, or says who has to."""

from __future__ import annotations

from pathlib import Path

import click

from policyengine.cli import CHECK_FAILED, OK, at_registry
from policyengine.language import yaml
from policyengine.registry import scopes
from policyengine.registry.plans import Plan
from policyengine.registry.registry import Registry


@click.command()
@click.argument("what", nargs=-1, required=True, metavar="PLAN | rules BUNDLE FILE")
@at_registry.who
@click.option("--role", help="In which role you approve.")
@click.option("--withdraw", is_flag=True, help="Take your approval back.")
@click.option("--status", is_flag=True, help="Say what is missing; the exit code is 3 where something is.")
def command(what: tuple[str, ...], address: str, actor: str, role: str | None, withdraw: bool, status: bool) -> int:
    """Approve a plan, or set the rules for that.

    PLAN is a file of `policyengine plan --out`. Who made the plan or published its version cannot approve it. `rules
    BUNDLE FILE` puts rules into force; where others hold, they are proposed, until an owner repeats the command.
    """
    is_rules = what[0] == "rules"
    if len(what) != (3 if is_rules else 1):
        raise click.UsageError("give a plan, or `rules BUNDLE FILE`")
    if (role is not None) + withdraw + status != (0 if is_rules else 1):
        raise click.UsageError("rules take no option" if is_rules else "give one of --role, --withdraw and --status")
    with at_registry.opened(address) as registry:
        if is_rules:
            _set_rules(registry, what[1], Path(what[2]), actor)
            return OK
        plan = at_registry.plan(Path(what[0]))
        click.echo(_told(plan))
        if withdraw:
            event = registry.withdraw_approval(plan, actor=actor)
            click.echo(f"withdrawn (event {event.number})")
        elif role is not None:
            event = registry.approve(plan, role, actor=actor)
            click.echo(f"approved as {role} (event {event.number})")
        found = registry.approvals(plan)
    for name, people in found.given.items():
        click.echo(f"{name}: {', '.join(people)}")
    click.echo(f"missing: {found}" if found.missing else "nothing is missing")
    return CHECK_FAILED if status and found.missing else OK


def _told(plan: Plan) -> str:
    """What is approved."""
    limits = {name: limit if isinstance(limit, list) else [limit] for name, limit in (plan.guardrails or {}).items()}
    shown = ", ".join(f"{name} {' and '.join(map(str, limit))}" for name, limit in sorted(limits.items()))
    guarded = f", with the guardrails {shown}" if shown else ""
    return f"{plan.bundle}@{plan.version} for {scopes.steps_text(plan.steps)}{guarded}: {plan.summary}"


def _set_rules(registry: Registry, bundle: str, file: Path, actor: str) -> None:
    event = registry.set_rules(bundle, yaml.load(file.read_bytes(), str(file)), actor=actor)
    if event.kind == "rules":
        click.echo(f"{bundle}: the rules hold (event {event.number})")
    else:
        click.echo(f"{bundle}: proposed (event {event.number}); they hold once an owner other than you says the same")
