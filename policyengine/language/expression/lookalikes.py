"""Characters that word processors, keyboards and web pages put in the place of those that a program reads."""

# ruff: noqa: RUF001 - characters that look alike are what this table is about

from __future__ import annotations

_CYRILLIC = dict(zip("аеорсухіѕјԁԛԝһАВЕКМНОРСТУХЅІЈ", "aeopcyxisjdqwhABEKMHOPCTYXSIJ", strict=True))
_GREEK = dict(zip("αβικνορτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "aBikvoptuxABEZHIKMNOPTYX", strict=True))
_QUOTES = dict.fromkeys("“”„‟«»″", '"') | dict.fromkeys("‘’‚‛′´", "'")
_OPERATORS = dict.fromkeys("−–—‐‑‒―", "-") | dict.fromkeys("×∗·", "*") | dict.fromkeys("÷∕⁄", "/")
_LOGIC = {"≤": "<=", "≥": ">=", "≠": "!=", "∧": "&&", "∨": "||", "¬": "!"}

LOOKALIKES = _CYRILLIC | _GREEK | _QUOTES | _OPERATORS | _LOGIC
