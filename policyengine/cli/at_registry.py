"""What the commands that ask or change a registry share: where it is, who asks, and for whom a version is to answer."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from policyengine.clock import now
from policyengine.errors import InvalidInput
from policyengine.registry import plans, scopes
from policyengine.registry.offers import Offers, checked
from policyengine.registry.plans import Plan
from policyengine.registry.registry import Registry
from policyengine.registry.scopes import Scope
from policyengine.storage.open_store import open_store
from policyengine.storage.store import NoStore
from policyengine.values.instant import Timestamp
from policyengine.values.invalid import InvalidValue

_WHERE = click.option(
    "--registry", "address", required=True, envvar="POLICYENGINE_REGISTRY", metavar="ADDRESS",
    help="`sqlite:registry.db`, `postgresql://host/database`, or a folder. Default: $POLICYENGINE_REGISTRY.",
)  # fmt: skip


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container may run as a number that nobody has named
        raise click.UsageError("the operating system has no name for you: say who you are with --actor") from None


_WHO = click.option(
    "--actor", envvar="POLICYENGINE_ACTOR", default=_user, show_default="the user of the operating system",
    help="Who does it, as the history will say. Default: $POLICYENGINE_ACTOR.",
)  # fmt: skip
_ON_WHAT = (
    click.option(
        "--offers", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
        help='What the services ask and give, as JSON: {"price_call": ["usage.model"]}. Refused if it is not enough.',
    ),
    click.option(
        "--base", type=int, metavar="NUMBER", help="The last event that this was decided on: refused if there is more."
    ),
)  # fmt: skip
_SCOPE = (
    click.option("--tenant", help="Only for this tenant."),
    click.option("--cohort", help="Only for the tenants of this cohort."),
    click.option("--percent", metavar="SHARE", help="Only for a share of the tenants: 5, or 0.5."),
    click.option("--everyone", is_flag=True, help="For everyone: the default."),
)
_STEPS = (
    click.option("--tenant", "tenants", multiple=True, help="For this tenant."),
    click.option("--cohort", "cohorts", multiple=True, help="For the tenants of this cohort."),
    click.option(
        "--percent", "percents", multiple=True, metavar="SHARE", help="For a share of the tenants: 5, or 0.5."
    ),
    click.option("--everyone", is_flag=True, help="For everyone: the default."),
)


def where(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option that says which registry."""
    return _WHERE(command)


def who(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a command that changes a registry."""
    return _WHERE(_WHO(command))


def on_what(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that refuse a change which does not fit to what the services give, or to what somebody has seen."""
    for option in reversed(_ON_WHAT):
        command = option(command)
    return command


def for_whom(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say for whom; without any it is everyone."""
    for option in reversed(_SCOPE):
        command = option(command)
    return command


def for_steps(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say for whom, of which several are steps."""
    for option in reversed(_STEPS):
        command = option(command)
    return command


def scope_of(tenant: str | None, cohort: str | None, percent: str | None, everyone: bool) -> Scope | None:
    """The scope that the options name; None without any."""
    given = [[] if name is None else [name] for name in (tenant, cohort, percent)]
    found = steps_of(given[0], given[1], given[2], everyone)
    if len(found) > 1:
        raise click.UsageError("give one of --tenant, --cohort, --percent and --everyone")
    return found[0] if found else None


def steps_of(tenants: Iterable[str], cohorts: Iterable[str], percents: Iterable[str], everyone: bool) -> list[Scope]:
    """The scopes that the options name."""
    narrow = [*map(scopes.tenant, tenants), *map(scopes.cohort, cohorts), *map(scopes.percent, percents)]
    return [*narrow, scopes.ALL] if everyone else narrow


def offers_in(file: Path | None) -> Offers | None:
    """What the services ask and give, as a file says."""
    if file is None:
        return None
    try:
        return checked(json.loads(file.read_bytes()))
    except InvalidInput as fault:
        raise InvalidInput(f"{file} {fault.message}", "--offers", fault.hint) from None
    except (ValueError, RecursionError) as fault:
        raise InvalidInput(f"{file} is not JSON: {fault}", "--offers") from None


def opened(address: str) -> Registry:
    """A registry that is there."""
    try:
        return Registry(open_store(address, make=False), now)
    except NoStore as nothing:
        raise InvalidInput(str(nothing), "--registry", "`policyengine publish` makes one") from None


def made(address: str) -> Registry:
    """A registry, which is made where it is not there."""
    return Registry(open_store(address), now)


def plan(file: Path) -> Plan:
    """The plan in a file."""
    return plans.read(file.read_bytes())


def instant(text: str | None, option: str) -> Timestamp | None:
    """A time that an option gives."""
    if text is None:
        return None
    try:
        return Timestamp.parse(text)
    except InvalidValue as fault:
        raise InvalidInput(fault.message, option, "write it as 2026-12-01T00:00:00Z") from None
