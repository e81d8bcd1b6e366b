"""Input that is no dict: instances of dataclasses and of pydantic models, by the names of their fields.

A class is looked at once, by what stands in it and without calling anything of it. pydantic is not imported: whoever
gives a model has it. Only the fields are read; what they hold is checked as if it stood in a dict, so a field that the
policy does not declare is refused, and one that is None is an optional input that is absent.
"""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from typing import Any

_ABSENT = object()


def as_dict(value: Any) -> dict[Any, Any]:
    """The fields of an instance of a dataclass or pydantic model; TypeError for anything else."""
    its: Any = type(value)
    names = _fields(its)
    if names is None:
        raise TypeError(type(value).__name__)
    given = {name: getattr(value, name, _ABSENT) for name in names}
    if any(held is _ABSENT for held in given.values()):  # a slot that was never set
        given = {name: held for name, held in given.items() if held is not _ABSENT}
    more = getattr(value, "__pydantic_extra__", None)
    return given if not more else {**given, **more}


def mapping(value: Any) -> Any:
    """A value as a dict where it has fields; anything else as it is."""
    its: Any = type(value)
    return value if its is dict or _fields(its) is None else as_dict(value)


@lru_cache(maxsize=1024)
def _fields(its: Any) -> tuple[str, ...] | None:
    """The names of the fields of a class, or None where it is neither a dataclass nor a pydantic model."""
    for base in () if issubclass(its, dict) else type.mro(its):
        own = vars(base)
        if "__dataclass_fields__" in own:
            return tuple([field.name for field in fields(its)])
        found = own.get("__pydantic_fields__") or own.get("model_fields")
        if type(found) is dict:
            return tuple(found)
    return None
