"""From a bundle as data to the YAML that an author would write."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from oracle.bundle import (
    Bundle,
    Cell,
    Charge,
    Choice,
    Dated,
    Fact,
    Fold,
    Group,
    Keyed,
    Record,
    Round,
    Table,
    Value,
)
from oracle.numbers import text_of
from oracle.tree import Kind, Tree

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
NOT_TEXTS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "any", "error", "unlimited"}
PRECEDENCE = {"?:": 0, "||": 1, "&&": 2, **dict.fromkeys(("<", "<=", ">", ">=", "==", "!=", "in"), 3)}
PRECEDENCE |= {**dict.fromkeys(("+", "-", "concat"), 4), **dict.fromkeys(("*", "/", "%"), 5), "negate": 6, "!": 6}
TIMES = {"time + duration": "+", "time - duration": "-", "time - time": "-"}
TIMES |= {"duration + duration": "+", "duration - duration": "-"}
PRECEDENCE |= {**dict.fromkeys(TIMES, 4), "-duration": 6}
ATOM = 7


class Raw(str):
    """A scalar that stands in YAML as it is: a number, a date, a flag."""


def yaml_of(bundle: Bundle) -> str:
    """The bundle's one file."""
    return "\n".join(_lines(document(bundle), 0)) + "\n"


def document(bundle: Bundle) -> dict[str, Any]:
    zone = bundle.timezone
    made: dict[str, Any] = {
        "policyengine": Raw("1"),
        "bundle": "generated",
        "version": Raw("1.0.0"),
        "currency": bundle.currency,
        "timezone": zone,
    }
    made["types"] = {name: {"enum": list(members)} for name, members in bundle.types.items()}
    made["inputs"] = {name: _input(fact, bundle) for name, fact in bundle.inputs.items()}
    made["checks"] = [{"that": text(check), "reason": "facts must agree"} for check in bundle.checks]
    made["parameters"] = {
        name: {
            "type": type_text(p.kind, bundle, p.per),
            "value": _value(p.value, zone),
            **({"overridable": Raw("true")} if p.overridable else {}),
        }
        for name, p in bundle.parameters.items()
    }
    made["tables"] = {name: _table(table, bundle) for name, table in bundle.tables.items()}
    made["values"] = {name: _named(named, bundle) for name, named in bundle.values.items()}
    made["charges"] = {name: _charge(charge) for name, charge in bundle.charges.items()}
    made["guards"] = {
        name: {
            "when": text(guard.when),
            "effect": guard.effect,
            **({"approver": "finance"} if guard.effect == "review" else {}),
            "reason": "as agreed",
        }
        for name, guard in bundle.guards.items()
    }
    made["decisions"] = {
        name: {
            **({"guards": list(d.guards)} if d.guards else {}),
            "outputs": {key: text(tree) for key, tree in d.outputs.items()},
        }
        for name, d in bundle.decisions.items()
    }
    made["overrides"] = [
        {
            "id": o.id,
            "tenant": o.tenant,
            "effective": {"from": date(o.start, zone), **({} if o.end is None else {"until": date(o.end, zone)})},
            "reason": "a contract",
            "set": _set(o.set, bundle),
        }
        for o in bundle.overrides
    ]
    return {key: value for key, value in made.items() if value not in ({}, [])}


# ------------------------------------------------------------------------------------------------------ expressions


def text(tree: Tree) -> str:
    """An expression as text, with no more parentheses than it needs."""
    args = tree.args
    match tree.op:
        case "number":
            return number_text(tree)
        case "literal":
            return _literal(tree)
        case "member":
            return ".".join(tree.data)
        case "name":
            return str(tree.data)
        case "has":
            return f"has({tree.data})"
        case "orValue":
            head, _, last = tree.data.rpartition(".")
            return f"{head}.?{last}.orValue({text(args[0])})" if head else f"{last}.orValue({text(args[0])})"
        case "?:":
            return f"{_inner(args[0], 1)} ? {_inner(args[1], 1)} : {_inner(args[2], 0)}"
        case "negate" | "-duration":
            return f"-{_operand(args[0])}"
        case "!":
            return f"!{_operand(args[0])}"
        case "list":
            return "[" + ", ".join(text(arg) for arg in args) + "]"
        case "index":
            return f"{_inner(args[0], ATOM)}[{text(args[1])}]"
        case "field":
            return f"{_inner(args[0], ATOM)}.{tree.data}"
        case "all" | "exists" | "exists_one" | "map" | "filter":
            rest = ", ".join(text(arg) for arg in args[1:])
            return f"{_inner(args[0], ATOM)}.{tree.op}({tree.data}, {rest})"
        case "contains" | "startsWith" | "endsWith" | "lowerAscii" | "upperAscii":
            rest = ", ".join(text(arg) for arg in args[1:])
            return f"{_inner(args[0], ATOM)}.{tree.op}({rest})"
        case "call":
            name, column, is_one_of_several = tree.data
            return f"{name}({', '.join(text(arg) for arg in args)})" + (f".{column}" if is_one_of_several else "")
        case "round":
            places, mode = tree.data
            return f"round({text(args[0])}, {places}, {mode})"
        case "min_of" | "max_of":
            return f"{tree.op[:3]}({text(args[0])})"
    if tree.op in PRECEDENCE:
        return _infix(tree)
    return f"{tree.op}({', '.join(text(arg) for arg in args)})"


