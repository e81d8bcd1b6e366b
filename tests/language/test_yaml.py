"""Stage `yaml`: what two readers could understand differently is refused, the rest is exact and has its place."""

from __future__ import annotations

import gc
import json
import re
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml as pyyaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from policyengine.errors import InvalidPolicy
from policyengine.language import yaml
from policyengine.language.scalar_places import place_in
from policyengine.source import Diagnostic, Report, Source, Span

CASES = Path(__file__).parents[1] / "cases" / "bad" / "yaml"
BAD = sorted(CASES.glob("*.yaml"))
GIVEN = Path(__file__).parents[3] / "shared" / "cases" / "yaml_cases.json"
PARSERS = [pyyaml.SafeLoader, *([pyyaml.CSafeLoader] if hasattr(pyyaml, "CSafeLoader") else [])]


@pytest.fixture(params=PARSERS, ids=lambda parser: parser.__name__)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Each test that asks for it runs with PyYAML's parser in C and with the one in Python."""
    monkeypatch.setattr(yaml, "PARSER", request.param)
    return request.param


def parse(text: str) -> tuple[yaml.Mapping | None, list[Diagnostic]]:
    report = Report()
    return yaml.parse(Source("file.yaml", text), report), report.in_order()


def names(text: str) -> list[str]:
    return [diagnostic.name for diagnostic in parse(text)[1]]


def value(text: str) -> yaml.Node:
    """The value of the only key of a document."""
    root, _ = parse(text)
    assert root is not None
    (entry,) = root.entries.values()
    return entry.value


def scalar(text: str) -> yaml.Scalar:
    node = value(text)
    assert isinstance(node, yaml.Scalar)
    return node


def written(span: Span) -> str:
    return span.source.text[span.start : span.end]


def part(node: yaml.Scalar, words: str) -> str:
    """What stands in the source for these words of the scalar's text."""
    start = node.text.index(words)
    return written(place_in(node, start, start + len(words)))


# --- the cases that are given, and what authors see


def _exact(document: Any) -> Any:
    match document:
        case {"$decimal": digits}:
            return Decimal(digits)
        case dict():
            return {key: _exact(each) for key, each in document.items()}
        case list():
            return [_exact(each) for each in document]
    return document


def _input(case: dict[str, Any]) -> str | bytes:
    if "bytes_hex" in case:
        return bytes.fromhex(case["bytes_hex"])
    return case["yaml"] if "yaml" in case else "".join(text * times for text, times in case["build"])


def _outcome(text: str | bytes) -> tuple[str, set[str], Any]:
    warnings: list[Diagnostic] = []
    try:
        found = yaml.load(text, warn=warnings.append)
    except InvalidPolicy as problem:
        return "reject", {each.name for each in problem.diagnostics}, None
    return "warn" if warnings else "accept", {each.name for each in warnings}, found


@pytest.mark.skipif(not GIVEN.exists(), reason="the given cases lie outside the repository")
def test_the_given_documents_are_read_as_expected(parser: Any) -> None:
    """Documents that a strict loader must accept with this value, reject, or accept with a warning."""
    for case in json.loads(GIVEN.read_text(encoding="utf-8"))["cases"]:
        outcome, found, loaded = _outcome(_input(case))

        assert (case["id"], case["expect"]) == (case["id"], outcome)
        assert not case.get("code") or {case["code"]} == found, case["id"]
        assert repr(_exact(case.get("value"))) == repr(loaded), case["id"]


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_document_is_explained(path: Path, parser: Any, request: pytest.FixtureRequest) -> None:
    """The author sees exactly what lies beside the case, with either parser; `pytest --update` rewrites it."""
    report = Report()
    yaml.parse(Source(path.name, path.read_bytes().decode("utf-8")), report)
    seen = "\n\n".join(diagnostic.render() for diagnostic in report.in_order()) + "\n"
    expected = path.with_suffix(".txt")
    if request.config.getoption("--update"):
        expected.write_text(seen, encoding="utf-8")

    assert expected.read_text(encoding="utf-8") == seen


