"""Input that is no dict: instances of dataclasses and of pydantic models, by the names of their fields.

A class is looked at once, by what stands in it and without calling anything of it. pydantic is not imported: whoever
gives a model has it. Only the fields are read; what they hold is checked as if it stood in a dict, so a field that the
policy does not declare is refused, and one that is None is an optional input that is absent.
"""

from __future__ import annotations

from dataclasses import Field, fields
from functools import lru_cache
from typing import Any

_ABSENT = object()


def as_dict(value: Any) -> dict[Any, Any]:
    """The fields of an instance of a dataclass or pydantic model; TypeError for anything else."""
    found = _fields_of(type(value))
    if found is None:
        raise TypeError(type(value).__name__)
    names, is_model = found
    given = {name: getattr(value, name, _ABSENT) for name in names}
    if any(held is _ABSENT for held in given.values()):  # a slot that was never set
        given = {name: held for name, held in given.items() if held is not _ABSENT}
    more = getattr(value, "__pydantic_extra__", None) if is_model else None
    return {**given, **more} if type(more) is dict else given


def mapping(value: Any) -> Any:
    """A value as a dict where it has fields; anything else as it is."""
    its: Any = type(value)
    return value if its is dict or _fields_of(its) is None else as_dict(value)


def _fields_of(its: Any) -> tuple[tuple[str, ...], bool] | None:
    """What `_fields` says of a class, if asking runs no code of a class of its own."""
    meta: Any = type(its)
    if meta.__hash__ is not type.__hash__ or meta.__getattribute__ is not type.__getattribute__:
        return None
    return _fields(its)


@lru_cache(maxsize=1024)
def _fields(its: Any) -> tuple[tuple[str, ...], bool] | None:
    """The names of the fields of a class and whether it is a pydantic model; None where it is no dataclass either."""
    for base in () if issubclass(its, dict) else type.mro(its):
        own = vars(base)
        declared, modelled = own.get("__dataclass_fields__"), own.get("__pydantic_fields__")
        if type(declared) is dict and all(type(each) is Field for each in declared.values()):
            return tuple([field.name for field in fields(its)]), False
        if type(modelled) is dict and all(type(name) is str for name in modelled):
            return tuple(modelled), True
    return None
