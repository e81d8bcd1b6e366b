"""Values that nothing changes once they are made, and of which many are made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """A frozen dataclass whose instances are made four times as fast: that nothing assigns to their fields is held by
    the type checker and not by Python, which would go through `object.__setattr__` for every field of every node."""
    return dataclass(slots=True, unsafe_hash=True)(cls)
