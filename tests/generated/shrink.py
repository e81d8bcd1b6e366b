"""From a bundle and a question on which evaluators differ to a small bundle and question that still do."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from fractions import Fraction
from typing import Any

from generated.rows import Question
from oracle.bundle import Bundle, Decision
from oracle.tree import Kind, Tree

Fails = Callable[[Bundle, Question], bool]
SECTIONS = (
    "overrides",
    "checks",
    "decisions",
    "guards",
    "charges",
    "values",
    "tables",
    "parameters",
    "inputs",
    "types",
)


def shrunk(bundle: Bundle, question: Question, fails: Fails, rounds: int = 6) -> tuple[Bundle, Question]:
    """The smallest that a greedy search finds: every step keeps `fails`."""
    for _ in range(rounds):
        before = repr((bundle, question))
        for step in (_fewer_parts, _smaller_trees, _fewer_items, _smaller_facts):
            bundle, question = step(bundle, question, fails)
        if repr((bundle, question)) == before:
            break
    return bundle, question


def _try(bundle: Bundle, question: Question, fails: Fails) -> bool:
    try:
        return fails(bundle, question)
    except Exception:
        return False


def _fewer_parts(bundle: Bundle, question: Question, fails: Fails) -> tuple[Bundle, Question]:
    """Leave out outputs, guards and whole named parts."""
    decision = bundle.decisions.get(question.decision, Decision({}))
    for output in list(decision.outputs):
        kept = {key: tree for key, tree in decision.outputs.items() if key != output}
        if not kept and not decision.guards:
            break
        tried = copy.deepcopy(bundle)
        tried.decisions = {question.decision: Decision(kept, decision.guards)}
        if _try(tried, question, fails):
            bundle, decision = tried, tried.decisions[question.decision]
    for guard in list(decision.guards):
        tried = copy.deepcopy(bundle)
        tried.decisions[question.decision].guards.remove(guard)
        if _try(tried, question, fails):
            bundle, decision = tried, tried.decisions[question.decision]
    for section in SECTIONS:
        keys = list(getattr(bundle, section)) if section not in ("overrides", "checks") else []
        for key in keys:
            if section == "decisions" and key == question.decision:
                continue
            tried = copy.deepcopy(bundle)
            del getattr(tried, section)[key]
            asked = question
            if section == "inputs":
                asked = replace(question, facts={k: v for k, v in question.facts.items() if k != key})
            if _try(tried, asked, fails):
                bundle, question = tried, asked
        if not keys:
            for position in reversed(range(len(getattr(bundle, section)))):
                tried = copy.deepcopy(bundle)
                if isinstance(getattr(tried, section), list):
                    del getattr(tried, section)[position]
                    if _try(tried, question, fails):
                        bundle = tried
    return bundle, question


def _places(part: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Tree]]:
    """Every tree of a bundle with the way to it."""
    if isinstance(part, Tree):
        yield path, part
    elif isinstance(part, Kind):
        return
    elif is_dataclass(part):
        for each in fields(part):
            yield from _places(getattr(part, each.name), (*path, each.name))
    elif isinstance(part, dict):
        for key, value in part.items():
            yield from _places(value, (*path, key))
    elif isinstance(part, list):
        for position, value in enumerate(part):
            yield from _places(value, (*path, position))


def _put(root: Any, path: tuple[Any, ...], value: Any) -> None:
    for step in path[:-1]:
        root = root[step] if isinstance(root, dict | list) else getattr(root, step)
    if isinstance(root, dict | list):
        root[path[-1]] = value
    else:
        setattr(root, path[-1], value)


def _smaller_trees(bundle: Bundle, question: Question, fails: Fails) -> tuple[Bundle, Question]:
    changed = True
    while changed:
        changed = False
        for path, tree in list(_places(bundle)):
            for smaller in _reductions(tree):
                tried = copy.deepcopy(bundle)
                _put(tried, path, smaller)
                if _try(tried, question, fails):
                    bundle, changed = tried, True
                    break
    return bundle, question


def _reductions(tree: Tree) -> Iterator[Tree]:
    """Smaller trees of the same kind: a part of it, a literal, or itself with one smaller operand."""
    for part in tree.walk():
        if part is not tree and part.kind == tree.kind and part.is_ratio <= tree.is_ratio:
            yield part
    if tree.args or tree.op in ("name", "has"):
        yield from _literals(tree.kind)
    if tree.op in ("+", "*", "min", "max", "&&", "||", "list") and len(tree.args) > (1 if tree.op == "list" else 2):
        for position in range(len(tree.args)):
            yield replace(tree, args=tree.args[:position] + tree.args[position + 1 :])
    for position, arg in enumerate(tree.args):
        for smaller in _reductions(arg):
            yield replace(tree, args=(*tree.args[:position], smaller, *tree.args[position + 1 :]))


def _literals(kind: Kind) -> Iterator[Tree]:
    if kind.is_number and len(kind.unit) <= 1 and all(power == 1 for _, power in kind.unit):
        is_money = any(name.isupper() for name, _ in kind.unit)
        for value in (0, 1) if not (is_money and kind.is_whole) else ():
            yield Tree("number", (), kind, Fraction(value))
    elif kind.word == "bool":
        yield Tree("literal", (), kind, True)
        yield Tree("literal", (), kind, False)
    elif kind.word == "string":
        yield Tree("literal", (), kind, "")
    elif kind.word == "duration":
        yield Tree("literal", (), kind, 0)


def _lists(part: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every list or dict inside a bundle's parts, and every optional attribute."""
    if isinstance(part, Tree | Kind):
        return
    if is_dataclass(part):
        for each in fields(part):
            yield from _lists(getattr(part, each.name), (*path, each.name))
    elif isinstance(part, dict | list):
        if len(path) > 1 and part:
            yield path, part
        for key, value in part.items() if isinstance(part, dict) else enumerate(part):
            yield from _lists(value, (*path, key))


