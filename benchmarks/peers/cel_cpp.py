"""cel-expr-python: Google's CEL in C++."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cel_expr_python import cel as engine
from cel_expr_python.ext.ext_bindings import ExtBindings

from peers import cel
from peers.cel_text import by_bind


def compiled(text: str, names: Sequence[str]) -> cel.Run:
    anything = dict.fromkeys(names, engine.Type.DYN)
    program = engine.NewEnv(variables=anything, extensions=[ExtBindings()]).compile(text)

    def run(variables: Mapping[str, Any]) -> Any:
        return program.eval(data=variables).plain_value()

    return run


WORKLOADS = {
    "w1": lambda policy: cel.PriceCall(policy, compiled, by_bind),
    "w2": lambda policy: cel.MayUse(policy, compiled, by_bind),
    "w3": lambda policy: cel.Bill(policy, compiled, by_bind, 17),
}
