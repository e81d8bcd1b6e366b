"""A store by its address: `sqlite:registry.db`, `folder:registry`, or a path."""

from __future__ import annotations

from pathlib import Path

from policyengine.storage.store import Store, StoreUnavailable


def open_store(address: str | Path, *, make: bool = True) -> Store:
    """An open store. A path that ends in `.db` or `.sqlite`, or a file, is SQLite; any other path is a folder.

    A store that does not exist is made, unless `make` is False. Raises StoreUnavailable.
    """
    text = str(address)
    kind, colon, rest = text.partition(":")
    if not make and not path_of(text).exists():
        raise StoreUnavailable(f"there is no registry at `{text}`")
    if colon and kind == "sqlite":
        return _sqlite(Path(rest.removeprefix("//")))
    if colon and kind == "folder":
        return _folder(Path(rest.removeprefix("//")))
    if colon and len(kind) > 1:
        raise StoreUnavailable(f"`{text}`: no store is called `{kind}`; there are sqlite and folder")
    path = Path(text)
    return _sqlite(path) if path.suffix in (".db", ".sqlite") or path.is_file() else _folder(path)


def path_of(address: str) -> Path:
    """Where a store lies."""
    kind, colon, rest = address.partition(":")
    return Path(rest.removeprefix("//")) if colon and kind in ("sqlite", "folder") else Path(address)


def _sqlite(path: Path) -> Store:
    from policyengine.storage.sqlite import SqliteStore

    return SqliteStore(path)


def _folder(path: Path) -> Store:
    from policyengine.storage.folder import FolderStore

    return FolderStore(path)
