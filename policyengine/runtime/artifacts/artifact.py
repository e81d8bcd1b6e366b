"""A compiled policy in one file: what `policyengine compile` writes and services load, with the standard library alone.

The file is a zip archive with `manifest.json`, `program.json`, `places.json` and the sources below `sources/`. The
manifest names every other member with its size and sha256, so the artifact's digest, which is that of the manifest's
bytes, fixes all of it. Nothing is unpacked to disk and nothing is believed before its digest has been checked; the same
content gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from policyengine.errors import InvalidArtifact
from policyengine.runtime.artifacts import places_json, program_json, well_formed
from policyengine.runtime.program import Program
from policyengine.values.canonical_json import canonical_bytes

FORMAT = 1
SUFFIX = ".policy"
MANIFEST, PROGRAM, PLACES, SOURCES = "manifest.json", "program.json", "places.json", "sources/"
MEMBERS_MAX = 2_000
MEMBER_BYTES_MAX = 500_000_000
BYTES_MAX = 1_000_000_000
"""What an archive may hold unpacked; one that claims more is refused before anything is unpacked."""
MANIFEST_BYTES_MAX = 1_000_000
FILE_BYTES_MAX = 500_000_000
"""Of the archive itself; one with a million tenants has 17 million."""
CHUNK_BYTES = 1 << 16
LEVEL = 1
"""The sources are most of an artifact: a higher level makes them a quarter smaller and takes three times as long."""
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_EPOCH = (1980, 1, 1, 0, 0, 0)
_REGULAR_FILE = 0o100644 << 16
_MAGIC = b"PK\x03\x04"
_LISTED = b"PK\x01\x02"
"""What begins the record of a member in the archive's list. Sources are texts, which have no such characters."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled version: its manifest, the program and what it was compiled from.

    `digest` names the artifact; `manifest` has `bundle`, `version`, `digest` (of the sources' meaning),
    `program_digest`, `compiler` and `members`.
    """

    digest: str
    manifest: Mapping[str, Any]
    program: Program
    sources: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def program_digest(self) -> str:
        """The sha256 of the program's bytes: it fixes every answer."""
        found: str = self.manifest["program_digest"]
        return found


def is_artifact(path: Path) -> bool:
    """Whether a path is an artifact and not a bundle."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def write(program: Program, sources: Mapping[str, bytes], compiler: str) -> bytes:
    """The bytes of an artifact. `sources` are the bundle's files by their path inside it, `compiler` its version.

    Raises InvalidArtifact where the program is larger than one that is read.
    """
    program_bytes = program_json.to_json(program)
    try:
        well_formed.check_size(program_bytes)
    except ValueError as fault:
        raise InvalidArtifact(f"the program is too large for an artifact: {fault}") from None
    own = {PROGRAM: program_bytes, PLACES: places_json.to_json(program.places)}
    members = {**own, **{SOURCES + name: data for name, data in sources.items()}}
    manifest = {
        "format": FORMAT,
        "bundle": program.bundle,
        "version": program.version,
        "digest": program.source_digest,
        "program_digest": _digest(program_bytes),
        "compiler": compiler,
        "members": {name: {"sha256": _digest(data), "bytes": len(data)} for name, data in sorted(members.items())},
    }
    for name in members:
        _check_name(name)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in [(MANIFEST, _canonical(manifest)), *sorted(members.items())]:
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = _REGULAR_FILE
            info.create_system = 3
            archive.writestr(info, data, compresslevel=LEVEL)
    return made.getvalue()


def digest_of(data: bytes) -> str:
    """The digest of an artifact's bytes; raises InvalidArtifact where they are none."""
    with _opened(data) as archive:
        return _digest(_member(archive, _infos(archive)[MANIFEST], MANIFEST_BYTES_MAX))


def read(data: bytes, expected: str | None = None) -> Artifact:
    """An artifact from its bytes, every member checked; `expected` is the digest that it must have.

    Raises InvalidArtifact where it is corrupt, truncated, of another format, or another one than expected.
    """
    with _opened(data) as archive:
        infos = _infos(archive)
        manifest_bytes = _member(archive, infos[MANIFEST], MANIFEST_BYTES_MAX)
        digest = _digest(manifest_bytes)
        if expected is not None and digest != expected:
            raise InvalidArtifact(f"the artifact is {digest}, not {expected}")
        manifest = _manifest(manifest_bytes)
        members = manifest["members"]
        if set(members) != set(infos) - {MANIFEST}:
            raise InvalidArtifact("the archive's members are not those that its manifest names")
        for name in (PROGRAM, PLACES):
            if name in members and not _is_size(members[name]["bytes"], well_formed.BYTES_MAX):
                raise InvalidArtifact(f"`{name}` has more than {well_formed.BYTES_MAX:,} bytes")
        for name, said in members.items():
            size, own = 0, hashlib.sha256()
            for chunk in _chunks(archive, infos[name], said["bytes"]):
                size += len(chunk)
                own.update(chunk)
            if size != said["bytes"] or f"sha256:{own.hexdigest()}" != said["sha256"]:
                raise InvalidArtifact(f"`{name}` is not what the manifest says: the artifact has been changed")
    return _checked(digest, manifest, _Members(data, infos))


class _Members(Mapping[str, bytes]):
    """The members of an artifact, which have been checked, under one folder: each is unpacked when it is asked for.

    The sources are many times the program, and few ask for them.
    """

    def __init__(self, data: bytes, infos: Mapping[str, zipfile.ZipInfo], folder: str = "") -> None:
        self._data = data
        self._infos = {n.removeprefix(folder): info for n, info in infos.items() if n.startswith(folder)}

    def __getitem__(self, name: str) -> bytes:
        info = self._infos[name]
        with _opened(self._data) as archive:
            return _member(archive, info, MEMBER_BYTES_MAX)

    def __iter__(self) -> Iterator[str]:
        return iter(self._infos)

    def __len__(self) -> int:
        return len(self._infos)

    def below(self, folder: str) -> Mapping[str, bytes]:
        """Those in a folder, by their path inside it."""
        return _Members(self._data, self._infos, folder)


def _checked(digest: str, manifest: dict[str, Any], members: _Members) -> Artifact:
    if manifest["program_digest"] != manifest["members"].get(PROGRAM, {}).get("sha256"):
        raise InvalidArtifact("the manifest names another program than the archive holds")
    if PLACES not in members:
        raise InvalidArtifact(f"the archive has no {PLACES}")
    program = program_json.from_json(members[PROGRAM])
    ids = {name: table.ids for name, table in program.tables.items()}
    program = replace(program, places=places_json.from_json(members[PLACES], ids))
    if (program.bundle, program.version) != (manifest["bundle"], manifest["version"]):
        raise InvalidArtifact("the manifest names another bundle than the program")
    if program.source_digest != manifest["digest"]:
        raise InvalidArtifact("the program was compiled from other sources than the manifest says")
    return Artifact(digest, manifest, program, members.below(SOURCES))


def _opened(data: bytes) -> zipfile.ZipFile:
    if len(data) > FILE_BYTES_MAX:
        raise InvalidArtifact(f"the archive has {len(data):,} bytes, more than {FILE_BYTES_MAX:,}")
    if data.count(_LISTED) > MEMBERS_MAX:  # before there is an object for each of them
        raise InvalidArtifact(f"the archive has more than {MEMBERS_MAX:,} members")
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as fault:
        raise InvalidArtifact(f"this is no artifact: {fault}") from None


def _infos(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The members by name, after everything that can be said of them without unpacking one."""
    infos = archive.infolist()
    if len(infos) > MEMBERS_MAX:
        raise InvalidArtifact(f"the archive has more than {MEMBERS_MAX:,} members")
    found: dict[str, zipfile.ZipInfo] = {}
    folded: set[str] = set()
    for info in infos:
        _check_name(info.filename)
        if info.filename.casefold() in folded:
            raise InvalidArtifact(f"`{info.filename}` stands in the archive twice, or beside one that differs by case")
        if (info.external_attr >> 16) & 0o170000 not in (0, 0o100000) or info.is_dir():
            raise InvalidArtifact(f"`{info.filename}` is a link or a folder, not a file")
        if info.compress_type not in _COMPRESSIONS:
            raise InvalidArtifact(f"`{info.filename}` is compressed in a way that artifacts are not")
        folded.add(info.filename.casefold())
        found[info.filename] = info
    if sum(info.file_size for info in infos) > BYTES_MAX or any(i.file_size > MEMBER_BYTES_MAX for i in infos):
        raise InvalidArtifact(f"the archive holds more than {BYTES_MAX:,} bytes")
    if MANIFEST not in found:
        raise InvalidArtifact(f"the archive has no {MANIFEST}: it is not an artifact of policyengine")
    return found


def _check_name(name: str) -> None:
    parts = name.split("/")
    if "\\" in name or ":" in name or "\0" in name or any(part in ("", ".", "..") for part in parts):
        raise InvalidArtifact(f"`{name}` is no name that a member of an artifact may have")


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: object) -> bytes:
    return b"".join(_chunks(archive, info, most))


def _chunks(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: object) -> Iterator[bytes]:
    """A member's bytes, unpacked up to what it may have, whatever its header claims."""
    if not _is_size(most, MEMBER_BYTES_MAX):
        raise InvalidArtifact(f"the manifest gives `{info.filename}` no size that is allowed")
    assert isinstance(most, int)
    try:
        with archive.open(info) as file:
            while chunk := file.read(CHUNK_BYTES):
                most -= len(chunk)
                if most < 0:
                    raise InvalidArtifact(f"`{info.filename}` is larger than it may be")
                yield chunk
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, OverflowError, ValueError, RuntimeError) as fault:
        raise InvalidArtifact(f"`{info.filename}` cannot be unpacked: {fault}") from None


def _is_size(said: object, most: int) -> bool:
    return type(said) is int and 0 <= said <= most


_MANIFEST_TYPES: dict[str, type] = {
    "format": int,
    "bundle": str,
    "version": str,
    "digest": str,
    "program_digest": str,
    "compiler": str,
    "members": dict,
}


def _manifest(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as fault:
        raise InvalidArtifact(f"the manifest cannot be read: {fault}") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise InvalidArtifact(f"the artifact has another format than {FORMAT}, which this version reads")
    if {name: type(value) for name, value in found.items()} != _MANIFEST_TYPES:
        raise InvalidArtifact("the manifest has not the members that it must have")
    if not all(isinstance(m, dict) and set(m) == {"sha256", "bytes"} for m in found["members"].values()):
        raise InvalidArtifact("the manifest does not say sizes and digests of its members")
    return found


def _canonical(body: object) -> bytes:
    return canonical_bytes(body)


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()
