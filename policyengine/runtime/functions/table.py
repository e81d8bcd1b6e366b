"""Every built-in function by its name: the one table that checker, evaluators and reference share.

To add a function, write it into the file of its library with its forms, its cost and its line. Functions whose result
depends on units, ranges or constants are typed by rules of the checker besides.
"""

from __future__ import annotations

from policyengine.runtime.functions.amounts import AMOUNTS
from policyengine.runtime.functions.conversions import CONVERSIONS
from policyengine.runtime.functions.encoders import ENCODERS
from policyengine.runtime.functions.function import Function
from policyengine.runtime.functions.hashes import HASHES
from policyengine.runtime.functions.lists import LISTS
from policyengine.runtime.functions.math import MATH
from policyengine.runtime.functions.optional_functions import OPTIONALS
from policyengine.runtime.functions.regexes import REGEXES
from policyengine.runtime.functions.sets import SETS
from policyengine.runtime.functions.strings import STRINGS
from policyengine.runtime.functions.times import TIMES

LIBRARIES: dict[str, tuple[Function, ...]] = {
    "Amounts": AMOUNTS,
    "Conversions": CONVERSIONS,
    "Texts": STRINGS,
    "Patterns": REGEXES,
    "Lists": LISTS,
    "Sets": SETS,
    "Mathematics": MATH,
    "Times": TIMES,
    "Optionals": OPTIONALS,
    "Encoders": ENCODERS,
    "Hashes": HASHES,
}

FUNCTIONS: dict[str, Function] = {function.name: function for functions in LIBRARIES.values() for function in functions}
assert len(FUNCTIONS) == sum(map(len, LIBRARIES.values())), "no name stands twice"

# The names with a dot: their first words are no variable.
QUALIFIED: frozenset[str] = frozenset(name for name in FUNCTIONS if "." in name)
