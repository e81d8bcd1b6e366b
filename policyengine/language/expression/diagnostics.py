"""What can be wrong with an expression: one named function a diagnostic, all of the stage in this file."""

from __future__ import annotations

from collections.abc import Iterable

from policyengine.language.closest import closest
from policyengine.language.expression import hints
from policyengine.runtime.functions import Signature
from policyengine.source import Diagnostic, Span
from policyengine.values.types import Enum, Number, Quotient, Record, Type, unit_text


class Rejected(Exception):
    """An expression cannot be given a meaning; carries the one diagnostic that says why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(str(diagnostic))


def syntax(name: str, message: str, at: Span, hint: str | None) -> Diagnostic:
    """The text is not an expression; `name` is the parser's word for what went wrong."""
    return Diagnostic("E001", name, message, at, hint)


def unknown_name(name: str, at: Span, known: Iterable[str]) -> Diagnostic:
    """A rule reads a name that the bundle does not declare."""
    hint = closest(name, known) or hints.for_word(name)
    return Diagnostic("T001", "unknown_name", f"unknown name `{name}`", at, hint)


def bare_unit(name: str, at: Span) -> Diagnostic:
    """A unit without a number, as in `0.01 / token`."""
    return Diagnostic("T001", "unknown_name", f"`{name}` is a unit and no name", at, f"write `1 {name}`")


def unknown_function(name: str, at: Span, known: Iterable[str]) -> Diagnostic:
    hint = hints.FUNCTIONS.get(name.lower()) or closest(name, known)
    return Diagnostic("T002", "unknown_function", f"unknown function `{name}`", at, hint)


def not_a_method(name: str, at: Span, hint: str) -> Diagnostic:
    """A function that is written as a method of its argument."""
    return Diagnostic("T002", "unknown_function", f"`{name}` is not written after a dot", at, hint)


def needs_a_dot(name: str, at: Span, hint: str) -> Diagnostic:
    """A method that is written as a function."""
    return Diagnostic("T002", "unknown_function", f"`{name}` is written after a dot", at, hint)


def wrong_operands(operator: str, left: object, right: object, at: Span, hint: str | None = None) -> Diagnostic:
    message = f"`{operator}` does not take {left} and {right}"
    return Diagnostic("T003", "wrong_operands", message, at, hint or hints.for_operands(operator, left, right))


def wrong_operand(operator: str, operand: object, at: Span, hint: str | None = None) -> Diagnostic:
    hint = hint or hints.for_operand(operator, operand)
    return Diagnostic("T003", "wrong_operands", f"`{operator}` does not take {operand}", at, hint)


def unit_mismatch(operator: str, left: Type, right: Type, at: Span) -> Diagnostic:
    """Two numbers that are not of one unit."""
    units = [unit_text(side.unit) for side in (left, right) if isinstance(side, Number | Quotient)]
    if "" in units and len(units) == 2:
        named = units[0] or units[1]
        hint = f"give the plain number its unit, as in `10 {named}`" if named.isalpha() else f"one side is in {named}"
    else:
        hint = "convert one of them: `convert(amount, EUR, rate)` for currencies, a factor with a unit for the rest"
    return Diagnostic("T004", "unit_mismatch", f"`{operator}` needs equal units, found {left} and {right}", at, hint)


def money_times_money(left: Type, right: Type, at: Span) -> Diagnostic:
    hint = "multiply an amount by a plain number, a quantity or a rate"
    message = f"an amount cannot be multiplied by an amount ({left} and {right})"
    return Diagnostic("T005", "money_times_money", message, at, hint)


def quotient_escapes(where: str, at: Span) -> Diagnostic:
    hint = "round it first, as in `round(x, 2, half_up)`, or divide the sum instead of each item"
    message = f"a quotient cannot stand in {where}: it may have no end of digits"
    return Diagnostic("T006", "quotient_escapes", message, at, hint)


def endless_digits(where: str, at: Span) -> Diagnostic:
    hint = "round it first, as in `round(x, 2, half_up)`"
    message = f"a number that was divided cannot stand in {where}: it may have no end of digits"
    return Diagnostic("T006", "quotient_escapes", message, at, hint)


