"""A store by its address: `sqlite:registry.db`, `folder:registry`, or a path."""

from __future__ import annotations

from pathlib import Path

from policyengine.storage.store import Store, StoreUnavailable


def open_store(address: str | Path) -> Store:
    """An open store. A path that ends in `.db` or `.sqlite`, or a file, is SQLite; any other path is a folder.

    Raises StoreUnavailable.
    """
    text = str(address)
    kind, colon, rest = text.partition(":")
    if colon and kind == "sqlite":
        return _sqlite(Path(rest.removeprefix("//")))
    if colon and kind == "folder":
        return _folder(Path(rest.removeprefix("//")))
    if colon and len(kind) > 1:
        raise StoreUnavailable(f"`{text}`: no store is called `{kind}`; there are sqlite and folder")
    path = Path(text)
    return _sqlite(path) if path.suffix in (".db", ".sqlite") or path.is_file() else _folder(path)


def _sqlite(path: Path) -> Store:
    from policyengine.storage.sqlite import SqliteStore

    return SqliteStore(path)


def _folder(path: Path) -> Store:
    from policyengine.storage.folder import FolderStore

    return FolderStore(path)
