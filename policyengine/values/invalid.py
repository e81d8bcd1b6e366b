"""The one exception of this package: a value that cannot be, with what to do about it.

The values do not know who wrote them, so the layer above turns this into its own kind: a diagnostic with a place where
an author wrote the text, `InvalidInput` with a field where a caller gave it, an error value where a rule computed it.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from policyengine.errors import PolicyEngineError


class InvalidValue(PolicyEngineError, ValueError):
    """A text, a number or a name that is no value of its kind; `message` says why and `hint` what to do."""

    fault = "caller"

    def __init__(self, message: str, hint: str | None = None) -> None:
        self.message = message
        self.hint = hint
        super().__init__(f"{message} ({hint})" if hint else message)


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint with the closest of the known names, if one is close."""
    by_folded = {each.casefold(): each for each in known}
    close = get_close_matches(name.casefold(), by_folded, n=1)
    return f"did you mean `{by_folded[close[0]]}`?" if close else None
