"""Whether the version of a bundle keeps what it promises about another one: semantic versioning, enforced."""

from __future__ import annotations

import re
from collections.abc import Collection

from policyengine.analysis.diff.changes import between
from policyengine.analysis.diff.judging import bump
from policyengine.analysis.diff.judging import diagnostics as say
from policyengine.analysis.diff.judging.findings import findings, level
from policyengine.compiler.pipeline import Compiled
from policyengine.compiler.sources import MANIFEST
from policyengine.source import Diagnostic, Source, Span

_VERSION = re.compile(r"^version:[ \t]*([^\s#]+)", re.MULTILINE)


def too_low(
    before: Compiled, after: Compiled, called: str, manifest: str, accepted: Collection[str] = ()
) -> Diagnostic | None:
    """What is wrong with the second version, or nothing; changes whose codes are accepted do not count.

    `called` is how the first bundle is named, and `manifest` where the manifest of the second one lies.
    """
    all_found = findings(before, after, between(before, after))
    found = [finding for finding in all_found if finding.rule.code not in accepted]
    required = level(found)
    old, new = before.program.version, after.program.version
    if required is None or bump.is_enough(old, new, required):
        return None
    reasons = [finding for finding in found if finding.rule.level == required]
    return say.version_too_low(new, _place(after, manifest), called, required, bump.least(old, required), reasons)


def _place(compiled: Compiled, manifest: str) -> Span | None:
    """Where the version is written, as far as it stands on a line of its own."""
    data = compiled.sources.get(MANIFEST) or next(iter(compiled.sources.values()), b"")
    text = data.decode("utf-8", "replace")
    found = _VERSION.search(text)
    return None if found is None else Span(Source(manifest, text), *found.span(1))
