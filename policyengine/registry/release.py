"""What may be published: a version that compiles and whose own tests pass, with a report of what was checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policyengine.analysis import bundle_tests
from policyengine.compiler.pipeline import Compiled, compile_path, compile_texts
from policyengine.errors import InvalidArtifact, InvalidInput, PolicyEngineError
from policyengine.runtime.artifacts import artifact, program_json


class FailedTests(PolicyEngineError):
    """Tests of the bundle failed, so it is not released: `failed` are their names, of `count` that ran."""

    fault = "policy"

    def __init__(self, bundle: str, failed: list[str], count: int) -> None:
        self.failed, self.count = failed, count
        super().__init__(f"{bundle}: {len(failed)} of {count} tests failed: {', '.join(failed)}")


@dataclass(frozen=True, slots=True)
class Release:
    """An artifact that was checked, and the report; made by the functions of this module only."""

    data: bytes
    report: Mapping[str, Any]


def of_bundle(path: Path | str, compiler: str) -> Release:
    """Compile and test a bundle; `compiler` is our version.

    Raises InvalidPolicy, FailedTests, and InvalidInput where a link would put a file from elsewhere into the artifact.
    """
    compiled = compile_path(path)
    folder = Path(path) if Path(path).is_dir() else Path(path).parent
    for name in compiled.sources:
        if not (folder / name).resolve().is_relative_to(folder.resolve()):
            raise InvalidInput(f"`{name}` is a link that leads out of the bundle", str(path), "put the file there")
    return _tested(compiled, compiler)


def of_texts(texts: dict[str, str | bytes], compiler: str) -> Release:
    """The same for a bundle in memory, by file name."""
    return _tested(compile_texts(texts), compiler)


def of_artifact(data: bytes) -> Release:
    """Check an artifact that comes from elsewhere: its sources must compile to its program, and pass their tests.

    Nothing of it is unpacked to disk. Raises InvalidArtifact, InvalidPolicy, FailedTests.
    """
    found = artifact.read(data)
    sources: dict[str, str | bytes] = dict(found.sources)
    try:
        if not any(name.endswith(".yaml") for name in sources):
            raise InvalidArtifact("the artifact holds no sources, so nothing in it can be checked")
        compiled = compile_texts(sources)
    except UnicodeDecodeError as fault:
        raise InvalidArtifact(f"the artifact's sources cannot be read: {fault}") from None
    if program_json.digest(compiled.program) != found.program_digest:
        made = found.manifest["compiler"]
        raise InvalidArtifact(f"the program (compiled by {made}) is not what the artifact's sources compile to here")
    return Release(data, _report(compiled))


def _tested(compiled: Compiled, compiler: str) -> Release:
    report = _report(compiled)
    return Release(artifact.write(compiled.program, compiled.sources, compiler), report)


def _report(compiled: Compiled) -> dict[str, Any]:
    """What the tests and the checks of a bundle said; raises FailedTests."""
    outcomes = bundle_tests.run(compiled)
    failed = [outcome.test.name for outcome in outcomes if not outcome.passed]
    if failed:
        raise FailedTests(compiled.program.bundle, failed, len(outcomes))
    warnings = sorted({warning.code for warning in (*compiled.warnings, *compiled.lints)})
    return {"tests": len(outcomes), "warnings": warnings}
