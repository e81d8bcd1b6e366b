"""House rule: a service that only evaluates does not pay for authoring."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

# Packages that a machine's start-up may load before any line of ours are subtracted, so that the claim is about us.
PROBE = """
import importlib, json, sys
before = {name.partition(".")[0] for name in sys.modules}
importlib.import_module(sys.argv[1])
after = {name.partition(".")[0] for name in sys.modules}
strangers = after - before - set(sys.stdlib_module_names) - {"policyengine"}
print(json.dumps(sorted(strangers)))
"""


def third_party_modules_of(module: str) -> list[str]:
    """The packages, neither ours nor Python's, that importing `module` loads in a new process."""
    done = subprocess.run([sys.executable, "-c", PROBE, module], capture_output=True, text=True, check=True)
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.mark.smoke
@pytest.mark.parametrize("module", ["policyengine", "policyengine.runtime"])
def test_loads_no_third_party_module(module):
    """Neither yaml, jsonschema, networkx, pydantic, click nor anything else that is not Python's own."""
    assert [] == third_party_modules_of(module)


@pytest.mark.smoke
def test_the_probe_sees_third_party_modules():
    """The probe is not blind: click is found where it is imported."""
    assert ["click"] == third_party_modules_of("click")
