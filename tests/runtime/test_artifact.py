"""An artifact is one file that answers as its bundle does, and anything else than it is refused."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import policyengine as pe
from policyengine.compiler.pipeline import compile_path, compile_texts
from policyengine.runtime.artifacts import artifact, program_json
from policyengine.runtime.artifacts.column_json import numbers_json

BUNDLE = """
policyengine: 1
bundle: tokens
version: 1.2.0
currency: USD
timezone: UTC
inputs:
  used: {type: int token, min: 0, max: 1_000_000}
tables:
  price:
    when: {model: {type: string}}
    then: {each: money / 1_000 token}
    otherwise: error
    file: prices.csv
values:
  cost: {value: used * price("mini"), round: {places: 2, mode: half_up}}
decisions:
  bill: {outputs: {cost: cost}}
"""
GOOD_CASES = Path(__file__).parents[1] / "cases" / "good"
TEXTS: dict[str, str | bytes] = {"bundle.yaml": BUNDLE, "prices.csv": "model,each\nmini,0.15\npro,2.5\n"}
COMPILED = compile_texts(TEXTS)
DATA = artifact.write(COMPILED.program, COMPILED.sources, "0.1.0")
GOOD = artifact.read(DATA)


def rewritten(change: dict[str, bytes | None], manifest: dict[str, object] | None = None) -> bytes:
    """The same archive with some members changed, added or left out, and its manifest if asked."""
    with zipfile.ZipFile(io.BytesIO(DATA)) as archive:
        members: dict[str, bytes | None] = {name: archive.read(name) for name in archive.namelist()}
    members |= change
    if manifest is not None:
        members["manifest.json"] = json.dumps({**GOOD.manifest, **manifest}).encode()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in members.items():
            if data is not None:
                archive.writestr(name, data)
    return made.getvalue()


def of_program(changed: bytes) -> bytes:
    """The archive with other bytes of the program, and a manifest that names them."""
    own = artifact._digest(changed)
    members = {**GOOD.manifest["members"], "program.json": {"sha256": own, "bytes": len(changed)}}
    return rewritten({"program.json": changed}, {"members": members, "program_digest": own})


def test_it_answers_as_the_bundle_does(tmp_path: Path) -> None:
    file = tmp_path / "tokens.policy"
    file.write_bytes(DATA)

    found = pe.load(file).decide("bill", {"used": 1_000}, event="e")

    direct = pe.Policy(COMPILED.program).decide("bill", {"used": 1_000}, event="e")
    assert found.record() == direct.record()
    assert found.explain() == direct.explain()


def test_equal_sources_give_equal_bytes() -> None:
    again = compile_texts(TEXTS)

    assert artifact.write(again.program, again.sources, "0.1.0") == DATA
    assert artifact.digest_of(DATA) == GOOD.digest
    assert dict(GOOD.sources) == {"bundle.yaml": BUNDLE.encode(), "prices.csv": TEXTS["prices.csv"].encode()}  # type: ignore[union-attr]


@pytest.mark.smoke
def test_loading_imports_no_third_party_module(tmp_path: Path) -> None:
    file = tmp_path / "tokens.policy"
    file.write_bytes(DATA)
    code = (
        "import sys, policyengine as pe\n"
        f"pe.load({str(file)!r}).decide('bill', {{'used': 5}}).outputs['cost']\n"
        "heavy = {'yaml', 'jsonschema', 'pydantic', 'networkx', 'click', 'policyengine.compiler'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


@settings(max_examples=300)
@given(place=st.integers(0, len(DATA) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_is_found(place: int, bit: int) -> None:
    """Where it is not found, it lies in what zip says beside the content, and the content is the same."""
    changed = bytearray(DATA)
    changed[place] ^= 1 << bit

    try:
        found = artifact.read(bytes(changed))
    except pe.InvalidArtifact:
        return
    assert (found.digest, found.sources, found.program) == (GOOD.digest, GOOD.sources, GOOD.program)


@settings(max_examples=100)
@given(length=st.integers(0, len(DATA) - 1))
def test_a_cut_file_is_refused(length: int) -> None:
    with pytest.raises(pe.InvalidArtifact):
        artifact.read(DATA[:length])


@given(st.binary(max_size=200))
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(pe.InvalidArtifact):
        artifact.read(data)


PROGRAM = DATA and zipfile.ZipFile(io.BytesIO(DATA)).read("program.json")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(rewritten({"manifest.json": None}), "no manifest.json", id="no manifest"),
        pytest.param(rewritten({"program.json": None}), "members", id="no program"),
        pytest.param(rewritten({"extra": b""}), "members", id="one member more"),
        pytest.param(rewritten({"program.json": PROGRAM.replace(b'"tokens"', b'"tokenz"')}), "changed", id="edited"),
        pytest.param(rewritten({"program.json": PROGRAM + b" "}), "larger", id="longer"),
        pytest.param(rewritten({}, {"format": 2}), "format", id="another format"),
        pytest.param(rewritten({}, {"more": 1}), "members that it must", id="unknown in the manifest"),
        pytest.param(rewritten({}, {"version": "1.3.0"}), "another bundle", id="another version"),
        pytest.param(rewritten({}, {"digest": "sha256:00"}), "other sources", id="other sources"),
        pytest.param(rewritten({}, {"program_digest": "sha256:00"}), "another program", id="another program"),
        pytest.param(rewritten({"../evil": b"x"}), "no name", id="outside"),
        pytest.param(rewritten({"/evil": b"x"}), "no name", id="absolute"),
        pytest.param(rewritten({"c:evil": b"x"}), "no name", id="a drive"),
        pytest.param(rewritten({"Program.json": b"x"}), "differs by case", id="differs by case"),
    ],
)
def test_what_is_no_artifact_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(pe.InvalidArtifact, match=message):
        artifact.read(data)


def test_a_link_is_refused() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        info = zipfile.ZipInfo("manifest.json")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")

    with pytest.raises(pe.InvalidArtifact, match="a link"):
        artifact.read(made.getvalue())


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_another_compression_is_refused(method: int) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        archive.writestr("manifest.json", b"{}")

    with pytest.raises(pe.InvalidArtifact, match="compressed in a way"):
        artifact.read(made.getvalue())


def test_a_member_beyond_every_file_is_refused() -> None:
    """Its place is a number of 64 bits, more than a file can be asked for."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("manifest.json", b"{}")
        archive.infolist()[0].header_offset = 2**64 - 1

    with pytest.raises(pe.InvalidArtifact, match="cannot be unpacked"):
        artifact.read(made.getvalue())


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifact, "BYTES_MAX", 1_000)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b"0" * 10_000)

    with pytest.raises(pe.InvalidArtifact, match="more than"):
        artifact.read(made.getvalue())


