"""What every store can do: an append-only list of events, and blobs by name that go in together with an event.

Events are numbered from 1 without gaps. Who appends says which number the event shall have; if somebody else was
faster, the store answers `Conflict` and nothing is written. What a store has acknowledged survives the process.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from policyengine.errors import PolicyEngineError, StoreUnavailable


class NoStore(StoreUnavailable):
    """There is no store at this address."""


class Conflict(PolicyEngineError):
    """Somebody else has written to the store in the meantime; what was to be appended was not."""

    fault = "caller"


@dataclass(frozen=True, slots=True)
class Head:
    """The last event that a store knows to have: its number and the sha256 of its bytes."""

    number: int
    digest: str


def head_of(number: int, event: bytes) -> Head:
    """The head after an event."""
    return Head(number, "sha256:" + hashlib.sha256(event).hexdigest())


class Store(ABC):
    """An open store; a context manager that closes it. Safe to share between threads.

    `name` is what messages call it; it holds no password.
    """

    name: str

    @abstractmethod
    def append(self, number: int, event: bytes, blobs: Mapping[str, bytes] | None = None) -> None:
        """Write an event as the one with this number, and blobs that are not there yet; all of it or nothing.

        Raises Conflict where the number is taken, StoreUnavailable where nothing can be written. Where a store goes
        away while it is being written to, only reading on tells whether the event is there.
        """

    @abstractmethod
    def events(self, after: int = 0) -> list[bytes]:
        """The events with greater numbers, in order."""

    @abstractmethod
    def blob(self, name: str) -> bytes | None:
        """A blob, None where there is none of this name."""

    @abstractmethod
    def head(self) -> Head | None:
        """What the store itself says to be its last event: an end that was cut off shows by it."""

    @abstractmethod
    def wait(self, after: int, seconds: float) -> bool:
        """Wait until there is an event with a greater number, at most so long; whether there is one.

        `interrupt` ends it before. Raises StoreUnavailable.
        """

    @abstractmethod
    def interrupt(self) -> None:
        """End every `wait` at once, now and from now on; for another thread, which then closes the store."""

    @abstractmethod
    def close(self) -> None:
        """Release what the store holds."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
