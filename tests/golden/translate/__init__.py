"""The translators: one file for each family of cases, and here the table of the kinds that they know.

A translator writes rules and facts and hands answers on. It never computes: `test_translators.py` refuses arithmetic.
"""

from __future__ import annotations

from golden.asking import Translate
from golden.translate import dmn

TRANSLATORS: dict[str, Translate] = {
    "dmn": dmn.translate,
}
