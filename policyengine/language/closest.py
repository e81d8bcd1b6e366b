"""Did you mean: the known name that is nearest to what was written."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def closest(name: str, known: Iterable[str]) -> str | None:
    """A hint that names the closest known name, or None when nothing is near."""
    found = get_close_matches(name, sorted(set(known)), n=1, cutoff=0.6)
    return f"did you mean `{found[0]}`?" if found else None
