"""Sentences -> texts that are put together when somebody reads them, never on the way to the answer."""

from __future__ import annotations

from policyengine.compiler.lower.context import Context
from policyengine.language.expression import builtins
from policyengine.language.expression.scope import Scope
from policyengine.language.sentences import Sentence
from policyengine.runtime.program import Call, Const, Expr
from policyengine.values import types


def lower(context: Context, sentence: Sentence, scope: Scope) -> Expr | None:
    """The text of a sentence as an expression, or None where nothing has to be filled in."""
    if not sentence.filled:
        return None
    whole: Expr = Const(types.STRING, "")
    for piece in sentence.pieces:
        if isinstance(piece, str):
            part: Expr = Const(types.STRING, piece)
        else:
            part = builtins.as_string(context.expression(piece, scope), piece.span)
        whole = Call(types.STRING, "concat", (whole, part))
    return whole
