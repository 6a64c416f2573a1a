"""A circuit breaker: a service that only fails is left alone for a moment, and then asked carefully."""

from __future__ import annotations

import time
from collections.abc import Callable


class Breaker:
    """Opens after so many failures in a row; after a pause one request at a time may try, and a success closes it."""

    def __init__(self, *, failures: int, pause: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`pause` is in seconds."""
        self._threshold = failures
        self._pause = pause
        self._clock = clock
        self._failures = 0
        self._quiet_until = 0.0
        self._trying = False

    @property
    def open(self) -> bool:
        """True while the service counts as away."""
        return self._failures >= self._threshold

    def allows(self) -> bool:
        """Whether a request may go to the service now; when open, a yes is for one trial."""
        if not self.open:
            return True
        if self._trying or self._clock() < self._quiet_until:
            return False
        self._trying = True
        return True

    def succeeded(self) -> None:
        """The service answered, whatever it said."""
        self._failures = 0
        self._trying = False

    def failed(self) -> None:
        """The service could not be reached, broke off, or did not answer in time."""
        self._failures += 1
        self._trying = False
        self._quiet_until = self._clock() + self._pause

    def undecided(self) -> None:
        """The request ended without telling anything about the service."""
        self._trying = False
