"""Where the folders of data that belong to this package lie: `schemas` and `policies`.

They are top-level folders of the repository, because people read them. A wheel carries them inside the package, under
`_data`. An editable install has no `_data`, since the package is then imported from the checkout: there the folders
are the package's siblings.
"""

from __future__ import annotations

from pathlib import Path

from policyengine.errors import PolicyEngineError

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """The folder `schemas` or `policies`, from the installed wheel or else from the checkout."""
    return find(name, _PACKAGE)


def find(name: str, package: Path) -> Path:
    """The folder `name` of the package that lies at `package`."""
    packaged = package / "_data" / name
    if packaged.is_dir():
        return packaged
    checkout = package.parent
    # Beside an installed package lie other people's packages: a sibling counts only in a checkout.
    if (checkout / "pyproject.toml").is_file() and (checkout / name).is_dir():
        return checkout / name
    raise PolicyEngineError(f"the folder `{name}` is missing from this installation of policyengine: {packaged}")


def foreign_distribution() -> str | None:
    """A warning where the other project called `policyengine` is installed too: both write into one folder.

    It looks into the metadata of installed packages, so whoever only evaluates does not pay for it.
    """
    from importlib import metadata

    try:
        version = metadata.version("policyengine")
    except metadata.PackageNotFoundError:
        return None
    return (
        f"the distribution `policyengine` {version} is another project that installs into the same folder as"
        " `billing-policyengine`: uninstall both, then install the one you mean"
    )
