"""`policyengine keys`: the keys with which versions are signed."""

from __future__ import annotations

import os
from pathlib import Path

import click

from policyengine.cli import OK
from policyengine.errors import InvalidInput


@click.group()
def command() -> None:
    """Make keys that sign versions."""


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
def new(file: Path) -> int:
    """Make an ed25519 key to sign versions with.

    The private key goes to FILE, which only you may read, and the public key to FILE.pub. Neither is overwritten.
    """
    from policyengine.registry.signatures import new_key  # its package is an extra

    public_file = file.with_name(f"{file.name}.pub")
    for target in (file, public_file):
        if target.exists():
            raise InvalidInput(f"{target} is there already", "FILE", "a key is never overwritten")
    private, public = new_key()
    _write(file, private, 0o600)
    _write(public_file, public, 0o644)
    click.echo(f"wrote {file}, to be kept secret, and {public_file}, to be given to services")
    return OK


def _write(file: Path, data: bytes, mode: int) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as opened:
        opened.write(data)
