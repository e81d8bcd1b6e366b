"""What a decision table says: its columns, and its rows by their ids, cell by cell."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

from policyengine.analysis.diff.contents import element
from policyengine.analysis.diff.contents.element import Element, day, height, height_of, unit_of
from policyengine.compiler.lower.table_files import TIER_COLUMNS, sheet_of
from policyengine.compiler.pipeline import Compiled
from policyengine.compiler.sources import of_texts
from policyengine.language.model import Table
from policyengine.language.yaml import Mapping, Node, Scalar
from policyengine.runtime.answers.explain import typed_text
from policyengine.runtime.exact import exact
from policyengine.runtime.program import TableData
from policyengine.source import Report, Source, Span
from policyengine.values import types
from policyengine.values.instant import Timestamp
from policyengine.values.types import INT64_MIN, Type

ORDERED = frozenset(("first", "collect"))
"""The hit policies under which the order of rows says something."""
OTHERWISE = "otherwise"


def of_table(authored: Table, kind: str, compiled: Compiled) -> Element:
    """A table as an element; each row is a child beside the table's own fields."""
    data = compiled.program.tables[authored.name]
    made = Element(authored.name, kind, authored.at)
    made.add(
        Element("hit", kind, authored.at, authored.hit, authored.hit, implied="hit" not in authored.model_fields_set)
    )
    made.add(_conditions(authored, kind))
    made.add(_results(authored, kind))
    if isinstance(authored.otherwise, Scalar):
        made.add(element.node(OTHERWISE, kind, authored.otherwise))
    if authored.overridable is not None:
        bounds = {name: getattr(authored.overridable, name) for name in type(authored.overridable).model_fields}
        own = Element("overridable", kind, authored.at)
        for name, node in bounds.items():
            if node is not None:
                own.add(element.node(name, kind, node))
        made.add(own)
    rows = list(_rows(authored, data, compiled))
    for row in rows:
        made.add(row)
    if data.hit in ORDERED:
        made.order = tuple(row.name for row in rows)
    return made


def _conditions(authored: Table, kind: str) -> Element:
    made = Element("when", kind, authored.at)
    for condition in authored.when:
        if condition.expression is not None:
            made.add(element.written(condition.name, kind, condition.expression))
        elif condition.type is not None:
            its = condition.type
            made.add(Element(condition.name, kind, condition.at, element.flow(its), element.canonical(its)))
    if any(condition.type is not None for condition in authored.when):
        # A table that is called takes its conditions by position.
        made.order = tuple(condition.name for condition in authored.when)
    return made


def _results(authored: Table, kind: str) -> Element:
    made = Element("then", kind, authored.at)
    for name, node in authored.then.items():
        made.add(element.node(name, kind, node))
    return made


# ---------------------------------------------------------------------------------------------------------------- rows


def _rows(authored: Table, data: TableData, compiled: Compiled) -> Iterator[Element]:
    """The rows by their ids; of dated rows with one id the first has the id alone, so that a later one is added."""
    first: dict[str, int] = {}
    for row, its_id in enumerate(data.ids):
        if its_id not in first or _start(data, row) < _start(data, first[its_id]):
            first[its_id] = row
    for row, (its_id, (at, said)) in enumerate(zip(data.ids, _words(authored, data, compiled), strict=True)):
        name = its_id if "id" in said else _by_conditions(its_id)
        if first[its_id] != row:
            name = f"{name}.{day(_start(data, row))}"
        yield _row(name, row, data, at, said)


def _start(data: TableData, row: int) -> int:
    start = data.starts[row] if data.starts else None
    return INT64_MIN if start is None else start


def _by_conditions(its_id: str) -> str:
    """The name of a row without an id: what its cells accept, in whatever order they say it."""
    return ",".join("|".join(sorted(part.split("|"))) for part in its_id.split(","))


def _row(name: str, row: int, data: TableData, at: Span | None, said: dict[str, str]) -> Element:
    made = Element(name, "row", at)
    for column, key_type, cells in zip(data.names, data.keys, data.conditions, strict=True):
        cell = cells[row]
        if cell is not None:
            made.add(Element(column, "condition", at, said.get(column, ""), cell_meaning(cell, key_type)))
    for column, results in data.columns.items():
        its_type = data.column_types[column]
        made.add(_result(column, at, said.get(column, ""), results[row], its_type))
    if data.starts:
        for word, ends in (("from", data.starts), ("until", data.ends)):
            instant = ends[row]
            if instant is not None:
                made.add(Element(word, "date", at, said.get(word, str(Timestamp(instant))), instant))
    return made


