"""The documentation cannot rot: its examples run, and what it does not mention fails.

A fence of README.md or docs/ is held to its word by its language and its first line:

    yaml      that starts with `policyengine: 1` is a whole bundle: it passes `check`, and `test` if it has tests
    yaml, csv that start with `# path/of/a/file.yaml` are excerpts: their lines stand there, one after another
    python    runs, all of one document in order in one namespace, at the root of the repository;
              `expression  # -> text` states what the expression's `repr` is
    console   `$ policyengine ...` runs, and what is below it is exactly what it prints, but for how long it took;
              `$ echo $?` shows its exit code; with `$ policyengine init` the fence runs in an empty folder
    sh        the first two of the README are the two commands; the second is what CI runs

Any other fence (`text`, `json`, `mermaid`, other yaml) is only shown. The bundles in docs/examples pass their tests.
"""

from __future__ import annotations

import ast
import importlib
import os
import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
PAGES = [page for page in (README, *sorted((ROOT / "docs").rglob("*.md"))) if page.exists()]
CATALOGUES = sorted((ROOT / "policyengine").rglob("diagnostics.py"))


@dataclass(frozen=True)
class Fence:
    """One fenced example: its page, the line of its first line of text, its language and its text."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def fences_of(page: Path, text: str) -> Iterator[Fence]:
    """The fenced examples of one page, in order."""
    for match in re.finditer(r"^```(\w*)[^\n]*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield Fence(page, text.count("\n", 0, match.start(2)) + 1, match[1], match[2])


FENCES = [fence for page in PAGES for fence in fences_of(page, page.read_text(encoding="utf-8"))]


def fences(language: str, first_line: str = "") -> list[Fence]:
    """The examples in one language whose first line begins as given."""
    return [fence for fence in FENCES if language == fence.language and re.match(first_line, fence.text)]


# The command line


def cli() -> Any:
    """The module of the command line, or a skipped test as long as there is none."""
    module = importlib.import_module("policyengine.cli")
    if not hasattr(module, "main"):
        pytest.skip("policyengine.cli has no `main` yet")
    return module


def run(arguments: list[str], folder: Path = ROOT) -> tuple[str, int]:
    """What `policyengine ARGUMENTS` prints in a folder, and its exit code."""
    cli()
    start = "import sys; sys.argv[0] = 'policyengine'; from policyengine.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", start, *arguments],
        cwd=folder,
        env={**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return done.stdout, done.returncode


def steps(text: str) -> Iterator[tuple[list[str], str]]:
    """The commands of a console example with what it says that they print."""
    for step in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = step.replace("\\\n", " ").partition("\n")
        yield shlex.split(command), output


@pytest.mark.parametrize("fence", fences("console"), ids=str)
def test_console_examples_print_what_they_show(fence, tmp_path):
    """A reader who types the example sees exactly what the page shows."""
    exit_code = 0
    folder = tmp_path if "$ policyengine init " in fence.text else ROOT
    for command, expected in steps(fence.text):
        if command == ["echo", "$?"]:
            assert expected.strip() == str(exit_code)
            continue
        assert "policyengine" == command[0], "a console example runs `policyengine` or `echo $?`"
        output, exit_code = run(command[1:], folder)
        assert untimed(expected) == untimed(output)


def untimed(output: str) -> str:
    """What a command has printed, without how long it took."""
    return re.sub(r"\bin \d+\.\d\ds$", "in 0.00s", output.rstrip())


@pytest.mark.parametrize("fence", fences("yaml", r"(#.*\n)?policyengine: 1\b"), ids=str)
def test_bundles_pass_check(fence, tmp_path):
    """A whole bundle in the documentation is valid, and its tests pass."""
    (tmp_path / "bundle.yaml").write_text(fence.text, encoding="utf-8")
    verb = "test" if re.search("^tests:", fence.text, re.MULTILINE) else "check"  # `test` checks first
    output, exit_code = run([verb, str(tmp_path)])

    assert 0 == exit_code, output


@pytest.mark.parametrize(
    "bundle", sorted((ROOT / "docs" / "examples").glob("*/bundle.yaml")), ids=lambda b: b.parent.name
)
def test_example_bundles_pass(bundle):
    """A bundle that the documentation quotes is valid, has tests, and they pass."""
    output, exit_code = run(["test", "--fail-on-empty", str(bundle.parent)])

    assert 0 == exit_code, output


@pytest.mark.parametrize("fence", [*fences("yaml", r"# \S+\.yaml\n"), *fences("csv", r"# \S+\.csv\n")], ids=str)
def test_excerpts_stand_in_their_file(fence):
    """An excerpt says what the file says today."""
    first, _, excerpt = fence.text.partition("\n")
    source = ROOT / first.removeprefix("# ")
    if not source.parent.exists():
        pytest.skip(f"{source.relative_to(ROOT)} is not there yet")
    assert is_excerpt(excerpt, source.read_text(encoding="utf-8"))


def is_excerpt(excerpt: str, text: str) -> bool:
    """Whether the lines stand in the text one after another, at whatever depth; comments at their end may differ."""
    wanted, lines = (without_comments(one) for one in (excerpt, text))
    return any(
        wanted == textwrap.dedent("\n".join(lines[start : start + len(wanted)])).splitlines()
        for start in range(len(lines))
    )


def without_comments(text: str) -> list[str]:
    """The lines of a text that are not empty, without what follows ` #`."""
    lines = (re.sub(r"\s+#.*", "", line).rstrip() for line in text.splitlines())
    return [line for line in lines if line]


# Python


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_examples_run(page, monkeypatch):
    """A page's examples run one after another and give what their comments say."""
    examples = [fence for fence in fences("python") if page == fence.page]
    if examples and not hasattr(importlib.import_module("policyengine"), "load"):
        pytest.skip("policyengine has no `load` yet")
    monkeypatch.chdir(ROOT)
    namespace: dict[str, Any] = {"__name__": "example"}
    for fence in examples:
        run_python(fence.text, namespace, str(fence))


