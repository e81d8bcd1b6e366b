"""Values of questions and answers as people write them, for every renderer alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from policyengine.analysis.diff.judging.findings import Finding
from policyengine.analysis.diff.meaning.answers import Answer, Question, Units, differences
from policyengine.analysis.diff.meaning.witnesses import Witness
from policyengine.analysis.diff.rating.impact import Line, Money
from policyengine.analysis.diff.rating.tally import BANDS, EXACT, Sum
from policyengine.analysis.diff.report import Difference
from policyengine.values.currencies import CURRENCIES

NOTHING = "nothing"
REFUSED_BY = {"before": "refused before", "after": "refused now", "both": "refused by both"}
"""By the side that has refused a call."""


def value_text(value: Any) -> str:
    """A value on one line."""
    match value:
        case None:
            return NOTHING
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f")
        case Mapping():
            return "{" + ", ".join(f"{name}: {value_text(part)}" for name, part in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(value_text(part) for part in value) + "]"
    return str(value)


def circumstances(question: Question, code: Callable[[str], str] = str) -> str:
    """What was asked, by whom and when; `code` marks what somebody has named."""
    tenant = f", tenant {code(question.tenant)}" if question.tenant is not None else ""
    at = f", at {question.at}" if question.at is not None else ""
    return f"{code(question.decision)}{tenant}{at}"


def shown_differences(witness: Witness, units: tuple[Units, Units]) -> Iterator[tuple[str, str, str]]:
    """What two answers differ in, by name, with their units."""
    key = witness.question.decision
    if witness.before.refused or witness.after.refused:
        yield "answer", _whole(witness.before), _whole(witness.after)
        return
    for name, old, new in differences(witness.before, witness.after):
        yield name, _with_unit(old, units[0].get((key, name))), _with_unit(new, units[1].get((key, name)))


def _whole(found: Answer) -> str:
    return f"refused ({found.refused})" if found.refused else value_text(found.told())


def _with_unit(value: Any, unit: str | None) -> str:
    is_number = isinstance(value, Decimal | int) and not isinstance(value, bool)
    return f"{value_text(value)} {unit}" if unit and is_number else value_text(value)


def money_text(amount: Decimal, currency: str, signed: bool = False) -> str:
    """An amount with its currency, at the currency's places or more where it has more: `1,204.55 USD`."""
    places = max(_places(currency), -_exponent(amount))
    text = f"{amount:{'+' if signed and amount else ''},.{places}f}"
    return f"{text} {currency}"


def places(lines: Iterable[Line], currency: str) -> int:
    """The decimal places at which all these sums stand below each other, none of them rounded."""
    sums = [amount for line in lines for amount in (line.sum.before, line.sum.after)]
    return max(_places(currency), *(-_exponent(amount) for amount in sums))


def amounts(of: Sum, shown_places: int) -> tuple[str, str, str]:
    """Before, after and change, with so many decimal places."""
    sign = "+" if of.change else ""
    return (f"{of.before:,.{shown_places}f}", f"{of.after:,.{shown_places}f}", f"{of.change:{sign},.{shown_places}f}")


def _places(currency: str) -> int:
    known = CURRENCIES.get(currency)
    return 0 if known is None or known.places is None else known.places


def _exponent(amount: Decimal) -> int:
    """The exponent of the shortest form."""
    exponent = amount.normalize(EXACT).as_tuple().exponent
    assert isinstance(exponent, int)
    return exponent


def change_text(of: Sum, currency: str) -> str:
    """How much more or less is paid: `+1,204.55 USD (+3.20 %)`."""
    amount, part = money_text(of.change, currency, signed=True), share_text(of.share)
    return f"{amount} ({part})" if part else amount


def paid_text(money: Money) -> tuple[str, str, str, str]:
    """What is paid in a currency before and after, the change, and how many calls differ."""
    total, currency = money.total, money.currency
    differ = f"{total.changed:,} of {total.calls:,} calls differ"
    return money_text(total.before, currency), money_text(total.after, currency), change_text(total, currency), differ


def line_cells(lines: Sequence[Line], currency: str) -> Iterator[tuple[str, str, str, str, str]]:
    """The name of each line, before, after and change at the same decimal places, and the share."""
    shown_places = places(lines, currency)
    for line in lines:
        yield line.name, *amounts(line.sum, shown_places), share_text(line.sum.share)


def band_cells(money: Money) -> Iterator[tuple[str, str, str]]:
    """The bands of the distribution in which anything lies: name, calls and tenants."""
    for name, calls, tenants in zip(BANDS, money.bands, money.tenant_bands, strict=True):
        if calls or tenants:
            yield name, f"{calls:,}", f"{tenants:,}"


def calls_text(count: int) -> str:
    """`1 call`, `1,200 calls`."""
    return f"{count:,} call{'' if count == 1 else 's'}"


def share_text(share: Decimal | None) -> str:
    """A share as a percentage: `+8.19 %`; nothing where there is nothing to compare with."""
    return "" if not share else f"{share.scaleb(2, EXACT):+.2f} %"


def clipped(text: str, most: int) -> str:
    """A text that is not longer than it may be."""
    return text if len(text) <= most else text[: most - 1] + "…"


def words(finding: Finding) -> str:
    """What stood there and what stands there, on one line."""
    both = f"{finding.before} -> {finding.after}"
    if finding.what == "moved":
        return f"in the order {both}"
    return both if finding.before and finding.after else finding.before or finding.after


def verdict(found: Difference) -> str:
    """How many changes of which kinds, and the version that they require."""
    if found.is_empty:
        return "no differences"
    counts = Counter(finding.rule.name for finding in found.findings)
    told = ", ".join(f"{number} {name}" for name, number in counts.items())
    wanted = f" ({found.least_version} or higher)" if found.least_version else ""
    number = len(found.findings)
    return f"{number} change{'' if number == 1 else 's'}: {told}; a {found.level} change{wanted}"
