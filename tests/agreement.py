"""Random expressions that are well typed, asked of all four evaluators: without and with declared types.

    python -m tests.agreement 20000 [SEED]

Where both ways accept an expression, the steps of the dynamic way, the reference interpreter and both kinds of
generated code give the same value or fail with the same code; what the typed evaluators are charged is equal too. What
the two ways may differ in is listed in `may_differ`. Every text follows from the seed and its number.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

import metering

import policyengine as pe
from policyengine.compiler.alone import NAME, Alone, compile_alone
from policyengine.runtime.answers import outputs
from policyengine.runtime.failure import Failure
from policyengine.runtime.given import facts
from policyengine.runtime.limits import CostExceeded
from policyengine.values.types import Quotient

DECLARED: dict[str, Any] = {
    "i": {"type": "int", "min": -1000, "max": 1000},
    "j": "int",
    "d": {"type": "decimal", "min": -1000, "max": 1000, "places": 3},
    "s": "string",
    "u": "string",
    "b": "bool",
    "t": "timestamp",
    "l": "duration",
    "day": "date",
    "xs": {"list": "int", "max": 20},
    "ds": {"list": {"type": "decimal", "places": 2, "min": -99, "max": 99}, "max": 20},
    "ss": {"list": "string", "max": 20},
    "rs": {"list": {"id": "string", "n": "int", "on": "bool"}, "max": 10},
    "m": {"map": "int"},
}
WORDS = ("", "a", "b", "abc", "a-b-c", "x1 y22", "Zoe", "aa", "1", "12.5", "+7", "-0.5", "1e2", "é😀", " a ", "%s")
PATTERNS = ("[a-z]+", "b", "^a", "(a)(b)?", "[0-9]+", "x|y", "", "(a-)+")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "+02:30", "-09:00")
INSTANTS = ("2026-01-31T22:30:00Z", "2024-02-29T00:00:00Z", "1999-12-31T23:59:59.999Z", "2026-03-29T01:30:00+01:00")
MODES = ("half_even", "half_up", "half_down", "up", "down", "ceiling", "floor")


def questions(random: Random) -> dict[str, Any]:
    """Facts for one expression, with edges among them."""
    whole = (-1000, -7, -1, 0, 1, 2, 3, 10, 1000)
    return {
        "i": random.choice(whole),
        "j": random.choice((*whole, 2**63 - 1, -(2**63))),
        "d": Decimal(random.choice(("-12.5", "0", "0.125", "3", "999.999", "-0.005"))),
        "s": random.choice(WORDS),
        "u": random.choice(WORDS),
        "b": random.random() < 0.5,
        "t": pe.Timestamp.parse(random.choice(INSTANTS)),
        "l": pe.Duration.parse(random.choice(("0s", "90m", "-3h", "36h"))),
        "day": pe.Date.parse(random.choice(("2026-01-31", "2024-02-29"))),
        "xs": [random.choice(whole) for _ in range(random.randrange(5))],
        "ds": [Decimal(random.choice(("0.5", "-1.25", "3"))) for _ in range(random.randrange(4))],
        "ss": [random.choice(WORDS) for _ in range(random.randrange(4))],
        "rs": [
            {"id": random.choice(WORDS), "n": random.choice(whole), "on": random.random() < 0.5}
            for _ in range(random.randrange(4))
        ],
        "m": {key: random.choice(whole) for key in random.sample(("a", "b", "abc", ""), random.randrange(4))},
    }


class Writer:
    """Writes expressions of a wanted kind; deeper ones get simpler. `bound` are the variables of macros, by kind."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.bound: list[tuple[str, str]] = []
        self.count = 0

    def pick(self, *forms: Callable[[], str]) -> str:
        return self.random.choice(forms)()

    def of(self, kind: str, depth: int) -> str:
        if depth <= 0 or self.random.random() < 0.12:
            names = [name for name, its in self.bound if its == kind]
            if names and self.random.random() < 0.6:
                return self.random.choice(names)
            return self.random.choice(_LEAVES[kind])
        forms = _FORMS[kind]
        return self.fill(self.random.choice(forms), depth - 1)

    def fill(self, form: str, depth: int) -> str:
        """A form with its parts written: `<int>` an int, `<v:int|bool>` a macro's variable of a kind and its body."""
        written: list[str] = []
        at = 0
        while (start := form.find("<<", at)) >= 0:
            written.append(form[at:start])
            end = form.index(">>", start)
            written.append(self.part(form[start + 2 : end], depth))
            at = end + 2
        return "".join([*written, form[at:]])

    def part(self, what: str, depth: int) -> str:
        if what.startswith("one:"):
            return self.random.choice(_CHOICES[what[4:]])
        if ":" not in what:
            return self.of(what, depth)
        variables, _, body = what.partition("|")
        names = []
        for kind in variables.split(":")[1].split(","):
            self.count += 1
            names.append((f"v{self.count}", kind))
        self.bound += names
        bodies = ", ".join(self.of(kind, depth) for kind in body.split(","))
        del self.bound[-len(names) :]
        return f"{', '.join(name for name, _ in names)}, {bodies}"


