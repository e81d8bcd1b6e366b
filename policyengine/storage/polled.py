"""A store that announces nothing: whoever waits for an event looks again and again."""

from __future__ import annotations

import threading
from abc import abstractmethod

from policyengine.storage.store import Store


class PolledStore(Store):
    """A store that is looked at every `poll_seconds` while somebody waits."""

    poll_seconds: float

    def __init__(self) -> None:
        self._interrupted = threading.Event()

    @abstractmethod
    def has_more(self, after: int) -> bool:
        """Whether there is an event with a greater number."""

    def wait(self, after: int, seconds: float) -> bool:
        left = seconds
        while not self.has_more(after):
            if left <= 0 or self._interrupted.wait(min(left, self.poll_seconds)):
                return False
            left -= self.poll_seconds
        return True

    def interrupt(self) -> None:
        self._interrupted.set()