def _infix(tree: Tree) -> str:
    """Operators group to the left; comparisons do not chain."""
    level = PRECEDENCE[tree.op]
    sign = {"concat": "+", **TIMES}.get(tree.op, tree.op)
    first = _inner(tree.args[0], level + 1 if level == 3 else level)
    return f" {sign} ".join([first, *(_inner(arg, level + 1) for arg in tree.args[1:])])


def _inner(tree: Tree, least: int) -> str:
    shown = text(tree)
    return shown if _level(tree) >= least else f"({shown})"


def _operand(tree: Tree) -> str:
    """What a sign stands before: an atom, or something in parentheses."""
    return _inner(tree, ATOM)


def _level(tree: Tree) -> int:
    if tree.op == "number":
        return 6 if tree.data < 0 else ATOM
    if tree.op == "literal" and tree.kind.word == "duration" and tree.data < 0:
        return 6
    return PRECEDENCE.get(tree.op, ATOM)


def number_text(tree: Tree) -> str:
    shown = text_of(tree.data)
    is_money = any(name.isupper() for name, _ in tree.kind.unit)
    if not tree.kind.is_whole and tree.data.denominator == 1 and not is_money:
        shown += ".0"
    return shown + "".join(f" {name}" for name, _ in tree.kind.unit)


def _literal(tree: Tree) -> str:
    if tree.kind.word == "duration":
        return duration_text(tree.data)
    if tree.kind.word == "bool":
        return "true" if tree.data else "false"
    return '"' + str(tree.data).replace("\\", "\\\\").replace('"', '\\"') + '"'


def duration_text(nanoseconds: int) -> str:
    units = (("d", 86_400 * 10**9), ("h", 3_600 * 10**9), ("s", 10**9), ("ms", 10**6), ("us", 1_000), ("ns", 1))
    name, size = next((name, size) for name, size in units if nanoseconds % size == 0)
    return f"{nanoseconds // size}{name}"


# ------------------------------------------------------------------------------------------------------------ parts


def type_text(kind: Kind, bundle: Bundle, per: int = 1) -> str:
    """A declared type as a word: `money / 1_000 token`."""
    if kind.word == "enum":
        return next(name for name, members in bundle.types.items() if members == kind.members)
    powers = dict(kind.unit)
    word = kind.word
    if powers.pop(bundle.currency, 0):
        word = "money"
    above = "".join(f" {name}" for name, power in powers.items() if power > 0)
    scale = "" if per == 1 else f"{per:_} "
    below = "".join(f" / {scale}{name}" for name, power in powers.items() if power < 0)
    return word + above + below


def _input(declared: Fact | Group, bundle: Bundle) -> Any:
    if isinstance(declared, Group):
        fields = {name: _input(field, bundle) for name, field in declared.fields.items()}
        return {"optional": Raw("true"), "fields": fields} if declared.optional else {"fields": fields}
    made: dict[str, Any]
    if declared.kind.word == "list":
        assert declared.kind.item is not None
        made = {"list": _item(declared, declared.kind.item, bundle), "max": Raw(str(declared.length))}
    else:
        made = {"type": type_text(declared.kind, bundle), **_bounds(declared)}
    if declared.default is not None:
        made["default"] = _datum(declared.default)
    if declared.optional:
        made["optional"] = Raw("true")
    return made


def _item(declared: Fact, kind: Kind, bundle: Bundle) -> Any:
    if kind.word == "record":
        return {name: _item(declared, its, bundle) for name, its in kind.fields}
    bounds = _bounds(declared) if kind.is_number else {}
    if kind.is_whole:
        bounds.pop("places", None)
    return {"type": type_text(kind, bundle), **bounds}


def _bounds(declared: Fact) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, bound in (("min", declared.low), ("max", declared.high)):
        if bound is not None:
            made[key] = Raw(text_of(bound))
    if declared.places is not None:
        made["places"] = Raw(str(declared.places))
    return made


