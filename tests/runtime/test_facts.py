"""Facts are taken exactly or refused by the path of their field, whatever a caller passes."""

from __future__ import annotations

import enum
from collections import OrderedDict, defaultdict
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest
from fact_samples import ENTRY, INDEX, INPUTS, PROGRAM, entry_of, program_of
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from policyengine.errors import InvalidInput
from policyengine.runtime import failure
from policyengine.runtime.given.facts import Reader, check
from policyengine.runtime.given.refusals import FLOAT_HINT, OFFSET_HINT, PLAIN_HINT, TEXT_NUMBER_HINT, WHOLE_HINT
from policyengine.runtime.program import Entry, Group, Leaf
from policyengine.runtime.unavailable import UNAVAILABLE, Unavailable
from policyengine.values import types
from policyengine.values.instant import Duration, Timestamp

READER = Reader(PROGRAM, ENTRY)
CHANGE = {"at": "2026-12-01T00:00:00Z", "period": {"start": "2026-12-01T00:00:00Z"}}


def request(**changed):
    """A whole request; a name with two underscores is a path, None leaves a field out."""
    made = {"usage": {"model": "atlas-pro", "tokens": 5}, "customer": {"credit": 10}}
    for name, value in changed.items():
        *groups, last = name.split("__")
        here = made
        for group in groups:
            here = here.setdefault(group, {})
        here[last] = value
    return made


def held(name, **changed):
    """The held value of one fact of a request."""
    return READER.check(request(**changed)).held[INDEX[name]]


def refusal(**changed):
    """The exception that a request raises."""
    with pytest.raises(InvalidInput) as caught:
        READER.check(request(**changed))
    return caught.value


# ------------------------------------------------------------------------------------------------------ what is held


def test_facts_stand_at_their_index():
    """One held value for each fact of the program; what was not given has its default or is absent."""
    facts = READER.check(request())

    assert len(PROGRAM.facts) == len(facts.held)
    assert not facts.unavailable
    assert {
        "usage.model": "atlas-pro",
        "usage.tokens": 5,
        "usage.extra": 7,
        "customer.credit": 10 * 10**12,
        "customer.rate": 25 * 10**11,
        "customer.timezone": None,
        "customer.seats": 3,
        "customer.active": True,
        "change": False,
        "change.at": None,
        "change.grace": None,
        "change.period.start": None,
        "change.period.end": None,
        "change.undo": False,
        "change.undo.by": None,
        "coupons": (),
        "limits": None,
        "extras": None,
        "payment.code": None,
        "payment.unread": None,
    } == {name: facts.held[i] for name, i in INDEX.items()}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (5, 5 * 10**12),
        (Decimal("0.5"), 5 * 10**11),
        (Decimal("-0.000000000001"), -1),
        (Decimal("1.500"), 15 * 10**11),
        (Decimal("1." + "0" * 5000), 10**12),
        (Decimal("1E+3"), 10**15),
        (Decimal("999999999999999.999999999999"), 10**27 - 1),
        (Decimal("-0"), 0),
        (Decimal("0E+6000"), 0),
        (Decimal("0E-6000"), 0),
    ],
)
def test_numbers_are_held_exactly(given, expected):
    """A number is an int over its type's denominator; zeros at its end do not count."""
    assert expected == held("customer.credit", customer__credit=given)


def test_a_price_per_million_is_held_per_piece():
    """What is given in a unit with a factor is held without it: 0.15 per million tokens."""
    assert 15 * 10**10 == held("customer.rate", customer__rate=Decimal("0.15"))


def test_a_whole_decimal_is_a_whole_number():
    """A JSON writer may print 5 as 5.0."""
    assert 5 == held("usage.tokens", usage__tokens=Decimal("5.0"))
    assert int is type(held("usage.tokens", usage__tokens=Decimal("5.0")))


@pytest.mark.parametrize(("given", "expected"), [("unlimited", "unlimited"), (0, 0), (9, 9)])
def test_limits(given, expected):
    """A limit is a number or `unlimited`."""
    assert expected == held("customer.seats", customer__seats=given)


