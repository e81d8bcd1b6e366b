"""A parameter as an element: its leaves, with their exact values from the program."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

from policyengine.analysis.diff.contents import element
from policyengine.analysis.diff.contents.element import Element, height_of, unit_of
from policyengine.analysis.diff.contents.parts import of_part
from policyengine.analysis.diff.contents.values import of_value
from policyengine.language.model import Parameter
from policyengine.language.yaml import Mapping, Node
from policyengine.runtime.exact import exact
from policyengine.runtime.program import Const, Program
from policyengine.values.types import Type


def of_parameter(parameter: Parameter, program: Program) -> Element:
    made = of_value(parameter.name, "parameter", parameter.value, parameter.at)
    made.at = parameter.at
    for path, its_type, held in _held(parameter.name, program):
        leaf = _descendant(made, path)
        if leaf is not None and not leaf.children:
            value = exact(held, its_type)
            leaf.meaning, leaf.unit = ("value", value), unit_of(its_type)
            leaf.height = height_of(value, its_type)
    made.add(Element("type", "declaration", parameter.type.span, element.flow(parameter.type), _word(parameter.type)))
    for name in ("min", "max", "places"):
        bound = getattr(parameter, name)
        if bound is not None:
            made.add(element.node(name, "declaration", bound))
    if parameter.overridable is not None:
        made.add(of_part("overridable", "declaration", parameter.overridable, parameter.at))
    return made


def _word(node: Node) -> Hashable:
    """A declared type; `int token` and `{type: int token}` say the same."""
    if isinstance(node, Mapping) and set(node.entries) <= {"type", "description"}:
        return _word(node.entries["type"].value)
    return element.canonical(node)


def _held(name: str, program: Program) -> Iterator[tuple[str, Type, Any]]:
    """The values of a parameter, by the path of each below its name."""
    table = program.tables.get(name)
    if table is not None:
        for row, path in enumerate(table.ids):
            yield path, table.column_types["value"], table.columns["value"][row]
        return
    expr = program.nodes[name].expr
    if isinstance(expr, Const):
        yield "", expr.type, expr.value


def _descendant(made: Element, path: str) -> Element | None:
    """The element at a path, whose parts may themselves have dots."""
    if not path:
        return made
    for child in made.children.values():
        name = child.name
        if path == name or path.startswith(f"{name}."):
            return _descendant(child, path[len(name) + 1 :])
    return None
