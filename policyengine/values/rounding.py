"""Rounding of n / d to an integer in the seven named modes, in integers only.

The modes in `half_*`, `up` and `down` work on absolute values and put the sign back (-0.125 at two places is -0.13
half_up and -0.12 half_even); `ceiling` goes towards plus and `floor` towards minus infinity. A number of places is the
caller's factor: n * 10**places over d.

Generated code calls these functions directly. The reference interpreter must not: `policyengine.runtime.exact` rounds
in another way, so that comparing the two proves something.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal, get_args

Mode = Literal["half_even", "half_up", "half_down", "up", "down", "ceiling", "floor"]
MODES: tuple[Mode, ...] = get_args(Mode)

# INVARIANT: d > 0 in every function here. Denominators are made positive at birth; testing it again in each rounding
# would cost the hot path a comparison that can never be true.


def half_even(n: int, d: int) -> int:
    """n / d to the nearest integer, ties to the even one."""
    quotient, rest = divmod(n, d)
    twice = rest + rest
    if twice > d or (twice == d and quotient & 1):
        return quotient + 1
    return quotient


def half_up(n: int, d: int) -> int:
    """n / d to the nearest integer, ties away from zero."""
    return (n + n + d) // (d + d) if n >= 0 else -((d - n - n) // (d + d))


def half_down(n: int, d: int) -> int:
    """n / d to the nearest integer, ties towards zero."""
    return -((d - n - n) // (d + d)) if n >= 0 else (n + n + d) // (d + d)


def up(n: int, d: int) -> int:
    """n / d to the next integer away from zero."""
    return -(-n // d) if n >= 0 else n // d


def down(n: int, d: int) -> int:
    """n / d without its fraction, towards zero."""
    return n // d if n >= 0 else -(-n // d)


def ceiling(n: int, d: int) -> int:
    """n / d to the next integer towards plus infinity."""
    return -(-n // d)


def floor(n: int, d: int) -> int:
    """n / d to the next integer towards minus infinity."""
    return n // d


BY_MODE: Mapping[str, Callable[[int, int], int]] = MappingProxyType(
    {
        "half_even": half_even,
        "half_up": half_up,
        "half_down": half_down,
        "up": up,
        "down": down,
        "ceiling": ceiling,
        "floor": floor,
    }
)


def divide_round(n: int, d: int, mode: str) -> int:
    """n / d rounded to an integer in the named mode."""
    assert d > 0, "a denominator is positive"
    return BY_MODE[mode](n, d)
