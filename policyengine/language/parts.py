"""What all parts of the bundle's typed form share: frozen models, names with their places, rounding and errors."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from policyengine.language.written import Written
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
