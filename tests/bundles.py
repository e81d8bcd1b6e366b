"""Small bundles for tests, as text: `bundle("values: {...}")` adds the manifest."""

from __future__ import annotations

import policyengine as pe
from policyengine.compiler.pipeline import compile_texts

MANIFEST = """policyengine: 1
bundle: sample
version: 1.0.0
currency: USD
timezone: UTC
"""


def policy(body: str, **files: str) -> pe.Policy:
    """A policy from the sections of a bundle; `files` are CSV files by name without their ending."""
    texts: dict[str, str | bytes] = {"bundle.yaml": MANIFEST + body}
    texts |= {f"{name}.csv": text for name, text in files.items()}
    return pe.Policy(compile_texts(texts).program)


def mistakes(body: str, **files: str) -> list[str]:
    """The codes with names of everything that is wrong with a bundle, in the order of places."""
    try:
        policy(body, **files)
    except pe.InvalidPolicy as found:
        return [f"{d.code} {d.name}" for d in found.diagnostics]
    return []
