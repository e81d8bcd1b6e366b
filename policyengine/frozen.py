"""Values that nothing changes once they are made, and of which many are made."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """A frozen dataclass whose instances are made four times as fast: that nothing assigns to their fields is held by
    the type checker and not by Python, which would go through `object.__setattr__` for every field of every node."""
    made = dataclass(slots=True, unsafe_hash=True, repr=False)(cls)
    if "__repr__" not in vars(made):
        made.__repr__ = _shown  # type: ignore[method-assign]
    return made


def _shown(value: Any) -> str:
    """Python compiles such a method for each dataclass, which is a twentieth of the time of importing the runtime."""
    parts = [f"{each.name}={getattr(value, each.name)!r}" for each in fields(value) if each.repr]
    return f"{type(value).__qualname__}({', '.join(parts)})"
