"""Room for the frames of one evaluation, so that its speed does not depend on how deep in the stack it starts.

CPython keeps the frames of Python functions in chunks of 16 kB, and gives a chunk back as soon as the last frame in it
ends. A loop whose body happens to begin a new chunk pays for one at every turn: measured, 27 us instead of 1 us. A
hostile expression could be nested to just that depth. A frame that needs a large chunk of its own leaves the rest of
that chunk to all that it calls.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_WORDS = 33_000
"""The size of the frame below: 264 kB, for which CPython takes a chunk of 512 kB. Untouched, it costs no memory."""


def with_room(run: Callable[[], T]) -> T:
    """What `run` gives, run where no chunk ends within hundreds of frames."""
    return run()


with_room.__code__ = with_room.__code__.replace(co_stacksize=_WORDS)
