"""Options of the test suite."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest --update` rewrites what the cases in tests/cases and tests/golden expect; the diff is yours to answer."""
    parser.addoption("--update", action="store_true", default=False, help="rewrite expected outputs")
