"""Ed25519 signatures of versions, as DSSE envelopes (https://github.com/secure-systems-lab/dsse).

What is signed names an artifact by its digest, which is that of its manifest, and so fixes every byte of it. It does
not say that the version is to be active: that is in the history.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from policyengine.errors import InvalidInput
from policyengine.values.canonical_json import canonical_bytes

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
        load_pem_private_key,
        load_pem_public_key,
    )
except ImportError as missing:
    hint = "install it with `pip install 'billing-policyengine[sign]'`"
    raise InvalidInput(f"signatures need the package cryptography: {missing}", "", hint) from None

PAYLOAD_TYPE = "application/vnd.policyengine.version+json"


def new_key() -> tuple[bytes, bytes]:
    """A new private key and its public key, both as PEM."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def key_id(key: Ed25519PublicKey) -> str:
    """What an envelope calls a key: the sha256 of its 32 bytes."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()


def statement(bundle: str, version: str, artifact: str) -> bytes:
    """The bytes that a signature of a version is about."""
    said = {"artifact": artifact, "bundle": bundle, "version": version}
    return canonical_bytes(said)


def pae(payload_type: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: the bytes that are signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


class Signer:
    """A private key that signs versions."""

    def __init__(self, pem: bytes) -> None:
        """Raises InvalidInput where the bytes are no ed25519 private key in PEM."""
        try:
            key = load_pem_private_key(pem, None)
        except (ValueError, TypeError) as fault:
            raise InvalidInput(f"is no private key: {fault}", "key", "`policyengine keys new` makes one") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise InvalidInput("is no ed25519 key", "key", "`policyengine keys new` makes one")
        self._key = key

    def envelope(self, bundle: str, version: str, artifact: str) -> dict[str, Any]:
        """A DSSE envelope with this key's signature of a version."""
        payload = statement(bundle, version, artifact)
        signature = self._key.sign(pae(PAYLOAD_TYPE, payload))
        return {
            "payloadType": PAYLOAD_TYPE,
            "payload": base64.b64encode(payload).decode(),
            "signatures": [{"keyid": key_id(self._key.public_key()), "sig": base64.b64encode(signature).decode()}],
        }


class Trust:
    """The public keys that somebody trusts: one signature by one of them is enough."""

    def __init__(self, pems: Iterable[bytes]) -> None:
        """Raises InvalidInput where one of them is no ed25519 public key in PEM."""
        self._keys = [_public_key(pem) for pem in pems]
        if not self._keys:
            raise InvalidInput("is empty: nothing would be trusted", "trusted", "leave it out to trust everything")

    def objection(self, bundle: str, version: str, artifact: str, envelopes: Iterable[Mapping[str, Any]]) -> str:
        """Why a version with these signatures is not to be trusted; nothing where it is."""
        payload = statement(bundle, version, artifact)
        found = "it is not signed"
        for envelope in envelopes:
            found = self._objection(payload, envelope)
            if not found:
                break
        return found

    def _objection(self, payload: bytes, envelope: Mapping[str, Any]) -> str:
        try:
            kind, signed = envelope["payloadType"], base64.b64decode(envelope["payload"], validate=True)
            signatures = [base64.b64decode(each["sig"], validate=True) for each in envelope["signatures"]]
        except (KeyError, TypeError, ValueError, binascii.Error):
            return "its signature cannot be read"
        if (kind, signed) != (PAYLOAD_TYPE, payload):
            return "its signature is about something else"
        # The key's id in an envelope is a hint that nobody vouches for: every key is tried.
        data = pae(kind, signed)
        if any(_is_signed(key, signature, data) for key in self._keys for signature in signatures):
            return ""
        return "it is not signed by a trusted key"


def _is_signed(key: Ed25519PublicKey, signature: bytes, data: bytes) -> bool:
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _public_key(pem: bytes) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(pem)
    except (ValueError, TypeError) as fault:
        raise InvalidInput(f"is no public key: {fault}", "trusted") from None
    if not isinstance(key, Ed25519PublicKey):
        raise InvalidInput("is no ed25519 key", "trusted")
    return key
