"""What the tree of an expression becomes: one small function for each node, and the failures that they raise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from policyengine.language.expression.syntax import Expression, Name, Select
from policyengine.runtime.failure import Failure

Step = Callable[[], Any]
"""Gives the value of its node, or raises Failed."""


Slots = Mapping[str, int]
"""The variables that macros bind, and their places in the frame."""


class Failed(Exception):
    """An operation has no answer; `node` is the operation. What can decide without it catches this."""

    def __init__(self, failure: Failure, node: Expression) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.node = node


def path_of(node: Expression) -> tuple[bool, list[str]] | None:
    """Whether a path begins with a dot, and its words; None for what is no plain path."""
    words: list[str] = []
    while isinstance(node, Select) and not node.optional:
        words.append(node.field)
        node = node.target
    if not isinstance(node, Name):
        return None
    return node.root, [node.name, *reversed(words)]
