"""An OpenFeature provider: a flag is a bundle, its value the version that a tenant gets.

The context's targeting key is the tenant; its attribute `at` may name the instant. The variant is the version's label,
and the flag's metadata says by which event, for which scope, and why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import FlagNotFoundError, InvalidContextError, TypeMismatchError
from openfeature.flag_evaluation import FlagResolutionDetails, FlagValueType, Reason
from openfeature.provider import AbstractProvider, Metadata

from policyengine.errors import InvalidInput, UnknownVersion
from policyengine.registry.client import LivePolicy
from policyengine.registry.timeline import Due
from policyengine.runtime.engine import PolicyVersion

_REASONS = {
    "all": Reason.STATIC,
    "percent": Reason.SPLIT,
    "cohort": Reason.TARGETING_MATCH,
    "tenant": Reason.TARGETING_MATCH,
}
Object = Sequence[FlagValueType] | Mapping[str, FlagValueType]


class VersionProvider(AbstractProvider):
    """Answers for each live policy by its bundle's name: as text the version's label, as an object all about it.

    A bundle without an active version for the tenant answers with the default. The live policies stay their owner's,
    who closes them.
    """

    def __init__(self, *policies: LivePolicy) -> None:
        super().__init__()
        self._policies = {policy.bundle: policy for policy in policies}

    def get_metadata(self) -> Metadata:
        return Metadata(name="policyengine")

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        found = self._found(flag_key, evaluation_context)
        if found is None:
            return FlagResolutionDetails(default_value, reason=Reason.DEFAULT)
        version, due = found
        return FlagResolutionDetails(version.version, variant=version.version, **_about(version, due))

    def resolve_object_details(
        self, flag_key: str, default_value: Object, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[Object]:
        found = self._found(flag_key, evaluation_context)
        if found is None:
            return FlagResolutionDetails(default_value, reason=Reason.DEFAULT)
        version, due = found
        value: Object = {"bundle": version.name, "version": version.version, **_metadata(version, due)}
        return FlagResolutionDetails(value, variant=version.version, **_about(version, due))

    def resolve_boolean_details(
        self, flag_key: str, default_value: bool, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[bool]:
        return self._no(flag_key)

    def resolve_integer_details(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        return self._no(flag_key)

    def resolve_float_details(
        self, flag_key: str, default_value: float, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[float]:
        return self._no(flag_key)

    def _found(self, bundle: str, context: EvaluationContext | None) -> tuple[PolicyVersion, Due] | None:
        live = self._live(bundle)
        try:
            policy, due = live.policy_for(
                None if context is None else context.targeting_key,
                None if context is None else context.attributes.get("at"),
            )
        except UnknownVersion:
            return None
        except InvalidInput as fault:
            raise InvalidContextError(str(fault)) from None
        return policy.version, due

    def _live(self, bundle: str) -> LivePolicy:
        live = self._policies.get(bundle)
        if live is None:
            raise FlagNotFoundError(f"no bundle `{bundle}` is connected")
        return live

    def _no(self, bundle: str) -> NoReturn:
        self._live(bundle)
        raise TypeMismatchError("the version of a bundle is a string, or an object")


def _about(version: PolicyVersion, due: Due) -> dict[str, Any]:
    return {"reason": _REASONS[due.activation.scope.kind], "flag_metadata": _metadata(version, due)}


def _metadata(version: PolicyVersion, due: Due) -> dict[str, str | int]:
    return {
        "digest": due.artifact,
        "program_digest": version.program_digest,
        "scope": str(due.activation.scope),
        "event": due.activation.event.number,
        "because": due.because,
    }