def test_a_subclass_of_text_gives_its_characters():
    """A member of a `StrEnum` is the text that it is made of, and plain text is held."""

    class Model(enum.StrEnum):
        PRO = "atlas-pro"

    class Loud(str):
        def __str__(self):
            return "loud"

        def __eq__(self, other):
            raise RuntimeError

        __hash__ = None

    assert "atlas-pro" == held("usage.model", usage__model=Model.PRO)
    assert "UTC" == held("customer.timezone", customer__timezone=Loud("UTC"))
    assert str is type(held("customer.timezone", customer__timezone=Loud("UTC")))


NOON = 1_796_126_400 * 10**9  # 2026-12-01T12:00:00Z


@pytest.mark.parametrize(
    "given",
    [
        "2026-12-01T12:00:00Z",
        "2026-12-01T13:00:00+01:00",
        "2026-12-01t12:00:00.000z",
        Timestamp(NOON),
        datetime(2026, 12, 1, 12, tzinfo=UTC),
        datetime(2026, 12, 1, 13, tzinfo=timezone(timedelta(hours=1))),
        datetime(2026, 12, 1, 13, tzinfo=ZoneInfo("Europe/Berlin")),
    ],
)
def test_times(given):
    """An instant is RFC 3339 text, a Timestamp or an aware datetime."""
    assert NOON == held("change.period.start", change=CHANGE | {"period": {"start": given}})


@pytest.mark.parametrize("given", ["1h30m", "5400s", timedelta(hours=1.5), Duration.parse("90m")])
def test_durations(given):
    """A length of time is CEL's text, a Duration or a timedelta."""
    assert 5400 * 10**9 == held("change.grace", change=CHANGE | {"grace": given})


def test_a_wall_clock_time_is_read_in_its_zone():
    """Text without an offset is read in the zone that another input names."""
    change = CHANGE | {"at": "2026-12-01T13:00:00"}

    assert NOON == held("change.at", change=change, customer__timezone="Europe/Berlin")
    assert NOON + 3600 * 10**9 == held("change.at", change=change, customer__timezone="UTC")
    assert NOON == held("change.at", change=change, customer__timezone="+01:00")


def test_a_time_with_an_offset_needs_no_zone():
    """Where the instant is plain, the zone is not asked for."""
    assert NOON == held("change.at", change=CHANGE | {"at": "2026-12-01T12:00:00Z"})


def test_an_optional_group_that_is_given_has_its_defaults():
    """Presence is a fact of its own; fields of the group that are left out have their defaults."""
    facts = READER.check(request(change=CHANGE)).held

    assert [True, 0, None, False] == [
        facts[INDEX[name]] for name in ("change", "change.grace", "change.period.end", "change.undo")
    ]


def test_none_is_an_absent_group_or_field():
    """None says of an optional input what leaving it out says."""
    assert READER.check(request()).held == READER.check(request(change=None, customer__timezone=None, limits=None)).held


def test_records_are_tuples_in_the_order_of_their_fields():
    """An element of a list of records; a field that it may lack is None."""
    coupons = [{"percent": Decimal("0.1"), "id": "a"}, {"id": "b", "percent": 1, "note": "x"}]

    assert (("a", 10**11, None), ("b", 10**12, "x")) == held("coupons", coupons=coupons)
    assert (("a", 10**11, None),) == held("coupons", coupons=tuple(coupons[:1]))


def test_maps_are_held_in_the_order_of_their_keys():
    """A rule that walks over a map cannot see how the caller ordered it."""
    assert ["a", "b"] == list(held("limits", limits={"b": True, "a": False}))


def test_any_is_copied():
    """A fact of any type is JSON's values with exact numbers, and nothing of the caller's objects."""
    given = {"b": [1, Decimal("0.5"), None, True, "x"], "a": {}}

    assert {"a": {}, "b": (1, Decimal("0.5"), None, True, "x")} == held("extras", extras=given)


def test_subclasses_of_mappings_and_lists_are_read_by_their_built_in_part():
    """No code of the host runs: not `__missing__`, not an iterator of its own."""

    class Hostile(dict):
        def __getattribute__(self, name):
            raise RuntimeError(name)

        __iter__ = __len__ = __contains__ = __getitem__ = keys = items = get = __getattribute__

    class Listing(list):
        def __iter__(self):
            raise RuntimeError

        __len__ = __iter__

    given = defaultdict(dict, request())
    given["coupons"] = Listing([OrderedDict(id="a", percent=1)])

    assert READER.check(request(coupons=[{"id": "a", "percent": 1}])).held == READER.check(given).held
    assert READER.check(request()).held == READER.check(Hostile(request())).held
    assert "coupons" in given
    assert "change" not in given


