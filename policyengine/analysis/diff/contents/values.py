"""A value of the one grammar as an element: its leaves by key and date."""

from __future__ import annotations

from policyengine.analysis.diff.contents import element
from policyengine.analysis.diff.contents.element import Element
from policyengine.language.expression.printer import print_expression
from policyengine.language.written import Choice, Dated, Keyed, ListOf, Literal, RecordOf, Value, Written
from policyengine.source import Span


def of_value(name: str, kind: str, its: Value, at: Span) -> Element:
    """A value of the one grammar: its leaves by key and date."""
    match its:
        case Written():
            return element.written(name, kind, its)
        case Literal(node=node):
            return element.node(name, kind, node)
        case Keyed(key=key, cases=cases, otherwise=otherwise):
            made = Element(name, kind, its.span, meaning=("by", print_expression(key.tree)))
            for case, (case_at, inner) in cases.items():
                made.add(placed(of_value(case, kind, inner, case_at), case_at))
            if otherwise is not None:
                made.add(of_value("otherwise", kind, otherwise, at))
            made.text = f"{{{element.flow(key.scalar)}: {made.words}}}"
            return made
        case Dated(steps=steps):
            made = Element(name, kind, its.span, meaning=("by", "date"))
            for date, date_at, inner in steps:
                made.add(placed(of_value(date, kind, inner, date_at), date_at))
            made.text = made.words
            return made
        case Choice(when=when, value=chosen, otherwise=other):
            made = Element(name, kind, its.span, meaning=("by", "choice"))
            made.add(element.written("when", kind, when))
            made.add(of_value("value", kind, chosen, at))
            if other is not None:
                made.add(of_value("otherwise", kind, other, at))
            return made
        case RecordOf(fields=fields):
            made = Element(name, kind, its.span)
            for field, (field_at, inner) in fields.items():
                made.add(of_value(field, kind, inner, field_at))
            return made
        case ListOf(items=items):
            inner_items = [of_value(str(n), kind, item, at) for n, item in enumerate(items, 1)]
            text = f"[{', '.join(item.words for item in inner_items)}]"
            return Element(name, kind, its.span, text, tuple(item.content for item in inner_items))


def placed(made: Element, at: Span) -> Element:
    made.at = at
    return made
