"""Recorded usage under two versions: exact sums, each currency apart, however the file is cut."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.analysis.diff.rating import rerating
from policyengine.analysis.diff.rating.impact import impact
from policyengine.analysis.diff.rating.rater import NOBODY, Grouping, UnreadableLine
from policyengine.analysis.diff.rating.rerating import rerated
from policyengine.analysis.diff.rating.tally import BANDS, Sum, Tally, band
from policyengine.analysis.diff.rating.usage import Defaults, chunks
from policyengine.compiler.pipeline import compile_texts
from policyengine.errors import InvalidInput
from policyengine.runtime.answers.decision import Decision
from policyengine.runtime.engine import Policy
from policyengine.values.instant import Timestamp

HERE = Path(__file__).parents[1]
SHOP = (HERE / "shop.yaml").read_text(encoding="utf-8")
AT = "2026-03-01T00:00:00Z"


def program(*edits):
    """The program of the shop with some texts replaced."""
    text = SHOP
    for old, new in edits:
        assert 1 == text.count(old)
        text = text.replace(old, new)
    return compile_texts({"bundle.yaml": text}).program


BEFORE, AFTER = program(), program(("call: 2.00", "call: 2.30"), ("fee: 1}", "fee: 0.5}"))


def request(number, **more):
    """A call of one of three tenants."""
    usage = {"calls": 37 * number + 1, "model": ["small", "big"][number % 2], "before": number}
    customer = {"plan": ["free", "team", "large"][number % 3], "credit": 900_000}
    asked = {"input": {"usage": usage, "customer": customer}, "tenant": ["acme", "bee", None][number % 3], "at": AT}
    return asked | more


@pytest.fixture
def file(tmp_path):
    """Three hundred requests."""
    path = tmp_path / "usage.jsonl"
    path.write_text("".join(json.dumps(request(n)) + "\n" for n in range(300)), encoding="utf-8")
    return path


def told(path, *, before=BEFORE, after=AFTER, grouping=None, processes=1, defaults=None):
    """What a file comes to."""
    chosen = grouping or Grouping()
    return rerated(before, after, path, defaults or Defaults("charge"), chosen, processes, lambda size: None)


def test_sums_are_those_of_the_decisions(file):
    """Fractions added by hand come to the same, for each tenant."""
    expected = {}
    for number in range(300):
        asked = request(number)
        for side, each in enumerate((BEFORE, AFTER)):
            at = Timestamp.parse(asked["at"])
            decision = Policy(each).decide("charge", asked["input"], tenant=asked["tenant"], at=at)
            if decision.effect != "deny":
                sums = expected.setdefault(asked["tenant"] or NOBODY, [Fraction(0), Fraction(0)])
                sums[side] += Fraction(decision.outputs["amount"])
    found = {tenant: its for (_, tenant, _), its in told(file).groups.items()}

    assert expected == {tenant: [Fraction(its.before), Fraction(its.after)] for tenant, its in found.items()}


@pytest.mark.parametrize("size", [1, 100, 1_000, 10_000, 10**9])
def test_however_a_file_is_cut(file, size, monkeypatch):
    """Chunks hold every line once, and their tallies come to that of the whole."""
    whole = told(file)
    monkeypatch.setattr(rerating, "CHUNK_BYTES", size)
    found = told(file)

    assert whole == found
    assert 300 == found.lines == found.calls
    assert file.stat().st_size == sum(chunk.end - chunk.start for chunk in chunks(file, size))


def test_several_processes_find_the_same(file, monkeypatch):
    """Programs travel as JSON, tallies come back."""
    whole = told(file)
    monkeypatch.setattr(rerating, "CHUNK_BYTES", 10_000)

    assert whole == told(file, processes=2)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_line_that_cannot_be_read_has_its_number_in_the_file(file, monkeypatch, processes):
    """Also where it lies in a later chunk."""
    monkeypatch.setattr(rerating, "CHUNK_BYTES", 5_000)
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join([*lines[:200], "\n", '{"input": {}, "at": "soon"}\n', *lines[200:]]), encoding="utf-8")

    with pytest.raises(UnreadableLine, match="line 202"):
        told(file, processes=processes)


def test_the_last_line_needs_no_end(file):
    """A file without a last line end has the same lines."""
    whole = told(file)
    file.write_bytes(file.read_bytes().rstrip(b"\n"))

    assert whole.groups == told(file).groups


def test_currencies_stand_apart(file):
    """Dollars before and euros after are two sums, never one."""
    found = told(file, after=program(("currency: USD", "currency: EUR"), ("100 USD", "100 EUR")))
    shown = impact("usage", found)
    euros, dollars = shown.moneys

    assert ("EUR", "USD") == (euros.currency, dollars.currency)
    assert 0 == euros.total.before
    assert 0 == dollars.total.after
    assert dollars.total.before == euros.total.after


def test_tenants_and_products_are_named_by_facts(file):
    """The fields that the options name; what a request says of its tenant is then not asked."""
    found = told(file, grouping=Grouping(None, ("customer", "plan"), ("usage", "model")))

    assert {(plan, model) for plan in ("free", "team", "large") for model in ("small", "big")} == {
        (tenant, product) for _, tenant, product in found.groups
    }


def test_what_is_denied_or_refused_costs_nothing(file):
    """It is told beside the sums, with the first line that met it."""
    stricter = program(
        ("calls: {type: int call, min: 0, max: 1_000_000_000}", "calls: {type: int call, min: 0, max: 5_000}")
    )
    found = told(file, after=stricter)
    refused = [n for n in range(300) if request(n)["input"]["usage"]["calls"] > 5_000]
    (fault,) = found.faults.values()

    assert ("after", "usage.calls") == next(iter(found.faults))
    assert (len(refused), refused[0] + 1) == (fault.count, fault.line)
    assert len(refused) == sum(count for (_, new), count in found.effects.items() if new == "refused")


@pytest.mark.parametrize("write", [lambda made: json.dumps(made.record()), Decision.compact_record])
def test_records_are_rated_by_their_canonical_input(file, tmp_path, write):
    """A record asks what its request asked, a compact one as well."""
    records = tmp_path / "records.jsonl"
    with records.open("w", encoding="utf-8") as out:
        for number in range(300):
            asked = request(number)
            decision = Policy(BEFORE).decide("charge", asked["input"], tenant=asked["tenant"], at=AT)
            out.write(write(decision) + "\n")

    assert told(file).groups == told(records, defaults=Defaults()).groups


def test_an_output_must_be_chosen_where_there_are_several(file):
    """`amount` is the one that is paid, if nobody says otherwise."""
    several = "outputs: {total: bill.amount, fee: fee.amount, hours: support.hours}"
    answers = "outputs: {amount: bill.amount, hours: support.hours, account: sale.node, setup: once.amount}"
    both = program((answers, several))

    with pytest.raises(InvalidInput, match="several amounts: `total`, `fee`"):
        told(file, before=both, after=both)
    assert 300 == sum(
        its.calls for its in told(file, before=both, after=both, grouping=Grouping("fee")).groups.values()
    )


def test_a_decision_that_nobody_knows_is_refused(file):
    """A typing error does not make an empty report."""
    with pytest.raises(InvalidInput, match="nothing that either version decides"):
        told(file, defaults=Defaults("charges"))


AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12)


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS), max_size=20), st.integers(0, 20))
def test_tallies_merge_to_the_whole(pairs, cut):
    """Wherever it is cut, and to the last digit."""
    whole, first, second = Tally(), Tally(), Tally()
    for number, (before, after) in enumerate(pairs):
        whole.add(("USD", "t", "p"), before, after)
        (first if number < cut else second).add(("USD", "t", "p"), before, after)
    first.merge(second)

    assert whole == first
    total = whole.groups.get(("USD", "t", "p"), Sum())
    assert sum((Fraction(before) for before, _ in pairs), Fraction(0)) == Fraction(total.before)


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        (100, 49, "down by more than 50 %"),
        (100, 50, "down by 20 to 50 %"),
        (100, 80, "down by 5 to 20 %"),
        (100, 95, "down by up to 5 %"),
        (100, 100, "the same"),
        (100, 105, "up by up to 5 %"),
        (100, 106, "up by 5 to 20 %"),
        (100, 150, "up by 20 to 50 %"),
        (100, 151, "up by more than 50 %"),
        (0, 1, "new, nothing before"),
        (0, 0, "the same"),
        (-100, -90, "up by 5 to 20 %"),
    ],
)
def test_bands_have_their_edges(before, after, name):
    """An edge belongs to the smaller change."""
    assert name == BANDS[band(Decimal(before), Decimal(after))]


def test_a_share_is_a_figure_of_four_places():
    """Cut, not rounded up: `-12.34 %` is at least that much."""
    its = Sum()
    its.add(Decimal(3), Decimal(2))

    assert Decimal("-0.3333") == its.share
    assert Sum().share is None
