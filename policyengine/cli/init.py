"""`policyengine init`: a small bundle with its tests, in a new folder, to read in five minutes and to change."""

from __future__ import annotations

import re
import shlex
import shutil
import tempfile
from pathlib import Path

import click

from policyengine.cli import OK
from policyengine.data_files import folder

SCHEMAS = ("bundle.schema.json", "part.schema.json")

BUNDLE = """\
# yaml-language-server: $schema=.schemas/bundle.schema.json
# What a month of a support chat costs: a fee by plan, and a price for every message beyond the free ones.
policyengine: 1                  # the version of this language
bundle: NAME
version: 0.1.0                   # yours: raise it with every change
currency: USD
timezone: UTC                    # dates begin at midnight here

types:
  Plan: {enum: [free, team]}

# The facts that the caller gives.
inputs:
  plan: Plan
  messages: {type: int message, min: 0}

# Named numbers: one for each plan, or one from each date on.
parameters:
  free_messages: {type: int message, value: {plan: {free: 100, team: 2_000}}}
  review_above: {type: money, value: {2026-01-01: 500, 2027-01-01: 800}}

# One row answers for each plan; `check` proves it.
tables:
  price:
    when: {plan: plan}
    then: {monthly: money, message: money / 1_000 message}
    rows:
      - {id: free, plan: free, monthly: 0,  message: 5}
      - {id: team, plan: team, monthly: 20, message: 2.50}

charges:
  fee: {charge_model: flat, flat_amount: price.monthly}
  chat:
    charge_model: per_unit
    quantity: messages
    free_quantity: free_messages
    unit_amount: price.message
  bill:
    sum: [fee, chat]
    round: {places: 2, mode: half_up}

guards:
  approval: {when: bill.amount > review_above, effect: review, approver: finance, reason: a large bill needs a person}

# What can be asked: `policyengine decide . monthly_bill --input example.json --at 2026-06-01T00:00:00Z`
decisions:
  monthly_bill:
    guards: [approval]
    outputs: {amount: bill.amount, lines: bill.lines}
"""

TESTS = """\
# yaml-language-server: $schema=.schemas/part.schema.json
# Run by `policyengine test .`; a section may stand in any file of the folder.
tests:
  - name: free messages cost nothing
    decide: monthly_bill
    at: 2026-06-01
    input: {plan: free, messages: 100}
    expect: {effect: allow, amount: 0}

  - name: a team pays its fee and what is beyond the free messages
    decide: monthly_bill
    at: 2026-06-01
    input: {plan: team, messages: 3_000}
    expect: {effect: allow, amount: 22.50}      # 20 + 1000 x 2.50 / 1000
    rationale: [price.team, free_messages.team]
    not_rationale: [approval]

  - name: a large bill waits for a person
    decide: monthly_bill
    at: 2026-06-01
    input: {plan: team, messages: 202_000}
    expect: {effect: review, approvers: [finance], amount: 520}

  - name: from 2027 on the same bill passes
    decide: monthly_bill
    at: 2027-01-01
    input: {plan: team, messages: 202_000}
    expect: {effect: allow, amount: 520}

  - name: a quantity below zero is refused
    decide: monthly_bill
    at: 2026-06-01
    input: {plan: team, messages: -1}
    error: messages
"""

EXAMPLE = """\
{"plan": "team", "messages": 3000}
"""


@click.command()
@click.argument("target", metavar="FOLDER", type=click.Path(path_type=Path))
@click.option("--name", help="The name of the bundle, unless it is the folder's.")
def command(target: Path, name: str | None) -> int:
    """Write a small tested bundle into a new folder.

    FOLDER must not exist, or be empty: nothing is ever overwritten.
    """
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise click.UsageError(f"`{target}` is already there, and nothing is overwritten")
    bundle = _name(name) if name is not None else _name_of(target)
    _write(target, bundle)
    there, example = shlex.quote(str(target)), shlex.quote(str(target / "example.json"))
    click.echo(f"wrote {target}: bundle.yaml, tests.yaml, example.json")
    click.echo("next")
    click.echo(f"  policyengine check {there}")
    click.echo(f"  policyengine test {there}")
    click.echo(f"  policyengine decide {there} monthly_bill --input {example} --at 2026-06-01T00:00:00Z")
    return OK


def _name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*", name):
        raise click.BadParameter("small letters, digits and hyphens, such as `support-chat`", param_hint="--name")
    return name


def _name_of(target: Path) -> str:
    """The folder's name as a bundle may be called."""
    words = re.findall(r"[a-z0-9]+", target.resolve().name.lower())
    name = "-".join(words).lstrip("0123456789-")
    return name or "my-policy"


def _write(target: Path, bundle: str) -> None:
    """All files or none: they are written beside the folder and then moved to their place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".policyengine-", dir=target.parent) as beside:
        finished = Path(beside) / "bundle"
        (finished / ".schemas").mkdir(parents=True)
        for name in SCHEMAS:  # copies, so that every editor of the team finds them at the same place
            shutil.copyfile(folder("schemas") / name, finished / ".schemas" / name)
        files = {"example.json": EXAMPLE, "tests.yaml": TESTS, "bundle.yaml": BUNDLE.replace("NAME", bundle)}
        for name, text in files.items():
            (finished / name).write_text(text, encoding="utf-8")
        if not target.exists():
            finished.rename(target)
            return
        for name in (".schemas", *files):  # an empty folder stays, since somebody may stand in it
            (finished / name).rename(target / name)