def _texts(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f'"{word}"' for word in words)


_CHOICES = {
    "pattern": _texts(PATTERNS),
    "zone": _texts(ZONES),
    "interval": _texts(("1 month", "2 weeks", "1 day", "3 months", "1 year", "12 hours")),
    "mode": MODES,
    "places": ("0", "1", "2", "-1"),
    "format": _texts(("%s", "%d", "%s-%s", "%.2f", "%e", "%x", "%b", "%%")),
    "part": ("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getHours")
    + ("getMinutes", "getSeconds", "getMilliseconds"),
    "clock": ("getHours", "getMinutes", "getSeconds", "getMilliseconds"),
    "bit": ("math.bitAnd", "math.bitOr", "math.bitXor", "math.bitShiftLeft", "math.bitShiftRight"),
    "order": ("<", "<=", ">", ">=", "==", "!="),
    "set": ("sets.contains", "sets.equivalent", "sets.intersects"),
    "quantity": ("all", "exists", "exists_one", "existsOne"),
    "type": ("int", "string", "bool", "decimal", "list", "map"),
    "any": ("i", "d", "s", "b", "t", "xs", "m"),
}
_LEAVES: dict[str, tuple[str, ...]] = {
    "int": ("i", "i", "j", "0", "1", "2", "3", "-1", "7", "size(xs)", "9223372036854775807"),
    "dec": ("d", "d", "0.5", "1.25", "-0.125", "10.0", "1e-3"),
    "str": ("s", "u", *_texts(WORDS)),
    "bool": ("b", "true", "false"),
    "time": ("t", f'timestamp("{INSTANTS[0]}")'),
    "dur": ("l", "3d", "90m", "1ms", "0s"),
    "date": ("day", 'date("2026-02-28")'),
    "ints": ("xs", "[1, 2, 3]", "[]", "[3, 1, 1]"),
    "decs": ("ds", "[0.5, 1.5]"),
    "strs": ("ss", '["b", "a"]', "[]"),
    "map": ("m", '{"a": 1, "b": 2}', "{}"),
    "bytes": ('b"abc"', 'b""', "b'\\xff'"),
    "oint": ("m.?a", "optional.of(i)", "optional.none()", "xs[?0]", 'm[?"a"]', "xs.first()", "xs.last()"),
    "rec": ("rs[0]", "rs[1]"),
    "recs": ("rs",),
}
_FORMS: dict[str, tuple[str, ...]] = {
    "int": (
        "(<<int>> + <<int>>)", "(<<int>> - <<int>>)", "(<<int>> * <<int>>)", "(<<int>> % <<int>>)",
        "div(<<int>>, <<int>>)", "-<<int>>", "(<<bool>> ? <<int>> : <<int>>)", "min(<<int>>, <<int>>)",
        "max(<<int>>, <<int>>, <<int>>)", "min(<<ints>>)", "max(<<ints>>)", "sum(<<ints>>)", "abs(<<int>>)",
        "size(<<str>>)", "<<strs>>.size()", "size(<<bytes>>)", "size(<<map>>)", "<<ints>>[<<int>>]",
        "<<map>>[<<str>>]", "int(<<str>>)", "int(<<dec>>)", "int(<<time>>)", "floor(<<dec>>)", "ceil(<<dec>>)",
        "<<oint>>.orValue(<<int>>)", "<<oint>>.value()", "<<str>>.indexOf(<<str>>)", "<<str>>.lastIndexOf(<<str>>)",
        "<<str>>.indexOf(<<str>>, <<int>>)", "<<time>>.<<one:part>>()", "<<time>>.<<one:part>>(<<one:zone>>)",
        "<<dur>>.<<one:clock>>()", "days_between(<<time>>, <<time>>)",
        "days_between(<<time>>, <<time>>, <<one:zone>>)", "<<one:bit>>(<<int>>, <<int>>)", "math.bitNot(<<int>>)",
        "math.abs(<<int>>)", "math.sign(<<int>>)", "math.greatest(<<int>>, <<int>>)", "math.least(<<ints>>)",
        "<<rec>>.n", "clamp(<<int>>, -5, 5)", "period_of(<<time>>, <<one:interval>>, <<time>>).number",
        "cel.bind(w, <<int>>, w + w)", "strictest(<<int>>, <<int>>)", "(<<int>> + <<int>> + <<int>> - <<int>>)",
    ),
    "dec": (
        "(<<dec>> + <<dec>>)", "(<<dec>> - <<int>>)", "(<<dec>> * <<dec>>)", "(<<dec>> / 4)", "(<<dec>> / <<int>>)",
        "(<<dec>> / <<dec>>)", "(<<dec>> % <<dec>>)", "div(<<dec>>, <<dec>>)", "-<<dec>>", "decimal(<<str>>)",
        "decimal(<<int>>)", "round(<<dec>>, <<one:places>>, <<one:mode>>)", "avg(<<ints>>)", "sum(<<decs>>)",
        "math.ceil(<<dec>>)", "math.floor(<<dec>>)", "math.round(<<dec>>)", "math.trunc(<<dec>>)",
        "math.abs(<<dec>>)", "math.sign(<<dec>>)", "math.sqrt(<<dec>>)", "math.sqrt(<<int>>)",
        "seconds_between(<<time>>, <<time>>)", "(<<bool>> ? <<dec>> : <<int>>)", "min(<<dec>>, <<int>>)",
        "max(<<decs>>)", "<<decs>>[0]", "double(<<str>>)", "<<decs>>.first().orValue(<<dec>>)",
        "clamp(<<dec>>, 0, 1.5)",
    ),
    "str": (
        "(<<str>> + <<str>>)", "(<<str>> + <<str>> + <<str>>)", "(<<bool>> ? <<str>> : <<str>>)", "string(<<int>>)",
        "string(<<dec>>)", "string(<<bool>>)", "string(<<time>>)", "string(<<dur>>)", "string(<<date>>)",
        "string(<<bytes>>)", "<<str>>.upperAscii()", "<<str>>.lowerAscii()", "<<str>>.trim()", "<<str>>.reverse()",
        "<<str>>.charAt(<<int>>)", "<<str>>.substring(<<int>>)", "<<str>>.substring(<<int>>, <<int>>)",
        "<<str>>.replace(<<str>>, <<str>>)", "<<str>>.replace(<<str>>, <<str>>, <<int>>)", "<<strs>>.join()",
        "<<strs>>.join(<<str>>)", "<<strs>>[0]", "strings.quote(<<str>>)", "base64.encode(<<bytes>>)",
        "<<one:format>>.format([<<int>>])", "<<one:format>>.format([<<str>>, <<dec>>])", '"%s".format([<<ints>>])',
        '"%s|%s".format([<<map>>, <<time>>])', '"%.1f".format([<<dec>>])',
        "regex.replace(<<str>>, <<one:pattern>>, <<str>>)",
        "regex.extract(<<str>>, <<one:pattern>>).orValue(<<str>>)", "<<rec>>.id", '"%s".format([<<rec>>])',
        "cel.bind(w, <<str>>, w + w)",
    ),
    "bool": (
        "(<<bool>> && <<bool>>)", "(<<bool>> || <<bool>>)", "!<<bool>>", "(<<int>> <<one:order>> <<int>>)",
        "(<<dec>> <<one:order>> <<int>>)", "(<<str>> <<one:order>> <<str>>)", "(<<time>> <<one:order>> <<time>>)",
        "(<<dur>> <<one:order>> <<dur>>)", "(<<date>> <<one:order>> <<date>>)", "(<<bytes>> == <<bytes>>)",
        "(<<int>> in <<ints>>)", "(<<dec>> in <<ints>>)", "(<<str>> in <<map>>)", "(<<ints>> == <<ints>>)",
        "(<<map>> == <<map>>)", "(<<decs>> == <<ints>>)", "<<str>>.contains(<<str>>)", "<<str>>.startsWith(<<str>>)",
        "<<str>>.endsWith(<<str>>)", "<<str>>.matches(<<one:pattern>>)", "matches(<<str>>, <<str>>)",
        "<<one:set>>(<<ints>>, <<ints>>)", "<<one:set>>(<<decs>>, <<ints>>)", "<<oint>>.hasValue()", "bool(<<str>>)",
        "<<rec>>.on", "<<ints>>.<<one:quantity>>(<<v:int|bool>>)", "<<ints>>.<<one:quantity>>(<<v:int,int|bool>>)",
        "<<map>>.<<one:quantity>>(<<v:str|bool>>)", "<<map>>.<<one:quantity>>(<<v:str,int|bool>>)",
        "<<recs>>.<<one:quantity>>(<<v:rec|bool>>)", "(type(<<one:any>>) == <<one:type>>)", "math.isNaN(<<dec>>)",
        "math.isFinite(<<dec>>)", "(<<oint>> == <<oint>>)", "(<<bool>> && <<bool>> && <<bool>>)",
        "cel.bind(w, <<int>>, w > 0 || <<bool>>)", "(<<bool>> ? <<bool>> : <<bool>>)", "(<<rec>> == <<rec>>)",
    ),
    "time": (
        "(<<time>> + <<dur>>)", "(<<time>> - <<dur>>)", "add_months(<<time>>, <<int>>)",
        "add_months(<<time>>, <<int>>, <<one:zone>>)", "timestamp(<<int>>)", "timestamp(<<str>>)",
        "period_of(<<time>>, <<one:interval>>, <<time>>).start",
        "period_of(<<time>>, <<one:interval>>, <<time>>, <<one:zone>>).end", "(<<bool>> ? <<time>> : <<time>>)",
        "min(<<time>>, <<time>>)", "periods(<<time>>, <<one:interval>>, <<time>>, <<time>>)[0].start",
    ),
    "dur": (
        "(<<dur>> + <<dur>>)", "(<<dur>> - <<dur>>)", "(<<time>> - <<time>>)", "-<<dur>>", "duration(<<str>>)",
        "time_of_day(<<time>>)", "time_of_day(<<time>>, <<one:zone>>)", "max(<<dur>>, <<dur>>)",
        "sum([<<dur>>, <<dur>>])",
    ),
    "date": (
        "date(<<time>>)", "date(<<time>>, <<one:zone>>)", "date(<<str>>)",
    ),
    "ints": (
        "<<ints>>.map(<<v:int|int>>)", "<<ints>>.map(<<v:int|bool,int>>)", "<<ints>>.filter(<<v:int|bool>>)",
        "<<recs>>.map(<<v:rec|int>>)", "<<ints>>.transformList(<<v:int,int|int>>)",
        "<<map>>.transformList(<<v:str,int|int>>)", "<<map>>.transformList(<<v:str,int|bool,int>>)",
        "(<<ints>> + <<ints>>)", "[<<int>>, <<int>>]", "[?<<oint>>, <<int>>]", "<<ints>>.distinct()",
        "<<ints>>.sort()", "<<ints>>.reverse()", "<<ints>>.slice(<<int>>, <<int>>)", "[<<ints>>, <<ints>>].flatten()",
        "lists.range(<<int>> % 5)", "<<ints>>.sortBy(<<v:int|int>>)", "<<ints>>.sortBy(<<v:int|str>>)",
        "(<<bool>> ? <<ints>> : <<ints>>)", "<<strs>>.map(<<v:str|int>>)",
    ),
    "decs": (
        "<<decs>>.map(<<v:dec|dec>>)", "[<<dec>>, <<int>>]", "<<decs>>.sort()", "<<ints>>.map(<<v:int|dec>>)",
        "(<<decs>> + <<ints>>)", "<<decs>>.distinct()", "draw(10, [<<int>>, 3])",
    ),
    "strs": (
        "<<str>>.split(<<str>>)", "<<str>>.split(<<str>>, <<int>>)", "<<strs>>.map(<<v:str|str>>)", "<<strs>>.sort()",
        "<<strs>>.filter(<<v:str|bool>>)", "regex.extractAll(<<str>>, <<one:pattern>>)", "<<map>>.map(<<v:str|str>>)",
        "<<recs>>.map(<<v:rec|str>>)", "(<<strs>> + <<strs>>)", "<<strs>>.distinct()",
    ),
    "map": (
        "{<<str>>: <<int>>, <<str>>: <<int>>}", "<<map>>.transformMap(<<v:str,int|int>>)",
        "<<map>>.transformMap(<<v:str,int|bool,int>>)", '{"k": <<int>>, ?"z": <<oint>>}',
        "<<strs>>.transformMapEntry(v0, w0, {w0: v0})", "(<<bool>> ? <<map>> : <<map>>)",
    ),
    "bytes": (
        "bytes(<<str>>)", "base64.decode(<<str>>)", "(<<bytes>> + <<bytes>>)",
        "base64.decode(base64.encode(<<bytes>>))",
    ),
    "oint": (
        "optional.of(<<int>>)", "optional.ofNonZeroValue(<<int>>)", "<<ints>>[?<<int>>]", "<<map>>[?<<str>>]",
        "<<oint>>.or(<<oint>>)", "<<oint>>.optMap(<<v:int|int>>)", "<<oint>>.optFlatMap(<<v:int|oint>>)",
        "<<ints>>.first()",
    ),
    "rec": (
        "<<recs>>[<<int>>]", "<<recs>>[0]",
    ),
    "recs": (
        "<<recs>>.filter(<<v:rec|bool>>)", "<<recs>>.sortBy(<<v:rec|int>>)", "<<recs>>.distinct()",
        "<<recs>>.reverse()",
    ),
}  # fmt: skip


