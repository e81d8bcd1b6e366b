"""Generated bundles have small tables; their cells are remembered all the same, so that this is compared, too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from policyengine.runtime.codegen import table_writer


@pytest.fixture(scope="package", autouse=True)
def _every_table_is_remembered() -> Iterator[None]:
    least = table_writer.REMEMBERED_MIN
    table_writer.REMEMBERED_MIN = 0
    yield
    table_writer.REMEMBERED_MIN = least