# ------------------------------------------------------------------------------------------------------------ refused


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"usage__model": "atlas-por"}, "usage.model: is `atlas-por`; one of `atlas-mini`, `atlas-pro` is wanted"),
        ({"usage__model": None}, "usage.model: is nothing; one of `atlas-mini`, `atlas-pro` is wanted"),
        ({"usage__model": 5}, "usage.model: is a whole number; one of `atlas-mini`, `atlas-pro` is wanted"),
        ({"usage__tokens": -5}, "usage.tokens: is -5, less than the minimum 0"),
        ({"usage__tokens": 10**15}, "usage.tokens: is 1000000000000000, more than the maximum 999999999999999"),
        ({"usage__tokens": True}, "usage.tokens: is true or false; a whole number (int token) is wanted"),
        ({"usage__tokens": Decimal("0.5")}, "usage.tokens: is 0.5; a whole number (int token) is wanted"),
        ({"usage__tokens": "5"}, "usage.tokens: is a text; a whole number (int token) is wanted"),
        ({"usage__tokens": 5.0}, "usage.tokens: is a float; a whole number (int token) is wanted"),
        ({"usage__tokens": 10**5000}, "usage.tokens: has more than 34 digits"),
        ({"customer__credit": float("nan")}, "customer.credit: is a float; a number (money (USD)) is wanted"),
        ({"customer__credit": Decimal("NaN")}, "customer.credit: is not a finite number"),
        ({"customer__credit": Decimal("sNaN")}, "customer.credit: is not a finite number"),
        ({"customer__credit": Decimal("-Infinity")}, "customer.credit: is not a finite number"),
        ({"customer__credit": Decimal("1E+6000")}, "customer.credit: is out of range: its exponent is too large"),
        ({"customer__credit": Decimal("1E-6000")}, "customer.credit: is out of range: its exponent is too large"),
        (
            {"customer__credit": Decimal("1" * 40)},
            "customer.credit: has 40 significant digits; at most 34 are exact here",
        ),
        (
            {"customer__credit": Decimal("0.0000000000015")},
            "customer.credit: has 13 decimal places; at most 12 are allowed",
        ),
        (
            {"customer__credit": Decimal("1E+15")},
            "customer.credit: is 1000000000000000, more than the maximum 999999999999999.999999999999",
        ),
        (
            {"customer__rate": Decimal("0.0000000000001")},
            "customer.rate: has 13 decimal places; at most 12 are allowed",
        ),
        (
            {"customer__seats": "unlimted"},
            "customer.seats: is a text; a whole number (int token) or `unlimited` is wanted",
        ),
        ({"customer__active": 1}, "customer.active: is a whole number; true or false is wanted"),
        ({"customer__timezone": "\ud800"}, "customer.timezone: holds a lone surrogate, which is no character"),
        ({"customer__tiemzone": "UTC"}, "customer.tiemzone: is not an input"),
        ({"cuopons": []}, "cuopons: is not an input"),
        ({"customer": {}}, "customer.credit: is required"),
        ({"customer": None}, "customer: is nothing; a mapping is wanted"),
        ({"customer": []}, "customer: is a list; a mapping is wanted"),
        ({"customer": {5: 1}}, "customer: has a key that is a whole number; keys are plain texts"),
        ({"coupons": [{"id": "a", "percent": 1}] * 4}, "coupons: has 4 items; at most 3 are allowed"),
        (
            {"coupons": [{"id": "a", "percent": 1}, {"id": "b", "percent": 2}]},
            "coupons[1].percent: is 2, more than the maximum 1",
        ),
        ({"coupons": [{"percent": 1}]}, "coupons[0].id: is required"),
        ({"coupons": [{"id": "a", "percent": 1, "nte": ""}]}, "coupons[0].nte: is not an input"),
        ({"coupons": {"id": "a"}}, "coupons: is a mapping; a list is wanted"),
        ({"coupons": [UNAVAILABLE]}, "coupons[0]: is unavailable; a mapping is wanted"),
        ({"limits": {"a": 1}}, "limits.a: is a whole number; true or false is wanted"),
        ({"limits": {str(i): True for i in range(1001)}}, "limits: has 1001 entries; at most 1000 are allowed"),
        ({"limits": {1: True}}, "limits: has a key that is a whole number; keys are plain texts"),
        ({"change": {}}, "change.at: is required"),
        ({"change": CHANGE | {"period": {}}}, "change.period.start: is required"),
        (
            {"change": CHANGE | {"at": "2026-12-01T00:00:00"}},
            "customer.timezone: is required: it names the zone of a wall-clock time",
        ),
        ({"change": CHANGE | {"at": datetime(2026, 12, 1)}}, "change.at: has neither an offset nor a zone"),  # noqa: DTZ001
        (
            {"change": CHANGE | {"period": {"start": "2026-12-01T00:00:00"}}},
            "change.period.start: has neither an offset nor a zone",
        ),
        ({"change": CHANGE | {"at": "tomorrow"}}, "change.at: is `tomorrow`, which is not a time"),
        ({"change": CHANGE | {"at": 5}}, "change.at: is a whole number; a time is wanted"),
        ({"change": CHANGE | {"grace": "soon"}}, "change.grace: is `soon`, which is not a duration"),
        ({"change": CHANGE | {"grace": timedelta.max}}, "change.grace: is out of range: it is longer than 292 years"),
        ({"extras": [{"a": 0.5}]}, "extras[0].a: is a float; a plain value is wanted"),
        ({"extras": object()}, "extras: is something that is no plain value; a plain value is wanted"),
    ],
)
def test_refusals(changed, expected):
    """The message names the field, says what was found and what is wanted."""
    fault = refusal(**changed)

    assert expected == f"{fault.field}: {fault.message}"