def may_be_absent(name: str, at: Span, guard: str) -> Diagnostic:
    hint = f"guard it: `has({guard}) ? ... : ...`, or a `when: has({guard})`"
    return Diagnostic("T007", "may_be_absent", f"`{name}` may be absent here", at, hint)


def expected_type(wanted: str, found: Type, at: Span, hint: str | None = None) -> Diagnostic:
    return Diagnostic("T008", "wrong_type", f"expected {wanted}, found {found}", at, hint)


def not_a_member(value: str, members: Iterable[str], what: str, at: Span) -> Diagnostic:
    names = list(members)
    shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    hint = closest(value, names) or f"it is one of: {shown}"
    return Diagnostic("T009", "not_a_member", f"`{value}` is not a member of {what}", at, hint)


def no_such_form(name: str, found: Iterable[object], forms: Iterable[object], at: Span) -> Diagnostic:
    """None of a function's signatures takes these arguments."""
    message = f"`{name}` does not take ({', '.join(map(str, found))})"
    shown = [f"`{f.shown(name).partition(' -> ')[0]}`" if isinstance(f, Signature) else str(f) for f in forms]
    return Diagnostic("T003", "wrong_operands", message, at, f"it is {' or '.join(shown)}")


def wrong_argument_count(name: str, wanted: str, found: int, at: Span) -> Diagnostic:
    message = f"`{name}` takes {wanted}, found {found}"
    return Diagnostic("T010", "wrong_argument_count", message, at)


def needs_constant(what: str, at: Span, hint: str | None = None) -> Diagnostic:
    return Diagnostic("T011", "needs_constant", f"{what} must be a constant", at, hint)


def unknown_mode(mode: str, at: Span, known: Iterable[str]) -> Diagnostic:
    names = list(known)
    hint = closest(mode, names) or "it is one of: " + ", ".join(names)
    return Diagnostic("T012", "unknown_rounding_mode", f"unknown rounding mode `{mode}`", at, hint)


def too_wide(at: Span) -> Diagnostic:
    hint = "round it, or give the inputs tighter `min`, `max` and `places`"
    return Diagnostic("T013", "too_wide", "this number may need more than 1,024 bits", at, hint)


def always_divides_by_zero(at: Span) -> Diagnostic:
    hint = "divide by something that is not always 0; a possible 0 is guarded, as in `n == 0 ? 0 : x / n`"
    return Diagnostic("T014", "division_by_zero", "this always divides by zero", at, hint)


def unknown_field(field: str, of: Type, at: Span, known: Iterable[str]) -> Diagnostic:
    hint = closest(field, known)
    if not hint and not isinstance(of, Record):
        hint = "only records and maps whose keys are texts have fields"
    return Diagnostic("T015", "unknown_field", f"{of} has no field `{field}`", at, hint)


def unknown_unit(name: str, at: Span, known: Iterable[str]) -> Diagnostic:
    hint = hints.for_length(name) or closest(name, known)
    hint = hint or "a unit is a currency code or a unit that a declared type uses"
    return Diagnostic("T016", "unknown_unit", f"unknown unit `{name}`", at, hint)


def branches_differ(left: Type, right: Type, at: Span) -> Diagnostic:
    message = f"the two branches are {left} and {right}, not of one type"
    return Diagnostic(
        "T017", "branches_differ", message, at, "give both the same type, as with `string(x)` or `int(x)`"
    )


def not_comparable(left: object, right: object, at: Span) -> Diagnostic:
    message = f"{left} and {right} can never be equal"
    return Diagnostic("T018", "not_comparable", message, at, hints.for_equality(left, right))


def not_a_macro_variable(at: Span) -> Diagnostic:
    message = "the first argument of this macro must be a plain name"
    return Diagnostic("T019", "not_a_variable", message, at, "name each item, as in `items.map(x, x + 1)`")


def has_needs_a_field(at: Span) -> Diagnostic:
    hint = "write `has(group.field)`, or the name of an optional input or node"
    return Diagnostic("T020", "has_needs_a_field", "`has` takes a field", at, hint)


def never_absent(name: str, at: Span) -> Diagnostic:
    hint = "take the test away, or declare the input with `optional: true`"
    return Diagnostic("T021", "never_absent", f"`{name}` is always present", at, hint)


