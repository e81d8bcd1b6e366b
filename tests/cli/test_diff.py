"""`policyengine diff` and `check --against`: what a reviewer and CI see."""

from __future__ import annotations

import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
OLD, NEW = (ROOT / "docs" / "examples" / f"prices-{year}" for year in (2026, 2027))
USAGE = ROOT / "docs" / "examples" / "usage.jsonl"
RATED = ("--usage", USAGE, "--decision", "monthly_bill", "--tenant-field", "customer.id")


@pytest.fixture
def bundle(tmp_path):
    """A copy of the older prices in a repository of git, committed."""
    folder = tmp_path / "repository" / "prices"
    folder.mkdir(parents=True)
    (folder / "bundle.yaml").write_bytes((OLD / "bundle.yaml").read_bytes())
    git(folder.parent, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "prices")
    return folder


def git(folder, *arguments):
    """Run git in a folder."""
    subprocess.run(["git", "-C", str(folder), *arguments], check=True)


def edit(folder, old, new):
    """Replace one text of the manifest."""
    manifest = folder / "bundle.yaml"
    text = manifest.read_text(encoding="utf-8")
    assert 1 == text.count(old)
    manifest.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.smoke
def test_equal_bundles_end_with_zero(call, chat):
    """Nothing to say, and exit code 0."""
    result = call("diff", chat, chat)

    assert 0 == result.exit_code
    assert "no differences" == result.output.splitlines()[-1]


def test_differences_end_with_two(call):
    """The verdict is the last line, and the exit code says that there are differences."""
    result = call("diff", OLD, NEW)

    assert 2 == result.exit_code
    assert result.output.splitlines()[-1].startswith("4 changes: 2 price_raised, ")
    assert result.output.splitlines()[-1].endswith("; a major change (2.0.0 or higher)")


@pytest.mark.parametrize("how", ["pretty", "markdown", "html", "json"])
def test_every_format_tells_every_change(call, how):
    """The same report, whoever reads it."""
    result = call("diff", OLD, NEW, *RATED, "--format", how)

    assert 2 == result.exit_code
    for word in ("free_calls.team", "review_above", "price.large.each", "price.small.each", "D008", "D011", "acme"):
        assert word in result.output


def test_json_has_amounts_as_text(call):
    """No reader makes a float of an amount, and every sum is exact."""
    found = json.loads(call("diff", OLD, NEW, *RATED, "--format", "json").output)
    money = found["impact"]["currencies"]["USD"]

    assert {"calls": 8, "changed": 8, "before": "2161.6", "after": "2102.64", "change": "-58.96"} == money["total"]
    assert "major" == found["bump"]
    assert "2.0.0" == found["least_version"]
    assert [None] * 4 == [change["meaning"]["proved"] for change in found["changes"]]
    assert {"before": "allow", "after": "deny", "calls": 1} in found["impact"]["effects"]


