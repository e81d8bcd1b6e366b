"""The files of a bundle: a folder with its `bundle.yaml`, or one YAML file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from policyengine.compiler import diagnostics as say
from policyengine.language import yaml
from policyengine.language.csv import Sheet
from policyengine.source import Report, Source

MANIFEST = "bundle.yaml"
FILES_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Sources:
    """The texts of one bundle: the manifest first, the other YAML files by name, CSV files when they are asked for."""

    manifest: Source
    parts: tuple[Source, ...] = ()
    files: dict[str, bytes] = field(default_factory=dict)
    folder: Path | None = None
    sheets: dict[str, Sheet | None] = field(default_factory=dict)
    taken: dict[str, bytes] = field(default_factory=dict)
    """The bytes of every file that was read, by its path inside the bundle."""

    def place_of(self, name: str) -> str:
        """A file's name as diagnostics show it."""
        return name if self.folder is None else str(self.folder / name)

    def csv(self, name: str) -> bytes | None:
        """The bytes of a CSV file beside the YAML, or None where there is none."""
        if name in self.files:
            self.taken[name] = self.files[name]
            return self.files[name]
        if self.folder is None:
            return None
        path = (self.folder / name).resolve()
        if not path.is_relative_to(self.folder.resolve()) or not path.is_file():
            return None
        data = self.taken[path.relative_to(self.folder.resolve()).as_posix()] = path.read_bytes()
        return data


def read(path: Path | str, report: Report) -> Sources | None:
    """The sources of a folder or a file; what cannot be read goes to the report."""
    root = Path(path)
    if root.is_dir():
        manifest_path = root / MANIFEST
        if not manifest_path.is_file():
            report.add(say.no_manifest(str(path)))
            return None
        others = sorted(p for p in root.rglob("*.yaml") if p != manifest_path and not _is_hidden(p, root))
        folder = root
    elif root.is_file():
        manifest_path, others, folder = root, [], root.parent
    else:
        report.add(say.unreadable(str(path), "there is no such file or folder", None))
        return None
    taken: dict[str, bytes] = {}
    manifest = _text(manifest_path, folder, report, taken)
    parts = [_text(p, folder, report, taken) for p in others[:FILES_MAX]]
    if manifest is None or any(p is None for p in parts):
        return None
    return Sources(manifest, tuple(p for p in parts if p is not None), {}, folder, taken=taken)


def _is_hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)


def _text(path: Path, folder: Path, report: Report, taken: dict[str, bytes]) -> Source | None:
    try:
        data = taken[path.relative_to(folder).as_posix()] = path.read_bytes()
    except OSError as problem:
        report.add(say.unreadable(str(path), str(problem.strerror).lower(), None))
        return None
    return yaml.decode(data, str(path), report)


def of_texts(texts: dict[str, str | bytes]) -> Sources:
    """Sources from memory: `bundle.yaml` and whatever else the bundle has, by file name."""
    decoded = {n: t if isinstance(t, str) else t.decode() for n, t in texts.items() if n.endswith(".yaml")}
    files = {n: t.encode() if isinstance(t, str) else t for n, t in texts.items() if not n.endswith(".yaml")}
    manifest = MANIFEST if MANIFEST in decoded else next(iter(decoded))
    parts = tuple(Source(n, decoded[n]) for n in sorted(decoded) if n != manifest)
    taken = {name: text.encode() for name, text in decoded.items()}
    return Sources(Source(manifest, decoded[manifest]), parts, files, taken=taken)
