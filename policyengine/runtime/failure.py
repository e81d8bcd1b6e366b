"""A failed value: what an expression yields when it cannot be answered, instead of an exception.

Failures flow through nodes like values; they are never read as false and never as zero. Only what a decision answers
with turns one into an `EvaluationError`.
"""

from __future__ import annotations


class Failure:
    """Why there is no value. `code` is stable, `message` a sentence in lower case."""

    __slots__ = ("code", "message")

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message

    def saying(self, message: str) -> Failure:
        """The same failure with a sentence of its own."""
        return Failure(self.code, message)

    def __repr__(self) -> str:
        return f"Failure({self.code!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Failure) and self.code == other.code

    def __hash__(self) -> int:
        return hash(self.code)

    def __bool__(self) -> bool:
        raise AssertionError("a failure is neither true nor false")


DIVISION_BY_ZERO = Failure("division_by_zero", "division by zero")
OVERFLOW = Failure("overflow", "the int does not fit into 64 bits")
NO_MATCH = Failure("no_match", "no row of the table matches")
SEVERAL_MATCH = Failure("several_match", "several rows of the table match")
ROWS_DISAGREE = Failure("rows_disagree", "several rows of the table match and disagree")
NO_ITEM = Failure("no_item", "the index is outside the list")
NO_KEY = Failure("no_key", "the map has no such key")
REPEATED_KEY = Failure("repeated_key", "a key of the map is repeated")
EMPTY = Failure("empty", "the list is empty")
NOT_A_NUMBER = Failure("not_a_number", "the text is not a plain number")
TIME_RANGE = Failure("time_range", "the time is outside the years 0001 to 9999")
UNAVAILABLE = Failure("unavailable", "a fact could not be fetched")
TOO_MANY_DIGITS = Failure("too_many_digits", "the number needs more than 34 digits")

OUT_OF_RANGE = Failure("out_of_range", "a value is outside its declared range")
EMPTY_PERIOD = Failure("empty_period", "the period does not end after its start")
OUTSIDE_PERIOD = Failure("outside_period", "the stretch does not lie inside of its period")
TOO_MANY_STRETCHES = Failure("too_many_stretches", "the period has more than 1,000 stretches")
GRANT_BALANCE_MISMATCH = Failure("grant_balance_mismatch", "the balances are not those of the grants")
RESET_NOT_AFTER_START = Failure("reset_not_after_start", "a reset is not after the start of the run")
RESET_AFTER_END = Failure("reset_after_end", "a reset is after the end of the run")
TIES = Failure("ties", "two elements have equal sort keys, so their order is not known")
NEVER_OPEN = Failure("never_open", "no day of the next hundred years is one of the days and hours")

# What only expressions without declared types can meet, and what their functions refuse.
NO_OVERLOAD = Failure("no_overload", "nothing of this name takes values of these types")
UNKNOWN_NAME = Failure("unknown_name", "a name is not known")
UNKNOWN_FUNCTION = Failure("unknown_function", "a function is not known")
BAD_ARGUMENT = Failure("bad_argument", "an argument is not allowed")
BAD_TEXT = Failure("bad_text", "a text cannot be read as what is asked for")
BAD_KEY = Failure("bad_key", "a key of a map is a text, an int or a bool")
BAD_PATTERN = Failure("bad_pattern", "the pattern cannot be used")
NO_VALUE = Failure("no_value", "the optional has no value")
TEXT_TOO_LONG = Failure("text_too_long", "the text has more than 1,000,000 characters")
NUMBER_TOO_LARGE = Failure("number_too_large", "the number has too many digits to compute with")
NOT_EXACT = Failure("not_exact", "the result has no exact value")
UNKNOWN_ZONE = Failure("unknown_zone", "there is no time zone of this name")

RESULT_TOO_LARGE = Failure("result_too_large", "the result has too many parts")

# What ends an evaluation as a whole: no value ever holds it, and nothing absorbs it.
COST_EXCEEDED = Failure("cost_exceeded", "the evaluation costs more than 1,000,000 units")

CATALOGUE = {
    f.code: f
    for f in (
        DIVISION_BY_ZERO,
        OVERFLOW,
        NO_MATCH,
        SEVERAL_MATCH,
        ROWS_DISAGREE,
        NO_ITEM,
        NO_KEY,
        REPEATED_KEY,
        EMPTY,
        NOT_A_NUMBER,
        TIME_RANGE,
        UNAVAILABLE,
        TOO_MANY_DIGITS,
        OUT_OF_RANGE,
        TIES,
        EMPTY_PERIOD,
        OUTSIDE_PERIOD,
        TOO_MANY_STRETCHES,
        NEVER_OPEN,
        GRANT_BALANCE_MISMATCH,
        RESET_NOT_AFTER_START,
        RESET_AFTER_END,
        NO_OVERLOAD,
        UNKNOWN_NAME,
        UNKNOWN_FUNCTION,
        BAD_ARGUMENT,
        BAD_TEXT,
        BAD_KEY,
        BAD_PATTERN,
        NO_VALUE,
        TEXT_TOO_LONG,
        NUMBER_TOO_LARGE,
        NOT_EXACT,
        UNKNOWN_ZONE,
        RESULT_TOO_LARGE,
    )
}
