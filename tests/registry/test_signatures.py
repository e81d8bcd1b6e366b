"""Versions are signed as DSSE says, and whoever trusts a key accepts nothing else."""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("cryptography", reason="cryptography is not installed: nothing can be signed")

from policyengine.errors import InvalidInput
from policyengine.registry.registry import Registry
from policyengine.registry.release import Release
from policyengine.registry.signatures import Signer, Trust, new_key, pae, statement

PRIVATE, PUBLIC = new_key()
OTHER_PRIVATE, OTHER_PUBLIC = new_key()
DIGEST = "sha256:" + "a" * 64
GOOD = Signer(PRIVATE).envelope("tokens", "1.0.0", DIGEST)


def objection(*envelopes: dict[str, Any], trusted: tuple[bytes, ...] = (PUBLIC,), digest: str = DIGEST) -> str:
    return Trust(trusted).objection("tokens", "1.0.0", digest, envelopes)


def test_what_is_signed_is_encoded_as_the_specification_says() -> None:
    """The example of https://github.com/secure-systems-lab/dsse/blob/master/protocol.md."""
    assert b"DSSEv1 29 http://example.com/HelloWorld 11 hello world" == pae(
        "http://example.com/HelloWorld", b"hello world"
    )
    assert "DSSEv1 5 é/é 0 ".encode() == pae("é/é", b"")


def test_a_signature_of_the_specification_s_form_is_made() -> None:
    """The payload is in the envelope, so that other tools can verify it."""
    assert {"payloadType", "payload", "signatures"} == set(GOOD)
    assert statement("tokens", "1.0.0", DIGEST) == base64.b64decode(GOOD["payload"])
    assert {"keyid", "sig"} == set(GOOD["signatures"][0])
    assert 64 == len(base64.b64decode(GOOD["signatures"][0]["sig"]))


def test_one_signature_by_one_trusted_key_is_enough() -> None:
    other = Signer(OTHER_PRIVATE).envelope("tokens", "1.0.0", DIGEST)

    assert "" == objection(GOOD)
    assert "" == objection(other, GOOD)
    assert "" == objection(other, trusted=(PUBLIC, OTHER_PUBLIC))


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    envelope = copy.deepcopy(GOOD)
    change(envelope)
    return envelope


def flipped(text: str) -> str:
    data = bytearray(base64.b64decode(text))
    data[0] ^= 1
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("envelope", "message"),
    [
        (Signer(OTHER_PRIVATE).envelope("tokens", "1.0.0", DIGEST), "not signed by a trusted key"),
        (Signer(PRIVATE).envelope("tokens", "1.0.1", DIGEST), "about something else"),
        (Signer(PRIVATE).envelope("other", "1.0.0", DIGEST), "about something else"),
        (Signer(PRIVATE).envelope("tokens", "1.0.0", "sha256:" + "b" * 64), "about something else"),
        (changed(lambda e: e.update(payloadType="text/plain")), "about something else"),
        (changed(lambda e: e["signatures"][0].update(sig=flipped(e["signatures"][0]["sig"]))), "trusted key"),
        (changed(lambda e: e["signatures"][0].update(sig="")), "trusted key"),
        (changed(lambda e: e["signatures"].clear()), "trusted key"),
        (changed(lambda e: e["signatures"][0].update(sig="?")), "cannot be read"),
        (changed(lambda e: e.update(payload=7)), "cannot be read"),
        (changed(lambda e: e.update(signatures=None)), "cannot be read"),
        (changed(lambda e: e.pop("payload")), "cannot be read"),
        ({}, "cannot be read"),
    ],
)
def test_a_wrong_signature_is_refused(envelope: dict[str, Any], message: str) -> None:
    """By another key, of another version, changed, or none at all."""
    assert message in objection(envelope)


def test_no_signature_is_refused() -> None:
    assert "it is not signed" == objection()


def test_a_key_s_name_in_an_envelope_is_believed_by_nobody() -> None:
    """The trusted key's id on a signature of another key does not make it good, nor the reverse."""
    foreign = Signer(OTHER_PRIVATE).envelope("tokens", "1.0.0", DIGEST)
    foreign["signatures"][0]["keyid"] = GOOD["signatures"][0]["keyid"]

    assert "not signed by a trusted key" in objection(foreign)
    assert "" == objection(changed(lambda e: e["signatures"][0].update(keyid="")))


@pytest.mark.parametrize("pem", [b"", b"-----BEGIN PRIVATE KEY-----", PUBLIC])
def test_what_is_no_private_key_is_refused(pem: bytes) -> None:
    with pytest.raises(InvalidInput, match="private key"):
        Signer(pem)


def test_a_key_of_another_kind_is_refused() -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    key = X25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    for make in (lambda: Signer(private), lambda: Trust([public])):
        with pytest.raises(InvalidInput, match="no ed25519 key"):
            make()


@pytest.mark.parametrize("keys", [[], [b""], [PRIVATE]])
def test_what_cannot_be_trusted_is_refused(keys: list[bytes]) -> None:
    """An empty list is a mistake, and not "trust everything"."""
    with pytest.raises(InvalidInput, match="trusted"):
        Trust(keys)


def test_a_signature_is_in_the_history(registry: Registry, versions: dict[str, Release]) -> None:
    done = registry.publish(versions["1.0.0"], actor="ada", signer=Signer(PRIVATE))
    (event,) = registry.history()

    assert (True, True) == (done.is_new, done.is_signed)
    assert "" == objection(event.data["signature"], digest=done.digest)
    assert 1 == registry.verify()


def test_a_version_can_be_signed_later_and_by_others(registry: Registry, versions: dict[str, Release]) -> None:
    """Each key once; publishing again without a key, or with one that has signed, adds nothing."""
    registry.publish(versions["1.0.0"], actor="ada")
    signed = [
        registry.publish(versions["1.0.0"], actor="bob", signer=signer).is_signed
        for signer in (Signer(PRIVATE), Signer(PRIVATE), None, Signer(OTHER_PRIVATE), Signer(PRIVATE))
    ]

    assert [True, False, False, True, False] == signed
    assert ["published", "signed", "signed"] == [event.kind for event in registry.history()]
    assert 2 == len(registry.find("tokens@1.0.0").envelopes)
    assert 3 == registry.verify()