@pytest.mark.parametrize(
    ("changed", "hint"),
    [
        ({"usage__model": "atlas-por"}, "did you mean `atlas-pro`?"),
        ({"usage__tokens": "5"}, TEXT_NUMBER_HINT),
        ({"usage__tokens": 5.0}, FLOAT_HINT),
        ({"customer__credit": float("nan")}, FLOAT_HINT),
        ({"customer__credit": Decimal("NaN")}, "leave the field out if the number is unknown"),
        ({"customer__credit": Decimal("sNaN")}, "leave the field out if the number is unknown"),
        ({"customer__credit": Decimal("-Infinity")}, "leave the field out if the number is unknown"),
        ({"customer__credit": Decimal("0.0000000000015")}, "round it first"),
        ({"customer__rate": Decimal("0.0000000000001")}, "round it first"),
        ({"customer__tiemzone": "UTC"}, "did you mean `timezone`?"),
        ({"cuopons": []}, "did you mean `coupons`?"),
        ({"coupons": [{"id": "a", "percent": 1, "nte": ""}]}, "did you mean `note`?"),
        ({"coupons": [UNAVAILABLE]}, WHOLE_HINT),
        ({"change": CHANGE | {"at": datetime(2026, 12, 1)}}, OFFSET_HINT),  # noqa: DTZ001
        ({"change": CHANGE | {"period": {"start": "2026-12-01T00:00:00"}}}, OFFSET_HINT),
        ({"change": CHANGE | {"at": "tomorrow"}}, "write it as 2026-12-01T00:00:00Z"),
        ({"change": CHANGE | {"grace": "soon"}}, "write it as 1h30m or 90s"),
        ({"extras": [{"a": 0.5}]}, FLOAT_HINT),
        ({"extras": object()}, PLAIN_HINT),
    ],
)
def test_hints(changed, hint):
    """Where the way out can be known, it is told."""
    assert hint == refusal(**changed).hint


def test_the_zone_of_a_wall_clock_time_must_exist():
    """The fault is the zone's, and so is the field."""
    fault = refusal(change=CHANGE | {"at": "2026-12-01T00:00:00"}, customer__timezone="Europe/Berln")

    assert ("customer.timezone", "did you mean `Europe/Berlin`?") == (fault.field, fault.hint)