def is_a_group(name: str, at: Span, fields: Iterable[str]) -> Diagnostic:
    hint = "read one of its fields: " + ", ".join(f"`{name}.{f}`" for f in list(fields)[:4])
    return Diagnostic("T022", "is_a_group", f"`{name}` is a group, not a value", at, hint)


def not_in_a_bundle(what: str, at: Span, hint: str | None = None) -> Diagnostic:
    return Diagnostic("T023", "not_in_a_bundle", f"{what} cannot be used in a bundle", at, hint)


def too_nested(limit: int, at: Span) -> Diagnostic:
    hint = "give the inner list a name of its own"
    return Diagnostic("T024", "too_nested", f"comprehensions nest deeper than {limit}", at, hint)


def items_differ(left: Type, right: Type, at: Span) -> Diagnostic:
    message = f"the items of a list are of one type, found {left} and {right}"
    return Diagnostic("T025", "items_differ", message, at, "give all the same type, as with `string(x)` or `int(x)`")


def values_differ(left: Type, right: Type, at: Span) -> Diagnostic:
    """The values of a map literal."""
    message = f"the values of a map are of one type, found {left} and {right}"
    return Diagnostic("T025", "items_differ", message, at, "give all the same type, as with `string(x)` or `int(x)`")


def keys_differ(left: Type, right: Type, at: Span) -> Diagnostic:
    """The keys of a map literal."""
    message = f"the keys of a map are of one type, found {left} and {right}"
    return Diagnostic("T025", "items_differ", message, at, "write all keys as texts, or all as ints")


def unknown_zone(name: str, at: Span, hint: str) -> Diagnostic:
    """The name of a time zone that the tz database does not have."""
    return Diagnostic("T027", "unknown_zone", f"unknown time zone `{name}`", at, hint)


def always_fails(reason: str, at: Span) -> Diagnostic:
    return Diagnostic("T026", "always_fails", f"this always fails: {reason}", at)


def needs_declarations(what: str, at: Span, hint: str | None = None) -> Diagnostic:
    """Something that has a meaning only where types are declared."""
    return Diagnostic("T028", "needs_declarations", f"{what} cannot be used without declared types", at, hint)


def variable_twice(name: str, at: Span) -> Diagnostic:
    return Diagnostic("T029", "variable_twice", f"this macro binds `{name}` twice", at, "give them two names")


def special_name(name: str, at: Span, quoted: bool) -> Diagnostic:
    """A name such as `__class__`: in data it is nearly always an attempt to reach what lies behind the data."""
    hint = f"a field of this name is read as .`{name}`" if quoted else None
    return Diagnostic("T030", "special_name", f"`{name}` begins and ends with two underscores", at, hint)


def no_fields(what: str, field: str, at: Span) -> Diagnostic:
    """A field is read of something that has none."""
    return Diagnostic("T015", "unknown_field", f"{what} has no field `{field}`", at, "only maps have fields")


def bad_pattern(why: str, at: Span) -> Diagnostic:
    """A literal pattern is outside of the subset that matchers agree on and that takes linear time."""
    return Diagnostic("T031", "bad_expression_pattern", f"this pattern cannot be used: {why}", at)


def no_order(of: Type, at: Span) -> Diagnostic:
    """Values that cannot be sorted."""
    hint = "members of an enum have no order" if isinstance(of, Enum) else "numbers, texts and times have an order"
    return Diagnostic("T003", "wrong_operands", f"{of} has no order", at, hint)


def bad_interval(why: str, at: Span, hint: str | None) -> Diagnostic:
    """A text that names no interval, or none that the calendar repeats."""
    return Diagnostic("T032", "bad_interval", why, at, hint or "write it as `1 month` or `2 weeks`")


def bad_format(why: str, at: Span, hint: str | None = None) -> Diagnostic:
    """A literal pattern of `format` that does not fit the values."""
    return Diagnostic("T033", "bad_format", why, at, hint)


def list_too_long(most: int, at: Span) -> Diagnostic:
    """Two lists that may have too many items together."""
    hint = "give the lists a smaller `max`"
    return Diagnostic("T034", "list_too_long", f"this list may have more than {most:,} items", at, hint)
