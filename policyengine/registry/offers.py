"""What a host asks of a policy and which facts it gives: a version that needs other facts is refused before it answers.

Offers are decision -> paths of facts: `{"price_call": ["usage.model", "usage.input_tokens", "customer.plan"]}`. A fact
that is required and not offered, or offered and not declared, would fail every decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from policyengine.errors import InvalidInput
from policyengine.runtime.program import Group, Leaf, Program

Offers = Mapping[str, Iterable[str]]
Path = tuple[str, ...]


def checked(said: Any) -> Offers:
    """What somebody says to offer; raises InvalidInput where it has another form."""
    if isinstance(said, Mapping) and all(isinstance(p, Iterable) and not isinstance(p, str) for p in said.values()):
        found = {name: tuple(paths) for name, paths in said.items()}
        if all(type(text) is str for name, paths in found.items() for text in (name, *paths)):
            return found
    hint = 'write it as {"price_call": ["usage.model", "usage.input_tokens"]}'
    raise InvalidInput("does not say for each decision a list of facts", "offers", hint)


def objections(program: Program, offers: Offers) -> list[str]:
    """Why a host with these offers cannot be answered by a program; empty where it can."""
    found = []
    for name, paths in offers.items():
        entry = program.entries.get(name)
        if entry is None:
            found.append(f"it does not decide `{name}`")
            continue
        offered = {tuple(path.split(".")) for path in paths}
        read = {program.facts[index].path for index in entry.facts}
        missing = [path for path in _required(program.inputs, (), read) if path not in offered]
        unknown = [path for path in sorted(offered) if not _is_known(program.inputs, path, read)]
        found += [f"`{name}` needs `{_text(path)}`, which the host does not offer" for path in missing]
        found += [f"`{name}` knows no `{_text(path)}`, which the host offers" for path in unknown]
    return found


def _required(group: Group, path: Path, read: set[Path]) -> Iterator[Path]:
    """The facts that must be given whatever else is: those of optional groups need not be."""
    for field in group.fields:
        own = (*path, field.name)
        if isinstance(field, Leaf):
            if own in read and not field.optional and not field.has_default:
                yield own
        elif not field.optional:
            yield from _required(field, own, read)


def _is_known(group: Group, path: Path, read: set[Path]) -> bool:
    """Whether a decision takes a fact of this path: what it does not look into, it does not mind."""
    fields: Group = group
    for depth, name in enumerate(path, start=1):
        field = next((each for each in fields.fields if each.name == name), None)
        if field is None:
            return False
        if isinstance(field, Leaf):
            return depth == len(path)
        if not any(each[:depth] == path[:depth] for each in read):
            return True
        fields = field
    return True


def _text(path: Path) -> str:
    return ".".join(path)