def test_another_digest_than_expected_is_refused() -> None:
    assert artifact.read(DATA, GOOD.digest).digest == GOOD.digest
    with pytest.raises(pe.InvalidArtifact, match="not sha256:00"):
        artifact.read(DATA, "sha256:00")


def test_a_program_of_another_kind_is_refused() -> None:
    body = json.loads(PROGRAM)
    del body["nodes"]
    with pytest.raises(pe.InvalidArtifact, match="not a program"):
        artifact.read(of_program(json.dumps(body).encode()))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "0.5", "1e3"])
def test_a_number_of_a_program_is_whole(number: str) -> None:
    changed = PROGRAM.replace(b"1000000", number.encode())
    assert changed != PROGRAM

    with pytest.raises(pe.InvalidArtifact, match="not whole"):
        artifact.read(of_program(changed))


def test_more_tiers_than_can_be_counted_are_refused() -> None:
    """A schedule of 10,000 tiers in each of a million rows takes little room, and no 32 bits can number them."""
    body = json.loads(program_json.to_json(compile_path(GOOD_CASES / "tiers_that_differ_by_row.yaml").program))
    body["tables"][0]["columns"][0][2][0] = [[list(range(10_000))], numbers_json([0] * 1_000_000)]

    with pytest.raises(pe.InvalidArtifact, match="not a program"):
        program_json.from_json(json.dumps(body).encode())
