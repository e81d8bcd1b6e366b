"""CEL's encoders extension."""

from __future__ import annotations

import binascii

from policyengine.runtime.failure import BAD_TEXT, TEXT_TOO_LONG, Failure
from policyengine.runtime.functions.function import Function, plain
from policyengine.runtime.limits import TEXT_MAX
from policyengine.values.types import BYTES, STRING


def encode(data: bytes) -> str | Failure:
    made = binascii.b2a_base64(data, newline=False).decode("ascii")
    return made if len(made) <= TEXT_MAX else TEXT_TOO_LONG


def decode(text: str) -> bytes | Failure:
    """The signs of padding at the end may be left out."""
    try:
        bare = text.encode("ascii").rstrip(b"=")
        return binascii.a2b_base64(bare + b"=" * (-len(bare) % 4), strict_mode=True)
    except (UnicodeEncodeError, binascii.Error):
        return BAD_TEXT.saying("the text is not base64")


ENCODERS = (
    Function(
        "base64.encode",
        (plain(BYTES, gives=STRING, may_fail=True),),
        encode,
        "bytes as base64 text",
        cost=lambda data: len(data) // 10,
    ),
    Function(
        "base64.decode",
        (plain(STRING, gives=BYTES, may_fail=True),),
        decode,
        "the bytes that base64 text stands for, with or without padding",
        cost=lambda text: len(text) // 10,
    ),
)
