"""A bundle as a git revision has it, read from git's own objects: nothing is checked out."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from policyengine.compiler.pipeline import Compiled, compile_sources
from policyengine.compiler.sources import MANIFEST, Sources, of_texts
from policyengine.errors import InvalidInput
from policyengine.source import Report, Source

READ = (".yaml", ".csv")


class NoBundle(InvalidInput):
    """A revision is there, and has no such bundle."""


def at_revision(revision: str, path: Path) -> Compiled:
    """The bundle of a folder or file as a revision has it; the folder need not be there any more.

    Raises NoBundle where the revision does not have it, InvalidInput where there is no such revision, InvalidPolicy
    where it cannot be compiled.
    """
    here = next(folder for folder in (path, *path.absolute().parents) if folder.is_dir())
    commit = _text(here, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if not commit:
        raise InvalidInput(f"`{revision}` is no revision of git, and no file or folder", "", "fetch it first, in CI")
    root = Path(_text(here, "rev-parse", "--show-toplevel"))
    try:
        inside = PurePosixPath(path.resolve().relative_to(root.resolve()).as_posix())
    except ValueError:
        raise InvalidInput(f"`{path}` lies outside of the repository {root}") from None
    texts = _texts(root, commit, inside)
    if not any(name.endswith(".yaml") for name in texts):
        raise NoBundle(f"`{revision}` has no bundle in `{inside}`")
    try:
        found = of_texts(texts)
    except UnicodeDecodeError:
        raise InvalidInput(f"a file of `{inside}` in `{revision}` is not UTF-8 text") from None
    return compile_sources(
        _placed(found, f"{revision}:{inside if path.suffix not in READ else inside.parent}"), Report()
    )


def _placed(found: Sources, where: str) -> Sources:
    """The same sources with places that say which revision they are of."""

    def named(source: Source) -> Source:
        return Source(f"{where}/{source.name}", source.text)

    return replace(found, manifest=named(found.manifest), parts=tuple(map(named, found.parts)))


def _texts(root: Path, commit: str, inside: PurePosixPath) -> dict[str, str | bytes]:
    """The files of the bundle by their names inside it."""
    blobs = _blobs(root, commit, inside)
    is_file = str(inside) in blobs
    folder = inside.parent if is_file else inside
    if is_file:  # a bundle of one YAML file may read CSV beside it
        beside = _blobs(root, commit, folder)
        blobs |= {name: blob for name, blob in beside.items() if name.endswith(".csv")}
    named = {PurePosixPath(name).relative_to(folder): blob for name, blob in blobs.items()}
    wanted = {name: blob for name, blob in named.items() if not any(part.startswith(".") for part in name.parts)}
    if not is_file and PurePosixPath(MANIFEST) not in wanted:
        return {}
    data = _contents(root, list(wanted.values()))
    return dict(zip(map(str, wanted), data, strict=True))


def _blobs(root: Path, commit: str, inside: PurePosixPath) -> dict[str, str]:
    """The objects of all YAML and CSV files at or below a path."""
    where = [] if str(inside) == "." else ["--", str(inside)]
    listed = _run(root, ["ls-tree", "-r", "-z", "--full-tree", commit, *where])
    found = {}
    for line in filter(None, listed.decode("utf-8", "surrogateescape").split("\0")):
        about, _, name = line.partition("\t")
        mode, kind, blob = about.split()
        if kind == "blob" and mode != "120000" and name.endswith(READ):
            found[name] = blob
    return found


def _contents(root: Path, blobs: Sequence[str]) -> list[bytes]:
    """What stands in the objects, in their order."""
    out = _run(root, ["cat-file", "--batch"], "".join(f"{blob}\n" for blob in blobs).encode())
    found, place = [], 0
    for _ in blobs:
        end = out.index(b"\n", place)
        size = int(out[place:end].split()[2])
        found.append(out[end + 1 : end + 1 + size])
        place = end + 1 + size + 1
    return found


def _text(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _run(folder: Path, arguments: Sequence[str], given: bytes = b"") -> bytes:
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, input=given, check=False)
    if done.returncode:
        raise InvalidInput(f"git says: {done.stderr.decode('utf-8', 'replace').strip()}")
    return done.stdout