def expression(random: Random) -> str:
    return Writer(random).of(random.choice(sorted(_FORMS)), 3)


def dynamic(text: str, given: dict[str, Any]) -> Any:
    """The value without declared types, or the code of what went wrong in `[...]`."""
    try:
        return pe.evaluate_expression(text, given)
    except pe.EvaluationError as failed:
        return [failed.code]
    except pe.InvalidPolicy:
        return REFUSED


REFUSED = object()


def typed(
    text: str, given: dict[str, Any], declared: dict[str, Any] = DECLARED
) -> tuple[dict[str, Any], dict[str, int | None]]:
    """What each typed evaluator answers and what it is charged; nothing where the checker refuses the expression."""
    try:
        alone = compile_alone(text, declared)
    except pe.InvalidPolicy:
        return {}, {}
    entry = alone.program.entries[NAME]
    held = facts.check(alone.program, entry, given).held
    answers: dict[str, Any] = {}
    charged: dict[str, int | None] = {}
    for name, run in _EVALUATORS.items():
        try:
            (value,), charged[name] = run(alone.program, entry, held)
            answers[name] = _plain(value, alone)
        except CostExceeded:
            answers[name] = ["cost_exceeded"]
    return answers, charged


_EVALUATORS: dict[str, Callable[..., Any]] = {
    "interpreter": metering.interpreted,
    "generated": metering.generated,
    "careful": lambda program, entry, held: metering.generated(program, entry, held, careful=True),
}


