"""The exceptions that callers see: few, and each says whose fault it was.

`fault` is `caller` (the facts or the call), `policy` (the authored bundle) or `host` (this machine, the artifact, the
registry). A service maps it to a status; nothing else needs to look at messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from policyengine.source import Diagnostic

Fault = Literal["caller", "policy", "host"]


class PolicyEngineError(Exception):
    """Everything that this package raises on purpose."""

    fault: ClassVar[Fault] = "host"


class InvalidPolicy(PolicyEngineError):
    """A bundle or an expression cannot be compiled; `diagnostics` say where and why."""

    fault = "policy"

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        super().__init__("\n".join(d.render() for d in self.diagnostics))


class InvalidInput(PolicyEngineError):
    """A fact is missing, of the wrong type or out of range; `field` is its path, such as `usage.input_tokens`."""

    fault = "caller"

    def __init__(self, message: str, field: str = "", hint: str | None = None) -> None:
        self.field = field
        self.hint = hint
        self.message = message
        text = f"{field}: {message}" if field else message
        super().__init__(f"{text} ({hint})" if hint else text)


class EvaluationError(PolicyEngineError):
    """A rule failed on these facts: `code` says how (`division_by_zero`), `node` where it began, `place` where that is
    written."""

    fault = "policy"

    def __init__(self, message: str, code: str = "failed", node: str = "", place: str = "") -> None:
        self.code = code
        self.node = node
        self.place = place
        self.message = message
        where = f"{node}: " if node else ""
        super().__init__(f"{where}{message}" + (f" at {place}" if place else ""))


class InvalidArtifact(PolicyEngineError):
    """A compiled artifact is corrupt, truncated, foreign or of another format."""


class UnknownVersion(PolicyEngineError):
    """No version of the policy answers for this tenant at this time."""

    fault = "caller"


class StoreUnavailable(PolicyEngineError):
    """A store cannot be reached, read or written: the database is away, the disk is full, a file is damaged."""