def _datum(value: Any) -> Any:
    """A literal as data."""
    if isinstance(value, bool):
        return Raw("true" if value else "false")
    if isinstance(value, int | Fraction | Decimal):
        return Raw(text_of(Fraction(value)))
    if isinstance(value, list | tuple):
        return [_datum(each) for each in value]
    if isinstance(value, dict):
        return {key: _datum(each) for key, each in value.items()}
    return value


def _value(value: Any, zone: str, *, guessed: bool = False) -> Any:
    """A value of the one grammar; `guessed` literals show by a point that they are decimals."""
    match value:
        case Tree():
            return Raw(number_text(value)) if value.op == "number" and not value.kind.unit else text(value)
        case Keyed():
            cases = {word: _value(inner, zone, guessed=guessed) for word, inner in value.cases.items()}
            if value.otherwise is not None:
                cases["otherwise"] = _value(value.otherwise, zone, guessed=guessed)
            return {text(value.key): cases}
        case Dated(steps=steps):
            return {date(start, zone): _value(inner, zone, guessed=guessed) for start, inner in steps}
        case Choice():
            made = {"when": text(value.when), "value": _value(value.value, zone)}
            if value.otherwise is not None:
                made["otherwise"] = _value(value.otherwise, zone)
            return made
        case Record(fields=fields):
            return {name: text(tree) for name, tree in fields.items()}
        case Fraction() if guessed and value.denominator == 1:
            return Raw(f"{value.numerator}.0")
    return _datum(value)


def _round(how: Round) -> dict[str, Any]:
    places = how.places if how.places == "currency" else Raw(str(how.places))
    return {"places": places, "mode": how.mode}


def _named(named: Value | Fold, bundle: Bundle) -> Any:
    zone = bundle.timezone
    if isinstance(named, Fold):
        return _fold(named, bundle)
    value = _value(named.value, zone, guessed=True)
    if named.when is None and named.round is None and not isinstance(named.value, Choice):
        return {"value": value} if isinstance(named.value, Record) else value
    made = value if isinstance(named.value, Choice) and named.round is None else {"value": value}
    if named.when is not None:
        made["when"] = text(named.when)
    if named.otherwise is not None:
        made["otherwise"] = _value(named.otherwise, zone)
    if named.round is not None:
        made["round"] = _round(named.round)
    return made


def _fold(fold: Fold, bundle: Bundle) -> dict[str, Any]:
    made: dict[str, Any] = {"each": f"{fold.item} in {text(fold.over)}", "value": _value(fold.value, bundle.timezone)}
    if fold.when is not None:
        made["when"] = text(fold.when)
    if fold.sort:
        made["sort"] = [f"-{text(tree)}" if falls else text(tree) for tree, falls in fold.sort]
    if fold.round is not None:
        made["round"] = _round(fold.round)
    if fold.carry:
        made["carry"] = {
            name: {
                "type": type_text(c.kind, bundle),
                "start": text(c.start),
                "next": text(c.next),
                **_bounds(Fact(c.kind, c.low, c.high, c.places)),
            }
            for name, c in fold.carry.items()
        }
    return made


def _table(table: Table, bundle: Bundle) -> dict[str, Any]:
    zone = bundle.timezone
    made: dict[str, Any] = {
        "hit": table.hit,
        "when": {
            name: text(key) if isinstance(key, Tree) else {"type": type_text(key, bundle)}
            for name, key in table.when.items()
        },
        "then": {
            name: {"type": type_text(c.kind, bundle, c.per), "optional": Raw("true")}
            if c.optional
            else type_text(c.kind, bundle, c.per)
            for name, c in table.then.items()
        },
    }
    if table.is_dated:
        made["dated"] = Raw("true")
    if table.overridable:
        made["overridable"] = Raw("true")
    made["rows"] = []
    for row in table.rows:
        shown: dict[str, Any] = {"id": row.id}
        for name, cell in row.cells.items():
            if cell.form != "all":
                shown[name] = cell_value(cell, zone)
        shown |= {name: _datum(value) for name, value in row.results.items() if value is not None}
        if row.start is not None:
            shown["from"] = date(row.start, zone)
        if row.end is not None:
            shown["until"] = date(row.end, zone)
        made["rows"].append(shown)
    if table.otherwise is not None:
        kept = table.otherwise
        is_row = isinstance(kept, dict)
        made["otherwise"] = {n: _datum(v) for n, v in kept.items() if v is not None} if is_row else Raw("error")
    return made


