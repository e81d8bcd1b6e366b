"""PyYAML's complaints in our words.

Its two parsers word and place the same complaint differently, so only the topic is taken from them; what to say is
read off the text around the place. Most of these mistakes are expressions that should have been quoted.
"""

from __future__ import annotations

import re

import yaml

from policyengine.language import characters, diagnostics
from policyengine.language.layout import properties
from policyengine.source import Diagnostic, Source, Span

_LINE = re.compile(r"[^\r\n]*")
_WORD = re.compile(r"[^\s]+")
_KEY = re.compile(r"""\s*(?:-\ +)*(?:(?:"[^"]*"|'[^']*'|[^\s"'\[\]{}:,#][^:]*?)\ *:\ +)?""", re.VERBOSE)
_COMMENT = re.compile(r"\s+#.*")
_WRONG_ESCAPE = re.compile(r"\\U(?!000|0010)[0-9a-fA-F]{8}")
_HASH_IN_HEADER = re.compile(r"[|>][-+0-9]*#")
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_HALF_ESCAPE = re.compile(r"\\(?:u|U0000)[dD][89a-fA-F][0-9a-fA-F]{2}")
# Nobody writes longer lines by hand, and the patterns for a line are not meant for megabytes.
_LINE_MAX = 400
_CLOSING = {"[": "]", "{": "}"}


def offset(problem: yaml.YAMLError, base: int, last: int) -> int:
    """Up to where the text was understood."""
    if not isinstance(problem, yaml.MarkedYAMLError):
        return last
    context = problem.context or ""
    if problem.context_mark is not None and ("scanning" in context or "quoted" in context):
        return problem.context_mark.index + base
    return problem.problem_mark.index + base if problem.problem_mark is not None else last


def impossible_escape(source: Source, last: int) -> Diagnostic:
    """An escape such as `\\UFFFFFFFF`, beyond the last character that there is."""
    found = _WRONG_ESCAPE.search(source.text, last)
    at = Span(source, found.start(), found.end()) if found else _word(source, last)
    return _no_escape(at)


def half_escape(span: Span) -> Diagnostic:
    """An escape such as `\\ud800`, which is half of a character."""
    found = _HALF_ESCAPE.search(span.source.text, span.start, span.end)
    assert found is not None
    return characters.half(Span(span.source, found.start(), found.end()))


def quote_hint(source: Source, at: int) -> str | None:
    """What the value on this line looks like in quotes; None inside brackets, where nobody can tell its end."""
    begin = _value_start(source, at)
    start, line = _line(source, at)
    if len(line) > _LINE_MAX or at < begin:
        return None
    value = _COMMENT.sub("", line[begin - start :]).strip()
    if not value:
        return None
    if value[0] in "{[" and value[-1] in "}]":
        return None
    return f"quote the value: {diagnostics.quoted(value)}"


def explain(source: Source, problem: yaml.YAMLError, base: int, last: int) -> Diagnostic:
    """The diagnostic for an exception of PyYAML."""
    if not isinstance(problem, yaml.MarkedYAMLError) or problem.problem_mark is None:
        return diagnostics.syntax("this is no YAML", _word(source, last))
    at = min(problem.problem_mark.index + base, len(source.text))
    opened = problem.context_mark.index + base if problem.context_mark is not None else at
    return _explain(source, problem.problem or "", problem.context or "", at, opened)


def _explain(source: Source, problem: str, context: str, at: int, opened: int) -> Diagnostic:
    if "tab character" in problem or source.text[at : at + 1] == "\t":
        return diagnostics.tab(Span(source, at, at + 1))
    if "cannot start any token" in problem:
        return _reserved(source, at)
    if "anchor" in context or "alias" in context or "block scalar" in context:
        value = _value_start(source, opened)
        if source.text.startswith("!", value):  # `!x && y` and `!(a || b)`: the tag comes first
            return _tag(source, value)
    if "anchor" in context or "alias" in context:
        return _reserved(source, opened)
    if "tag" in context or "tag handle" in problem:
        return _tag(source, opened)
    if "block scalar" in context:
        return _block_header(source, opened)
    if "quoted scalar" in context:
        return _in_quotes(source, problem, at, opened)
    if "simple key" in context:
        return _no_colon(source, opened)
    return _in_structure(source, problem, at, opened)


def _in_structure(source: Source, problem: str, at: int, opened: int) -> Diagnostic:
    if "mapping values" in problem:
        return _colon(source, at)
    if "',' or" in problem:
        return _in_brackets(source, at, opened)
    if "sequence entries" in problem:
        return _list_on_the_line(source, at)
    if "mapping keys" in problem:
        return diagnostics.syntax("a `?` cannot stand here", _word(source, at), quote_hint(source, at))
    if "unexpected ':'" in problem:
        return _colon_in_brackets(source, at, opened)
    if "node content" in problem:
        return _no_value(source, at)
    return _misplaced(source, at)


# --- one function for each kind of complaint


def _reserved(source: Source, at: int) -> Diagnostic:
    char = source.text[at]
    what = "a backtick" if char == "`" else f"`{char}`"
    return diagnostics.syntax(f"an unquoted value cannot begin with {what}", _word(source, at), quote_hint(source, at))


def tag(at: Span) -> Diagnostic:
    """A tag, which in most cases is the "not" of an expression."""
    written = at.source.text[at.start : at.end]
    hint = None if written.startswith(("!!", "!<")) else quote_hint(at.source, at.start)
    return diagnostics.tag(written, at, hint)


def _tag(source: Source, opened: int) -> Diagnostic:
    return tag(next(properties(source, opened), _word(source, opened)))


