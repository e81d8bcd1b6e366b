"""What a compiled bundle says, as a tree of elements: sections and files are gone, names and meanings are left.

Values of parameters, cells and overrides are taken from the program, everything else from the checked bundle; words and
places are always the author's. Tests and descriptions are left out: no decision depends on them.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyengine.analysis.diff.contents import element, inputs, overrides, parameters, parts, tables
from policyengine.analysis.diff.contents.element import Element
from policyengine.compiler.pipeline import Compiled
from policyengine.language.model import Bundle

PARTS = {
    "values": "value",
    "charges": "charge",
    "proration": "proration",
    "retries": "retry",
    "entitlements": "entitlement",
    "guards": "guard",
}
"""Sections whose parts are read field by field, with the kind of their parts."""


def contents(compiled: Compiled) -> Element:
    """The tree of one bundle; its children are named parts, overrides and what the manifest says."""
    bundle, program = compiled.bundle, compiled.program
    root = Element("", "bundle")
    for child in _manifest(bundle):
        root.add(child)
    for name, (at, node) in bundle.types.items():
        root.add(inputs.of_type(name, at, node))
    for name, (at, node) in bundle.inputs.items():
        declared = next(each for each in program.inputs.fields if each.name == name)
        root.add(inputs.of_input(name, at, node, declared))
    root.add(inputs.of_checks(bundle.checks))
    for parameter in bundle.parameters.values():
        root.add(parameters.of_parameter(parameter, program))
    for section, kind in (("tables", "table"), ("accounts", "account")):
        for table in getattr(bundle, section).values():
            root.add(tables.of_table(table, kind, compiled))
    for section, kind in PARTS.items():
        for part in getattr(bundle, section).values():
            root.add(parts.of_part(part.name, kind, part, part.at))
    for decision in bundle.decisions.values():
        root.add(parts.of_decision(decision))
    if bundle.chart is not None:
        root.add(parts.of_chart("bundle.chart", None, bundle.chart))
    for override in overrides.of_bundle(compiled):
        root.add(override)
    return root


def _manifest(bundle: Bundle) -> Iterator[Element]:
    yield Element("bundle.name", "bundle", bundle.timezone_at, bundle.name, bundle.name)
    if bundle.currency is not None:
        yield element.node("bundle.currency", "bundle", bundle.currency)
    if bundle.timezone is not None:
        yield Element("bundle.timezone", "bundle", bundle.timezone_at, bundle.timezone, bundle.timezone)
    for name, date in zip(("bundle.effective.from", "bundle.effective.until"), bundle.effective, strict=True):
        if date is not None:
            yield Element(name, "bundle", bundle.timezone_at, date, date)
