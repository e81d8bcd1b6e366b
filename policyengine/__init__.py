"""Policy as code for billing: versioned YAML rules, evaluated exactly, each decision with its reasons.

    import policyengine as pe

    policy = pe.load("policies/llm-api")
    decision = policy.decide("price_call", {...}, tenant="globex", at=when, event="req_81f")

Importing this package loads nothing but the standard library: authoring tools are loaded by `load` of a YAML bundle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from policyengine.errors import (
        EvaluationError,
        InvalidArtifact,
        InvalidInput,
        InvalidPolicy,
        PolicyEngineError,
        StoreUnavailable,
        UnknownVersion,
    )
    from policyengine.registry.client import LivePolicy
    from policyengine.runtime.answers.decision import Decision
    from policyengine.runtime.answers.reason import Reason
    from policyengine.runtime.engine import Policy, PolicyVersion
    from policyengine.runtime.replay import Replay
    from policyengine.runtime.unavailable import UNAVAILABLE
    from policyengine.values.civil import Date
    from policyengine.values.instant import Duration, Timestamp
    from policyengine.values.money import Money
    from policyengine.values.type_name import TypeName

__version__ = "0.1.0"

_HOMES = {
    "policyengine.errors": (
        "EvaluationError",
        "InvalidArtifact",
        "InvalidInput",
        "InvalidPolicy",
        "PolicyEngineError",
        "StoreUnavailable",
        "UnknownVersion",
    ),
    "policyengine.runtime.answers.decision": ("Decision",),
    "policyengine.runtime.engine": (
        "Policy",
        "PolicyVersion",
    ),
    "policyengine.registry.client": ("LivePolicy",),
    "policyengine.runtime.answers.reason": ("Reason",),
    "policyengine.runtime.replay": ("Replay",),
    "policyengine.runtime.unavailable": ("UNAVAILABLE",),
    "policyengine.values.civil": ("Date",),
    "policyengine.values.instant": (
        "Duration",
        "Timestamp",
    ),
    "policyengine.values.money": ("Money",),
    "policyengine.values.type_name": ("TypeName",),
}
"""Where the public names live: each is imported when it is first asked for."""
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """A public name, imported on first use, so that `import policyengine` and `--help` stay quick."""
    if name not in _HOME:
        raise AttributeError(f"module `policyengine` has no attribute `{name}`")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def load(path: str | Path) -> Policy:
    """A policy from a compiled artifact, from a bundle's folder, or from a single YAML file.

    Raises InvalidPolicy with every diagnostic when the bundle cannot be compiled, InvalidArtifact when the artifact is
    corrupt, truncated or foreign. An artifact is loaded with the standard library alone.
    """
    from pathlib import Path

    from policyengine.runtime.artifacts import artifact
    from policyengine.runtime.engine import Policy

    file = Path(path)
    if artifact.is_artifact(file) or file.suffix == artifact.SUFFIX:
        found = artifact.read(file.read_bytes())
        return Policy(found.program, found.program_digest)
    from policyengine.compiler.pipeline import compile_path

    return Policy(compile_path(file).program)


def connect(
    address: str,
    bundle: str,
    *,
    copy: str | Path | None = None,
    interval: float = 1.0,
    offers: Mapping[str, Iterable[str]] | None = None,
    trusted: Iterable[str | Path | bytes] | None = None,
    actor: str | None = None,
    keep_inputs: bool = False,
) -> LivePolicy:
    """The active versions of a bundle in a registry, kept up to date: `decide` answers by the one that is due.

    `address` is that of the registry (`sqlite:registry.db`, `postgresql://host/database`, or a folder), which is never
    made here. `copy` is a folder for the last good state, which answers while the registry is away (one that cannot be
    used is a RuntimeWarning, and told by `status`); `interval` is in seconds, after how long the registry is asked
    again at the latest. `offers` is what is asked and which facts are given, as decision -> paths
    (`{"price_call": ["usage.model", "customer.plan"]}`): a version that cannot answer so is refused before it
    answers. `trusted` are ed25519 public keys, as PEM or the files that hold it: only versions
    that one of them has signed are accepted. Where a version is refused, the last accepted one goes on.

    With an `actor`, a name for the history, the client guards canaries: one that breaks a guardrail is rolled back by
    it, so it must be allowed to write to the registry. `keep_inputs` keeps the inputs of the few samples in the reports
    of shadows and canaries.

    Raises InvalidInput where an argument is wrong, and StoreUnavailable, BrokenHistory or InvalidArtifact where neither
    the registry nor a copy can be read.
    """
    from pathlib import Path

    from policyengine.clock import now
    from policyengine.registry.client import LivePolicy, keys_of
    from policyengine.storage.open_store import open_store

    kept = None if copy is None else Path(copy)
    keys = None if trusted is None else keys_of(trusted)
    opened = partial(open_store, address, make=False)
    return LivePolicy(
        bundle, opened, now, copy=kept, interval=interval, offers=offers, trusted=keys, actor=actor,
        keep_inputs=keep_inputs,
    )  # fmt: skip


def replay(record: Mapping[str, Any], policy: Policy) -> Replay:
    """Make a recorded decision again with the same version, and say whether it differs."""
    from policyengine.runtime.replay import replay as again

    return again(record, policy)


def evaluate_expression(
    text: str,
    variables: dict[str, Any] | None = None,
    *,
    declarations: Mapping[str, Any] | None = None,
    container: str = "",
) -> Any:
    """The value of one expression, as plain Python: int, Decimal, str, bytes, bool, None, list, dict and their like.

    Without `declarations` it is typed dynamically, as CEL is. `declarations` are types as in a bundle's `inputs`
    (`{"x": "int token"}`): the expression is then checked before it runs. `container` is the scope in which names are
    looked up first. Raises InvalidPolicy, InvalidInput or EvaluationError.
    """
    if declarations is not None:
        from policyengine.compiler.alone import evaluate_alone

        return evaluate_alone(text, variables, declarations)
    from policyengine.language.expression.evaluation import evaluate

    return evaluate(text, variables, container)


def check_expression(text: str, declarations: Mapping[str, Any] | None = None) -> str:
    """The name of an expression's type: `money USD` over declared inputs, `list(int)` or `dyn` without declarations.

    Raises InvalidPolicy with a diagnostic where the expression cannot be given a type.
    """
    if declarations is not None:
        from policyengine.compiler.alone import declared_type

        return declared_type(text, declarations)
    from policyengine.language.expression.evaluation import deduced_type

    return deduced_type(text)


__all__ = [
    "UNAVAILABLE",
    "Date",
    "Decision",
    "Duration",
    "EvaluationError",
    "InvalidArtifact",
    "InvalidInput",
    "InvalidPolicy",
    "LivePolicy",
    "Money",
    "Policy",
    "PolicyEngineError",
    "PolicyVersion",
    "Reason",
    "Replay",
    "StoreUnavailable",
    "Timestamp",
    "TypeName",
    "UnknownVersion",
    "__version__",
    "check_expression",
    "connect",
    "evaluate_expression",
    "load",
    "replay",
]
