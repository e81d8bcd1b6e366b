"""Every message to authors, one named function each, so that the wording is reviewed as a whole.

A message is one sentence in lower case without a full stop, what the author wrote stands in backticks; the hint says
what to do. Letters are stages: Y reading YAML, S keys and shapes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from policyengine.language.closest import closest as closest
from policyengine.source import Diagnostic, Span


def _shown(text: str, length_max: int = 40) -> str:
    """What the author wrote, on one line and short enough for a message."""
    line = "\\n".join(text.strip().splitlines())
    return line if len(line) <= length_max else line[: length_max - 3] + "..."


def quoted(text: str) -> str:
    """The text as a YAML scalar in quotes that need the fewest escapes."""
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


# --- Y: reading YAML -----------------------------------------------------------------------------------------------


def syntax(message: str, at: Span, hint: str | None = None, related: tuple[tuple[Span, str], ...] = ()) -> Diagnostic:
    """The text is no YAML; `yaml_syntax` chooses the words."""
    return Diagnostic("Y001", "syntax", message, at, hint=hint, related=related)


def tab(at: Span) -> Diagnostic:
    """A tab stands where YAML readers disagree about its width."""
    return syntax("a tab may stand only in quotes and in comments", at, hint="use spaces")


def hash_without_space(at: Span) -> Diagnostic:
    """A comment touches what stands before it."""
    return syntax("a comment needs a space before its `#`", at, hint="write ` #`, or quote the whole value")


def under_indented(opener: str, at: Span, opened: Span) -> Diagnostic:
    """A line inside brackets or quotes starts left of the key that they belong to."""
    what, one = ("quotes", "quote") if opener in "'\"" else ("brackets", "bracket")
    return syntax(
        f"a line inside {what} must be indented deeper than the line that opened them",
        at,
        hint=f"close the {one} before this line, or indent the line",
        related=((opened, "opened here"),),
    )


def question_mark_in_brackets(at: Span, hint: str | None) -> Diagnostic:
    """`?` inside `{ }` or `[ ]` starts a key for some readers and is text for others."""
    message = "a `?` inside `{ }` or `[ ]` must stand in quotes"
    return syntax(message, at, hint=hint or "put the expression in quotes, or write it on a line of its own")


def block_text_lost(header: str, at: Span) -> Diagnostic:
    """`|` without text; `>5` is no comparison either."""
    is_comparison = any(char.isdigit() for char in header)
    hint = f"quote the value: {quoted(header)}" if is_comparison else 'indent the text below it, or write "" for none'
    return syntax(f"`{header}` begins a block of text, and none follows", at, hint=hint)


def character(char: str, at: Span, reason: str, hint: str) -> Diagnostic:
    """A character that cannot be seen, or that readers of YAML treat differently."""
    name = unicodedata.name(char, "").lower()
    if unicodedata.category(char) == "Cc":
        name = "control character"
    shown = f"U+{ord(char):04X}" + (f" ({name})" if name else "")
    return Diagnostic("Y002", "character", f"{shown} {reason}", at, hint=hint)


def encoding(what: str, at: Span | None) -> Diagnostic:
    """The bytes are no UTF-8."""
    return Diagnostic("Y003", "encoding", f"the file is not UTF-8: {what}", at, hint="save it as UTF-8")


def empty_document(at: Span) -> Diagnostic:
    """There is nothing, or there are only comments."""
    return Diagnostic("Y004", "empty_document", "the document is empty", at, hint="write `key: value` lines")


def multiple_documents(at: Span) -> Diagnostic:
    """A second document begins in the same file."""
    message = "a second document begins here, but a file holds one"
    return Diagnostic("Y005", "multiple_documents", message, at, hint="remove the `---`, or write a second file")


def not_a_mapping(found: str, at: Span, hint: str | None) -> Diagnostic:
    """The document is a list or a single value."""
    message = f"the document must consist of `key: value` lines, but it is {found}"
    return Diagnostic("Y006", "not_a_mapping", message, at, hint=hint)


def directive(at: Span) -> Diagnostic:
    """`%YAML` and `%TAG` change how the rest is read."""
    message = "a line that starts with `%` is a directive of YAML, and none is allowed"
    return Diagnostic("Y007", "directive", message, at, hint="remove the line")


def tag(written: str, at: Span, hint: str | None) -> Diagnostic:
    """`!x` asks a YAML reader for a type of its own; in an expression it is "not"."""
    message = f"`{_shown(written)}` is a tag of YAML, and none is allowed"
    hint = hint or "remove it; a value has the type that its field declares"
    return Diagnostic("Y008", "tag", message, at, hint=hint)


def alias(written: str, at: Span) -> Diagnostic:
    """`&x` and `*x` copy parts of a document unseen."""
    kind = "an anchor" if written.startswith("&") else "an alias"
    message = f"`{_shown(written)}` is {kind} of YAML, and none is allowed"
    hint = "name what is used twice as a parameter or a value; an expression must be quoted"
    return Diagnostic("Y009", "alias", message, at, hint=hint)


def merge_key(at: Span) -> Diagnostic:
    """`<<` copies another mapping into this one in YAML 1.1, and is an ordinary key in YAML 1.2."""
    message = "`<<` merges mappings for some readers and is an ordinary key for others"
    return Diagnostic("Y010", "merge_key", message, at, hint="write the keys out")


def non_string_key(written: str, at: Span) -> Diagnostic:
    """A key is null, a number with more than one spelling, a list or a mapping."""
    if not written:
        return Diagnostic("Y011", "non_string_key", "a key is missing", at, hint="write a name before the colon")
    message = f"`{_shown(written)}` cannot be a key, because it is not read as text"
    return Diagnostic("Y011", "non_string_key", message, at, hint=f"quote it: {quoted(_shown(written))}")


def collection_as_key(at: Span) -> Diagnostic:
    """`[a, b]: 1` or `{{a}}: 1`."""
    hint = "quote it if it is an expression"
    return Diagnostic("Y011", "non_string_key", "a list or a mapping cannot be a key", at, hint=hint)


def ambiguous_number(written: str, instead: str | None, at: Span) -> Diagnostic:
    """YAML 1.1, YAML 1.2 and JSON read different numbers, or some of them text."""
    message = f"`{_shown(written)}` is not the same number for all readers of YAML and JSON"
    quote = quoted(_shown(written))
    hint = f"write {instead}, or {quote} if it is text" if instead else f"quote it if it is text: {quote}"
    return Diagnostic("Y012", "ambiguous_number", message, at, hint=hint)


def ambiguous_bool(written: str, instead: str, at: Span) -> Diagnostic:
    """`no` is false in YAML 1.1, and text in YAML 1.2."""
    message = f"`{written}` is {instead} for some readers of YAML and text for others"
    return Diagnostic("Y013", "ambiguous_bool", message, at, hint=f'write {instead}, or "{written}" if it is text')


def duplicate_key(key: str, at: Span, first: Span) -> Diagnostic:
    """The same key twice in one mapping: readers take the first, the last, or none."""
    message = f"the key `{_shown(key)}` stands here twice"
    return Diagnostic("Y014", "duplicate_key", message, at, hint="remove one", related=((first, "the first one"),))


def near_duplicate_key(key: str, at: Span, first: Span) -> Diagnostic:
    """Two keys of one mapping differ in capitals only."""
    message = f"the key `{_shown(key)}` differs from another one here in capitals only"
    related = ((first, "the other one"),)
    return Diagnostic("Y015", "near_duplicate_key", message, at, severity="warning", related=related)


def bool_spelling(written: str, at: Span) -> Diagnostic:
    """`True` is true in YAML, but not in JSON."""
    message = f"`{written}` is read as {written.lower()}"
    return Diagnostic("Y016", "bool_spelling", message, at, hint=f"write {written.lower()}", severity="warning")


def null_spelling(written: str, at: Span) -> Diagnostic:
    """`NULL` is null in YAML, but not in JSON."""
    message = f"`{written}` is read as null, which is no value"
    hint = f'write null, or "{written}" if it is text'
    return Diagnostic("Y017", "null_spelling", message, at, hint=hint, severity="warning")


def empty_value(key: str | None, at: Span) -> Diagnostic:
    """A key or a list item without a value, usually a forgotten one."""
    what = "this item of the list" if key is None else f"`{_shown(key)}`"
    hint = 'write the value, or null, or "" for an empty text'
    return Diagnostic("Y018", "empty_value", f"{what} has no value", at, hint=hint, severity="warning")


def unquoted_comma(written: str, at: Span, hint: str | None) -> Diagnostic:
    """A comma inside `{ }` or `[ ]` has cut a value in two."""
    message = f"the comma ends the value before it, so that `{_shown(written)}` stands alone"
    hint = hint or "put the whole value in quotes, or write it on a line of its own"
    return Diagnostic("Y019", "unquoted_comma", message, at, hint=hint)


def missing_space(written: str, at: Span) -> Diagnostic:
    """`{a:1}` is the key `a:1` without a value."""
    message = f"a space is missing after the colon of `{_shown(written)}`"
    return Diagnostic("Y020", "missing_space", message, at, hint="write a space after the colon")


def comment_in_sentence(at: Span) -> Diagnostic:
    """` #12` in an unquoted sentence is cut off as a comment."""
    message = "the rest of the line is a comment, because a space stands before the `#`"
    hint = "quote the whole text if it belongs to it; a comment is better written `# ...`"
    return Diagnostic("Y021", "comment_in_sentence", message, at, hint=hint, severity="warning")


def too_deep(depth_max: int, at: Span) -> Diagnostic:
    """Lists and mappings inside each other without end."""
    return Diagnostic("Y022", "too_deep", f"more than {depth_max} lists and mappings inside each other", at)


def too_large(what: str, at: Span) -> Diagnostic:
    """The document is larger than anything that a person writes."""
    hint = "put large tables into CSV files beside the bundle"
    return Diagnostic("Y023", "too_large", f"the document is too large: {what}", at, hint=hint)


def number_too_long(length_max: int, at: Span) -> Diagnostic:
    """A number of thousands of digits."""
    message = f"the number is longer than {length_max} characters"
    return Diagnostic("Y024", "number_too_long", message, at, hint="quote it if it is text")


def too_many(errors: bool, at: Span) -> Diagnostic:
    """The list of mistakes would be too long to read."""
    if errors:
        return Diagnostic("Y025", "too_many", "too many mistakes, the rest of the document was not read", at)
    return Diagnostic("Y025", "too_many", "there are more warnings, which are not shown", at, severity="warning")


# --- S: keys, words and shapes -------------------------------------------------------------------------------------


ELSEWHERE = {
    "if": "when",
    "then": "value",
    "else": "otherwise",
    "default": "otherwise",
    "expression": "value",
    "formula": "value",
    "model": "charge_model",
    "type": "charge_model",
    "price": "unit_amount",
    "unit_price": "unit_amount",
    "fee": "flat_amount",
    "amount": "base",
    "tz": "timezone",
    "to": "until",
}
"""What other languages, and other price lists, call the keys of this one."""


def unknown_key(key: str, at: Span, known: list[str], taken: Iterable[str], missing: str | None) -> Diagnostic:
    """A key that the language does not have here; `missing` is the required key that it may stand for."""
    word = ELSEWHERE.get(key)
    free = set(known) - set(taken)
    hint = f"did you mean `{word}`?" if word in free else closest(key, free)
    if hint is None and missing:
        hint = f"{missing} is missing here"
    elif hint is None and 0 < len(known) <= 8:
        hint = "known here: " + ", ".join(f"`{name}`" for name in known)
    return Diagnostic("S001", "unknown_key", f"unknown key `{_shown(key)}`", at, hint=hint)


def fields_beside_words(word: str, at: Span) -> Diagnostic:
    """The fields of a group beside a word of types, which may be the name of one of them."""
    message = f"`{word}` is a word of types, and fields stand beside it"
    hint = "write the fields under `fields:`; a value that is no group has a `type:`"
    return Diagnostic("S007", "reserved_name", message, at, hint=hint)


def missing_key(called: str, at: Span, purpose: str | None) -> Diagnostic:
    """A key without which this means nothing; `called` is its name in backticks, or several to choose from."""
    hint = f"{called}: {purpose[0].lower()}{purpose[1:].rstrip('.')}" if purpose else None
    return Diagnostic("S002", "missing_key", f"missing key: {called}", at, hint=hint)


def wrong_form(expected: str, found: str, at: Span, hint: str | None) -> Diagnostic:
    """A list where a mapping belongs, a word where a number belongs, and their like."""
    return Diagnostic("S003", "wrong_form", f"expected {expected}, found {found}", at, hint=hint)


def unknown_word(found: str, at: Span, known: Iterable[str]) -> Diagnostic:
    """A word that is not of the fixed list of this field."""
    words = list(known)
    message = f"expected {_one_of(words)}, found {found}"
    return Diagnostic("S004", "unknown_word", message, at, hint=closest(found.strip("`"), words))


def _one_of(words: list[str]) -> str:
    named = [f"`{word}`" for word in words]
    return " or ".join(filter(None, [", ".join(named[:-1]), named[-1]]))


def unknown_type(written: str, at: Span) -> Diagnostic:
    """A type is a word of the language, perhaps with a unit, or the name of a declared type."""
    words = ["bool", "int", "decimal", "money", "string", "timestamp", "duration", "date", "limit", "any"]
    first = written.split(" ")[0]
    hint = closest(first, words)
    if first in ("bool", "string", "timestamp", "duration", "date", "any") and first != written:
        hint = f"`{first}` has no unit"
    elif first in words:
        hint = "a unit follows the word: `int token`, `money / 1_000_000 token`"
    elif hint is None:
        hint = "the types are " + ", ".join(words) + " and the names under `types`, which begin with a capital"
    return Diagnostic("S005", "unknown_type", f"`{_shown(written)}` is not a type", at, hint=hint)


def bad_name(name: str, at: Span, capital: bool) -> Diagnostic:
    """A name that rules could not read."""
    kind = "the name of a type" if capital else "a name"
    if capital:
        hint = "a capital first, then letters, digits and `_`: `Plan`"
    else:
        hint = "a lower-case letter first, then lower-case letters, digits and `_`: `free_tokens`"
    return Diagnostic("S006", "bad_name", f"`{_shown(name)}` cannot be {kind}", at, hint=hint)


def reserved_name(name: str, at: Span) -> Diagnostic:
    """A name that means something else already."""
    message = f"`{name}` is a word of the language and cannot be a name here"
    return Diagnostic("S007", "reserved_name", message, at, hint="choose another name")


def out_of_range(found: str, at: Span, bound: object, least: bool) -> Diagnostic:
    """A number that this field cannot have."""
    return Diagnostic("S008", "out_of_range", f"{found} is {'less' if least else 'more'} than {bound}", at)


def empty(called: str, at: Span) -> Diagnostic:
    """A list, a mapping or a text without anything in it."""
    return Diagnostic("S009", "empty", f"{called} is empty", at, hint="write at least one entry, or take the key out")


def repeated_item(found: str, at: Span, first: Span) -> Diagnostic:
    """The same item twice in a list of different things."""
    message = f"{found} stands twice in this list"
    return Diagnostic("S010", "repeated_item", message, at, hint="remove one", related=((first, "the first one"),))


def exclusive_keys(keys: Iterable[str], at: Span) -> Diagnostic:
    """Two keys of which only one can be meant."""
    named = " and ".join(f"`{key}`" for key in keys)
    return Diagnostic("S011", "exclusive_keys", f"{named} cannot stand together", at, hint="remove one")


def misplaced_key(key: str, at: Span) -> Diagnostic:
    """A key of the manifest in another file."""
    return Diagnostic("S012", "misplaced_key", f"`{key}` belongs in `bundle.yaml`", at, hint="move it there")


def foreign_key(key: str, what: str, owners: Iterable[str], at: Span) -> Diagnostic:
    """A key of one charge model in a charge of another, or of one way to prorate in another."""
    hint = f"`{key}` belongs to {_one_of(list(owners))}"
    return Diagnostic("S013", "foreign_key", f"{_shown(what)} has no `{key}`", at, hint=hint)


# ------------------------------------------------------------------------------------------------- names of a bundle


def defined_twice(name: str, at: Span, first: Span) -> Diagnostic:
    """All sections and inputs share one space of names."""
    related = ((first, "the first one"),)
    return Diagnostic("B001", "defined_twice", f"`{name}` is defined twice", at, hint="rename one", related=related)


# --- C: reading CSV ------------------------------------------------------------------------------------------------


def csv_empty(at: Span) -> Diagnostic:
    """There is not even a header."""
    return Diagnostic("C001", "empty_csv", "the table is empty", at, hint="the first line names the columns")


def csv_character(char: str, at: Span) -> Diagnostic:
    """A character that cannot be seen, or that changes how the text is shown or cut into lines."""
    name = unicodedata.name(char, "").lower() or {"Cc": "control character"}.get(unicodedata.category(char), "no name")
    message = f"U+{ord(char):04X} ({name}) may not stand in a table"
    return Diagnostic("C002", "csv_character", message, at, hint="remove it")


def stray_quote(at: Span, field: str) -> Diagnostic:
    """A quote inside a field without quotes, or text behind a closing quote."""
    if field.startswith('"'):
        message, hint = "text follows the closing quote of this field", 'a quote inside quotes is written twice: `""`'
    elif field and not field.strip():
        message, hint = "a space stands before the opening quote of this field", "remove the space"
    else:
        message = "a quote stands inside a field that does not begin with one"
        hint = 'put the whole field in quotes and write its own quotes twice: `"a ""b"" c"`'
    return Diagnostic("C003", "stray_quote", message, at, hint=hint)


def unclosed_quote(at: Span) -> Diagnostic:
    """The text ends inside quotes."""
    return Diagnostic("C004", "unclosed_quote", "this quote is never closed", at, hint="close it before the next comma")


def csv_separator(separator: str, at: Span) -> Diagnostic:
    """Some spreadsheets separate by semicolons or tabs."""
    found = "tabs" if separator == "\t" else "semicolons"
    message = f"the columns are separated by {found}"
    return Diagnostic("C005", "csv_separator", message, at, hint="separate them by commas")


def column_without_name(number: int, at: Span) -> Diagnostic:
    """A comma too many in the header, or a forgotten name."""
    hint = "name it, or remove the comma"
    return Diagnostic("C006", "column_without_name", f"column {number} has no name", at, hint=hint)


def column_twice(name: str, at: Span, first: Span) -> Diagnostic:
    """Two columns of one name."""
    message = f"two columns are named `{_shown(name)}`"
    related = ((first, "the first one"),)
    return Diagnostic("C007", "column_twice", message, at, hint="rename one", related=related)


def csv_row_length(found: int, wanted: int, at: Span) -> Diagnostic:
    """A row with more or fewer fields than the header."""
    message = f"this row has {found} {'field' if found == 1 else 'fields'}, the header has {wanted}"
    hint = "put a text with a comma in quotes" if found > wanted else "an empty field still needs its comma"
    return Diagnostic("C008", "csv_row_length", message, at, hint=hint)


def csv_too_large(what: str, at: Span | None) -> Diagnostic:
    """The table is larger than what is promised to work."""
    return Diagnostic("C009", "csv_too_large", f"the table is too large: {what}", at)


def csv_too_many(at: Span) -> Diagnostic:
    """The list of mistakes would be too long to read."""
    return Diagnostic("C010", "csv_too_many", "too many mistakes, the rest of the table was not read", at)


def open_brace(at: Span) -> Diagnostic:
    """A brace in a sentence that is not closed, or has nothing in it."""
    hint = "`{expression}` is filled in; close the brace with an expression in it, or leave it out"
    return Diagnostic("B062", "open_brace", "nothing can be filled in here", at, hint=hint)
