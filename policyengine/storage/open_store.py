"""A store by its address: `sqlite:registry.db`, `folder:registry`, `postgresql://host/database`, or a path."""

from __future__ import annotations

from pathlib import Path

from policyengine.errors import StoreUnavailable
from policyengine.storage.store import Store

POSTGRES = ("postgresql", "postgres")


def open_store(address: str | Path, *, make: bool = True) -> Store:
    """An open store. A path that ends in `.db` or `.sqlite`, or a file, is SQLite; any other path is a folder.

    A store that does not exist is made, unless `make` is False: then it is NoStore. Raises StoreUnavailable.
    """
    text = str(address)
    if not text:
        raise StoreUnavailable("the address of the registry is empty")
    kind, colon, rest = text.partition(":")
    if colon and kind in POSTGRES:
        return _postgres(text, make)
    if colon and len(kind) > 1 and kind not in ("sqlite", "folder"):
        raise StoreUnavailable(f"no store is called `{kind}`; there are sqlite, folder and postgresql")
    is_named = bool(colon) and len(kind) > 1
    path = Path(rest.removeprefix("//")) if is_named else Path(text)
    is_sqlite = kind == "sqlite" if is_named else path.suffix in (".db", ".sqlite") or path.is_file()
    return _sqlite(path, make) if is_sqlite else _folder(path, make)


def _sqlite(path: Path, make: bool) -> Store:
    from policyengine.storage.sqlite import SqliteStore

    return SqliteStore(path, make=make)


def _folder(path: Path, make: bool) -> Store:
    from policyengine.storage.folder import FolderStore

    return FolderStore(path, make=make)


def _postgres(url: str, make: bool) -> Store:
    from policyengine.storage.postgres import PostgresStore

    return PostgresStore(url, make=make)
