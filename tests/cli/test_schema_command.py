"""`policyengine schema`: the JSON Schemas, wherever the package is installed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.mark.smoke
@pytest.mark.parametrize(("arguments", "name"), [([], "bundle"), (["bundle"], "bundle"), (["part"], "part")])
def test_it_prints_a_schema(arguments, name, call):
    """The whole file, as JSON."""
    result = call("schema", *arguments)

    assert 0 == result.exit_code
    assert f"{name}.schema.json" == json.loads(result.output)["$id"]


@pytest.mark.smoke
def test_it_says_where_the_schema_lies(call):
    """For an editor's settings."""
    path = Path(call("schema", "part", "--path").output.strip())

    assert "part.schema.json" == path.name
    assert path.is_file()
