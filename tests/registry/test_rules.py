"""Rules for approvals as they are written."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from policyengine.errors import InvalidInput
from policyengine.registry import rules, scopes

RULES: dict[str, Any] = {
    "roles": {"owner": ["olga"], "pricing": ["pia", "pit"], "finance": ["fay"]},
    "approvals": {"pricing": 2},
    "narrow": {"percent": "5", "tenant": True, "approvals": {}},
    "impact": [
        {"over": "1000", "currency": "USD", "approvals": {"finance": 1}},
        {"over": "0.10", "currency": "EUR", "approvals": {"pricing": 1, "owner": 1}},
    ],
}


@pytest.mark.parametrize(
    ("scope", "impact", "needed"),
    [
        (scopes.ALL, {"USD": "1000"}, {"pricing": 2}),
        (scopes.ALL, {"USD": "1000.0000001"}, {"pricing": 2, "finance": 1}),
        (scopes.ALL, {"USD": "-1000.0000001"}, {"pricing": 2, "finance": 1}),
        (scopes.ALL, {"USD": "0", "EUR": "0.1"}, {"pricing": 2}),
        (scopes.tenant("acme"), {"USD": "0", "EUR": "0.3"}, {"pricing": 1, "owner": 1}),
        (scopes.tenant("acme"), {"USD": "1"}, {}),
        (scopes.percent("5"), {}, {}),
        (scopes.percent("5.01"), {}, {"pricing": 2}),
        (scopes.cohort("beta"), {}, {"pricing": 2}),
        (scopes.ALL, None, {"pricing": 2, "finance": 1, "owner": 1}),
        (scopes.ALL, {"JPY": "1"}, {"pricing": 2, "finance": 1, "owner": 1}),  # nobody said that this is little
        (scopes.ALL, {"JPY": "0"}, {"pricing": 2}),
    ],
)
def test_what_is_needed(scope, impact, needed) -> None:  # type: ignore[no-untyped-def]
    """The most that anything asks for of each role; without its sign, and above the amount."""
    assert needed == rules.of(RULES).needed([scope], impact)


def test_numbers_are_kept_as_exact_text() -> None:
    said = rules.of({**RULES, "impact": [{"over": Decimal("1e3"), "currency": "USD", "approvals": {}}]}).data

    assert "1000" == said["impact"][0]["over"]
    assert said == rules.of(said).data


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"roles": {"pricing": ["pia"]}}, "an `owner`"),
        ({"roles": {"owner": []}}, "roles.owner: is not a list"),
        ({"roles": {"owner": ["a", "a"]}}, "twice"),
        ({"roles": {"owner": [""]}}, "is no name"),
        ({"roles": ["owner"]}, "roles: is not written as names"),
        ({"approvals": {"boss": 1}}, "approvals: `boss` is not known"),
        ({"approvals": {"pricing": 0}}, "approvals.pricing: is not a number"),
        ({"approvals": {"pricing": True}}, "approvals.pricing: is not a number"),
        ({"approvals": {"pricing": 3}}, "only 2 people"),
        ({"aprovals": {}}, "`aprovals` is not known"),
        ({"narrow": {"percent": "5"}}, "narrow.approvals: is required"),
        ({"narrow": {"percent": "500", "approvals": {}}}, "no percentage"),
        ({"narrow": {"tenant": "acme", "approvals": {}}}, "true or false"),
        ({"impact": {}}, "impact: is a list"),
        ({"impact": [{"over": "1", "currency": "USD"}]}, "impact.1.approvals: is required"),
        ({"impact": [{"over": 0.5, "currency": "USD", "approvals": {}}]}, "no exact number"),
        ({"impact": [{"over": True, "currency": "USD", "approvals": {}}]}, "no exact number"),
        ({"impact": [{"over": "-1", "currency": "USD", "approvals": {}}]}, "less than nothing"),
        ({"impact": [{"over": "many", "currency": "USD", "approvals": {}}]}, "impact.1.over"),
        ({"impact": [{"over": "1", "currency": "DOLLAR", "approvals": {}}]}, "impact.1.currency"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(change, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidInput, match=message):
        rules.of({**RULES, **change})
