"""Policy as code for billing: versioned YAML rules, evaluated exactly, each decision with its reasons.

    import policyengine as pe

    policy = pe.load("policies/llm-api")
    decision = policy.decide("price_call", {...}, tenant="globex", at=when, event="req_81f")

Importing this package loads nothing but the standard library: authoring tools are loaded by `load` of a YAML bundle.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from policyengine.errors import (
    EvaluationError,
    InvalidArtifact,
    InvalidInput,
    InvalidPolicy,
    PolicyEngineError,
    UnknownVersion,
)
from policyengine.runtime.decision import Decision, Reason
from policyengine.runtime.engine import Policy, PolicyVersion
from policyengine.runtime.replay import Replay
from policyengine.runtime.unavailable import UNAVAILABLE
from policyengine.values.instant import Duration, Timestamp
from policyengine.values.money import Money

__version__ = "0.1.0"


def load(path: str | Path) -> Policy:
    """A policy from a bundle's folder, or from a single YAML file.

    Raises InvalidPolicy with every diagnostic when the bundle cannot be compiled.
    """
    from policyengine.compiler.pipeline import compile_path

    return Policy(compile_path(path).program)


def replay(record: Mapping[str, Any], policy: Policy) -> Replay:
    """Make a recorded decision again with the same version, and say whether it differs."""
    from policyengine.runtime.replay import replay as again

    return again(record, policy)


__all__ = [
    "UNAVAILABLE",
    "Decision",
    "Duration",
    "EvaluationError",
    "InvalidArtifact",
    "InvalidInput",
    "InvalidPolicy",
    "Money",
    "Policy",
    "PolicyEngineError",
    "PolicyVersion",
    "Reason",
    "Replay",
    "Timestamp",
    "UnknownVersion",
    "__version__",
    "load",
    "replay",
]
