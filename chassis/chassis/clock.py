"""The time is passed in, so that a test can decide what it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

type Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is told to advance."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The instant at which it stands."""
        return self.now

    def advance(self, by: timedelta) -> datetime:
        """Moves the clock on and returns the new instant."""
        self.now += by
        return self.now
