"""Decision tables of the DMN compatibility kit -> our tables.

Hit policies. UNIQUE, ANY, FIRST and COLLECT (plain, or with SUM, MIN, MAX, COUNT) are ours by the same names. PRIORITY
is `first` over the rules sorted by the priority of their results, RULE ORDER is `collect`, OUTPUT ORDER `collect` over
the sorted rules. Where nothing applies DMN gives the outputs' defaults, which is our `otherwise`, or null, for which
we have an error.

Cells. Ours are literals. A cell that names another input becomes a column of its own that looks at both: `it == other`
where cells only ask for equality, `it in other` for a list, else one of below, equal, above. A result that is an
expression becomes a tag in the table, and a value that reads the tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from golden.asking import Ask, LeftOut, Translation
from golden.bundle_text import Names, Raw, bundle, quoted
from golden.compare import Unordered

TABLE, DECISION, RESULT = "rules", "answer", "result"
HITS = {
    ("UNIQUE", None): "unique",
    ("ANY", None): "any",
    ("FIRST", None): "first",
    ("PRIORITY", None): "first",
    ("COLLECT", None): "collect",
    ("RULE ORDER", None): "collect",
    ("OUTPUT ORDER", None): "collect",
    ("COLLECT", "SUM"): "sum",
    ("COLLECT", "MIN"): "min",
    ("COLLECT", "MAX"): "max",
    ("COLLECT", "COUNT"): "count",
}
SORTED = ("PRIORITY", "OUTPUT ORDER")
SINGLE = ("unique", "any", "first")
ORDER = ("<", "<=", ">", ">=")
SIDES = {
    "<": ["below"],
    "<=": ["below", "equal"],
    "==": ["equal"],
    ">=": ["equal", "above"],
    ">": ["above"],
}


def translate(case: Mapping[str, Any]) -> Translation:
    """Ask the table for one test's facts; a default that the compiler proves to be never given is left out."""
    table = _Table(case["table"], case["input"])
    facts = table.facts(case["input"])
    answer = yield Ask(table.text(with_default=True), DECISION, facts)
    if "masked_row" in answer.codes and table.default():
        answer = yield Ask(table.text(with_default=False), DECISION, facts)
    return table.shaped(answer.outputs)


@dataclass(slots=True)
class _Column:
    """A condition column: what it looks at, and the input and the other operand that it stands for."""

    name: str
    looks_at: str
    input: int
    other: str = ""
    form: str = "literal"  # literal | same | member | side


