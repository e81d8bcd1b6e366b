"""Asking our engine: a translator yields an `Ask` and is sent the `Answer`, as often as its case needs.

So a case that goes in steps (usage after usage, change after change) hands what one decision answered to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

import policyengine as pe
from golden.bundle_text import Raw
from policyengine import data_files
from policyengine.compiler.pipeline import compile_texts


@dataclass(frozen=True, slots=True)
class Ask:
    """One question: a bundle's text, what to decide, and the facts, in which `Raw` is a number.

    `shipped` names a folder of `policies` instead of the text.
    """

    bundle: str
    decide: str
    input: Mapping[str, Any] = field(default_factory=dict)
    tenant: str | None = None
    at: str | None = None
    shipped: str = ""


class Refused(Exception):
    """The translator wanted outputs where the engine answered with an error."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What `decide` answered, or the error that `compile` or `decide` raised."""

    decision: pe.Decision | None = None
    error: pe.PolicyEngineError | None = None

    @property
    def outputs(self) -> dict[str, Any]:
        """The outputs by name; asking for them where there is an error fails the case with it."""
        if self.decision is None:
            raise Refused(f"{type(self.error).__name__}: {self.error}")
        return self.decision.outputs

    @property
    def codes(self) -> tuple[str, ...]:
        """The error by code: of an evaluation its own, of an input the field, of a policy all diagnostics' names."""
        match self.error:
            case pe.InvalidPolicy(diagnostics=found):
                return tuple(diagnostic.name for diagnostic in found)
            case pe.EvaluationError(code=code):
                return (code,)
            case pe.InvalidInput(field=name):
                return (name,)
        return ()


Translation = Generator[Ask, Answer, Any]
Translate = Callable[[Any], Translation]
"""From what a case gives to what is found: the same shape as `expected`, at least the fields that it has."""


class LeftOut(Exception):
    """Raised by a translator for a case whose rule the language leaves out; the text is the reason."""


def found(translation: Translation) -> Any:
    """Answer every question of a translator, and what it makes of the answers."""
    try:
        ask = next(translation)
        while True:
            ask = translation.send(answer(ask))
    except StopIteration as done:
        return done.value


def answer(ask: Ask) -> Answer:
    """The public API's answer."""
    try:
        policy = shipped(ask.shipped) if ask.shipped else compiled(ask.bundle)
        decision = policy.decide(ask.decide, facts(ask.input), tenant=ask.tenant, at=ask.at)
        return Answer(decision)
    except pe.PolicyEngineError as error:
        return Answer(error=error)


@lru_cache(maxsize=256)
def compiled(text: str) -> pe.Policy:
    """A bundle's policy; many cases ask the same bundle."""
    return pe.Policy(compile_texts({"bundle.yaml": text}).program)


@lru_cache
def shipped(name: str) -> pe.Policy:
    """A policy that comes with the project."""
    return pe.load(data_files.folder("policies") / name)


def facts(node: Any) -> Any:
    """Facts as a caller gives them: exact numbers as Decimals."""
    match node:
        case Raw():
            return Decimal(node)
        case Mapping():
            return {key: facts(value) for key, value in node.items()}
        case list():
            return [facts(item) for item in node]
    return node