def _result(name: str, at: Span | None, text: str, held: Any, its_type: Type) -> Element | None:
    inner = its_type.item if isinstance(its_type, types.Optional) else its_type
    if held is None:
        return None
    value = exact(held, inner)
    if isinstance(inner, types.Tiers):
        return _tiers(name, at, value, inner)
    made = Element(name, "cell", at, text or typed_text(value, inner), ("value", value))
    made.unit, made.height = unit_of(inner), height_of(value, inner)
    return made


def _tiers(name: str, at: Span | None, schedule: Any, its_type: types.Tiers) -> Element:
    """The tiers of a row, each by where it ends."""
    made = Element(name, "cell", at, numbered=True)
    for number, (bound, rate, flat) in enumerate(zip(*schedule, strict=True), 1):
        tier = Element(str(number), "tier", at, key=bound)
        for field, value, kind in (
            ("up_to", bound, its_type.bound),
            ("unit_amount", rate, its_type.rate),
            ("flat_amount", flat, its_type.flat),
        ):
            if value is not None:
                own = Element(field, "tier", at, typed_text(value, kind), ("value", value), height(value), kind.unit)
                own.implied = not value
                tier.add(own)
        made.add(tier)
    return made


def cell_meaning(cell: Any, key_type: Type) -> Hashable:
    """What a condition cell accepts, apart from the order and the spelling of its parts."""
    inner = key_type.item if isinstance(key_type, types.Optional) else key_type
    match cell:
        case None:
            return None
        case ("any", only):
            return cell_meaning(only, key_type)
        case ("any", *cells):
            return "any", frozenset(cell_meaning(each, key_type) for each in cells)
        case ("not", other):
            return "not", cell_meaning(other, key_type)
        case ("range", low, low_in, high, high_in):
            ends = (None if low is None else exact(low, inner), None if high is None else exact(high, inner))
            return "range", ends, low is not None and low_in, high is not None and high_in
        case tuple():
            return cell
    return "value", exact(cell, inner)


# --------------------------------------------------------------------------------------------------------------- words


def _words(authored: Table, data: TableData, compiled: Compiled) -> Iterator[tuple[Span | None, dict[str, str]]]:
    """The place and the fields of each row as they are written, in the program's order."""
    if authored.file is not None:
        yield from _lines(authored, data, compiled)
    elif authored.rows is not None:
        yield from (_fields(node) for node in authored.rows.items)
    if isinstance(authored.otherwise, Mapping):
        yield _fields(authored.otherwise)


def _fields(node: Node) -> tuple[Span | None, dict[str, str]]:
    return node.span, {key: element.flow(value) for key, _, value in element.entries(node)}


def _lines(authored: Table, data: TableData, compiled: Compiled) -> Iterator[tuple[Span | None, dict[str, str]]]:
    """The lines of a CSV file; where several make a row, its first one says where it stands."""
    assert authored.file is not None
    at = authored.file_at or authored.at
    sheet = sheet_of(of_texts({**compiled.sources, **_manifest(compiled)}), authored.file, at, Report())
    assert sheet is not None, "the bundle was compiled from it"
    count = len(data.ids) - (data.otherwise == "row")
    lines = range(len(sheet.lines))
    if any(column in sheet.header for column in TIER_COLUMNS) and "id" in sheet.header:
        ids = sheet.columns[sheet.header.index("id")]
        lines_of = {ids[line].strip(): line for line in reversed(lines)}
        chosen = [lines_of.get(its_id) for its_id in data.ids[:count]]
    else:
        chosen = list(lines)
    where = _file_of(compiled, authored.name, data) or sheet.source.name
    source = Source(where, sheet.source.text)
    for line in chosen:
        if line is None:
            yield authored.at, {}
        else:
            start = sheet.source.start_of(sheet.lines[line])
            said = zip(sheet.header, (column[line].strip() for column in sheet.columns), strict=True)
            yield Span(source, start, start), {column: text for column, text in said if text}


def _file_of(compiled: Compiled, name: str, data: TableData) -> str:
    """The file of a table's rows as the program's places call it, with its folder."""
    place = compiled.program.places.get(f"{name}.{data.ids[0]}", "") if data.ids else ""
    return place.rpartition(":")[0]


def _manifest(compiled: Compiled) -> dict[str, bytes]:
    """`of_texts` wants a YAML file; CSV files alone would do here."""
    return {} if any(name.endswith(".yaml") for name in compiled.sources) else {"bundle.yaml": b""}