def _block_header(source: Source, opened: int) -> Diagnostic:
    if found := _HASH_IN_HEADER.match(source.text, opened):
        return diagnostics.hash_without_space(Span(source, found.end() - 1, found.end()))
    char = source.text[opened]
    message = f"`{char}` begins a block of text on the lines below, and nothing else may follow it on its line"
    return diagnostics.syntax(message, _word(source, opened), quote_hint(source, opened))


def _in_quotes(source: Source, problem: str, at: int, opened: int) -> Diagnostic:
    quote = Span(source, opened, opened + 1)
    if "end of stream" in problem or "document" in problem:
        return diagnostics.syntax("this quote is never closed", quote)
    backslash = source.text.rfind("\\", opened, at + 1)
    if "invalid Unicode" in problem:
        found = _ESCAPE.match(source.text, backslash)
        escape = Span(source, backslash, found.end() if found else at + 1)
        return characters.half(escape) if _HALF_ESCAPE.match(source.text, backslash) else _no_escape(escape)
    return _no_escape(Span(source, backslash, backslash + 2))


def _no_escape(at: Span) -> Diagnostic:
    written = at.source.text[at.start : at.end]
    message = f"`{written}` means nothing inside double quotes"
    return diagnostics.syntax(message, at, hint="use single quotes, where a backslash is only a backslash")


def _no_colon(source: Source, opened: int) -> Diagnostic:
    start, line = _line(source, opened)
    opened += len(line[opened - start :]) - len(line[opened - start :].lstrip())
    end = len(_COMMENT.sub("", line).rstrip()) if len(line) <= _LINE_MAX else len(line)
    at = Span(source, opened, start + end)
    return diagnostics.syntax("a `key: value` was expected, and this line has no colon", at)


def _colon(source: Source, at: int) -> Diagnostic:
    start, line = _line(source, at)
    before = line[: at - start]
    if before.startswith("---"):
        message = "nothing but a comment may follow `---`"
        return diagnostics.syntax(message, _word(source, start + 3 + before[3:].count(" ")), "begin on the next line")
    if ": " in before.rstrip() + " " or "? " in before:
        message = "an unquoted value cannot contain `: `"
        return diagnostics.syntax(message, Span(source, at, at + 1), quote_hint(source, at - 1))
    above = source.text[:start].rstrip()
    if ":" not in _line(source, len(above))[1]:
        return _no_colon(source, _line(source, len(above))[0])
    message = "this line is indented deeper than the line above, which has a value already"
    first = len(before) - len(before.lstrip())
    hint = "move it to the column of the key above, or quote a text of several lines"
    return diagnostics.syntax(message, Span(source, start + first, at), hint)


def _colon_in_brackets(source: Source, at: int, opened: int) -> Diagnostic:
    if source.text.startswith("?", at + 1):
        return diagnostics.question_mark_in_brackets(Span(source, at + 1, at + 2), None)
    return diagnostics.missing_space(source.text[opened : at + 1], Span(source, opened, at + 1))


def _in_brackets(source: Source, at: int, opened: int) -> Diagnostic:
    text = source.text
    char = text[opened : opened + 1]
    closing = _CLOSING.get(char, "]")
    if text[at : at + 1] == "?":
        return diagnostics.question_mark_in_brackets(Span(source, at, at + 1), quote_hint(source, at))
    if at >= len(text.rstrip()) or (text[at] in ":-" and re.search(r"[\r\n]", text[opened:at])):
        return diagnostics.syntax(f"this `{char}` is never closed", Span(source, opened, opened + 1))
    message = f"a comma or a `{closing}` was expected"
    hint = quote_hint(source, at) or "put an expression inside `{ }` or `[ ]` in quotes"
    return diagnostics.syntax(message, _word(source, at), hint)


def _list_on_the_line(source: Source, at: int) -> Diagnostic:
    hint = "begin it on the next line"
    if quote := quote_hint(source, at):
        hint += f", or {quote}"
    return diagnostics.syntax("a list cannot begin on the line of its key", _word(source, at), hint)


def _no_value(source: Source, at: int) -> Diagnostic:
    char = source.text[at : at + 1]
    if char == ",":
        return diagnostics.syntax("a comma with nothing before it", Span(source, at, at + 1))
    if char in ("]", "}"):
        return diagnostics.syntax(f"`{char}` closes nothing", Span(source, at, at + 1), quote_hint(source, at))
    return diagnostics.syntax("a value was expected here", _word(source, at))


def _misplaced(source: Source, at: int) -> Diagnostic:
    start, line = _line(source, at)
    before = line[: at - start]
    if line.startswith(":", at - start):
        return diagnostics.syntax("a key is missing before the colon", Span(source, at, at + 1))
    if before.strip():
        message = "nothing may follow the end of a value on its line"
        apostrophe = before.endswith("'")
        hint = "an apostrophe inside single quotes is written twice" if apostrophe else quote_hint(source, at)
        return diagnostics.syntax(message, _word(source, at), hint)
    if source.text[at : at + 1] in ("]", "}"):
        return _no_value(source, at)
    message = "this line does not fit the lines above it"
    hint = "the keys of a mapping, or the items of a list, begin in one column"
    return diagnostics.syntax(message, _word(source, at), hint)


# --- places


def _line(source: Source, at: int) -> tuple[int, str]:
    """The line around a place, and where it begins."""
    start = max(source.text.rfind("\n", 0, at), source.text.rfind("\r", 0, at)) + 1
    found = _LINE.match(source.text, start)
    return start, found[0] if found else ""


def _value_start(source: Source, at: int) -> int:
    """Where the value of the `key: value` on this line begins."""
    start, line = _line(source, at)
    key = _KEY.match(line[:_LINE_MAX])
    return start + (key.end() if key else 0)


def _word(source: Source, at: int) -> Span:
    found = _WORD.match(source.text, at)
    return Span(source, at, found.end() if found else at)
