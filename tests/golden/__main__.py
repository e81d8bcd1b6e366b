"""`python -m tests.golden FILE...`: exit code 0 if no case failed, 1 otherwise."""

from __future__ import annotations

import sys
from pathlib import Path

# The tests import each other's helpers from `tests/` (see pyproject.toml); so does this command.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from golden.runner import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
