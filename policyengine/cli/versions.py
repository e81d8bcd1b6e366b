"""A version of a bundle by whatever names it: a folder, a file, an artifact, a git revision, a digest in a registry."""

from __future__ import annotations

import re
from pathlib import Path

from policyengine.cli import at_registry
from policyengine.cli.git_bundle import at_revision
from policyengine.compiler.pipeline import Compiled, compile_path, compile_texts
from policyengine.errors import InvalidInput
from policyengine.runtime.artifacts import artifact
from policyengine.runtime.artifacts.artifact import Artifact

PUBLISHED = re.compile(r"sha256:[0-9a-f]+|[a-z][a-z0-9_-]*@[0-9][^:/]*")
"""A digest or its beginning, or `bundle@1.2.0`."""


def compiled(name: str, registry: str | None = None, beside: Path | None = None) -> Compiled:
    """The version that a name stands for; `beside` is the folder that a bare revision is asked for.

    Raises InvalidInput, UnknownVersion where there is none, InvalidPolicy where it cannot be compiled.
    """
    path = Path(name)
    if path.exists():
        return _of_artifact(artifact.read(path.read_bytes())) if artifact.is_artifact(path) else compile_path(path)
    if PUBLISHED.fullmatch(name):
        return _published(name, registry)
    revision, colon, inside = name.partition(":")
    if colon and inside:
        return at_revision(revision, Path(inside))
    if beside is None:
        hint = "a folder, `REVISION:FOLDER`, a digest `sha256:...` or `bundle@1.2.0` will do"
        raise InvalidInput(f"`{name}` is no file or folder", "", hint)
    return at_revision(name, beside)


def _published(name: str, address: str | None) -> Compiled:
    if address is None:
        raise InvalidInput(f"`{name}` is a version in a registry", "--registry", "say which registry")
    with at_registry.opened(address) as registry:
        return _of_artifact(registry.artifact(registry.find(name).digest))


def _of_artifact(found: Artifact) -> Compiled:
    """What the sources of an artifact compile to."""
    return compile_texts(dict(found.sources))
