"""The canonical input as JSON text by one generated expression: the bytes of `canonical`, at the price of formatting.

The text is a `%` template with the fields in their sorted order, filled with the held facts; fields that may be absent
are templates of their own with the comma in front. What cannot be printed in line (lists, maps, records) is written by
`canonical`. Where a fact could not be fetched, each formatter raises, and `canonical` prints the whole.

No text of a bundle appears in generated source: names stand in templates, which are bound as constants.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from json.encoder import encode_basestring as quoted
from typing import Any

from policyengine.runtime.codegen.of_state import state_names
from policyengine.runtime.given.canonical import canonical, written
from policyengine.runtime.program import Entry, Group, Leaf, Program
from policyengine.values import types
from policyengine.values.canonical_json import canonical_bytes, canonical_text
from policyengine.values.civil import wall_text
from policyengine.values.number_text import decimal_text, decimal_texts
from policyengine.values.types import UNLIMITED

Print = Callable[[Sequence[Any]], str]
"""A text of a decision's state: the canonical input as that of `canonical_bytes`, or the id."""

_DEPTH_MAX = 20
"""Groups inside one another that are printed in line."""


def generate(program: Program, entry: Entry) -> Print:
    """The function that prints the canonical input of an entry point."""
    printed: Print = Printing(program, entry).function("return given")
    return printed


def generate_id(program: Program, entry: Entry, label: str) -> Print:
    """The function that prints the id of a decision; `label` is how the text begins whose hash the id is."""
    writer = Printing(program, entry)
    printed: Print = writer.function(*writer.hashed(label), "return 'dec_' + h.hexdigest()[:40]")
    return printed


def or_null(name: str, form: str) -> str:
    """The code of a value as JSON, by that of its text where it is there."""
    return f"('null' if {name} is None else {form})"


class Printing:
    """The writer of a function of a decision's state that prints; `given` is the canonical input in it."""

    def __init__(self, program: Program, entry: Entry) -> None:
        self.program, self.entry = program, entry
        facts = program.facts
        self.places = {facts[i].path: i for i in entry.facts if facts[i].path}
        self.names: dict[str, Any] = {
            "quoted": quoted,
            "decimal_text": decimal_text,
            "wall_text": wall_text,
            "text_of": _text_of,
            "unless_empty": _unless_empty,
            "careful": self._careful,
        }

    def _careful(self, state: Sequence[Any]) -> str:
        held = state[3 : 3 + len(self.program.facts)]
        return canonical_text(canonical(self.program, self.entry, held))

    def function(self, *statements: str) -> Any:
        """The function of some statements that may read `given` and the names of what the state holds."""
        given = self.group(self.program.inputs, (), True, 0) or "careful(s)"
        lines = [
            "def printed(s):",
            f" {state_names(self.program, self.entry)} = s",
            f" try: given = {given}",
            " except (TypeError, KeyError): given = careful(s)",
            *(f" {statement}" for statement in statements),
            "",
        ]
        exec(compile("\n".join(lines), f"<{self.program.bundle}:{self.entry.name}:printed>", "exec"), self.names)
        return self.names["printed"]

    def hashed(self, label: str) -> list[str]:
        """The statements that make `h`, the hash of which a decision's id is a part; `tenant` and `event` are texts."""
        begun = self.bind(hashlib.sha256(label.encode()).copy)
        return [
            f"tenant = {or_null('f1', 'quoted(f1)')}; event = {or_null('event', 'quoted(event)')}",
            f"h = {begun}()",
            f"h.update((',%s,%s,%s,%s]' % (tenant, {or_null('f0', 'f0')}, event, given)).encode())",
        ]

    def bind(self, value: Any) -> str:
        name = f"K{len(self.names)}"
        self.names[name] = value
        return name

    def group(self, group: Group, path: tuple[str, ...], present: bool, depth: int) -> str | None:
        """The code of a group's text, `{}` where nothing of it is given; None where it nests too deep.

        `present` says that the group is there whenever it is asked for.
        """
        fields = sorted((field for field in group.fields if self._is_read(field, path)), key=lambda f: f.name)
        if depth > _DEPTH_MAX:
            return None
        template = ""
        arguments: list[str] = []
        for field in fields:
            own = (*path, field.name)
            label = f",{quoted(field.name)}:".replace("%", "%%")
            if isinstance(field, Group):
                code = self._inner(field, own, label, present, depth + 1)
                if code is None:
                    return None
                template, arguments = template + "%s", [*arguments, code]
                continue
            value = f"f{self.places[own]}"
            form, code = self._leaf(field, value)
            if present and not field.optional:
                template, arguments = template + label + form, [*arguments, code]
            else:
                some = f"({self.bind(label + form)} % ({code},))"
                template, arguments = template + "%s", [*arguments, f"('' if {value} is None else {some})"]
        if template.startswith(","):
            return f"({self.bind('{' + template[1:] + '}')} % ({''.join(a + ', ' for a in arguments)}))"
        inner = f"({self.bind(template)} % ({''.join(a + ', ' for a in arguments)}))" if arguments else "''"
        return f"('{{' + {inner}[1:] + '}}')"

    def _inner(self, group: Group, path: tuple[str, ...], label: str, present: bool, depth: int) -> str | None:
        """The code of a group inside another one with its name, or of nothing where it is absent."""
        is_told = group.optional and path in self.places
        code = self.group(group, path, is_told or (present and not group.optional), depth)
        if code is None:
            return None
        name = self.bind(label.replace("%%", "%"))
        if not is_told:
            return f"unless_empty({name}, {code})"
        there = f"{self.bind({True: True, False: False})}[f{self.places[path]}]"
        return f"({name} + {code} if {there} else '')"

    def _is_read(self, field: Leaf | Group, path: tuple[str, ...]) -> bool:
        own = (*path, field.name)
        if own in self.places:
            return True
        return isinstance(field, Group) and any(self._is_read(inner, own) for inner in field.fields)

    def _leaf(self, leaf: Leaf, value: str) -> tuple[str, str]:
        """The format of a present value and the code of what goes into it."""
        if isinstance(leaf.type, types.Limit):
            text = f"decimal_text({value}, {leaf.scale})"
            return '"%s"', f"({UNLIMITED!r} if {value} == {UNLIMITED!r} else {text})"
        return self.plain(leaf.type, leaf.scale, value) or ("%s", f"text_of({value}, {self.bind(leaf)})")

    def plain(self, its_type: types.Type, den: int, value: str) -> tuple[str, str] | None:
        """The format of a value that is a text, a number over `den` or the like, and its code; None of other kinds."""
        match its_type:
            case types.Number() if den == 1:
                return '"%d"', value
            case types.Number():
                return '"%s"', f"{self.bind(decimal_texts(den))}({value})"
            case types.Enum(members=members):
                return "%s", f"{self.bind({member: quoted(member) for member in members})}[{value}]"
            case types.STRING:
                return "%s", f"quoted({value})"
            case types.BOOL:
                return "%s", f"{self.bind({True: 'true', False: 'false'})}[{value}]"
            case types.TIMESTAMP:
                return '"%sZ"', f"wall_text({value})"
        return None


def _text_of(value: Any, leaf: Leaf) -> str:
    return canonical_bytes(written(value, leaf)).decode()


def _unless_empty(label: str, text: str) -> str:
    """A group that holds nothing of what is read is left out."""
    return "" if text == "{}" else label + text
