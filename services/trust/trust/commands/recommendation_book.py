"""The recommendations of the cars of one batch: changed in memory in the order of events, saved by three statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from chassis.consuming import Received
from chassis.db import Transaction
from chassis.timers import Timers
from contracts.event import Actor, Event
from trust import events
from trust.db import recommendations
from trust.domain.recommendation import Due, Status

DATE_TIMER = "recommendation-date"
"""The kind of the timer that fires on the day on which a date alone makes a recommendation nearer."""

timers = Timers()


class Book:
    """What is unsettled now, and what has become of it."""

    def __init__(self, unsettled: Iterable[Row[Any]] = ()) -> None:
        self._rows: dict[UUID, dict[str, Any]] = {row.id: dict(row._mapping) for row in unsettled}  # noqa: SLF001 - SQLAlchemy's public name
        self._new: dict[UUID, dict[str, Any]] = {}
        self._changed: dict[UUID, dict[str, Any]] = {}
        self._with_other_meter: dict[UUID, dict[str, Any]] = {}
        self._events: list[tuple[Event, Received[Any] | None]] = []

    def unsettled(self, car_id: UUID) -> list[dict[str, Any]]:
        """The car's recommendations that can still change, oldest first, those of this batch included."""
        return [row for row in self._rows.values() if row["car_id"] == car_id and not Status(row["status"]).settled]

    def open(self, row: dict[str, Any], cause: Received[Any]) -> None:
        """Add a new one."""
        self._rows[row["id"]] = self._new[row["id"]] = row
        self._events.append((events.recommendation_opened(row, cause.event.occurred_at), cause))

    def change(
        self,
        row: dict[str, Any],
        status: Status,
        cause: Received[Any] | None,
        *,
        at: datetime | None = None,
        kept: bool | None = None,
        settled_by: UUID | None = None,
        actor: Actor = events.SYSTEM,
    ) -> None:
        """Give it another status, and tell so; `at` is when, if no event is the cause."""
        previous = row["status"]
        row.update(status=status.value, kept=kept, settled_by=settled_by)
        row.update(sequence=row["sequence"] + 1, version=row["version"] + 1)
        if row["id"] not in self._new:
            self._changed[row["id"]] = row
        when = cause.event.occurred_at if cause is not None else at
        self._events.append((events.recommendation_changed(row, previous, when or datetime.now(UTC), actor), cause))

    def change_meter(self, car_id: UUID, offset_km: int) -> None:
        """The car has another meter: what is due by distance is due at what that one will show then."""
        for row in self.unsettled(car_id):
            if row["due_km"] is not None:
                row["due_km"] += row["meter_offset_km"] - offset_km
            row.update(meter_offset_km=offset_km, version=row["version"] + 1)
            if row["id"] not in self._new:
                self._with_other_meter[row["id"]] = row

    async def save(self, tx: Transaction) -> None:
        """Write everything, set the timers of what is new, and record the events in order."""
        await recommendations.add(tx, list(self._new.values()))
        await recommendations.change(tx, list(self._changed.values()))
        if self._with_other_meter:
            await recommendations.change_meters(tx, list(self._with_other_meter.values()))
        await timers.schedule_all(tx, DATE_TIMER, _next_days(self._new.values()))
        for event, cause in self._events:
            tx.record(event, cause=cause)


def due_of(row: Mapping[str, Any]) -> Due:
    """When a stored recommendation is due; its kilometres are those on all the car's meters."""
    km = None if row["due_km"] is None else row["due_km"] + row["meter_offset_km"]
    return Due(km, row["due_on"])


def next_change_at(row: dict[str, Any], today: date) -> datetime | None:
    """Midnight UTC of the next day on which the date alone changes the status."""
    day = due_of(row).next_change(today)
    return None if day is None else datetime.combine(day, time.min, UTC)


def _next_days(rows: Iterable[dict[str, Any]]) -> dict[UUID | str, datetime]:
    return {
        row["id"]: at
        for row in rows
        if not Status(row["status"]).settled
        and (at := next_change_at(row, row["opened_at"].astimezone(UTC).date())) is not None
    }
