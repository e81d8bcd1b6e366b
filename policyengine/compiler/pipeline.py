"""From the files of a bundle to its program: the stages, in order, and the one place that raises.

    read -> yaml -> schema -> model -> graph -> lower (which type-checks) -> tables -> emit

Each stage reports everything that it finds wrong; the pipeline stops between stages when there is anything to say.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from policyengine.compiler import canonical, emit, graph, sources
from policyengine.compiler.lower import section
from policyengine.compiler.sources import Sources
from policyengine.errors import InvalidPolicy
from policyengine.language import model, schema, yaml
from policyengine.language.collector import collector_paused
from policyengine.language.model import Bundle
from policyengine.runtime.program import Program
from policyengine.source import Diagnostic, Report


@dataclass(frozen=True, slots=True)
class Compiled:
    """A program with what authors' tools need beside it: the bundle it came from, the warnings and the files.

    `lints` are warnings about what is written well and may not be meant, such as a price that falls.
    """

    program: Program
    bundle: Bundle
    warnings: tuple[Diagnostic, ...] = ()
    sources: dict[str, bytes] = field(default_factory=dict)
    lints: tuple[Diagnostic, ...] = ()


def compile_path(path: Path | str) -> Compiled:
    """Compile a bundle's folder, or one YAML file; raises InvalidPolicy with everything that is wrong with it."""
    report = Report()
    found = sources.read(path, report)
    if found is None:
        raise InvalidPolicy(report.in_order())
    return compile_sources(found, report)


def compile_texts(texts: dict[str, str | bytes]) -> Compiled:
    """Compile a bundle from memory, by file name; raises InvalidPolicy."""
    return compile_sources(sources.of_texts(texts), Report())


@collector_paused()
def compile_sources(found: Sources, report: Report) -> Compiled:
    """Turn one authored bundle into a program, or say everything that is wrong with it."""
    manifest = yaml.parse(found.manifest, report)
    parts = [yaml.parse(part, report) for part in found.parts]
    trees = [tree for tree in parts if tree is not None]
    if manifest is not None:
        schema.check(manifest, report, manifest=True)
    for tree in trees:
        schema.check(tree, report, manifest=False)
    _stop_if_any(report)
    assert manifest is not None
    bundle = model.build(manifest, trees, report)
    _stop_if_any(report)
    context = section.prepare(bundle, found, report)
    reads = section.reads(context)
    section.lower_all(context, graph.order(reads, section.places(context), report), reads)
    _stop_if_any(report)
    program = emit.emit(context, canonical.digest(manifest, trees, found, bundle))
    _stop_if_any(report)
    return Compiled(program, bundle, tuple(report.warnings), found.taken, tuple(context.lints))


def _stop_if_any(report: Report) -> None:
    if report.errors:
        raise InvalidPolicy(report.in_order())
