"""cel-python: CEL in Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import celpy

from peers import cel
from peers.cel_text import by_map


def compiled(text: str, names: Sequence[str]) -> cel.Run:
    environment = celpy.Environment()
    program = environment.program(environment.compile(text))

    def run(variables: Mapping[str, Any]) -> Any:
        return program.evaluate({name: _value(value) for name, value in variables.items()})

    return run


def _value(value: Any) -> Any:
    """What a step has answered is a value of CEL already."""
    return value if type(value).__module__ == "celpy.celtypes" else celpy.json_to_cel(value)


WORKLOADS = {
    "w1": lambda policy: cel.PriceCall(policy, compiled, by_map),
    "w2": lambda policy: cel.MayUse(policy, compiled, by_map),
    "w3": lambda policy: cel.Bill(policy, compiled, by_map, 1),
}