def test_messages_keep_to_the_house_style() -> None:
    """One sentence in lower case without a full stop, and no type of Python or word of PyYAML."""
    for path in BAD:
        for diagnostic in parse(path.read_bytes().decode("utf-8"))[1]:
            assert re.fullmatch(r"[`a-zU].*[^.]", diagnostic.message), diagnostic.message
            assert not re.search(r"\b(str|int|dict|NoneType|scalar|block end|token)\b", diagnostic.message)
            assert re.fullmatch(r"Y\d{3}", diagnostic.code)


# --- values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("-0", 0),
        ("12", 12),
        ("-12", -12),
        ("1_000", 1000),
        ("-1_000_000", -1_000_000),
        ("19.90", Decimal("19.90")),
        ("-0.5", Decimal("-0.5")),
        ("-0.0", Decimal("0.0")),
        ("0.000000000000000000123456789", Decimal("0.000000000000000000123456789")),
        ("10%", Decimal("0.1")),
        ("12.50%", Decimal("0.125")),
        ("100%", Decimal(1)),
        ("1_000%", Decimal(10)),
        ("-5%", Decimal("-0.05")),
        ("0%", Decimal(0)),
        ("0.000%", Decimal(0)),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("yEs", "yEs"),
        ("nan", "nan"),
        ("1,000", "1,000"),
        ("10 %", "10 %"),
        ("3d", "3d"),
        ("5 USD", "5 USD"),
        ("1.2.3", "1.2.3"),
        ("10.0.0.1:80", "10.0.0.1:80"),
        ("2001-12-14", "2001-12-14"),
        ("2001-02-30", "2001-02-30"),
        ("2001-12-14 21:59:43", "2001-12-14 21:59:43"),
        ("09:00-17:00", "09:00-17:00"),
        ("=", "="),
        ("<<", "<<"),
        (".", "."),
        ("+", "+"),
        ("-", None),
        ("0x", "0x"),
        ("٣", "٣"),
        ("a.b + 1", "a.b + 1"),
        ('plan == "pro" && seats > 3', 'plan == "pro" && seats > 3'),
    ],
)
def test_an_unquoted_value(text: str, expected: object, parser: Any) -> None:
    """Numbers are exact and keep their scale; what is not surely a number, a truth or nothing is text."""
    node = value(f"a: {text}\n") if text != "-" else scalar("a:\n")

    assert isinstance(node, yaml.Scalar)
    assert repr(expected) == repr(node.value)
    assert not node.broken


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("014", "14"),
        ("-007", "-7"),
        ("00.50", "0.50"),
        ("08", "8"),
        ("0o14", "12"),
        ("0x1F", "31"),
        ("-0xff", "-255"),
        ("0b101", "5"),
        ("1e3", "1000"),
        ("1.0e+3", "1000"),
        ("2.5E-3", "0.0025"),
        ("1e400", None),
        ("1e99999999999999999999", None),
        (".5", "0.5"),
        ("-.5", "-0.5"),
        ("5.", "5"),
        ("+1", "1"),
        ("+1.5", "1.5"),
        ("+5%", "5%"),
        (".5%", "0.5%"),
        ("1_00", "100"),
        ("1000_000", "1000000"),
        ("1_", "1"),
        ("0_1", "1"),
        ("1_000.5", "1000.5"),
        ("12:30", None),
        ("09:00", None),
        ("190:20:30.15", None),
        (".inf", None),
        ("-.INF", None),
        (".NaN", None),
    ],
)
def test_a_number_that_readers_disagree_about(text: str, instead: str | None, parser: Any) -> None:
    """It is refused, with the plain digits where they are obvious."""
    root, (problem,) = parse(f"a: {text}\n")

    assert "ambiguous_number" == problem.name
    assert problem.hint is not None
    assert (f"write {instead}, or" if instead else "quote it if it is text") in problem.hint
    assert root is not None
    assert root.entries["a"].value.broken  # type: ignore[union-attr]


WORDS = {case(word) for word in ("y", "yes", "n", "no", "on", "off") for case in (str.lower, str.capitalize, str.upper)}


