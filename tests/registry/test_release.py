"""What is published was checked and tested, whatever it came in."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from registry.conftest import BUNDLE, made

from policyengine.errors import InvalidArtifact, InvalidInput, InvalidPolicy
from policyengine.registry import release
from policyengine.registry.registry import Registry
from policyengine.registry.release import FailedTests, Release
from policyengine.runtime.artifacts import artifact

TESTS = """
tests:
  - {{name: ten tokens, decide: bill, input: {{used: 10}}, expect: {{cost: {cost}}}}}
  - {{name: none, decide: bill, input: {{used: 0}}, expect: {{cost: 0}}}}
"""
GOOD = made("1.0.0", "1").data
Members = dict[str, bytes]


def texts(cost: str = "10", version: str = "1.0.0") -> dict[str, str | bytes]:
    return {"bundle.yaml": BUNDLE.format(version=version, price="1"), "tests.yaml": TESTS.format(cost=cost)}


def archive(change: Callable[[Members], None], **attributes: int) -> bytes:
    """The good artifact with other members; an attribute by a member's name makes it a link or a folder."""
    with zipfile.ZipFile(io.BytesIO(GOOD)) as found:
        members = {name: found.read(name) for name in found.namelist()}
    change(members)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = attributes.get(name.rpartition("/")[2].partition(".")[0], stat.S_IFREG | 0o644) << 16
            made.writestr(info, data)
    return written.getvalue()


def with_member(name: str, data: bytes = b"x") -> bytes:
    return archive(lambda members: members.update({name: data}))


def lying_bomb() -> bytes:
    """A member of 64 MB whose headers say that it has as many bytes as before."""
    size = len(zipfile.ZipFile(io.BytesIO(GOOD)).read("program.json"))
    data = bytearray(archive(lambda members: members.update({"program.json": bytes(64_000_000)})))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = -1
        while (place := data.find(signature, place + 1)) >= 0:
            if data[place + offset : place + offset + 4] == (64_000_000).to_bytes(4, "little"):
                data[place + offset : place + offset + 4] = size.to_bytes(4, "little")
    return bytes(data)


HOSTILE = [
    (with_member("sources/../../../etc/cron.d/x"), "is no name", "a name that leads out"),
    (with_member("/etc/cron.d/x"), "is no name", "an absolute name"),
    (with_member("sources/C:x.yaml"), "is no name", "a name with a drive"),
    (with_member("sources\\..\\x.yaml"), "is no name", "a name with backslashes"),
    (with_member("sources/x/", b""), "is no name", "a folder"),
    (with_member("sources/Bundle.YAML"), "differs by case", "names that differ by case"),
    (archive(lambda m: m.update({"sources/x": b"/etc/passwd"}), x=stat.S_IFLNK | 0o777), "is a link", "a link"),
    (archive(lambda m: m.update({"sources/x": b""}), x=stat.S_IFCHR | 0o666), "is a link", "a device"),
    (with_member("sources/more.yaml"), "not those that its manifest names", "a member that nobody names"),
    (archive(lambda m: m.update({"program.json": bytes(64_000_000)})), "larger than it may be", "a bomb"),
    (lying_bomb(), "cannot be unpacked", "a bomb whose headers lie"),
    (archive(lambda m: m.update({f"sources/{n}": b"" for n in range(2_001)})), "2,000 members", "too many members"),
    (b"PK\x03\x04" + bytes(100), "no artifact", "no archive"),
    (b"", "no artifact", "nothing"),
]


@pytest.mark.parametrize(("data", "message"), [pytest.param(d, m, id=name) for d, m, name in HOSTILE])
def test_a_hostile_archive_is_refused(data: bytes, message: str) -> None:
    """Before anything of it is unpacked, compiled or written."""
    with pytest.raises(InvalidArtifact, match=message):
        release.of_artifact(data)


def test_an_artifact_is_published_as_it_is(registry: Registry) -> None:
    """What `compile` has written on one machine is checked and published on another."""
    written = release.of_texts(texts(), "0.1.0")

    checked = release.of_artifact(written.data)

    assert checked == written
    assert registry.publish(checked, actor="ada").digest == artifact.digest_of(written.data)
    assert registry.store.blob(artifact.digest_of(written.data)) == written.data


def test_a_program_that_its_sources_do_not_give_is_refused() -> None:
    """An artifact says what it was made from; that is made again, and compared."""
    cheap = made("1.0.0", "0.01").data
    with zipfile.ZipFile(io.BytesIO(cheap)) as found:
        program, manifest = found.read("program.json"), json.loads(found.read("manifest.json"))
    with zipfile.ZipFile(io.BytesIO(GOOD)) as found:
        sources, described = found.read("sources/bundle.yaml"), json.loads(found.read("manifest.json"))["members"]
    manifest["members"]["sources/bundle.yaml"] = described["sources/bundle.yaml"]
    forged = archive(
        lambda members: members.update(
            {"program.json": program, "manifest.json": json.dumps(manifest).encode(), "sources/bundle.yaml": sources}
        )
    )

    assert artifact.read(forged).program_digest != artifact.read(GOOD).program_digest
    with pytest.raises(InvalidArtifact, match="not what the artifact's sources compile to"):
        release.of_artifact(forged)


@pytest.mark.parametrize("how", ["a bundle", "an artifact"])
def test_a_failing_test_refuses(how: str, tmp_path: Path) -> None:
    """Before anything is published, and with the names of the tests."""
    wrong = texts(cost="11")
    for name, text in wrong.items():
        (tmp_path / name).write_text(str(text))
    from policyengine.compiler.pipeline import compile_texts

    compiled = compile_texts(wrong)
    data = artifact.write(compiled.program, compiled.sources, "0.1.0")

    with pytest.raises(FailedTests, match="1 of 2 tests failed: ten tokens") as raised:
        release.of_bundle(tmp_path, "0.1.0") if how == "a bundle" else release.of_artifact(data)
    assert (["ten tokens"], 2, "policy") == (raised.value.failed, raised.value.count, raised.value.fault)


def test_a_bundle_that_does_not_compile_is_refused() -> None:
    with pytest.raises(InvalidPolicy):
        release.of_texts({"bundle.yaml": BUNDLE.format(version="1.0.0", price="x")}, "0.1.0")


def test_a_link_out_of_the_bundle_is_refused(tmp_path: Path) -> None:
    """Else a file of the machine that publishes would be in the artifact."""
    (tmp_path / "elsewhere.yaml").write_text(str(texts()["tests.yaml"]))
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "bundle.yaml").write_text(str(texts()["bundle.yaml"]))
    (bundle / "tests.yaml").symlink_to(tmp_path / "elsewhere.yaml")

    with pytest.raises(InvalidInput, match="leads out of the bundle"):
        release.of_bundle(bundle, "0.1.0")


def test_the_report_is_in_the_history(registry: Registry) -> None:
    registry.publish(release.of_texts(texts(), "0.1.0"), actor="ada")

    assert {"tests": 2, "warnings": []} == registry.history()[0].data["report"]


def test_layout_is_no_content(registry: Registry, versions: dict[str, Release]) -> None:
    """A comment changes the bytes of the sources, and neither what they mean nor the version that is there."""
    first = registry.publish(versions["1.0.0"], actor="ada")
    commented = BUNDLE.format(version="1.0.0", price="1") + "# nothing new\n"

    again = registry.publish(release.of_texts({"bundle.yaml": commented}, "0.2.0"), actor="ada")

    assert (first.digest, False) == (again.digest, again.is_new)
    assert 1 == len(registry.history())
