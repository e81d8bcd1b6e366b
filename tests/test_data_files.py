"""The folders of data are found from a wheel and from a checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

from policyengine.data_files import find, folder
from policyengine.errors import PolicyEngineError


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """An empty package in an empty folder."""
    package = tmp_path / "policyengine"
    package.mkdir()
    return package


@pytest.mark.smoke
@pytest.mark.parametrize("name", ["schemas", "policies"])
def test_this_installation_has_its_folders(name):
    """Whatever way the package was installed, its folders are there and are not empty."""
    assert any(folder(name).iterdir())


def test_a_wheel_carries_its_folders(package):
    """What lies inside the package wins, even if a checkout surrounds it."""
    packaged = package / "_data" / "schemas"
    packaged.mkdir(parents=True)
    (package.parent / "schemas").mkdir()
    (package.parent / "pyproject.toml").touch()

    assert packaged == find("schemas", package)


def test_a_checkout_has_them_beside_the_package(package):
    """In a checkout the folder is the package's sibling."""
    (package.parent / "schemas").mkdir()
    (package.parent / "pyproject.toml").touch()

    assert package.parent / "schemas" == find("schemas", package)


def test_a_strangers_folder_is_not_ours(package):
    """A folder of that name beside an installed package belongs to somebody else."""
    (package.parent / "schemas").mkdir()

    with pytest.raises(PolicyEngineError, match="`schemas` is missing from this installation"):
        find("schemas", package)