class Page(HTMLParser):
    """The tags of a page, and what they ask a browser for."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.asked = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.asked += [value for name, value in attrs if name in ("src", "href") or name.startswith("on")]


def hostile(folder, where):
    """A bundle whose words try to become markup."""
    text = (where / "bundle.yaml").read_text(encoding="utf-8")
    text = text.replace("reason: a large bill", 'reason: "<script>alert(1)</script> | `x` ![i](http://e/x)"')
    text = text.replace("id: large,", 'id: "<img src=x onerror=alert(1)>|`",')
    folder.mkdir()
    (folder / "bundle.yaml").write_text(text, encoding="utf-8")
    return folder


def test_html_runs_and_loads_nothing(call, tmp_path):
    """Words of authors and tenants stay words; the page has no script and asks for nothing."""
    usage = tmp_path / "usage.jsonl"
    line = json.loads(USAGE.read_text(encoding="utf-8").splitlines()[0])
    line["input"]["customer"]["id"] = "</svg><script>alert(1)</script>"
    usage.write_text(json.dumps(line) + "\n", encoding="utf-8")
    rated = ("--usage", usage, "--decision", "monthly_bill", "--tenant-field", "customer.id")
    page = call("diff", OLD, hostile(tmp_path / "b", NEW), *rated, "--format", "html").output
    read = Page(page)

    assert "&lt;script&gt;" in page
    assert set() == read.tags & {"script", "img", "iframe", "object", "link"}
    assert [] == read.asked


def test_markdown_keeps_words_in_code(call, tmp_path):
    """A bar, a backtick or markup in a bundle breaks neither the table nor the comment."""
    page = call("diff", OLD, hostile(tmp_path / "b", NEW), "--format", "markdown").output
    rows = [line for line in page.splitlines() if line.startswith("| D")]

    assert rows
    assert {4} == {len(re.findall(r"(?<!\\)\|", row)) - 1 for row in rows}
    assert "<script>" not in re.sub(r"(`+).*?\1", "", page)


def test_svg_is_a_picture_of_the_impact(call):
    """Well-formed, and without usage there is nothing to draw."""
    picture = call("diff", OLD, NEW, *RATED, "--format", "svg").output
    alone = call("diff", OLD, NEW, "--format", "svg")

    assert "{http://www.w3.org/2000/svg}svg" == ElementTree.fromstring(picture).tag
    assert "USD: tenants that change most" in picture
    assert 1 == alone.exit_code


@pytest.mark.parametrize("name", ["main", "HEAD:prices"])
def test_a_revision_is_read_from_git(call, bundle, monkeypatch, name):
    """Without a checkout: what the folder holds now is compared with what it held."""
    monkeypatch.chdir(bundle.parent)
    edit(bundle, "each: 2.00", "each: 2.50")
    result = call("diff", name, "prices")

    assert 2 == result.exit_code
    assert "~ price.large.each: 2.00 -> 2.50" in result.output
    assert "1 change: 1 price_raised" in result.output


def test_two_revisions_are_compared(call, bundle, monkeypatch):
    """Nothing of the working tree is looked at."""
    monkeypatch.chdir(bundle.parent)
    edit(bundle, "each: 2.00", "each: 2.50")
    git(bundle, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-a", "-m", "raise")
    (bundle / "bundle.yaml").unlink()
    result = call("diff", "HEAD~1:prices", "HEAD:prices")

    assert 2 == result.exit_code
    assert "HEAD:prices/bundle.yaml:28" in result.output


@pytest.mark.parametrize("name", ["nowhere", "HEAD:nothing", "--exec=x", "sha256:00ff"])
def test_what_is_nowhere_is_refused(call, bundle, monkeypatch, name):
    """A wrong name is a wrong call, and no option of git."""
    monkeypatch.chdir(bundle.parent)
    result = call("diff", "--", name, "prices")

    assert 1 == result.exit_code
    assert "Traceback" not in result.output


def test_published_versions_are_found_in_a_registry(call, tmp_path):
    """By digest and by label."""
    registry = f"sqlite:{tmp_path / 'registry.db'}"
    said = json.loads(call("publish", OLD, "--registry", registry, "--actor", "me", "--format", "json").output)

    for name in ("calls@1.4.0", said["digest"], said["digest"][:20]):
        assert 2 == call("diff", name, NEW, "--registry", registry).exit_code
        assert 0 == call("diff", name, OLD, "--registry", registry).exit_code


def test_check_asks_for_the_version_that_a_change_requires(call, bundle):
    """A price raised is a major change: D000 stands at the version, with the change beside it."""
    edit(bundle, "each: 2.00", "each: 2.50")
    low = call("check", bundle, "--against", "main")
    edit(bundle, "version: 1.4.0", "version: 2.0.0")
    enough = call("check", bundle, "--against", "main")

    assert 3 == low.exit_code
    assert "bundle.yaml:4:10: D000: the version 1.4.0 is too low for a major change since `main`" in low.output
    assert "D008 price_raised: price.large.each" in low.output
    assert "hint: make it 2.0.0 or higher" in low.output
    assert 0 == enough.exit_code


def test_check_lets_pass_what_is_accepted(call, bundle):
    """The kind of change that somebody has looked at does not count."""
    edit(bundle, "each: 2.00", "each: 2.50")

    assert 0 == call("check", bundle, "--against", "main", "--accept", "D008").exit_code
    assert 3 == call("check", bundle, "--against", "main", "--accept", "D016").exit_code


def test_check_asks_nothing_of_what_is_new(call, bundle):
    """A bundle that the revision does not have promises nothing yet."""
    new = bundle.parent / "more"
    new.mkdir()
    (new / "bundle.yaml").write_bytes((NEW / "bundle.yaml").read_bytes())

    assert 0 == call("check", new, "--against", "main").exit_code


def test_a_line_that_cannot_be_read_ends_the_run(call, tmp_path):
    """Money is never left out in silence."""
    usage = tmp_path / "usage.jsonl"
    usage.write_text(USAGE.read_text(encoding="utf-8") + '{"input": \n', encoding="utf-8")
    result = call("diff", OLD, NEW, "--usage", usage, "--decision", "monthly_bill")

    assert 1 == result.exit_code
    assert "line 9" in result.output


def test_records_of_decisions_are_usage(call, tmp_path):
    """What `decide --lines --format json` has written is rated again, tenants and times as they were."""
    lines = tmp_path / "in.jsonl"
    lines.write_text(USAGE.read_text(encoding="utf-8"), encoding="utf-8")
    records = call("decide", OLD, "monthly_bill", "--input", lines, "--format", "json").stdout
    usage = tmp_path / "records.jsonl"
    usage.write_text(records, encoding="utf-8")
    found = json.loads(call("diff", OLD, NEW, "--usage", usage, "--format", "json").output)

    assert "2161.6" == found["impact"]["currencies"]["USD"]["total"]["before"]