def run_python(text: str, namespace: dict[str, Any], name: str) -> None:
    """Run one example and compare each `expression  # -> text` with the expression's `repr`."""
    lines = text.splitlines()
    for statement in ast.parse(text, name).body:
        _, arrow, expected = lines[(statement.end_lineno or 0) - 1].partition("  # -> ")
        if arrow and isinstance(statement, ast.Expr):
            value = eval(compile(ast.Expression(statement.value), name, "eval"), namespace)
            assert expected == repr(value), ast.unparse(statement)
        else:
            exec(compile(ast.Module([statement], []), name, "exec"), namespace)


# The README's first screen


def test_the_readme_begins_with_the_two_commands():
    """The first two `sh` examples are one line each and need nothing but a clone."""
    if not README.exists():
        pytest.skip("no README.md beside these tests")
    first, second = (fence.text.splitlines() for fence in fences("sh")[:2])

    assert [1, 1] == [len(first), len(second)]
    assert first[0].startswith("python3 -m venv .venv && .venv/bin/pip install -q -e . && .venv/bin/policyengine ")
    assert second[0].startswith("python3 -m venv .venv && .venv/bin/pip install -q -e '.[all,test]' && ")
    assert ".venv/bin/python -m pytest" in second[0]


def test_the_readmes_first_command_decides():
    """What a newcomer types first succeeds and shows something."""
    cli()
    command = shlex.split(fences("sh")[0].text.rpartition(" && ")[2])
    output, exit_code = run(command[1:])

    assert 0 == exit_code, output
    assert output


def test_the_readmes_diagram_names_every_folder():
    """A newcomer finds each module and folder of the package in the diagram."""
    package = ROOT / "policyengine"
    if not README.exists():
        pytest.skip("no README.md beside these tests")
    diagram = next(fence.text for fence in fences("text") if "policyengine/" in fence.text)
    there = [path for path in package.iterdir() if path.suffix == ".py" or any(path.glob("*.py"))]
    shown = [path.name.removesuffix(".py") for path in there if not path.name.startswith("__")]

    assert [] == sorted(name for name in shown if not re.search(rf"\b{name}\b", diagram))


# Nothing is undocumented, and links lead somewhere


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    """Every link to another file of the repository finds it."""
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))

    assert [] == [link for link in links if "://" not in link and not (page.parent / link).exists()]


def test_the_architecture_names_files_that_exist():
    """A reader who looks for `compiler/graph` finds it; of a package that is not there yet nothing is asked."""
    package = ROOT / "policyengine"
    page = ROOT / "docs" / "ARCHITECTURE.md"
    named = (
        re.findall(r"`([a-z_]+(?:/[a-z_]+)+)(?:\.py)?/?`", page.read_text(encoding="utf-8")) if page.exists() else []
    )
    asked = [name for name in named if (package / name.partition("/")[0]).exists()]

    assert [] == [name for name in asked if not (package / name).exists() and not (package / f"{name}.py").exists()]


def documentation() -> str:
    """All pages of docs/ as one text."""
    return "\n".join(page.read_text(encoding="utf-8") for page in PAGES if page != README)


def missing(wanted: list[str], text: str) -> list[str]:
    """Those of the words that the text does not contain as whole words."""
    return [word for word in wanted if not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)]


def commands(group: Any, prefix: str) -> Iterator[str]:
    """The full names of a group's commands, those of its groups included."""
    context = importlib.import_module("click").Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield f"{prefix} {name}"
        if hasattr(command, "list_commands"):
            yield from commands(command, f"{prefix} {name}")


@dataclass(frozen=True, order=True)
class Entry:
    """A diagnostic of a catalogue: its code, its name (none where it is not a constant) and what its function says."""

    code: str
    name: str
    claim: str

    def row(self) -> str:
        """The diagnostic as a row of a Markdown table."""
        return f"| `{self.code}` | `{self.name}` | {self.claim} |"