@dataclass(slots=True)
class _Table:
    """One table with the names that we give to its inputs and outputs."""

    table: Mapping[str, Any]
    given: Mapping[str, Any]
    names: Names = field(default_factory=lambda: Names(TABLE, DECISION, RESULT))
    fields: Names = field(default_factory=Names)
    columns: Names = field(default_factory=Names)

    @property
    def hit(self) -> str:
        key = (self.table["hit_policy"], self.table["aggregation"])
        if key not in HITS:
            raise LeftOut(f"hit policy {key[0]} with {key[1]}")
        return HITS[key]

    @property
    def rules(self) -> list[Mapping[str, Any]]:
        """The rules in the order in which they count."""
        rules = list(self.table["rules"])
        return sorted(rules, key=self._priority) if self.table["hit_policy"] in SORTED else rules

    def _priority(self, rule: Mapping[str, Any]) -> list[int]:
        """Where its results stand in the lists of values of those outputs that have one."""
        pairs = zip(self.table["outputs"], rule["then"], strict=True)
        return [output["values"].index(cell["value"]) for output, cell in pairs if output.get("values")]

    # ------------------------------------------------------------------------------------------------------ names

    def path(self, theirs: str) -> str:
        """`Complex.aNumber` as an expression of ours."""
        root, *rest = theirs.split(".")
        return ".".join((self.names[root], *(self.fields[part] for part in rest)))

    def value_at(self, theirs: str) -> Mapping[str, Any] | None:
        """The given value at a path, with its type."""
        root, *rest = theirs.split(".")
        node = self.given.get(root)
        for part in rest:
            node = node["value"].get(part) if node else None
        return node

    def facts(self, given: Mapping[str, Any]) -> dict[str, Any]:
        return {self.names[name]: self._fact(value) for name, value in given.items()}

    def _fact(self, typed: Mapping[str, Any]) -> Any:
        match typed["type"], typed["value"]:
            case "number", text:
                return Raw(text)
            case "list", items:
                return [self._fact(item) for item in items]
            case "context", fields:
                return {self.fields[name]: self._fact(value) for name, value in fields.items()}
            case "duration", text if _is_calendar(text):
                return dict(zip(("years", "months"), map(Raw, _years_and_months(text)), strict=True))
            case kind, value:
                return _simple(kind, value)

    # ----------------------------------------------------------------------------------------------------- inputs

    def inputs(self) -> dict[str, Any]:
        """Each given fact's type; a list of allowed values makes it an enum or a range."""
        allowed = {column["expr"]: column.get("allowed") for column in self.table["inputs"]}
        return {self.names[name]: self._type(value, allowed.get(name)) for name, value in self.given.items()}

    def _type(self, typed: Mapping[str, Any], allowed: str | None = None) -> Any:
        match typed["type"], typed["value"]:
            case "number", _:
                return _number_type(allowed)
            case "string", _:
                members = _texts(allowed)
                return {"enum": members} if members else "string"
            case "boolean", _:
                return "bool"
            case "list", [first, *_]:
                return {"list": self._type(first), "max": Raw("100")}
            case "context", fields:
                return {"fields": {self.fields[name]: self._type(value) for name, value in fields.items()}}
            case "date" | "time" | "dateTime", _:
                return "timestamp"
            case "duration", text:
                months = {"years": "int", "months": "int"}
                return {"fields": months} if _is_calendar(text) else "duration"
        raise LeftOut(f"an input of type {typed['type']}")

    # -------------------------------------------------------------------------------------------------- conditions

    def conditions(self) -> list[_Column]:
        """The columns, with those that compare with another input behind the column they belong to."""
        found = []
        for place, column in enumerate(self.table["inputs"]):
            parts = [part for rule in self.rules for part in _parts(rule["when"][place]["test"])]
            others = {name: None for part in parts for name in _references(part)}
            if not others or any(part["op"] != "any" and not list(_references(part)) for part in parts):
                name = self.columns[column.get("name") or column["expr"]]
                found.append(_Column(name, self._operand(column["expr"]), place))
            found.extend(self._comparison(column["expr"], place, other, parts) for other in others)
        return found

    def _comparison(self, expr: str, place: int, other: str, parts: list[Mapping[str, Any]]) -> _Column:
        name = self.columns[f"{expr} and {other}"]
        it, that = self._operand(expr), self._operand(other)
        given = self.value_at(other)
        if given and given["type"] == "list":
            return _Column(name, f"{it} in {that}", place, other, "member")
        if not any(part["op"] in ORDER and other in _references(part) for part in parts):
            return _Column(name, f"{it} == {that}", place, other, "same")
        return _Column(name, self.names[f"{expr} and {other}"], place, other, "side")

    def _operand(self, expr: str) -> str:
        """An input as an expression; a duration of years and months counts as its months."""
        path, given = self.path(expr), self.value_at(expr)
        if given and given["type"] == "duration" and _is_calendar(given["value"]):
            return f"({path}.years * 12 + {path}.months)"
        return path

    def sides(self) -> dict[str, Any]:
        """For columns that compare in order: which of the two is larger, as values of their own."""
        found = {}
        for column in self.conditions():
            if column.form == "side":
                it, that = self._operand(self.table["inputs"][column.input]["expr"]), self._operand(column.other)
                otherwise = f'{it} > {that} ? "above" : "equal"'
                found[column.looks_at] = {
                    "type": {"enum": ["below", "equal", "above"]},
                    "when": f"{it} < {that}",
                    "value": quoted("below"),
                    "otherwise": otherwise,
                }
        return found

    def _cell(self, column: _Column, test: Mapping[str, Any]) -> Any:
        """The cell of one rule in a column, None where it accepts everything."""
        parts = [part for part in _parts(test) if part["op"] != "any"]
        own = [part for part in parts if [column.other] == (list(_references(part)) or [""])]
        if own and own != parts:
            raise LeftOut("a cell that is about a literal or another input")
        cells = [_part_cell(column.form, part) for part in own]
        return None if not cells else cells[0] if not cells[1:] else cells

    # ------------------------------------------------------------------------------------------------------ results

    def has_expressions(self) -> bool:
        """Whether a result is anything but a literal."""
        cells = [cell for rule in self.rules for cell in rule["then"]]
        return any(cell.get("value", {"type": "ref"})["type"] == "ref" for cell in cells)

    def results(self) -> dict[str, Any]:
        """The result columns with their types."""
        if self.has_expressions():
            return {RESULT: {"enum": [tag for tag, _ in self._tagged()]}}
        return {self._output(place): self._result_type(place) for place, _ in enumerate(self.table["outputs"])}

    def _output(self, place: int) -> str:
        return self.columns[self.table["outputs"][place]["name"]]

    def _result_type(self, place: int) -> Any:
        kind = self.rules[0]["then"][place]["value"]["type"]
        values = self.table["outputs"][place].get("values")
        match kind:
            case "string" if values:
                return {"enum": [value["value"] for value in values]}
            case "number":
                return "decimal"
            case "boolean":
                return "bool"
            case "string":
                return "string"
        raise LeftOut(f"a result of type {kind}")

    def _tagged(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Every rule with the tag that stands for its result."""
        return [(f"rule_{place}", rule) for place, rule in enumerate(self.rules, start=1)]

    def values(self) -> dict[str, Any]:
        """The value that turns tags into results, where results are expressions."""
        found = self.sides()
        if self.has_expressions():
            *others, last = [(tag, self._expression(rule["then"][0])) for tag, rule in self._tagged()]
            choice = " : ".join((*(f"tag == {quoted(tag)} ? {text}" for tag, text in others), last[1]))
            found[RESULT] = f"{TABLE}.{RESULT}.map(tag, {choice})"
        return found

    def _expression(self, cell: Mapping[str, Any]) -> str:
        """A result in our words: names outside of texts are those that we gave."""
        pieces = re.split(r'("(?:[^"\\]|\\.)*")', cell.get("expr") or cell["value"]["value"])
        for theirs in sorted(self.given, key=len, reverse=True):
            pieces = [
                piece if piece.startswith('"') else re.sub(rf"\b{re.escape(theirs)}\b", self.names[theirs], piece)
                for piece in pieces
            ]
        return "".join(pieces)

    def default(self) -> dict[str, Any]:
        """The results where no rule applies, if every output has one."""
        defaults = [output.get("default") for output in self.table["outputs"]]
        if self.hit not in SINGLE or None in defaults:
            return {}
        return {self._output(place): _literal(value) for place, value in enumerate(defaults) if value}

    # ---------------------------------------------------------------------------------------------- bundle, answer

    def text(self, with_default: bool) -> str:
        """The bundle."""
        columns = self.conditions()
        table: dict[str, Any] = {
            "hit": self.hit,
            "when": {column.name: column.looks_at for column in columns},
            "then": self.results(),
            "rows": [self._row(columns, tag, rule) for tag, rule in self._tagged()],
        }
        if self.hit in SINGLE:
            table["otherwise"] = (with_default and self.default()) or Raw("error")
        return bundle(
            {
                "inputs": self.inputs(),
                "tables": {TABLE: table},
                "values": self.values(),
                "decisions": {DECISION: {"outputs": self.outputs()}},
            }
        )

    def _row(self, columns: list[_Column], tag: str, rule: Mapping[str, Any]) -> dict[str, Any]:
        cells = {column.name: self._cell(column, rule["when"][column.input]["test"]) for column in columns}
        row: dict[str, Any] = {"id": tag} | {name: cell for name, cell in cells.items() if cell is not None}
        if self.has_expressions():
            return {**row, RESULT: tag}
        return row | {self._output(place): _literal(cell["value"]) for place, cell in enumerate(rule["then"])}

    def outputs(self) -> dict[str, Any]:
        """What the decision gives: every result column, or the value that reads the tags."""
        if self.has_expressions():
            return {RESULT: Raw(RESULT)}
        return {name: Raw(f"{TABLE}.{name}") for name in self.results()}

    def shaped(self, outputs: Mapping[str, Any]) -> Any:
        """The outputs as the kit states results: one value, or a context by the outputs' own names; lists of them."""
        if self.has_expressions():
            found: Any = outputs[RESULT]
        elif not self.table["outputs"][1:]:
            found = outputs[self._output(0)]
        else:
            found = {output["name"]: outputs[self.columns[output["name"]]] for output in self.table["outputs"]}
            if self.hit == "collect":
                found = [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]
        return Unordered(found) if self.hit == "collect" and self.table["hit_policy"] == "COLLECT" else found


# ------------------------------------------------------------------------------------------------------------- cells


def _parts(test: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The alternatives of a cell."""
    return list(test["tests"]) if test["op"] == "or" else [test]


def _references(part: Mapping[str, Any]) -> Iterator[str]:
    """The other inputs that an alternative names."""
    for inner in part.get("tests", ()):
        yield from _references(inner)
    for key in ("value", "low", "high"):
        if key in part and part[key]["type"] == "ref":
            yield part[key]["value"]


def _part_cell(form: str, part: Mapping[str, Any]) -> Any:
    """One alternative as a cell of a column of this form."""
    if form == "literal":
        return _literal_cell(part)
    is_negated = part["op"] == "not"
    inner = part["tests"][0] if is_negated else part
    if form == "side":
        return {"not": SIDES[inner["op"]]} if is_negated else SIDES[inner["op"]]
    if inner["op"] != "==":
        raise LeftOut(f"`{inner['op']}` between an input and a list")
    return not is_negated


def _literal_cell(part: Mapping[str, Any]) -> Any:
    match part["op"]:
        case "==":
            return _literal(part["value"])
        case "<" | "<=" | ">" | ">=" as comparison:
            return f"{comparison} {_bound(part['value'])}"
        case "range":
            opening, closing = ("(", "[")[part["low_closed"]], (")", "]")[part["high_closed"]]
            return f"{opening}{_bound(part['low'])}..{_bound(part['high'])}{closing}"
        case "not":
            return {"not": [_literal_cell(inner) for inner in part["tests"]]}
    raise LeftOut(f"a cell with `{part['op']}`")


def _bound(typed: Mapping[str, Any]) -> str:
    return str(_simple(typed["type"], typed["value"]))


def _literal(typed: Mapping[str, Any]) -> Any:
    value = _simple(typed["type"], typed["value"])
    return Raw(value) if typed["type"] == "number" else value


# ------------------------------------------------------------------------------------------------------------- types


def _number_type(allowed: str | None) -> Any:
    found = re.fullmatch(r"\[(-?[0-9.]+?)\.\.(-?[0-9.]+)\]", allowed or "")
    return {"type": "decimal", "min": Raw(found[1]), "max": Raw(found[2])} if found else "decimal"


def _texts(allowed: str | None) -> list[str]:
    return re.findall(r'"([^"]*)"', allowed or "")


def _simple(kind: str, value: Any) -> Any:
    """A date is its first instant, a time of day one on a day that stands for all, `PT1H30M` is `1h30m`."""
    match kind:
        case "duration":
            return re.sub("[PT]", "", value).lower()
        case "date":
            return f"{value}T00:00:00Z"
        case "time":
            return f"1970-01-01T{value}Z"
    return value


def _is_calendar(duration: str) -> bool:
    """Whether a duration is of years and months, which no number of seconds equals."""
    return bool(re.fullmatch(r"P(?:[0-9]+Y)?(?:[0-9]+M)?", duration))


def _years_and_months(duration: str) -> tuple[str, str]:
    found = re.fullmatch(r"P(?:([0-9]+)Y)?(?:([0-9]+)M)?", duration)
    assert found is not None
    return found[1] or "0", found[2] or "0"