@pytest.mark.parametrize("word", sorted(WORDS))
def test_a_word_that_readers_disagree_about(word: str, parser: Any) -> None:
    """As a value it is true, false or text, so it is refused; as a key and in quotes it is text."""
    assert ["ambiguous_bool"] == names(f"a: {word}\n")
    assert {word: 1} == yaml.load(f"{word}: 1\n")
    assert {"a": word} == yaml.load(f'a: "{word}"\n')


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a: True\n", "bool_spelling"),
        ("a: FALSE\n", "bool_spelling"),
        ("a: Null\n", "null_spelling"),
        ("a: NULL\n", "null_spelling"),
        ("a:\n", "empty_value"),
        ("a: # later\n", "empty_value"),
        ("a: {b: }\n", "empty_value"),
        ("a: {b, c: 1}\n", "empty_value"),
        ("a:\n  -\n", "empty_value"),
        ("? a\n", "empty_value"),
        ("Price: 1\nprice: 2\n", "near_duplicate_key"),
        ("a: see ticket #12\n", "comment_in_sentence"),
    ],
)
def test_what_is_only_doubtful_is_a_warning(text: str, name: str, parser: Any) -> None:
    """The value is read, and the author hears of it."""
    root, (problem,) = parse(text)

    assert root is not None
    assert (name, "warning") == (problem.name, problem.severity)


def test_ordinary_comments_give_no_warning(parser: Any) -> None:
    """Comments with a space behind the `#`, or behind a single word, are what they look like."""
    assert [] == names("a: b + c # why\nb: word #12\nc: b#c\n# d\nd: 1 #x\n")


def test_a_literal_has_its_style_and_its_text() -> None:
    """A later stage may want `true`, `5` or `10%` as an expression, and may print it again."""
    node = scalar("a: 10%\n")

    assert (Decimal("0.1"), "10%", "plain") == (node.value, node.text, node.style)
    assert "single" == scalar("a: 'x'\n").style
    assert "double" == scalar('a: "x"\n').style
    assert "literal" == scalar("a: |\n  x\n").style
    assert "folded" == scalar("a: >\n  x\n").style


# --- keys


@pytest.mark.parametrize("key", ["1", "-12", "true", "false", "2026-12-01", "10%", "on", "a b", "customer.plan", "404"])
def test_keys_are_text(key: str, parser: Any) -> None:
    """A key with only one spelling stands for itself, so that values can be keyed by numbers, dates and truths."""
    assert ({key: "x"}, []) == (yaml.plain(parse(f"{key}: x\n")[0]), names(f"{key}: x\n"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "key", ["1.5", "~", "null", "NULL", "1_000", "014", "0x1F", "1e3", ".5", ".inf", "12:30", "? [a]\n", "? {a: 1}\n"]
)
def test_a_key_that_is_no_text_is_refused(key: str, parser: Any) -> None:
    """It has several spellings, or none."""
    assert ["non_string_key"] == names(f"{key}: x\n")
    assert key.startswith("?") or {key: "x"} == yaml.load(f'"{key}": x\n')


def test_a_second_key_points_at_the_first(parser: Any) -> None:
    """The value of the first stays."""
    root, (problem,) = parse("a: 1\nb: 2\na: 3\n")

    assert ("duplicate_key", 3) == (problem.name, problem.at.line if problem.at else 0)
    assert [1] == [span.line for span, _ in problem.related]
    assert root is not None
    assert {"a": 1, "b": 2} == yaml.plain(root)


# --- documents, caps, characters


def test_errors_are_collected_and_the_tree_remains() -> None:
    """One run tells all; what is wrong is marked, so that a later stage can look at the rest."""
    root, found = parse("a: yes\nb: 014\nc: *x\nd: !t 1\ne: {f: 1, f: 2}\n")

    assert ["ambiguous_bool", "ambiguous_number", "alias", "tag", "duplicate_key"] == [each.name for each in found]
    assert root is not None
    assert ["a", "b", "c", "d"] == [key for key, entry in root.entries.items() if getattr(entry.value, "broken", False)]


def test_too_many_mistakes_are_cut_off(parser: Any) -> None:
    """Nobody reads ten thousand of them."""
    found = names("".join(f"k{n}: yes\n" for n in range(10_000)))

    assert yaml.ERRORS_MAX + 1 == len(found)
    assert "too_many" == found[-1]


def test_too_many_warnings_are_cut_off(parser: Any) -> None:
    """The document is read to its end."""
    root, found = parse("".join(f"k{n}:\n" for n in range(1000)))

    assert root is not None
    assert 1000 == len(root.entries)
    assert yaml.WARNINGS_MAX + 1 == len(found)
    assert "too_many" == found[-1].name


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 2_000 + "]" * 2_000,
        "a: " + "[" * 100_000,
        "- " * 2_000,
        "\n".join(" " * n + "a:" for n in range(99)),
    ],
    ids=["closed", "open", "lists", "keys"],
)
def test_depth_is_limited_before_anything_is_built(text: str, parser: Any) -> None:
    """No recursion, no crash of the process, and no delay."""
    started = time.process_time()

    assert ["too_deep"] == names(text)
    assert time.process_time() - started < 1