def entries(text: str) -> Iterator[Entry]:
    """The diagnostics of a catalogue, whose functions call `Diagnostic(code, name, ...)`."""
    for function in ast.walk(ast.parse(text)):
        if not isinstance(function, ast.FunctionDef):
            continue
        claim = (ast.get_docstring(function) or "").partition("\n")[0]
        for node in ast.walk(function):
            match node:
                case ast.Call(args=[ast.Constant(value=str(code)), name, *_]) if re.fullmatch(r"[A-Z]\d{3}", code):
                    yield Entry(code, str(name.value) if isinstance(name, ast.Constant) else "", claim)


def catalogue() -> list[Entry]:
    """All diagnostics, or a skipped test as long as there are none."""
    if not CATALOGUES:
        pytest.skip("no diagnostics.py beside these tests yet")
    return sorted(entry for path in CATALOGUES for entry in entries(path.read_text(encoding="utf-8")))


def test_every_command_is_documented():
    """Each command is written out somewhere in docs/ as `policyengine COMMAND`."""
    kind = importlib.import_module("click").Group
    group = next((value for value in vars(cli()).values() if isinstance(value, kind)), None)

    assert group is not None, "policyengine.cli has a click group of its commands"
    assert [] == missing(list(commands(group, "policyengine")), documentation())


def test_every_diagnostic_is_documented():
    """Each diagnostic stands in docs/ with its code and its name; on a failure, the rows to add are shown."""
    wanted, pages = catalogue(), documentation()
    undocumented = [
        entry.row() for entry in wanted if missing([f"`{word}`" for word in (entry.code, entry.name) if word], pages)
    ]

    assert wanted, "a catalogue names its diagnostics in calls such as Diagnostic('T001', 'unknown_name', ...)"
    assert not undocumented, "\n".join(["add to a page in docs/:", *undocumented])


def test_a_code_has_one_name():
    """A code never stands for two things, nor has one thing two codes."""
    pairs = sorted({(entry.code, entry.name) for entry in catalogue() if entry.name})

    assert [] == [(one, other) for one, other in combinations(pairs, 2) if one[0] == other[0] or one[1] == other[1]]


def test_every_public_name_is_documented():
    """Each name that `policyengine` exports stands in docs/."""
    public = getattr(importlib.import_module("policyengine"), "__all__", None)
    if not public:
        pytest.skip("policyengine has no `__all__` yet")
    if not documentation():
        pytest.skip("no docs/ beside these tests")
    assert [] == missing([name for name in public if not name.startswith("__")], documentation())


# The checks above, on small samples


def test_fences_have_their_place():
    """A fence knows its language and the line of its first line of text."""
    (first, second) = fences_of(README, "# A\n\n```sh\nls\n```\n\n```yaml title\na: 1\nb: 2\n```\n")

    assert (4, "sh", "ls\n") == (first.line, first.language, first.text)
    assert (8, "yaml", "a: 1\nb: 2\n") == (second.line, second.language, second.text)


def test_console_steps_are_commands_with_their_output():
    """Output may be empty or have several lines; a backslash continues a command."""
    text = "$ policyengine check \\\n    a b\n$ policyengine test x\none\n\ntwo\n$ echo $?\n4\n"

    assert [
        (["policyengine", "check", "a", "b"], ""),
        (["policyengine", "test", "x"], "one\n\ntwo\n"),
        (["echo", "$?"], "4\n"),
    ] == list(steps(text))


def test_excerpts_ignore_depth_and_comments_only():
    """An excerpt may lose its indentation and its comments; a changed number shows."""
    text = "charges:\n  prompt:\n    round:   # per line\n      places: 6\n\n    quantity: n\n"

    assert is_excerpt("round:\n  places: 6\nquantity: n\n", text)
    assert is_excerpt("charges:\n  prompt:  # each call\n", text)
    assert not is_excerpt("round:\n  places: 2\n", text)
    assert not is_excerpt("round:\n  quantity: n\n", text)


def test_python_comments_are_compared():
    """A stated value that is wrong fails, a right one does not, and statements see what came before."""
    namespace: dict[str, Any] = {}
    run_python("a = 2\na + 1  # -> 3\n", namespace, "sample")

    with pytest.raises(AssertionError, match="a \\* 2"):
        run_python("a * 2  # -> 5\n", namespace, "sample")


def test_missing_words_are_whole_words():
    """`check` is not documented by `checks`, nor `policyengine graph` by `policyengine graph-all`."""
    assert ["check"] == missing(["check", "T001"], "what checks say: `T001`.")
    assert ["policyengine graph"] == missing(["policyengine graph"], "policyengine graph-all")


def test_diagnostics_are_read_from_the_catalogue():
    """Calls with a code are found with the first line of their function's docstring, others are not."""
    text = """
def unknown_name(at):
    '''A rule reads a name that is not declared.

    More.'''
    return Diagnostic("T001", "unknown_name", f"no {at}", at)

def syntax(name):
    return Diagnostic("E001", name, log("AB", "c"))
"""

    assert [
        Entry("T001", "unknown_name", "A rule reads a name that is not declared."),
        Entry("E001", "", ""),
    ] == list(entries(text))
