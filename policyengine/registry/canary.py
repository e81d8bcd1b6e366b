"""The way back of a version that answers a few tenants first, and has broken a guardrail.

The limits travel in the `activated` event. Each client that may act judges by its own comparisons; of several that find
a breach one takes the version back, and the others find that it no longer answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from policyengine.errors import UnknownVersion
from policyengine.registry import scopes
from policyengine.registry.events import Event
from policyengine.registry.registry import RETRIES_MAX, Registry
from policyengine.storage.store import Conflict, Store
from policyengine.values.instant import Timestamp


def take_back(
    opened: Callable[[], Store],
    clock: Callable[[], Timestamp],
    guarded: Event,
    others: Iterable[Event],
    actor: str,
    reason: str,
) -> list[Event]:
    """Roll back what an activation has put into its scope, and `others` of the same version; the events of that.

    Nothing is done where the activation does not answer there any more. Of the others each stands for itself: where
    this is interrupted between two of them, whoever guards the other one finds the breach again. Raises
    StoreUnavailable, BrokenHistory, and Conflict where others write all the time.
    """
    with Registry(opened(), clock) as registry:
        first = _rolled_back(registry, guarded, actor, reason)
        if first is None:
            return []
        rest = [_rolled_back(registry, other, actor, reason) for other in others]
        return [first, *(event for event in rest if event is not None)]


def _rolled_back(registry: Registry, activation: Event, actor: str, reason: str) -> Event | None:
    scope = scopes.from_json(activation.data["scope"])
    for _ in range(RETRIES_MAX):
        try:
            return registry.rollback(
                activation.data["bundle"], scope, actor=actor, reason=reason, activation=activation.number
            )
        except UnknownVersion:
            return None
        except Conflict:
            continue
    raise Conflict("others write to the registry all the time")