def cell_value(cell: Cell, zone: str) -> Any:
    match cell.form:
        case "is":
            return _bound(cell.value, zone)
        case "any":
            return [cell_value(each, zone) for each in cell.value]
        case "not":
            return {"not": cell_value(cell.value, zone)}
        case "range":
            return Quoted(range_text(cell, zone))
    return {cell.form: cell.value}


class Quoted(str):
    """A scalar that must be quoted."""


def range_text(cell: Cell, zone: str) -> str:
    if cell.low is None:
        return f"{'<=' if cell.high_in else '<'} {_bound(cell.high, zone)}"
    if cell.high is None:
        return f"{'>=' if cell.low_in else '>'} {_bound(cell.low, zone)}"
    opening, closing = "[" if cell.low_in else "(", "]" if cell.high_in else ")"
    return f"{opening}{_bound(cell.low, zone)}..{_bound(cell.high, zone)}{closing}"


def _bound(value: Any, zone: str) -> Any:
    return date(value.instant, zone) if isinstance(value, Instant) else _datum(value)


class Instant(int):
    """A point in time in a cell: an int that is printed as a date."""

    @property
    def instant(self) -> int:
        return int(self)


def _charge(charge: Charge) -> dict[str, Any]:
    made: dict[str, Any] = {"sum": list(charge.sum)} if charge.sum else {"charge_model": charge.model}
    if charge.mode:
        made["mode"] = charge.mode
    for key in ("quantity", "unit_amount", "flat_amount", "free_quantity", "already_rated"):
        tree = getattr(charge, key)
        if tree is not None:
            made[key] = bare(tree)
    if charge.tiers:
        made["tiers"] = []
        for tier in charge.tiers:
            shown: dict[str, Any] = {} if tier.up_to is None else {"up_to": Raw(text_of(tier.up_to))}
            for key in ("unit_amount", "factor", "flat_amount"):
                tree = getattr(tier, key)
                if tree is not None:
                    shown[key] = bare(tree)
            made["tiers"].append(shown)
    if charge.flat_at_zero is not None:
        made["flat_at_zero"] = Raw("true" if charge.flat_at_zero else "false")
    if charge.when is not None:
        made["when"] = text(charge.when)
    if charge.round is not None:
        made["round"] = _round(charge.round)
    return made


def bare(tree: Tree) -> Any:
    """A number of a field whose unit is known is written without it."""
    return Raw(text_of(tree.data)) if tree.op == "number" else text(tree)


def _set(leaves: dict[tuple[str, tuple[str, ...], str], Any], bundle: Bundle) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for (name, path, column), value in leaves.items():
        keys = [name, *path, *([column] if name in bundle.tables else [])]
        at = made
        for key in keys[:-1]:
            at = at.setdefault(key, {})
        at[keys[-1]] = _datum(value)
    return made


def date(instant: int, zone: str) -> Any:
    """A date where the instant is a midnight of the zone, else a time in UTC."""
    moment = EPOCH + timedelta(microseconds=instant // 1000)
    local = moment.astimezone(ZoneInfo(zone))
    if (local.hour, local.minute, local.second, local.microsecond, instant % 1000) == (0, 0, 0, 0, 0):
        return Raw(local.date().isoformat())
    return Raw(instant_text(instant))


def instant_text(instant: int) -> str:
    """RFC 3339 with all nine digits."""
    moment = EPOCH + timedelta(seconds=instant // 10**9)
    return f"{moment.strftime('%Y').rjust(4, '0')}{moment.strftime('-%m-%dT%H:%M:%S')}.{instant % 10**9:09d}Z"


# ------------------------------------------------------------------------------------------------------------- YAML


def _lines(value: Any, indent: int) -> list[str]:
    pad = "  " * indent
    lines: list[str] = []
    if isinstance(value, list):
        for item in value:
            if isinstance(item, dict | list) and item:
                first, *rest = _lines(item, indent + 1)
                lines += [f"{pad}- {first.strip()}", *rest]
            else:
                lines.append(f"{pad}- {scalar(item)}")
        return lines
    for key, item in value.items():
        shown = key if isinstance(key, Raw) else scalar(key)
        if isinstance(item, dict | list) and item:
            lines += [f"{pad}{shown}:", *_lines(item, indent + 1)]
        else:
            lines.append(f"{pad}{shown}: {scalar(item)}")
    return lines


def scalar(value: Any) -> str:
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict | list):
        return "{}" if isinstance(value, dict) else "[]"
    shown = str(value)
    is_plain = PLAIN.fullmatch(shown) and shown.lower() not in NOT_TEXTS and not isinstance(value, Quoted)
    return shown if is_plain else "'" + shown.replace("'", "''") + "'"