def _plain(value: Any, alone: Alone) -> Any:
    if isinstance(alone.type, Quotient) and isinstance(value, tuple) and isinstance(value[0], Failure):
        value = value[0]
    if not isinstance(value, Failure):
        value = outputs.number(*value) if isinstance(alone.type, Quotient) else outputs.plain(value, alone.type)
    return [value.code] if isinstance(value, Failure) else value


def same(a: Any, b: Any) -> bool:
    """Equality that keeps true and 1, and times and ints, apart; a whole Decimal is the int of its value."""
    numbers = (int, Decimal)
    if type(a) in numbers and type(b) in numbers:
        return bool(a == b)
    if isinstance(a, str) and isinstance(b, str):
        return str(a) == str(b)
    if type(a) is not type(b):
        return False
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return bool(a == b)


TELL_KINDS_APART = ("math.ceil(", "math.floor(", "math.round(", "math.trunc(", "math.isNaN(", "math.isFinite(")
TELL_KINDS_APART += ("type(", ".format(")


def may_differ(text: str, one: Any, other: Any) -> bool:
    """What the two ways may answer differently, as the reference of the language says.

    The budget: a comprehension over a declared list is charged at once, not turn by turn. The range: a number that is
    read from text, or a result, has at most the digits of its declared type. A number without an end of digits. And the
    kind of a number: a choice between an int and a decimal is declared a decimal, and is an int where it chose one.
    """
    if any(name in text for name in TELL_KINDS_APART):
        return True
    codes = [each[0] for each in (one, other) if isinstance(each, list) and len(each) == 1 and isinstance(each[0], str)]
    return bool({"cost_exceeded", "too_many_digits", "not_exact", "number_too_large", "overflow"} & set(codes))


