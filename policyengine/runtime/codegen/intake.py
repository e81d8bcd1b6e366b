"""Facts taken in line by the generated function of an entry point.

The common request is checked there, and the function goes on with its held facts. It leaves wherever anything is
not as usual (a fact missing, wrong, unknown or unavailable, a subclass, a text that is not ASCII): then `facts.Reader`,
which knows every case and every message, reads the request anew. So this file decides nothing by itself.

Every value is asked for its exact type before anything else. A key is only looked up: at most `__hash__` and `__eq__`
of a host's object run, and whatever they raise is a reason to leave.
"""

from __future__ import annotations

from typing import Any

from policyengine.runtime.given.leaf_readers import instant, reader
from policyengine.runtime.given.mappings import as_dict
from policyengine.runtime.program import Entry, Group, Leaf, Program
from policyengine.runtime.unavailable import UNAVAILABLE
from policyengine.values import types
from policyengine.values.instant import Timestamp

Path = tuple[str, ...]
LEAVE = "raise LookupError"


class Intake:
    """The statements that read the facts of one entry point from `g`, `at` and `tenant` into variables `f0`, `f1` ...

    They stand inside a `try`; whatever they raise leaves the request to the reader, as `LEAVE` does. `names` is what
    they find beside the arguments, and `held` the code of every fact by its index.
    """

    def __init__(self, program: Program, entry: Entry) -> None:
        needed = frozenset(entry.facts)
        self.inputs = program.inputs
        self.places = {fact.path: i for i, fact in enumerate(program.facts) if i in needed and fact.path}
        self.held = ["None"] * len(program.facts)
        self.lines: list[str] = []
        self.names: dict[str, Any] = {
            "Timestamp": Timestamp,
            "U": UNAVAILABLE,
            "as_dict": as_dict,
            "instant": instant,
        }
        self.groups = 0
        self._aside(entry)
        self._group(self.inputs, (), "g", 2)

    def statements(self) -> list[str]:
        """The beginning of a function of (g, tenant, at, event, purpose)."""
        return [" try:", *self.lines, " except Exception: return L(g, tenant, at, event, purpose)"]

    def bind(self, value: Any) -> str:
        name = f"I{len(self.names)}"
        self.names[name] = value
        return name

    def line(self, indent: int, text: str) -> None:
        self.lines.append(" " * indent + text)

    def _aside(self, entry: Entry) -> None:
        """`at` and the tenant."""
        is_needed = entry.dated or Program.AT in entry.facts
        self.line(2, "if type(at) is Timestamp: f0 = at.real")
        self.line(2, "else: f0 = instant(at)" if is_needed else "else: f0 = None if at is None else instant(at)")
        for name in ("tenant", "event", "purpose"):
            self.line(2, f"if {name} is not None and (type({name}) is not str or not {name}.isascii()): {LEAVE}")
        self.line(2, "f1 = tenant")
        assert (Program.AT, Program.TENANT) == (0, 1)
        self.held[Program.AT], self.held[Program.TENANT] = "f0", "f1"

    def _group(self, group: Group, path: Path, code: str, indent: int) -> None:
        """The fields of a mapping; the number of its keys tells whether there may be one that is not known."""
        self.line(indent, f"if type({code}) is not dict: {code} = as_dict({code})")
        read = 0
        for field in group.fields:
            own = (*path, field.name)
            if not self._is_needed(field, own):
                continue
            key = self.bind(field.name)
            if isinstance(field, Group):
                may_be_absent = _may_be_absent(field)
                read += not may_be_absent
                self._inner(field, own, code, key, indent, may_be_absent)
            elif field.optional or field.has_default:
                self._optional(field, own, code, key, indent)
            else:
                read += 1
                self.line(indent, f"f{self.places[own]} = {code}[{key}]")
                self._leaf(field, own, indent)
        known = self.bind(frozenset(field.name for field in group.fields))
        self.line(indent, f"if len({code}) != {read} and not {known}.issuperset({code}): {LEAVE}")

    def _is_needed(self, field: Leaf | Group, path: Path) -> bool:
        if isinstance(field, Leaf):
            return path in self.places
        return path in self.places or any(self._is_needed(f, (*path, f.name)) for f in field.fields)

    def _inner(self, group: Group, path: Path, code: str, key: str, indent: int, may_be_absent: bool) -> None:
        """A group inside another one."""
        self.groups += 1
        name = f"g{self.groups}"
        if may_be_absent:
            self.line(indent, f"{name} = {code}.get({key}, U)")
            self.line(indent, f"if {name} is U:")
            self.line(indent + 1, f"if {key} in {code}: {LEAVE}")
            self._absent(group, path, indent + 1, group.optional)
            self.line(indent, "else:")
            indent += 1
        else:
            self.line(indent, f"{name} = {code}[{key}]")
        if path in self.places:
            self._set(path, "True", indent)
        self._group(group, path, name, indent)

    def _absent(self, group: Group, path: Path, indent: int, absent: bool) -> None:
        """What is held of a group that was not given: nothing of an optional one, else the defaults."""
        if path in self.places:
            self._set(path, "False", indent)
        for field in group.fields:
            own = (*path, field.name)
            if isinstance(field, Group):
                self._absent(field, own, indent, absent or field.optional)
            elif own in self.places:
                default = self.bind(field.default) if field.has_default and not absent else "None"
                self._set(own, default, indent)

    def _set(self, path: Path, code: str, indent: int) -> None:
        name = f"f{self.places[path]}"
        self.held[self.places[path]] = name
        self.line(indent, f"{name} = {code}")

    def _optional(self, leaf: Leaf, path: Path, code: str, key: str, indent: int) -> None:
        name = f"f{self.places[path]}"
        default = self.bind(leaf.default) if leaf.has_default else "None"
        self.line(indent, f"{name} = {code}.get({key}, U)")
        self.line(indent, f"if {name} is U:")
        self.line(indent + 1, f"if {key} in {code}: {LEAVE}")
        self.line(indent + 1, f"{name} = {default}")
        self.line(indent, "else:")
        self._leaf(leaf, path, indent + 1)

    def _leaf(self, leaf: Leaf, path: Path, indent: int) -> None:
        """Check one value and bring it to its held form."""
        name = f"f{self.places[path]}"
        self.held[self.places[path]] = name
        match leaf.type:
            case types.Number(lo=lo, hi=hi) if not leaf.optional:
                least, most = -(-lo // leaf.scale), hi // leaf.scale
                self.line(indent, f"if type({name}) is int:")
                self.line(indent + 1, f"if not {least} <= {name} <= {most}: {LEAVE}")
                if leaf.scale != 1:
                    self.line(indent + 1, f"{name} *= {leaf.scale}")
                self.line(indent, f"else: {name} = {self._read(leaf)}({name}, g)")
            case types.Enum(members=members) if not leaf.optional:
                words = self.bind({member: member for member in members})
                self.line(indent, f"if type({name}) is not str: {LEAVE}")
                self.line(indent, f"{name} = {words}[{name}]")
            case types.STRING if not leaf.optional:
                self.line(indent, f"if type({name}) is not str or not {name}.isascii(): {LEAVE}")
            case types.TIMESTAMP if not leaf.optional and not leaf.zone:
                self.line(indent, f"if type({name}) is Timestamp: {name} = {name}.real")
                self.line(indent, f"else: {name} = {self._read(leaf)}({name}, g)")
            case types.BOOL if not leaf.optional:
                self.line(indent, f"if {name} is not True and {name} is not False: {LEAVE}")
            case _:
                self.line(indent, f"{name} = {self._read(leaf)}({name}, g)")

    def _read(self, leaf: Leaf) -> str:
        return self.bind(reader(leaf, self.inputs))


def _may_be_absent(group: Group) -> bool:
    """Whether a group may be left out: it is optional, or nothing in it must be given."""
    if group.optional:
        return True
    return all(_may_be_absent(f) if isinstance(f, Group) else f.optional or f.has_default for f in group.fields)