def test_the_deepest_document_is_read(parser: Any) -> None:
    """The limit counts mappings and lists; the outermost mapping is one."""
    inside = yaml.DEPTH_MAX - 1

    assert [] == names("a: " + "[" * inside + "]" * inside)
    assert ["too_deep"] == names("a: " + "[" * (inside + 1) + "]" * (inside + 1))


def test_size_is_limited(parser: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Characters before parsing, values while reading."""
    assert ["too_large"] == names("a: " + "x" * yaml.CHARACTERS_MAX)
    monkeypatch.setattr(yaml, "NODES_MAX", 100)
    assert ["too_large"] == names("a: [" + "1, " * 200 + "]")


def test_a_hundred_thousand_keys_are_fast() -> None:
    """Well under a second on an ordinary machine; the bound here is for a slow one."""
    text = "".join(f"key_{n}: {n}\n" for n in range(100_000))
    started = time.process_time()

    assert 100_000 == len(yaml.load(text))
    assert time.process_time() - started < 5
    assert gc.isenabled()


@pytest.mark.parametrize(
    "text",
    [
        "\r\n" * 300_000 + "x",
        "a: |" + "\r\n" * 300_000,
        "foo" + " " * 300_000 + "\nb: 1",
        "a" + " " * 300_000 + ": `",
        "{a" + "\n#" * 300_000 + "\n, b c}",
        "a: " + "1_" * 300_000,
        "a: " + "1:" * 300_000,
    ],
    ids=["breaks", "block", "line", "key", "comments", "number", "times"],
)
def test_no_pattern_hangs(text: str) -> None:
    """Long runs of white space and digits take time in proportion to their length."""
    started = time.process_time()

    assert names(text)
    assert time.process_time() - started < 3


@pytest.mark.parametrize(
    ("char", "words"),
    [
        ("\x00", "control character"),
        ("\x7f", "control character"),
        ("\x85", "ends a line"),
        ("\u2028", "ends a line"),
        ("\u2029", "ends a line"),
        ("\u202e", "order in which text is shown"),
        ("\u2066", "order in which text is shown"),
        ("\u200b", "cannot be seen"),
        ("\ufeff", "cannot be seen"),
        ("\ud800", "half of a character"),
        ("\ufffe", "no character"),
    ],
)
@pytest.mark.parametrize("frame", ["a: x{}y\n", "a: 'x{}'\n", "a{}: 1\n", "a: 1 # {}\n", "a: |\n  {}\n"])
def test_a_character_that_nobody_can_see(char: str, words: str, frame: str) -> None:
    """It is refused everywhere, comments included, at its own place."""
    _, (problem,) = parse(frame.format(char))

    assert "character" == problem.name
    assert words in problem.message
    assert problem.at is not None
    assert frame.index("{}") == problem.at.start


@pytest.mark.parametrize("text", ["a:\n\xa0 b: 1\n", "a:\xa01\n", "a: \xa01\n", "a: 1\u3000\n", "a\xa0b: 1\n"])
def test_a_space_that_separates_nothing(text: str, parser: Any) -> None:
    """Refused where it looks like indentation or separates a key from its value."""
    assert ["character"] == names(text)


def test_a_no_break_space_inside_a_sentence_is_kept(parser: Any) -> None:
    """French and typographers need it."""
    assert {"a": "10\xa0000 €", "b": "\xa0x"} == yaml.load('a: 10\xa0000 €\nb: "\xa0x"\n')


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"a: \xff\n", "byte FF"),
        (b"\xef\xbb\xbfa: \xe9\n", "byte E9"),
        (b"a: \xed\xa0\x80\n", "byte ED"),
        (b"a: \xc0\xaf\n", "byte C0"),
        (b"a: \xc3", "byte C3"),
        ("a: 1\n".encode("utf-16"), "UTF-16"),
        (b"\xfe\xff\x00a", "UTF-16"),
    ],
)
def test_bytes_must_be_utf_8(data: bytes, words: str) -> None:
    """The place is that of the first bad byte."""
    with pytest.raises(InvalidPolicy) as caught:
        yaml.load(data, "file.yaml")

    (problem,) = caught.value.diagnostics
    assert "encoding" == problem.name
    assert words in problem.message
    assert problem.at is None or (1, 4) == (problem.at.line, problem.at.column)


def test_a_byte_order_mark_is_no_text(parser: Any) -> None:
    """In bytes, in text, and in a source that kept it; places count what the source holds."""
    assert {"a": 1} == yaml.load(b"\xef\xbb\xbfa: 1\n") == yaml.load("\ufeffa: 1\n")
    root, _ = parse("\ufeffa: 1\r\nb: xyz\r\n")
    assert root is not None
    assert "xyz" == written(root.entries["b"].value.span)


def test_load_raises_everything_and_hands_on_warnings() -> None:
    """Errors in the order of the document; warnings only where the document is good."""
    warned: list[Diagnostic] = []

    assert {"a": None} == yaml.load("a:\n", warn=warned.append)
    assert ["empty_value"] == [each.name for each in warned]
    with pytest.raises(InvalidPolicy, match="Y013"):
        yaml.load("a: yes\nb: 014\n", "prices.yaml")


# --- what YAML does to expressions


@pytest.mark.parametrize(
    "expression",
    [
        "a ? b : c",
        "!paid",
        "!paid && active",
        "!(a || b)",
        ">= 10",
        "> 10",
        ">=10",
        "|x",
        '"a" == b',
        "[1, 2].exists(x, x > 1)",
        "{'a': 1}.a == b",
        "&& b",
        "* 2",
        "@x",
        "`x`",
        "%x",
        "? a",
        "- 1",
        "a: b",
    ],
)
def test_an_expression_that_yaml_misreads_gets_its_quotes(expression: str, parser: Any) -> None:
    """One mistake, one diagnostic; what the hint says to write is that expression."""
    (problem,) = parse(f"when: {expression}\nb: 1\n")[1]

    assert problem.hint is not None
    quoted = problem.hint.split("quote the value: ")[1]
    assert expression == yaml.load(f"when: {quoted}\n")["when"]


@pytest.mark.parametrize(
    "text",
    [
        "{x: a.?b}",
        "{x: a ? b : c}",
        "[a ? b]",
        "{when: max(a, b) > 3}",
        "[min(a, b), c]",
        "{a: sorry, no way}",
        "{a?b: 1}",
    ],
)
def test_an_expression_that_brackets_cut_in_pieces(text: str, parser: Any) -> None:
    """One diagnostic, that says to quote it."""
    (problem,) = parse(f"a: {text}\n")[1]

    assert "error" == problem.severity
    assert problem.hint is not None
    assert "quotes" in problem.hint


# --- places


def test_every_node_has_its_place(parser: Any) -> None:
    """Keys, values and collections, in block and in flow style."""
    root, _ = parse("plan:\n  name: pro  # paid\n  seats: [1, two]\n  row: {id: 'x'}\nlast:\n- 1\n")
    assert root is not None
    plan = root.entries["plan"].value
    assert isinstance(plan, yaml.Mapping)

    assert "plan" == written(root.entries["plan"].key_span)
    assert "pro" == written(plan.entries["name"].value.span)
    assert "[1, two]" == written(plan.entries["seats"].value.span)
    assert "{id: 'x'}" == written(plan.entries["row"].value.span)
    assert "- 1" == written(root.entries["last"].value.span)
    assert written(plan.span).startswith("name: pro")
    assert written(plan.span).endswith("{id: 'x'}")


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("a: one two three\n", "two", "two"),
        ("a: one\n  two\n\n  three\n", "three", "three"),
        ("a: one\n  two\n", "one two", "one\n  two"),
        ("a: 'it''s two'\n", "'", "''"),
        ("a: 'it''s two'\n", "two", "two"),
        ("a: 'one\n  two'\n", "two", "two"),
        ('a: "one\\ttwo\\u0041"\n', "two", "two"),
        ('a: "one\\ttwo\\u0041"\n', "A", "\\u0041"),
        ('a: "one\\\n  two"\n', "etw", "e\\\n  tw"),
        ('a: "one\n\n\n  two"\n', "two", "two"),
        ('a: "x\\\\y"\n', "\\", "\\\\"),
        ("a: |\n  one\n    two\n\n  three\n", "two", "two"),
        ("a: |\n  one\n    two\n\n  three\n", "three", "three"),
        ("a: |2-  # note\n    one\n  two\n", "one", "one"),
        ("a: >\n  one\n  two\n\n  three\n    more\n  end\n", "three", "three"),
        ("a: >\n  one\n  two\n\n  three\n    more\n  end\n", "more", "more"),
        ("a: >\n  one\n  two\n\n  three\n    more\n  end\n", "end", "end"),
        ("a: >-\r\n  one\r\n  two\r\n", "two", "two"),
        ("a:\n  - >\n   one\n   twö 😀 three\n", "three", "three"),
    ],
)
def test_a_place_inside_a_scalar(text: str, words: str, expected: str, parser: Any) -> None:
    """The exact characters, whatever YAML does to write them."""
    node = value(text)
    if isinstance(node, yaml.Sequence):
        node = node.items[0]
    assert isinstance(node, yaml.Scalar)

    assert expected == part(node, words)


def test_a_place_at_the_edges() -> None:
    """The end of an expression is where a missing operand is reported; offsets outside are cut."""
    node = scalar("a: 'it''s'\n")

    assert ("", 9) == (written(place_in(node, 4, 4)), place_in(node, 4, 4).start)
    assert "it''s" == written(place_in(node, -3, 99))
    assert 4 == place_in(node, 0, 0).start


BLOCKS = st.lists(st.text("ab '\"\\#:-", max_size=8), min_size=1, max_size=6)


@given(BLOCKS, st.sampled_from("|>"), st.sampled_from(["", "-", "+"]), st.integers(1, 4), st.booleans())
def test_a_block_is_mapped_character_by_character(
    lines: list[str], style: str, chomp: str, indent: int, crlf: bool
) -> None:
    """Every character of the text but a folded line end is the character in the source."""
    text = f"a: {style}{indent}{chomp}\n" + "".join(" " * indent + line + "\n" for line in lines)
    root, _ = parse(text.replace("\n", "\r\n") if crlf else text)
    assert root is not None
    node = root.entries["a"].value
    assert isinstance(node, yaml.Scalar)

    for at, char in enumerate(node.text):
        assert written(place_in(node, at, at + 1)).replace("\r\n", "\n") in (char, "\n" if char == " " else char)


FLOW = st.text("ab \n'\"\\#\té", max_size=20)


@given(FLOW, st.sampled_from("'\""))
def test_a_quoted_text_is_mapped_character_by_character(content: str, quote: str) -> None:
    """What PyYAML writes is found again, folded and escaped as it likes."""
    style = pyyaml.dump({"a": content}, default_style=quote, width=8, allow_unicode=True)
    root, _ = parse(style)
    if root is None:
        return
    (entry,) = root.entries.values()
    node = entry.value
    assert isinstance(node, yaml.Scalar)

    for at, char in enumerate(node.text):
        if char in "abé#":
            assert char in written(place_in(node, at, at + 1))
            assert 1 == len(written(place_in(node, at, at + 1))) or "\\" in written(place_in(node, at, at + 1))


# --- for any input at all

PIECES = st.sampled_from(
    ["a", "b: ", "key: ", "- ", "  ", "\n", "\n  ", "\n    ", "\n- ", "\nk: ", "\n\n", "\r", "\r\n", "\t", " "]
    + ["{", "}", "[", "]", ", ", ",", ": ", ":", "? ", "?", "'", '"', '"x"', "it''s", "x y", "x\n  y", "(a", "b)"]
    + ["|\n", ">\n", ">-\n", "|+\n", "|2\n", ">5", "> 5", "# c", "#", "!x", "&a ", "*a", "%", "@", "`", "<<", "---"]
    + ["...", "yes", "1", "0.5", "1_0", "~", "=", "-", "\\", "\\n", "\\\n", "\\ud800", "é", "😀", "\u2028", "\xa0"]
)
DOCUMENTS = st.lists(PIECES, max_size=12).map(lambda pieces: "a: " + "".join(pieces))


def _shape(node: yaml.Node) -> Any:
    match node:
        case yaml.Scalar():
            return repr(node.value), node.span.start, node.span.end, node.style, node.text
        case yaml.Sequence():
            return node.span.start, node.span.end, [_shape(item) for item in node.items]
    entries = [(key, each.key_span.start, each.key_span.end, _shape(each.value)) for key, each in node.entries.items()]
    return node.span.start, node.span.end, entries


@pytest.mark.skipif(len(PARSERS) < 2, reason="PyYAML was built without libyaml")
@settings(max_examples=500)
@given(DOCUMENTS)
@example("a: {b:[1]}\n")
@example("a: b\tc\n")
@example("a: |\n  \tx\n")
@example('a: "\\ud800"\n')
@example('a: "\\UFFFFFFFF"\n')
@example("a: ># c\n  x\n")
@example("%FOO\n---\na: 1\n")
def test_both_parsers_read_the_same(text: str) -> None:
    """The same tree with the same places and warnings, or a refusal by both."""
    seen = []
    for parser in PARSERS:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(yaml, "PARSER", parser)
            root, found = parse(text)
        wrong = root is None or any(each.severity == "error" for each in found)
        seen.append(None if wrong else (_shape(root), [each.render() for each in found]))  # type: ignore[arg-type]

    assert seen[0] == seen[-1]


def _loads_or_refuses(document: str | bytes) -> None:
    for parser in PARSERS:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(yaml, "PARSER", parser)
            try:
                found: Any = [yaml.load(document, warn=lambda diagnostic: None)]
            except InvalidPolicy as problem:
                found = problem.diagnostics

        assert found


@given(st.one_of(DOCUMENTS, st.text(), st.text(st.characters(codec=None, exclude_categories=()))))
def test_any_text_is_loaded_or_refused(text: str) -> None:
    """Nothing but `InvalidPolicy` ever comes out, and never without a diagnostic."""
    _loads_or_refuses(text)


@given(st.one_of(st.binary(), DOCUMENTS.map(lambda text: text.encode("utf-8"))))
def test_any_bytes_are_loaded_or_refused(data: bytes) -> None:
    """The same for files."""
    _loads_or_refuses(data)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.text(st.characters(codec="utf-8"))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text("abc", min_size=1), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text("xyz_", min_size=1), JSON, max_size=4))
def test_json_is_read_as_json(document: dict[str, Any]) -> None:
    """JSON in ASCII is YAML, and means the same here, but for halves of characters written as two escapes."""
    text = json.dumps(document)
    if "\\ud" not in text and "\\u" not in json.dumps(list(document)):
        assert document == yaml.load(text)