def test_a_missing_group_is_named_as_a_whole():
    """Who forgot a group is not told of one of its fields."""
    with pytest.raises(InvalidInput, match=r"^usage: is required$"):
        READER.check({"customer": {"credit": 1}})


@pytest.mark.parametrize("given", [None, [], "text", 5, MappingProxyType({}), UNAVAILABLE])
def test_the_input_is_a_mapping(given):
    """Anything else is refused, and there is no field to name."""
    with pytest.raises(InvalidInput, match="a mapping is wanted") as caught:
        READER.check(given)

    assert "" == caught.value.field


def test_other_enumerations_are_refused():
    """Which of a member's name and value is meant cannot be known."""
    model = enum.Enum("model", {"PRO": "atlas-pro"})

    assert "give its `.value`" == refusal(usage__model=model.PRO).hint


def test_time_zones_of_the_host_are_not_run():
    """A tzinfo of another kind is code that could answer anything; the hint says how to do without."""

    class Zone(tzinfo):
        def utcoffset(self, when):
            raise RuntimeError

    class Delta(timedelta):
        @property
        def days(self):
            raise RuntimeError

    for zone in (Zone(), timezone(Delta(hours=1))):
        fault = refusal(change=CHANGE | {"at": datetime(2026, 12, 1, tzinfo=zone)})
        assert "has a time zone of a kind unknown here" == fault.message


@pytest.mark.parametrize("when", [datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59)])  # noqa: DTZ001
@pytest.mark.parametrize("zone", [UTC, ZoneInfo("Asia/Tokyo"), ZoneInfo("America/New_York")])
def test_the_ends_of_the_calendar(when, zone):
    """The first and the last datetime are taken, or refused as out of range."""
    try:
        READER.check(request(change=CHANGE | {"at": when.replace(tzinfo=zone)}))
    except InvalidInput as fault:
        assert "out of range" in fault.message  # noqa: PT017


# ------------------------------------------------------------------------------------------- what an entry point reads


def test_what_is_not_read_is_not_checked():
    """A group that the entry point does not look into may be missing, or anything."""
    reader = Reader(PROGRAM, entry_of(PROGRAM, "payment", "customer", "change"))

    assert (
        reader.check({"usage": {"model": "atlas-pro", "tokens": 1}, "customer": 0.5}).held[INDEX["usage.tokens"]] == 1
    )


def test_a_field_that_is_not_read_is_known():
    """In a group that is looked into, other declared fields may stand unchecked, unknown ones may not."""
    reader = Reader(PROGRAM, entry_of(PROGRAM, "payment.unread"))
    given = request(payment={"code": "soft", "unread": 0.5})

    assert "soft" == reader.check(given).held[INDEX["payment.code"]]
    assert None is reader.check(given).held[INDEX["payment.unread"]]
    with pytest.raises(InvalidInput, match="did you mean `unread`"):
        reader.check(request(payment={"code": "soft", "unraed": 0.5}))


def test_only_the_presence_of_a_group_is_read():
    """`has(change)` alone looks into the group for unknown keys, and asks for none of its fields."""
    entry = Entry("changed", "values", (), (INDEX["change"],))

    assert True is check(PROGRAM, entry, {"change": {}}).held[INDEX["change"]]
    assert False is check(PROGRAM, entry, {}).held[INDEX["change"]]
    with pytest.raises(InvalidInput, match=r"^change\.att: is not an input"):
        check(PROGRAM, entry, {"change": {"att": 1}})


# ------------------------------------------------------------------------------------------------------- at and tenant


def test_a_dated_entry_needs_the_time():
    """There is no default of now."""
    with pytest.raises(InvalidInput, match=r"^at: is required: prices are dated$"):
        check(PROGRAM, entry_of(PROGRAM, "payment", dated=True), request())


def test_an_instant_that_a_rule_reads_is_required():
    """A rule that computes with `at` cannot do without."""
    entry = Entry("price", "values", (), (0,))

    with pytest.raises(InvalidInput, match=r"^at: is required: a rule reads it$"):
        check(PROGRAM, entry, {})


def test_a_tenant_may_always_be_absent():
    """A rule that reads `tenant` has guarded it by `has(tenant)`."""
    entry = Entry("price", "values", (), (1,))

    assert check(PROGRAM, entry, {}).held[1] is None


