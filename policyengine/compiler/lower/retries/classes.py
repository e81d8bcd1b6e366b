"""The classes of a retry -> a small table: a row a class, with what it does and how it ends."""

from __future__ import annotations

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower.context import Context
from policyengine.language.expression import diagnostics as expression_say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.retries import Retry
from policyengine.runtime.program import TableData
from policyengine.values import types
from policyengine.values.types import Type

ACTIONS = types.Enum("", ("retry", "update_method", "authenticate", "investigate", "pause", "stop", "switch_provider"))
FINALS = types.Enum("", ("suspend", "cancel", "write_off", "investigate"))
OTHERWISE = "otherwise"


def table(context: Context, retry: Retry, key: Type) -> None:
    """The table NAME: its rows are cited as `NAME.class`; a class that is missing or not known is an error."""
    written = {kind.name: kind for kind in retry.classes}
    if isinstance(key, types.Enum):
        for kind in retry.classes:
            if kind.name != OTHERWISE and kind.name not in key.members:
                raise Rejected(expression_say.not_a_member(kind.name, key.members, "the classes", kind.at))
        missing = [member for member in key.members if member not in written]
        if missing and OTHERWISE not in written:
            raise Rejected(say.class_not_covered(missing, retry.at))
        if not missing and OTHERWISE in written:
            raise Rejected(say.never_chosen(written[OTHERWISE].at))
    elif OTHERWISE not in written:
        raise Rejected(say.class_not_covered((), retry.at))
    kinds = [*(k for k in retry.classes if k.name != OTHERWISE), *(k for k in retry.classes if k.name == OTHERWISE)]
    ids = tuple(kind.name for kind in kinds)
    context.tables[retry.name] = TableData(
        retry.name,
        "unique",
        (key,),
        (tuple(None if kind.name == OTHERWISE else kind.name for kind in kinds),),
        {
            "name": ids,
            "action": tuple(kind.action for kind in kinds),
            "finally": tuple(kind.final or retry.final for kind in kinds),
        },
        {"name": types.Enum("", ids), "action": ACTIONS, "finally": types.Optional(FINALS)},
        ids,
        names=("class",),
        otherwise="row" if OTHERWISE in written else "",
    )
    context.row_places[retry.name] = [kind.at for kind in kinds]
    for kind in kinds:
        context.places[f"{retry.name}.{kind.name}"] = f"{kind.at.source.name}:{kind.at.line}"
