"""Work beside the answers: a bounded queue and one thread that takes a small share of one processor.

The interpreter runs one thread at a time, so what this thread does an answer may have to wait for. It therefore lets
go after each piece of work, and rests after a few of them for as long as its share demands; who offers work never wakes
it. Work that does not fit into the queue is not offered, so that neither memory nor delay can grow.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

QUEUE_MAX = 200
"""How many pieces of work may wait: what is found out should be of now."""
SHARE_PERCENT = 1
"""How much of one processor's time the thread takes at most."""
BATCH = 8
"""How many pieces are done between two rests: the first one pays for cold caches."""
NAP_SECONDS = 0.00005
"""Long enough for a waiting answer to get the interpreter."""
IDLE_SECONDS = 0.1
"""After how long an empty queue is looked at again."""


@dataclass(frozen=True, slots=True)
class Raised:
    """What a call has raised."""

    fault: Exception


def attempt(call: Callable[..., Any], *given: Any) -> Any:
    """What a call answers, or `Raised`, whatever it raises: a candidate's crash is a finding and never an answer's."""
    try:
        return call(*given)
    except Exception as fault:
        return Raised(fault)


class Beside:
    """Does what is put into its queue, later, in a thread of its own; `close` ends it and forgets what still waits."""

    def __init__(
        self,
        queue: deque[Any],
        work: Callable[[Any], None],
        settle: Callable[[], None],
        failed: Callable[..., None],
        name: str,
    ) -> None:
        """`queue` holds at most `QUEUE_MAX`. `work` does one piece; `failed` is told what it raises, and the piece.

        `settle` draws the consequences after some pieces; it is rare, so that its time is not held to the share.
        """
        self._work, self._settle, self._failed = work, settle, failed
        self._queue = queue
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread, after the piece that it is at."""
        self._ended.set()
        self._thread.join()
        self._queue.clear()

    def _run(self) -> None:
        mark = time.thread_time_ns()
        rest = IDLE_SECONDS
        while not self._ended.wait(rest):
            is_idle = not self._queue
            self._do_some()
            spent = time.thread_time_ns() - mark
            rest = max(IDLE_SECONDS if is_idle else 0, spent * (100 - SHARE_PERCENT) / SHARE_PERCENT / 10**9)
            self._try(self._settle)
            mark = time.thread_time_ns()

    def _do_some(self) -> None:
        for _ in range(BATCH):
            if not self._queue or self._ended.is_set():
                return
            self._try(self._work, self._queue[0])  # it is in the queue until it is done, so nobody misses it
            self._queue.popleft()
            time.sleep(NAP_SECONDS)

    def _try(self, call: Callable[..., None], *given: Any) -> None:
        done = attempt(call, *given)
        if isinstance(done, Raised):
            self._failed(done.fault, *given)
