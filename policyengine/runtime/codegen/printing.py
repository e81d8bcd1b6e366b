"""The canonical input as JSON text by one generated expression: the bytes of `canonical`, at the price of formatting.

The text is a `%` template with the fields in their sorted order, filled with the held facts; fields that may be absent
are templates of their own with the comma in front. What cannot be printed in line (lists, maps, records) is written by
`canonical`. Where a fact could not be fetched, each formatter raises, and `canonical` prints the whole.

No text of a bundle appears in generated source: names stand in templates, which are bound as constants.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from json.encoder import encode_basestring as quoted
from typing import Any

from policyengine.runtime.canonical import canonical, written
from policyengine.runtime.cells import UNLIMITED
from policyengine.runtime.program import Entry, Group, Leaf, Program
from policyengine.values import types
from policyengine.values.canonical_json import canonical_bytes
from policyengine.values.civil import wall_text
from policyengine.values.number_text import decimal_text

Print = Callable[[Sequence[Any]], str]
"""The canonical input of held facts, as the text of `canonical_bytes`."""

_DEPTH_MAX = 20
"""Groups inside one another that are printed in line."""


def generate(program: Program, entry: Entry) -> Print:
    """The function that prints the canonical input of an entry point."""

    def careful(held: Sequence[Any]) -> str:
        return canonical_bytes(canonical(program, entry, held)).decode()

    writer = _Printing(program, entry)
    body = writer.group(program.inputs, (), True, 0)
    if body is None:
        return careful
    names = {**writer.names, "careful": careful}
    source = f"def printed(f):\n try: return {body}\n except (TypeError, KeyError): return careful(f)\n"
    exec(compile(source, f"<{program.bundle}:{entry.name}:input>", "exec"), names)
    found: Print = names["printed"]
    return found


class _Printing:
    def __init__(self, program: Program, entry: Entry) -> None:
        facts = program.facts
        self.places = {facts[i].path: i for i in entry.facts if facts[i].path}
        self.names: dict[str, Any] = {
            "quoted": quoted,
            "decimal_text": decimal_text,
            "wall_text": wall_text,
            "text_of": _text_of,
            "unless_empty": _unless_empty,
        }

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
            value = f"f[{self.places[own]}]"
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
        there = f"{self.bind({True: True, False: False})}[f[{self.places[path]}]]"
        return f"({name} + {code} if {there} else '')"

    def _is_read(self, field: Leaf | Group, path: tuple[str, ...]) -> bool:
        own = (*path, field.name)
        if own in self.places:
            return True
        return isinstance(field, Group) and any(self._is_read(inner, own) for inner in field.fields)

    def _leaf(self, leaf: Leaf, value: str) -> tuple[str, str]:
        """The format of a present value and the code of what goes into it."""
        match leaf.type:
            case types.Number() if leaf.scale == 1:
                return '"%d"', value
            case types.Number():
                return '"%s"', f"decimal_text({value}, {leaf.scale})"
            case types.Limit():
                text = f"decimal_text({value}, {leaf.scale})"
                return '"%s"', f"({UNLIMITED!r} if {value} == {UNLIMITED!r} else {text})"
            case types.Enum(members=members):
                return "%s", f"{self.bind({member: quoted(member) for member in members})}[{value}]"
            case types.STRING:
                return "%s", f"quoted({value})"
            case types.BOOL:
                return "%s", f"{self.bind({True: 'true', False: 'false'})}[{value}]"
            case types.TIMESTAMP:
                return '"%sZ"', f"wall_text({value})"
        return "%s", f"text_of({value}, {self.bind(leaf)})"


def _text_of(value: Any, leaf: Leaf) -> str:
    return canonical_bytes(written(value, leaf)).decode()


def _unless_empty(label: str, text: str) -> str:
    """A group that holds nothing of what is read is left out."""
    return "" if text == "{}" else label + text
