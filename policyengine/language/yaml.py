"""YAML text -> nodes with places, refusing whatever two readers of YAML could understand differently.

The events are PyYAML's; what they mean is decided here. Nothing is constructed before the caps on size and depth have
been checked: PyYAML's own composers crash on 30 000 nested brackets and walk a merge bomb for minutes. What is refused
and why stands in `diagnostics.py`, what an unquoted value means in `scalars.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from policyengine.errors import InvalidPolicy
from policyengine.language import characters, diagnostics, layout, yaml_syntax
from policyengine.language.collector import collector_paused
from policyengine.language.scalars import NUMBER_CHARACTERS_MAX, Refused, Value, read
from policyengine.source import Diagnostic, Report, Source, Span

CHARACTERS_MAX = 10_000_000
NODES_MAX = 500_000
DEPTH_MAX = 64
ERRORS_MAX = 100
WARNINGS_MAX = 100

# libyaml where the wheel has it (15 times faster), else the same algorithm in Python; `layout` evens out the places
# where the two differ.
PARSER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Style = Literal["plain", "single", "double", "literal", "folded"]
_STYLES: dict[str | None, Style] = {
    None: "plain", "": "plain", "'": "single", '"': "double", "|": "literal", ">": "folded",
}  # fmt: skip


@dataclass(slots=True, eq=False)
class Scalar:
    """One value; `text` is what it reads as when it is wanted as text or as an expression (`5`, `true`, `10%`).

    `broken`: a diagnostic has been given, and whoever checks this value should say nothing more about it.
    """

    value: Value
    span: Span
    style: Style
    text: str
    broken: bool = False


@dataclass(slots=True, eq=False)
class Entry:
    """A key of a mapping with its value."""

    key: str
    key_span: Span
    value: Node


@dataclass(slots=True, eq=False)
class Mapping:
    """Keys and values in the order in which they were written."""

    entries: dict[str, Entry]
    span: Span


@dataclass(slots=True, eq=False)
class Sequence:
    """A list."""

    items: list[Node]
    span: Span


Node = Scalar | Mapping | Sequence


def plain(node: Node) -> Any:
    """The value of a node without its places."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key: plain(entry.value) for key, entry in node.entries.items()}


def load(text: str | bytes, name: str = "<yaml>", warn: Callable[[Diagnostic], None] | None = None) -> dict[str, Any]:
    """The plain value of a strict YAML document; raises `InvalidPolicy` with everything that is wrong with it."""
    report = Report()
    source = decode(text, name, report) if isinstance(text, bytes) else Source(name, text.removeprefix("\ufeff"))
    node = parse(source, report) if source else None
    if report.errors or node is None:
        raise InvalidPolicy(report.in_order())
    if warn:
        for warning in report.in_order():
            warn(warning)
    value: dict[str, Any] = plain(node)
    return value