def test_at_and_tenant_are_the_first_facts():
    """They are checked even where nothing asks for them."""
    facts = READER.check(request(), "2026-12-01T12:00:00Z", "globex")

    assert [NOON, "globex"] == facts.held[:2]
    with pytest.raises(InvalidInput, match=r"^at: is `now`, which is not a time"):
        READER.check(request(), "now")
    with pytest.raises(InvalidInput, match=r"^tenant: is a whole number; a text is wanted"):
        READER.check(request(), None, 5)


# --------------------------------------------------------------------------------------------------------- unavailable


def test_there_is_one_unavailable():
    """Whoever makes another one gets the same."""
    assert UNAVAILABLE is Unavailable()
    assert "UNAVAILABLE" == repr(UNAVAILABLE)


def test_an_unavailable_field_is_a_failed_fact():
    """Only that fact fails, and the caller is told."""
    facts = READER.check(request(customer__credit=UNAVAILABLE))

    assert facts.held[INDEX["customer.credit"]] is failure.UNAVAILABLE
    assert facts.held[INDEX["usage.tokens"]] == 5
    assert facts.unavailable


@pytest.mark.parametrize("group", ["customer", "change"])
def test_an_unavailable_group_is_unavailable_throughout(group):
    """Its presence and all facts beneath it fail; they are not absent, and have no defaults."""
    facts = READER.check(request(**{group: UNAVAILABLE}))
    beneath = {name for name in INDEX if f"{name}.".startswith(f"{group}.")}

    assert beneath == {name for name, i in INDEX.items() if facts.held[i] is failure.UNAVAILABLE}
    assert facts.unavailable


def test_a_time_is_unavailable_where_its_zone_is():
    """Even if no rule reads the zone itself."""
    reader = Reader(PROGRAM, entry_of(PROGRAM, "payment", "customer"))
    given = request(change=CHANGE | {"at": "2026-12-01T00:00:00"}, customer__timezone=UNAVAILABLE)
    facts = reader.check(given)

    assert facts.held[INDEX["change.at"]] is failure.UNAVAILABLE
    assert facts.unavailable


# ------------------------------------------------------------------------------------------------------------ whatever


class Hostile:
    """An object that answers every question with an exception."""

    def __getattribute__(self, name):
        raise RuntimeError(name)

    def refuse(self, *_):
        raise RuntimeError

    __eq__ = __lt__ = __bool__ = __len__ = __iter__ = __str__ = __repr__ = __int__ = __index__ = __getitem__ = refuse

    def __hash__(self):
        return hash("usage")


class HostileText(str):
    def refuse(self, *_):
        raise RuntimeError

    __eq__ = __str__ = __repr__ = __len__ = __iter__ = __contains__ = encode = isascii = refuse

    def __hash__(self):
        return 5


class HostileDecimal(Decimal):
    def refuse(self, *_):
        raise RuntimeError

    __eq__ = __str__ = __bool__ = is_finite = adjusted = as_integer_ratio = refuse
    __hash__ = Decimal.__hash__


class HostileInt(int):
    def refuse(self, *_):
        raise RuntimeError

    __eq__ = __lt__ = __le__ = __mul__ = __rmul__ = __int__ = __index__ = __bool__ = refuse
    __hash__ = int.__hash__


class FloatLike(float):
    pass


def endless():
    while True:
        yield {}


LOOP: list[object] = []
LOOP.append(LOOP)
WIDE: list[object] = []
for _ in range(5):
    WIDE = [WIDE] * 10

# Each is made when it is drawn: some of them cannot be printed, and are printed when a test is set up.
ODDITIES = (
    Hostile,
    HostileText,
    HostileDecimal,
    HostileInt,
    FloatLike,
    endless,
    object,
    dict,
    lambda: UNAVAILABLE,
    lambda: LOOP,
    lambda: WIDE,
    lambda: Hostile,
    lambda: int,
    lambda: ...,
    lambda: range(5),
    lambda: {1},
    lambda: 10**5000,
    lambda: -(10**5000),
    lambda: Decimal("1E+6000"),
    lambda: Decimal("1E-999999"),
    lambda: Decimal("9" * 5000),
    lambda: Decimal("sNaN"),
    lambda: Timestamp(5),
    lambda: Duration(-5),
    lambda: int.__new__(Timestamp, 10**40),
    lambda: int.__new__(Duration, -(10**40)),
    lambda: MappingProxyType({}),
)
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(allow_nan=True),
    st.text(),
    st.text(st.characters(categories=["Cs", "Cc"]), max_size=3),
    st.binary(max_size=3),
    st.datetimes(),
    st.datetimes(timezones=st.timezones()),
    st.timedeltas(),
    st.sampled_from(["unlimited", "atlas-pro", "5", "1h", "2026-12-01T00:00:00", "2026-12-01T00:00:00Z", "UTC", "a"]),
    st.integers(0, 26).map(lambda i: ODDITIES[i]()),
)


