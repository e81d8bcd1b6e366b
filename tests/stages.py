"""What the parts of a package import of one another: a part is a folder or a file in it."""

from __future__ import annotations

import ast
from pathlib import Path
from types import ModuleType


def imported(package: ModuleType, part: str) -> set[str]:
    """The other parts of a package that one of its parts imports."""
    assert package.__file__ is not None
    folder = Path(package.__file__).parent
    files = sorted((folder / part).rglob("*.py")) or [folder / f"{part}.py"]
    return {name for file in files for name in _imported(package.__name__, file)} - {part}


def _imported(package: str, file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == package:
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{package}."):
            found.add((node.module or "").removeprefix(f"{package}.").partition(".")[0])
    return found
