"""When a car's odometer has not been read for so long that its owner is asked what it shows."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

from owners.domain.car import Car
from owners.domain.odometer.reading import Unit

ASKED_EVERY: Final = timedelta(days=30)
"""At most so often for one car, whoever owns it."""
STALE_AFTER: Final = timedelta(days=60)
"""By default."""


class LastReading(NamedTuple):
    """A car's last ok reading, as entered, and what is known of who would be asked for another one.

    `read_at` is the instant, or the end of the day where only the day is known.
    """

    id: UUID
    value: Decimal
    unit: Unit
    km: int
    observed_on: date
    read_at: datetime
    owner_erased: bool
    asked_at: datetime | None

    def asks_for_another(self, car: Car, now: datetime, stale_after: timedelta) -> bool:
        """Whether the car's present owner is asked now."""
        if car.archived_at is not None or self.owner_erased:
            return False
        asked_lately = self.asked_at is not None and self.asked_at > now - ASKED_EVERY
        return self.read_at < now - stale_after and not asked_lately
