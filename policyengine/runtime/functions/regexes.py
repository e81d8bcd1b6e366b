"""`matches`, and CEL's regex extension."""

from __future__ import annotations

import re

from policyengine.runtime.failure import BAD_ARGUMENT, BAD_PATTERN, TEXT_TOO_LONG, Failure
from policyengine.runtime.functions.automaton import Program, Search, Slots, compiled, find
from policyengine.runtime.functions.function import INT, Function, list_of, method, optional_of, plain
from policyengine.runtime.functions.optionals import NONE, OptionalValue
from policyengine.runtime.limits import TEXT_MAX, Meter
from policyengine.values.types import BOOL, STRING

_REFERENCE = re.compile(r"\\(?:([0-9])|(.?))", re.DOTALL)


def program_of(meter: Meter, pattern: str) -> Program | Failure:
    meter.charge(10 + len(pattern))
    found = compiled(pattern) if len(pattern) < 2_000 else "it is longer than 1,000 characters"
    return BAD_PATTERN.saying(f"the pattern cannot be used: {found}") if isinstance(found, str) else found


def matches(meter: Meter, text: str, pattern: str) -> bool | Failure:
    search = meter.searches.get(pattern)
    if search is None:
        program = program_of(meter, pattern)
        if isinstance(program, Failure):
            return program
        search = meter.searches[pattern] = Search(program, meter)
    found: bool = search.occurs(text)
    return found


def _all(program: Program, meter: Meter, text: str, most: int) -> list[Slots]:
    """The matches one after another, none of them empty right behind another one."""
    found: list[Slots] = []
    at = 0
    end = -1
    while at <= len(text) and len(found) != most:
        slots = find(program, meter, text, at)
        if slots is None:
            break
        if slots[1] > slots[0] or slots[0] != end:
            found.append(slots)
            meter.charge(10)
        end = slots[1]
        at = end + (slots[1] == slots[0])
    return found


def replace(meter: Meter, text: str, pattern: str, by: str, count: int = -1) -> str | Failure:
    program = program_of(meter, pattern)
    if isinstance(program, Failure):
        return program
    template = _template(by, program.groups)
    if isinstance(template, Failure):
        return template
    pieces: list[str] = []
    at = size = 0
    for slots in _all(program, meter, text, count):
        made = [text[at : slots[0]]]
        made += [each if isinstance(each, str) else _group(text, slots, each) for each in template]
        size += sum(map(len, made))
        if size > TEXT_MAX:
            return TEXT_TOO_LONG
        meter.charge(len(made) + size // 1000)
        pieces += made
        at = slots[1]
    meter.characters(size + len(text) - at)
    return "".join([*pieces, text[at:]]) if size + len(text) - at <= TEXT_MAX else TEXT_TOO_LONG


def _template(by: str, groups: int) -> list[str | int] | Failure:
    """What replaces a match: texts, and numbers of groups that are written `\\1`."""
    parts: list[str | int] = []
    at = 0
    for reference in _REFERENCE.finditer(by):
        parts.append(by[at : reference.start()])
        at = reference.end()
        if reference[1] is None:
            if reference[2] != "\\":
                return BAD_ARGUMENT.saying(r"after a backslash stands the number of a group, or `\\`")
            parts.append("\\")
        elif int(reference[1]) > groups:
            return BAD_ARGUMENT.saying(f"the pattern has no group {reference[1]}")
        else:
            parts.append(int(reference[1]))
    return [*parts, by[at:]]


def _group(text: str, slots: Slots, number: int) -> str:
    start, end = slots[2 * number : 2 * number + 2]
    return text[start:end] if start >= 0 else ""


def _extracted(text: str, slots: Slots, groups: int) -> str | None:
    """The only group of a match, or all of it where the pattern has none; None where the group took no part."""
    if groups and slots[2] < 0:
        return None
    return _group(text, slots, groups)


def _of_one_group(meter: Meter, pattern: str) -> Program | Failure:
    program = program_of(meter, pattern)
    if isinstance(program, Program) and program.groups > 1:
        return BAD_ARGUMENT.saying("the pattern has more than one group: write `(?:...)` for the others")
    return program


def extract(meter: Meter, text: str, pattern: str) -> OptionalValue | Failure:
    program = _of_one_group(meter, pattern)
    if isinstance(program, Failure):
        return program
    slots = find(program, meter, text, 0)
    part = None if slots is None else _extracted(text, slots, program.groups)
    return NONE if part is None else OptionalValue(part)


def extract_all(meter: Meter, text: str, pattern: str) -> tuple[str, ...] | Failure:
    program = _of_one_group(meter, pattern)
    if isinstance(program, Failure):
        return program
    parts = [_extracted(text, slots, program.groups) for slots in _all(program, meter, text, -1)]
    return tuple(part for part in parts if part is not None)


REGEXES = (
    Function(
        "matches",
        (method(STRING, STRING, gives=BOOL, may_fail=True), plain(STRING, STRING, gives=BOOL, may_fail=True)),
        matches,
        "whether the pattern occurs in the text; `^` and `$` tie it to the ends",
        metered=True,
    ),
    Function(
        "regex.replace",
        (
            plain(STRING, STRING, STRING, gives=STRING, may_fail=True),
            plain(STRING, STRING, STRING, INT, gives=STRING, may_fail=True),
        ),
        replace,
        "the text with each match of a pattern, or the first so many, replaced; `\\1` stands for its first group",
        metered=True,
    ),
    Function(
        "regex.extract",
        (plain(STRING, STRING, gives=optional_of(STRING), may_fail=True),),
        extract,
        "the first match of a pattern, or its only group, if there is one",
        metered=True,
    ),
    Function(
        "regex.extractAll",
        (plain(STRING, STRING, gives=list_of(STRING), may_fail=True),),
        extract_all,
        "every match of a pattern, or its only group in each",
        metered=True,
    ),
)
