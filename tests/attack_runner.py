"""Runs hostile expressions, each in a process of its own with limits of CPU time and memory.

    python tests/attack_runner.py < cases.json

reads `{"limits": ..., "cases": [...]}` and prints one line of JSON for each case: its id, the class of its outcome, and
what was found. A class that no case may end in is `unclean`: another exception, a killed process, a limit exceeded.
The format of a case is described where the cases are kept; `$python_...` stands for an object of the host.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections import OrderedDict, UserDict, defaultdict
from decimal import Decimal
from typing import Any

import policyengine as pe

Case = dict[str, Any]


class Touched(BaseException):
    """Code of the host has run."""


def touched(*ignored: Any, **also: Any) -> Any:
    raise Touched


HOSTILE = (
    *("__eq__", "__ne__", "__lt__", "__hash__", "__len__", "__iter__", "__getitem__", "__contains__", "__add__"),
    *("__radd__", "__mul__", "__mod__", "__str__", "__repr__", "__format__", "__bool__", "__int__", "__index__"),
    *("__getattribute__", "__missing__", "__call__", "__fspath__", "keys", "items", "get", "isoformat", "encode"),
)


def hostile(base: type, *arguments: Any) -> Any:
    """A value of a subclass that raises whatever is asked of it."""
    made = type("Hostile", (base,), {})
    value = made(*arguments)
    for name in HOSTILE:
        if name != "__getattribute__" or base is object:
            setattr(made, name, touched)
    return value


def of_host(kind: str, data: Any) -> Any:
    """An object that a host may pass by mistake or on purpose."""
    match kind:
        case "object":
            return type("Account", (), dict(data) if isinstance(data, dict) else {})()
        case "defaultdict":
            return defaultdict(touched, data)
        case "ordered_dict":
            return OrderedDict(data)
        case "user_dict":
            return UserDict(data)
        case "generator":
            return (item for item in (data or [1]))
        case "float_subclass":
            return hostile(float, data)
        case "int_subclass":
            return hostile(int, data)
        case "str_subclass":
            return hostile(str, data)
        case "dict_subclass":
            return hostile(dict, data)
        case "list_subclass":
            return hostile(list, data)
        case "self_list":
            endless: list[Any] = []
            endless.append(endless)
            return endless
        case "self_dict":
            loop: dict[str, Any] = {}
            loop["a"] = loop
            return loop
        case "deep_list":
            deep: list[Any] = []
            for _ in range(int(data)):
                deep = [deep]
            return deep
        case "set":
            return set(data)
        case "function":
            return touched
        case "class":
            return type("Account", (), {})
    return hostile(object)


def built(data: Any) -> Any:
    """A binding of a case as the value that it stands for."""
    if isinstance(data, list):
        return [built(item) for item in data]
    if not isinstance(data, dict):
        return data
    if len(data) == 1:
        ((key, value),) = data.items()
        match key:
            case "$range":
                return list(range(value))
            case "$repeat":
                return value[0] * value[1] + value[2]
            case "$decimal":
                return Decimal(value)
            case "$float":
                return float(value)
            case "$surrogate":
                return "\ud800"
            case "$int":
                return int(value)
        if key.startswith("$python_"):
            return of_host(key.removeprefix("$python_"), value)
    return {key: built(value) for key, value in data.items()}


def text_of(case: Case) -> str:
    return case["expr"] if "expr" in case else "".join(text * times for text, times in case["build"])


def outcome(case: Case) -> tuple[str, str]:
    """The class of a case's outcome, and what was found."""
    bindings = {name: built(value) for name, value in case.get("bindings", {}).items()}
    try:
        value = pe.evaluate_expression(text_of(case), bindings)
    except pe.InvalidPolicy as fault:
        return "compile_error", str(fault)[:200]
    except (pe.InvalidInput, pe.EvaluationError) as fault:
        return "eval_error", str(fault)[:200]
    except BaseException as fault:
        return "unclean", f"{type(fault).__name__}: {str(fault)[:200]}"
    wanted = [case["value"]] if "value" in case else case.get("value_in")
    if wanted is not None and not any(is_same(built(each), value) for each in wanted):
        return "unclean", f"the value {value!r:.200}"
    return "fine", f"{value!r:.200}"


def is_same(expected: Any, found: Any) -> bool:
    numbers = {type(expected), type(found)} <= {int, Decimal}
    return (numbers or type(expected) is type(found)) and bool(expected == found)


def memory_now() -> int:
    """The bytes of address space that this process has."""
    with open("/proc/self/statm", encoding="ascii") as pages:
        return int(pages.read().split()[0]) * resource.getpagesize()


def limited(case: Case, limits: dict[str, Any], report: int) -> None:
    """Runs in the child: the case under its limits, its outcome as a line."""
    most = memory_now() + int(limits["memory_mb"] * 2**20)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    seconds = max(1, int(limits["seconds"]))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    found, detail = outcome(case)
    line = json.dumps({"id": case["id"], "outcome": found, "detail": detail})
    os.write(report, line.encode("ascii", "backslashreplace"))


def run(case: Case, limits: dict[str, Any]) -> str:
    """One case in a child process."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            limited(case, limits, writing)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        line = pipe.read().decode("ascii")
    _, status = os.waitpid(child, 0)
    return line or json.dumps({"id": case["id"], "outcome": "unclean", "detail": f"the process ended with {status}"})


def main() -> None:
    given = json.load(sys.stdin)
    pe.evaluate_expression('[1, 2].map(x, "%.2f".format([x * 1.5])).join(",").matches("1.50")')  # loads what runs
    for case in given["cases"]:
        sys.stdout.write(run(case, given["limits"]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
