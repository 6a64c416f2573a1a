"""Cars that came to an appointment: what their odometers showed, as somebody at the center read it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from chassis.consuming import Received
from chassis.db import Transaction
from chassis.ids import derived_id
from owners.commands.attest_work_orders import open_histories
from owners.commands.car_history import settle_attested
from owners.domain.local_time import local_date
from owners.domain.odometer.recorded import Observed, RecordedReading, TypedOdometer

READING: Final = "check-in-reading"


class CheckIn(NamedTuple):
    """A car at a center, and the event that told of it."""

    appointment_id: UUID
    car_id: UUID
    odometer: TypedOdometer
    time_zone: str
    checked_in_at: datetime
    checked_in_by: UUID
    cause: Received[Any]

    def reading(self) -> RecordedReading:
        """One for each appointment. It weighs as any: only a completed work order attests."""
        return RecordedReading.typed(
            derived_id(self.appointment_id, READING),
            self.odometer,
            Observed(local_date(self.checked_in_at, self.time_zone), self.checked_in_at, self.time_zone),
            source="appointment_check_in",
            author_id=self.checked_in_by,
            now=self.checked_in_at,
        )


async def check_in(tx: Transaction, batch: Sequence[CheckIn]) -> None:
    """Exactly one reading for each appointment; raises Refuse for a car that does not exist."""
    histories = await open_histories(tx, {one.car_id for one in batch})
    last = {one.car_id: one.cause for one in batch if histories[one.car_id].readings.add(one.reading())}
    await settle_attested(tx, histories, last)
