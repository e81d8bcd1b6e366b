"""What all parts of the typed bundle share: frozen models, names and places, rounding, errors, bounds, repetition."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from policyengine.language.written import Value, Written
from policyengine.language.yaml import Node
from policyengine.source import Span


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Named(Part):
    """What every named thing of a bundle has: its name and where the name is written."""

    name: str
    at: Span
    description: str = ""


class Round(Part):
    places: Written
    mode: str
    rail: str | None = None


class OnError(Part):
    unavailable: str = "fail"
    other: str = "fail"


class Overridable(Part):
    min: Node | None = None
    max: Node | None = None
    min_factor: Node | None = None
    max_factor: Node | None = None


class Each(Part):
    """`x in list`, with the element's name."""

    item: str
    over: Written
    sort: tuple[Written, ...] = ()


class Carried(Part):
    name: str
    type: Node
    start: Value
    next: Value
    min: Node | None = None
    max: Node | None = None
    places: Node | None = None