def decode(data: bytes, name: str, report: Report) -> Source | None:
    """The text of a file: UTF-8, with or without a byte order mark."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        report.add(diagnostics.encoding("it begins with the byte order mark of UTF-16", None))
        return None
    try:
        return Source(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as problem:
        # `problem.object` is what was decoded: without the byte order mark that `data` may have.
        source = Source(name, problem.object.decode("utf-8", "replace"))
        start = len(problem.object[: problem.start].decode("utf-8"))
        byte = problem.object[problem.start]
        report.add(diagnostics.encoding(f"the byte {byte:02X} makes no sense here", Span(source, start, start + 1)))
        return None


def parse(source: Source, report: Report) -> Mapping | None:
    """The tree of one document, or None if there is none; mistakes go to the report.

    A tree may hold values marked `broken`, so that the next stage can look for mistakes of its own beside them.
    """
    if len(source.text) > CHARACTERS_MAX:
        report.add(diagnostics.too_large(f"more than {CHARACTERS_MAX:,} characters", Span(source, 0, 1)))
        return None
    if found := characters.forbidden(source):
        for diagnostic in found:
            report.add(diagnostic)
        return None
    if (at := layout.directive(source)) is not None:
        report.add(diagnostics.directive(at))
        return None
    return _Builder(source, report).build()


class _ImpossibleEscape(Exception):
    """An escape in double quotes names a character beyond the last one."""


class _Stop(Exception):
    """Enough is known: the rest of the document is not read."""


@dataclass(slots=True)
class _Open:
    """A mapping or a list whose end has not come yet."""

    node: Mapping | Sequence
    flow: bool
    start: int
    line: int
    indent: int  # of the innermost block around it: what lies inside must start further right
    key: str | None = None
    key_span: Span | None = None
    wants_value: bool = False
    folded_keys: dict[str, Span] = field(default_factory=dict)
    cut: str = ""  # the first half of a value that a comma has cut in two


class _Builder:
    """Turns the events of one document into nodes, without recursion."""

    # Events are `Any`: the stubs of PyYAML let every mark be absent.

    def __init__(self, source: Source, report: Report) -> None:
        self.source = source
        self.report = report
        self.found_before = len(report.found)
        self.base = 1 if source.text.startswith("\ufeff") else 0
        self.text = source.text
        self.stack: list[_Open] = []
        self.top: _Open | None = None
        self.root: Node | None = None
        self.documents = 0
        self.nodes = 0
        self.errors = 0
        self.warnings = 0
        self.last = self.base  # where the last event ended
        self.layout = layout.Layout(source, self.base)
        self.has_question = "?" in self.text
        self.has_sharp_text = layout.may_cut_a_sentence(self.text)

    def build(self) -> Mapping | None:
        with collector_paused():
            try:
                self._read_events()
                return self._document()
            except _Stop:
                # Warnings about half a document are guesses: `{a, b` may want a value, or only its bracket.
                self._drop(lambda each: each.severity == "warning")
                return None

    # --- events

    def _read_events(self) -> None:
        handlers: dict[type[Event], Callable[[Any], None]] = {
            ScalarEvent: self._scalar,
            MappingStartEvent: self._open,
            SequenceStartEvent: self._open,
            MappingEndEvent: self._close,
            SequenceEndEvent: self._close,
            AliasEvent: self._alias,
            DocumentStartEvent: self._document_start,
        }
        try:
            for event in _events(self.text[self.base :]):
                if handler := handlers.get(type(event)):
                    handler(event)
        except yaml.YAMLError as problem:
            end = yaml_syntax.offset(problem, self.base, self.last)
            if not self._check_layout(end):
                self._syntax_error(yaml_syntax.explain(self.source, problem, self.base, self.last))
            raise _Stop from None
        except _ImpossibleEscape:
            self._error(yaml_syntax.impossible_escape(self.source, self.last))
            raise _Stop from None
        if self._check_layout(len(self.text)):
            raise _Stop

    def _syntax_error(self, diagnostic: Diagnostic) -> None:
        """Behind a tag or an anchor on the same line it would be about the same mistake (`a: &x &y b`)."""
        before = self.report.errors[-1:] if self.errors else []
        if not any(each.name in ("tag", "alias") and _is_same_line(each, diagnostic) for each in before):
            self._error(diagnostic)

    def _document_start(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            self._error(diagnostics.multiple_documents(self._span(event)))
            raise _Stop

    def _scalar(self, event: Any) -> None:
        self._count()
        style = _STYLES[event.style]
        span = self._span(event)
        self.last = span.end
        if self.layout.needed:
            self.layout.scalars.append((span.start, span.end, style))
        top = self.top
        broken = (event.anchor is not None or event.tag is not None) and self._properties(event)
        if top is not None and span.start < span.end and (top.flow or style in ("single", "double")):
            self._check_indent(event, top, style)
        if top is not None and not top.wants_value and isinstance(top.node, Mapping):
            self._key(top, event.value, span, style, broken)
        else:
            self._place(self._value(event.value, span, style, broken))

    def _open(self, event: Any) -> None:
        self._count()
        self._properties(event)
        span = self._span(event)
        self.last = span.end
        if len(self.stack) >= DEPTH_MAX:
            self._error(diagnostics.too_deep(DEPTH_MAX, Span(self.source, span.start, span.start + 1)))
            raise _Stop
        top = self.top
        if top is not None and top.flow:
            self._check_indent(event, top, "plain")
        flow = bool(event.flow_style)
        around = top.indent if top is not None else -1
        indent = around if flow else event.start_mark.column
        node = Mapping({}, span) if type(event) is MappingStartEvent else Sequence([], span)
        self.top = _Open(node, flow, span.start, event.start_mark.line, indent)
        self.stack.append(self.top)

    def _close(self, event: Any) -> None:
        closed = self.stack.pop()
        self.top = self.stack[-1] if self.stack else None
        if closed.flow:
            self.last = max(self.last, event.end_mark.index + self.base)
        closed.node.span = Span(self.source, closed.start, self.last)
        self._place(closed.node)

    def _alias(self, event: Any) -> None:
        self._count()
        span = self._span(event)
        self.last = span.end
        written = self.text[span.start : span.end]
        self._error(diagnostics.alias(written, span))
        top = self.top
        if top is not None and not top.wants_value and isinstance(top.node, Mapping):
            self._name(top, None, span)
        else:
            self._place(Scalar(written, span, "plain", written, broken=True))

    def _properties(self, event: Any) -> bool:
        """Refuse anchors and tags; true if there was one."""
        if event.anchor is None and event.tag is None:
            return False
        for span in layout.properties(self.source, event.start_mark.index + self.base):
            written = self.text[span.start : span.end]
            self._error(yaml_syntax.tag(span) if written.startswith("!") else diagnostics.alias(written, span))
            if not layout.is_separated(self.source, span.end):
                raise _Stop  # the two parsers go on differently
        return True

    # --- keys

    def _key(self, top: _Open, text: str, span: Span, style: Style, broken: bool) -> None:
        good = not broken and (style != "plain" or self._is_text_key(text, span))
        self._name(top, text if good else None, span)

    def _name(self, top: _Open, key: str | None, span: Span) -> None:
        """The next value belongs to this key; to none, so that it is dropped, if the key is wrong."""
        top.wants_value = True
        top.key_span = span
        top.key = None
        if key is None:
            return
        assert isinstance(top.node, Mapping)
        if (first := top.node.entries.get(key)) is not None:
            self._error(diagnostics.duplicate_key(key, span, first.key_span))
            return
        folded = key.casefold()
        if (other := top.folded_keys.setdefault(folded, span)) is not span:
            self._warn(diagnostics.near_duplicate_key(key, span, other))
        top.key = key

    def _is_text_key(self, text: str, span: Span) -> bool:
        """Keys are text. A number with only one spelling, true and false may stand unquoted (`{1: a, 12: b}`)."""
        if self.top is not None and self.top.flow:
            self._check_key_in_brackets(text, span)
        if text.isidentifier() and text[0] not in "tTfFnN":  # almost always; the rest may be true, false or null
            return True
        if text == "<<":
            self._error(diagnostics.merge_key(span))
            return False
        if problem := characters.odd_space(text, span, is_key=True):
            self._error(problem)
            return False
        match read(text):
            case bool():
                if text not in ("true", "false"):
                    self._warn(diagnostics.bool_spelling(text, span))
            case str() | Refused("bool" | "length"):
                pass
            case int() if "_" not in text and text != "-0":
                pass
            case _ if not text.endswith("%"):
                self._error(diagnostics.non_string_key(text, span))
                return False
        return True

    def _check_key_in_brackets(self, text: str, span: Span) -> None:
        self._check_question(span)
        if layout.is_colon_touching_bracket(self.source, span.end):
            at = Span(self.source, span.start, span.end + 1)
            self._error(diagnostics.missing_space(text + ":", at))
            raise _Stop  # where the parser in C stops as well

    # --- values

    def _value(self, text: str, span: Span, style: Style, broken: bool) -> Scalar:
        if style != "plain" or broken:
            return self._quoted(text, span, style, broken)
        top = self.top
        if not text:
            return self._nothing(span)
        value = read(text)
        if type(value) is Refused:
            self._refuse(value, text, span)
            return Scalar(text, span, style, text, broken=True)
        if type(value) is str:
            broken = self._check_text(text, span, top)
        elif (value is True or value is False) and text not in ("true", "false"):
            self._warn(diagnostics.bool_spelling(text, span))
        elif value is None and text not in ("null", "~"):
            self._warn(diagnostics.null_spelling(text, span))
        return Scalar(value, span, style, text, broken)

    def _quoted(self, text: str, span: Span, style: Style, broken: bool) -> Scalar:
        if not text.isascii() and characters.has_half(text):
            self._error(yaml_syntax.half_escape(span))
            raise _Stop  # where the parser in C stops as well
        if style in ("literal", "folded") and not text and not broken and not layout.is_tab_below(self.source, span):
            header = layout.block_header(self.source, span)
            self._error(diagnostics.block_text_lost(self.text[header.start : header.end], header))
            broken = True
        return Scalar(text, span, style, text, broken)

    def _nothing(self, span: Span) -> Scalar:
        """A value that is not there. The two parsers differ in where it is not, so its place is the key's end."""
        top = self.top
        if top is None:
            return Scalar(None, span, "plain", "")
        if isinstance(top.node, Sequence) or top.key_span is None:
            self._warn(diagnostics.empty_value(None, Span(self.source, max(0, span.start - 1), span.start)))
            return Scalar(None, span, "plain", "")
        key_span = top.key_span
        at = Span(self.source, key_span.end, key_span.end)
        if top.key is None:
            return Scalar(None, at, "plain", "")
        broken = False
        if top.flow and layout.is_key_without_colon(self.source, key_span.end):
            broken = self._check_lone_key(top, key_span)
        if not broken:
            self._warn(diagnostics.empty_value(top.key, key_span))
        return Scalar(None, at, "plain", "", broken)

    def _check_lone_key(self, top: _Open, at: Span) -> bool:
        """A key without a colon: the second half of a value that a comma has cut, unless it is a single word."""
        written = self.text[at.start : at.end]
        if top.cut:
            top.cut = ""
            return True  # has been said at the first half
        if layout.is_single_word(written):
            return False
        if layout.missing_space_hint(written):
            self._error(diagnostics.missing_space(written, at))
        else:
            self._error(diagnostics.unquoted_comma(written, at, None))
        return True

    def _check_text(self, text: str, span: Span, top: _Open | None) -> bool:
        """What YAML does to unquoted text and expressions; true if a mistake was found."""
        if not text.isascii() and (problem := characters.odd_space(text, span)):
            self._error(problem)
            return True
        if top is not None and top.flow:
            return self._check_text_in_brackets(text, span, top)
        self._check_cut_sentence(text, span)
        return False

    def _check_text_in_brackets(self, text: str, span: Span, top: _Open) -> bool:
        self._check_question(span)
        if text.count("(") > text.count(")") and layout.comma_follows(self.source, span.end):
            top.cut = text
            self._error(diagnostics.unquoted_comma(text, span, self._quote_hint(span)))
            return True
        self._check_cut_sentence(text, span)
        return False

    def _check_question(self, span: Span) -> None:
        """A `?` in unquoted text inside brackets."""
        if self.has_question and (at := self.text.find("?", span.start, span.end)) >= 0:
            question = Span(self.source, at, at + 1)
            self._error(diagnostics.question_mark_in_brackets(question, self._quote_hint(span)))
            raise _Stop  # where the parser in Python stops as well

    def _check_cut_sentence(self, text: str, span: Span) -> None:
        if self.has_sharp_text and " " in text and (at := layout.cut_sentence(self.source, span.end)):
            self._warn(diagnostics.comment_in_sentence(at))

    def _refuse(self, refused: Refused, text: str, span: Span) -> None:
        if refused.reason == "length":
            self._error(diagnostics.number_too_long(NUMBER_CHARACTERS_MAX, span))
        elif refused.reason == "number":
            self._error(diagnostics.ambiguous_number(text, refused.instead, span))
        else:
            assert refused.instead is not None
            self._error(diagnostics.ambiguous_bool(text, refused.instead, span))

    # --- the tree

    def _place(self, node: Node) -> None:
        """Hang a finished node where it belongs."""
        top = self.top
        if top is None:
            self.root = node
        elif isinstance(top.node, Sequence):
            top.node.items.append(node)
        elif not top.wants_value:  # a list or a mapping as a key
            at = Span(self.source, node.span.start, node.span.start + 1)
            self._error(diagnostics.collection_as_key(at))
            self._name(top, None, at)
        else:
            top.wants_value = False
            if top.key is not None:
                assert top.key_span is not None
                top.node.entries[top.key] = Entry(top.key, top.key_span, node)

    def _document(self) -> Mapping | None:
        root = self.root
        if root is None or (isinstance(root, Scalar) and not root.text and root.style == "plain" and not root.broken):
            self._error(diagnostics.empty_document(Span(self.source, 0, 0)))
            return None
        if isinstance(root, Mapping):
            return root
        if isinstance(root, Sequence):
            at = Span(self.source, root.span.start, root.span.start + 1)
            self._error(diagnostics.not_a_mapping("a list", at, None))
        elif not root.broken:
            self._error(diagnostics.not_a_mapping("a single value", root.span, layout.missing_space_hint(root.text)))
        return None

    # --- checks of layout, caps, places

    def _check_indent(self, event: Any, top: _Open, style: Style) -> None:
        """Lines inside brackets and quotes must lie right of the block around them (a closing bracket need not)."""
        if top.indent < 0:
            return
        if top.flow and event.start_mark.line > top.line and event.start_mark.column <= top.indent:
            opener = Span(self.source, top.start, top.start + 1)
            start = event.start_mark.index + self.base
            at = Span(self.source, start, start + 1)
            self._error(diagnostics.under_indented(self.text[top.start], at, opener))
            raise _Stop
        if style == "plain" or event.end_mark.line == event.start_mark.line:
            return
        span = self._span(event)
        if line := layout.under_indented_line(self.source, span, top.indent):
            opener = Span(self.source, span.start, span.start + 1)
            self._error(diagnostics.under_indented(self.text[span.start], line, opener))
            raise _Stop

    def _check_layout(self, end: int) -> bool:
        """Refuse what only one of the two parsers refuses; true if there was something."""
        problem = self.layout.problem(end)
        if problem is None:
            return False
        assert problem.at is not None
        place = problem.at.start
        # The other parser had stopped there, so nothing after it is reported.
        self._drop(lambda each: each.at is not None and each.at.start >= place)
        self._error(problem)
        return True

    def _drop(self, is_unwanted: Callable[[Diagnostic], bool]) -> None:
        found = self.report.found
        found[self.found_before :] = [each for each in found[self.found_before :] if not is_unwanted(each)]

    def _count(self) -> None:
        self.nodes += 1
        if self.nodes > NODES_MAX:
            at = Span(self.source, self.last, self.last)
            self._error(diagnostics.too_large(f"more than {NODES_MAX:,} values", at))
            raise _Stop

    def _span(self, event: Any) -> Span:
        return Span(self.source, event.start_mark.index + self.base, event.end_mark.index + self.base)

    def _quote_hint(self, span: Span) -> str | None:
        return yaml_syntax.quote_hint(self.source, span.start)

    def _error(self, diagnostic: Diagnostic) -> None:
        self.errors += 1
        if self.errors > ERRORS_MAX:
            assert diagnostic.at is not None
            self.report.add(diagnostics.too_many(True, diagnostic.at))
            raise _Stop
        self.report.add(diagnostic)

    def _warn(self, diagnostic: Diagnostic) -> None:
        self.warnings += 1
        if self.warnings <= WARNINGS_MAX:
            self.report.add(diagnostic)
        elif self.warnings == WARNINGS_MAX + 1:
            assert diagnostic.at is not None
            self.report.add(diagnostics.too_many(False, diagnostic.at))


def _is_same_line(one: Diagnostic, other: Diagnostic) -> bool:
    return one.at is not None and other.at is not None and one.at.line == other.at.line


def _events(text: str) -> Iterator[Event]:
    parser = PARSER(text)
    try:
        while (event := parser.get_event()) is not None:
            yield event
    except (ValueError, OverflowError):
        # The parser in Python gives the number of an escape such as `\UFFFFFFFF` to `chr`, unchecked.
        raise _ImpossibleEscape from None
    finally:
        parser.dispose()