def differences(text: str, given: dict[str, Any], declared: dict[str, Any] = DECLARED) -> list[str]:
    """Everything in which the evaluators disagree about one expression."""
    answers, charged = typed(text, given, declared)
    if not answers:
        return []
    found = [f"{name}: {answer!r}" for name, answer in answers.items() if not same(answer, answers["interpreter"])]
    costs = {cost for cost in charged.values() if cost is not None}
    if len(costs) > 1 and "generated" in charged:
        found.append(f"charged {charged}")
    without = dynamic(text, given)
    wanted = answers["interpreter"]
    if without is not REFUSED and not same(without, wanted) and not may_differ(text, without, wanted):
        found.append(f"dynamic: {without!r}")
    return [*found, f"interpreter: {answers['interpreter']!r}"] if found else []


def question(seed: int, number: int) -> tuple[str, dict[str, Any]]:
    random = Random(f"{seed}/{number}")
    return expression(random), questions(random)


def main(count: int, seed: int) -> int:
    met: Counter[str] = Counter()
    for number in range(count):
        text, given = question(seed, number)
        answers, _ = typed(text, given)
        met["typed" if answers else "refused"] += 1
        found = differences(text, given)
        if found:
            met["different"] += 1
            sys.stdout.write("\n    ".join([f"{number}: {text}", *found]) + "\n")
    sys.stdout.write(f"{dict(met)}\n")
    return 1 if met["different"] else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
