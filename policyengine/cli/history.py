"""`policyengine history`: what was done to a registry, by whom, and whether the record of it is whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from policyengine.cli import CHECK_FAILED, OK, at_registry
from policyengine.errors import InvalidInput
from policyengine.registry import scopes
from policyengine.registry.events import BrokenHistory, Event
from policyengine.storage.store import Head


@click.group(invoke_without_command=True)
@at_registry.where
@click.option("--bundle", help="Only of this bundle.")
@click.pass_context
def command(context: click.Context, address: str, bundle: str | None) -> int:
    """Show what was done to a registry, and verify it.

    Without a further command the events are listed, the last one last.
    """
    context.obj = address
    if context.invoked_subcommand is None:
        with at_registry.opened(address) as registry:
            for event in registry.history():
                if bundle in (None, event.data["bundle"]):
                    click.echo(_line(event))
    return OK


@command.command()
@click.option("--head", metavar="NUMBER:DIGEST", help="An event that somebody has kept elsewhere: it must be there.")
@click.pass_obj
def verify(address: str, head: str | None) -> int:
    """Check the chain of events and every artifact; the exit code is 3 where something is not as it was written."""
    with at_registry.opened(address) as registry:
        try:
            count = registry.verify(None if head is None else _head(head))
        except BrokenHistory as broken:
            click.echo(f"{registry.store.name}: the history is broken: {broken}", err=True)
            return CHECK_FAILED
        last = registry.history()[-1:]
    end = f", the last is {last[0].number}:{last[0].digest}" if last else ""
    click.echo(f"{registry.store.name}: {count} events are whole{end}")
    return OK


@command.command()
@click.pass_obj
def export(address: str) -> int:
    """Print every event as a line of JSON, as it is stored."""
    with at_registry.opened(address) as registry:
        for body in registry.store.events():
            click.echo(body.decode())
    return OK


def _head(text: str) -> Head:
    number, colon, digest = text.partition(":")
    if not colon or not number.isdigit():
        raise InvalidInput(f"`{text}` names no event", "--head", "write it as 12:sha256:9f2c...")
    return Head(int(number), digest)


def _line(event: Event) -> str:
    """One event for a person."""
    return f"{event.number:>5}  {event.recorded}  {event.actor:<12}  {_said(event)}"


def _said(event: Event) -> str:
    said = event.data
    match event.kind:
        case "published":
            signed = " signed" if said.get("signature") else ""
            return f"published {said['bundle']} {said['version']} {_short(said['artifact'])}{signed}"
        case "signed":
            return f"{said['bundle']}: signed {_short(said['artifact'])}"
        case "cohort":
            return f"{said['bundle']}: cohort {said['name']} has {_tenants(said['tenants'])}"
        case "shadowed":
            return f"{said['bundle']}: {_shadowed(said)}"
        case "planned":
            what = f"planned {_short(said['artifact'])} for {_steps(said['steps'])}"
            return f"{said['bundle']}: {what} (plan {_short(said['plan'])}): {said['summary']}"
        case "approved":
            return f"{said['bundle']}: approved plan {_short(said['plan'])} as {said['role']}"
        case "approval_withdrawn":
            return f"{said['bundle']}: withdrew the approval of plan {_short(said['plan'])}"
        case "rules_proposed":
            return f"{said['bundle']}: proposed other rules for approvals"
        case "rules":
            return f"{said['bundle']}: put rules for approvals into force"
        case "activated" | "rolled_back":
            return _activated(event)
    return f"{said['bundle']}: {event.kind}, which this version does not know"


def _shadowed(said: Mapping[str, Any]) -> str:
    reason = f": {said['reason']}" if said["reason"] else ""
    if said["artifact"] is None:
        return f"no longer shadowed{reason}"
    scope = scopes.from_json(said["scope"])
    return f"shadowed by {_short(said['artifact'])} for {scope}, {said['sample']} % of the decisions{reason}"


def _activated(event: Event) -> str:
    said = event.data
    scope = scopes.from_json(said["scope"])
    what = "nothing of its own" if said["artifact"] is None else _short(said["artifact"])
    verb = "rolled back to" if event.kind == "rolled_back" else "activated"
    reason = f": {said['reason']}" if said["reason"] else ""
    plan = f" by plan {_short(said['plan'])}" if "plan" in said else ""
    guarded = " with guardrails" if said.get("guardrails") else ""
    return f"{said['bundle']}: {verb} {what} for {scope} from {said['from']}{plan}{guarded}{reason}"


def _steps(said: Sequence[Mapping[str, Any]]) -> str:
    return scopes.steps_text(map(scopes.from_json, said))


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:12]


def _tenants(names: Sequence[str]) -> str:
    return f"{len(names)} tenants" if len(names) != 1 else "1 tenant"