def keyed(pairs):
    """A dict with these keys, if they let themselves be put into one."""
    made = {}
    for key, value in pairs:
        try:
            made[key] = value
        except RuntimeError:
            continue
    return made


NAMES = st.sampled_from(sorted({part for name in INDEX for part in name.split(".")} | {"id", "percent", "note"}))
KEYS = NAMES | st.text(max_size=3) | st.builds(Hostile) | st.builds(HostileText) | st.integers() | st.none()
VALUES = st.recursive(
    ODD,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(NAMES, inner, max_size=5)
        | st.lists(st.tuples(KEYS, inner), max_size=3).map(keyed)
        | st.dictionaries(NAMES, inner, max_size=3).map(lambda made: defaultdict(endless, made))
    ),
    max_leaves=12,
)


def shapes(group):
    """Values of about the right shape for a group."""
    fields = {f.name: shapes(f) | ODD if isinstance(f, Group) else likely(f) | ODD for f in group.fields}
    return st.fixed_dictionaries({}, optional=fields)


def likely(leaf):
    """Values of about the right kind for a leaf."""
    match leaf.type:
        case types.Number() | types.Limit():
            return st.integers(-1, 10) | st.decimals(-1, 10, places=3) | st.just("unlimited")
        case types.Enum(members=members):
            return st.sampled_from(members)
        case types.BOOL:
            return st.booleans()
        case types.TIMESTAMP:
            return st.sampled_from(["2026-12-01T00:00:00", "2026-12-01T00:00:00Z"]) | st.datetimes(
                timezones=st.timezones()
            )
        case types.DURATION:
            return st.timedeltas() | st.just("1h")
        case types.List():
            return st.lists(shapes(leaf.items), max_size=4)
        case types.Map():
            return st.dictionaries(st.text(max_size=2), st.booleans(), max_size=3)
    return st.sampled_from(["UTC", "Europe/Berlin"]) | st.text(max_size=3)


@settings(max_examples=400, deadline=None)
@drawn(given=VALUES | shapes(INPUTS), at=ODD, tenant=ODD)
def test_nothing_but_invalid_input_is_raised(given, at, tenant):
    """Whatever is given, the answer is facts that stand in their ranges, or `InvalidInput` with a message to print."""
    for when, who in ((None, None), (at, tenant)):
        try:
            facts = READER.check(given, when, who)
        except InvalidInput as fault:
            str(fault).encode()
        else:
            assert len(PROGRAM.facts) == len(facts.held)


@drawn(value=st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9))
def test_a_number_that_is_taken_is_exact(value):
    """What is held is the number that was given, divided by its scale."""
    fact = held("customer.credit", customer__credit=value)

    assert value == Decimal(fact).scaleb(-12)


@drawn(value=st.decimals(allow_nan=False, allow_infinity=False) | st.integers())
def test_a_number_is_exact_or_refused(value):
    """No number is ever rounded into range."""
    try:
        fact = held("customer.credit", customer__credit=value)
    except InvalidInput:
        return

    numerator, denominator = value.as_integer_ratio()
    assert numerator * 10**12 == fact * denominator


def test_a_required_zero_in_an_optional_unit_range():
    """A number type whose range excludes zero refuses zero, however it is written."""
    inputs = Group("", (Leaf("failures", types.integer(1, 5)),))
    program = program_of(inputs)

    for zero in (0, Decimal("0.00"), Decimal("0E+9")):
        with pytest.raises(InvalidInput, match="failures: is 0, less than the minimum 1"):
            check(program, entry_of(program), {"failures": zero})
