"""Numbers that follow from a text by a hash: what looks drawn at random, and is the same on every machine."""

from __future__ import annotations

import hashlib
from fractions import Fraction

from policyengine.runtime.functions.function import DECIMAL, Function, plain
from policyengine.values.types import STRING

PLACES = 12


def hash_fraction(text: str) -> Fraction:
    """The first eight bytes of SHA-256 over the text's UTF-8, read big-endian, as a share of 2^64; cut to 12 places."""
    leading = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    share = Fraction(int(leading, 16), 2**64)
    return Fraction(share * 10**PLACES // 1, 10**PLACES)


HASHES = (
    Function(
        "hash_fraction",
        (plain(STRING, gives=DECIMAL),),
        hash_fraction,
        "a number from 0 up to, and not including, 1 that always follows from the same text: the first eight bytes of "
        "its SHA-256 as a share of 2^64, cut to 12 places",
        cost=lambda text: 10 + len(text) // 10,
    ),
)
