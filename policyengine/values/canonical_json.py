"""Canonical JSON: equal values have equal bytes, so that they can be hashed, signed and compared."""

from __future__ import annotations

import json

canonical_text = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
"""JSON values as text: sorted keys, no spaces, every character as it is."""


def canonical_bytes(data: object) -> bytes:
    """JSON values as the bytes to hash: `canonical_text` in UTF-8."""
    return canonical_text(data).encode()