def _fewer_items(bundle: Bundle, question: Question, fails: Fails) -> tuple[Bundle, Question]:
    """Leave out rows, tiers, cells, steps, columns and attributes."""
    for path, found in list(_lists(bundle)):
        keys = list(found) if isinstance(found, dict) else list(reversed(range(len(found))))
        for key in keys:
            tried = copy.deepcopy(bundle)
            try:
                root: Any = tried
                for step in path:
                    root = root[step] if isinstance(root, dict | list) else getattr(root, step)
                del root[key]
            except (KeyError, IndexError, AttributeError, TypeError):
                continue
            asked = question
            if path and path[0] == "inputs":
                asked = _without(question, path, key)
            if _try(tried, asked, fails):
                bundle, question = tried, asked
    for section in ("values", "charges", "tables", "parameters"):
        for key, part in list(getattr(bundle, section).items()):
            for each in fields(part):
                if getattr(part, each.name) not in (None, [], {}, False):
                    for smaller in (None, False, 1):
                        tried = copy.deepcopy(bundle)
                        setattr(getattr(tried, section)[key], each.name, smaller)
                        if _try(tried, question, fails):
                            bundle = tried
                            break
    return bundle, question


def _without(question: Question, path: tuple[Any, ...], key: Any) -> Question:
    facts = copy.deepcopy(question.facts)
    at: Any = facts
    for step in [step for step in path[1:] if step != "fields"]:
        at = at.get(step, {})
    at.pop(key, None)
    return replace(question, facts=facts)


def _smaller_facts(bundle: Bundle, question: Question, fails: Fails) -> tuple[Bundle, Question]:
    for path, value in list(_leaves(question.facts)):
        for smaller in (0, 1, Fraction(0), Fraction(1), False, "", [], -1, 2):
            if type(smaller) is not type(value) or smaller == value:
                continue
            facts = copy.deepcopy(question.facts)
            _put(facts, path, smaller)
            asked = replace(question, facts=facts)
            if _try(bundle, asked, fails):
                question = asked
                break
    for asked in (replace(question, tenant=None), replace(question, at=1_790_000_000 * 10**9)):
        if asked != question and _try(bundle, asked, fails):
            question = asked
    return bundle, question


def _leaves(facts: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(facts, dict):
        for key, value in facts.items():
            yield from _leaves(value, (*path, key))
    else:
        yield path, facts
