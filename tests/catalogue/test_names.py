"""`find_model` finds the model that the package finds, for every name and for what its patterns take and refuse."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest
from genai_prices.data import providers

import policyengine
from catalogue.names import chosen, found_by_package, listed, maker_by_package
from catalogue.reference import CATALOGUE, Key, load_build
from catalogue.usages import SEED
from policyengine.errors import EvaluationError
from policyengine.runtime.engine import Policy

STRANGERS = 10_000


@pytest.fixture(scope="module")
def policy() -> Policy:
    return policyengine.load(CATALOGUE)


def found(policy: Policy, asked: Mapping[str, str]) -> Key | None:
    """The bundle's answer, None where it has no row for a name."""
    try:
        answer = policy.decide("find_model", {"asked": dict(asked)}).outputs
    except EvaluationError as fault:
        return None if fault.code == "no_match" else (str(fault), "")
    return answer["provider"], answer["model"]


def test_every_name_of_a_provider_is_found(policy: Policy) -> None:
    """Names that are listed, and names after each pattern, lead to the same model or to none."""
    asked = [(provider, name) for provider in providers for name in dict.fromkeys(listed(provider))]
    wrong = [
        (provider.id, name)
        for provider, name in asked
        if found_by_package(provider, name) != found(policy, {"provider": provider.id, "name": name})
    ]

    assert len(asked) > 12_000
    assert [] == wrong


def test_names_of_other_providers_lead_to_the_same(policy: Policy) -> None:
    """A provider is asked for the names of others, some of whose prices it falls back on."""
    asked = list(chosen(random.Random(SEED), STRANGERS))
    pairs = [(found_by_package(provider, name), provider.id, name) for provider, name in asked]

    assert sum(key is not None for key, _, _ in pairs) > 100
    assert [] == [each for each in pairs if each[0] != found(policy, {"provider": each[1], "name": each[2]})]


def test_a_name_alone_has_the_same_maker(policy: Policy) -> None:
    """Without its provider a name is that of the first provider who claims it."""
    names = sorted({name for provider in providers for name in listed(provider)})
    by_id = {provider.id: provider for provider in providers}
    for name in names[::5]:
        maker = maker_by_package(name)
        expected = None if maker is None else found_by_package(by_id[maker], name)

        assert expected == found(policy, {"name": name}), name


def test_patterns_with_look_ahead_are_written_without(policy: Policy) -> None:
    """The four that the package has: three that leave out speech, and one that leaves out names with a slash."""
    rewritten = load_build().WITHOUT_LOOKAHEAD

    assert 2 == len(rewritten)
    assert ("google", "gemini-2.5-pro") == found(policy, {"name": "gemini-2.5-pro-002"})
    assert ("google", "gemini-2.5-pro-tts") == found(policy, {"name": "gemini-2.5-pro-tts"})
    assert found(policy, {"name": "gemini-2.5-pro-tts-9"}) is None
    assert ("google", "gemini-2.5-pro") == found(policy, {"name": "gemini-2.5-pro-ttsx"})
    assert found(policy, {"name": "someone/mistral-small"}) is None
