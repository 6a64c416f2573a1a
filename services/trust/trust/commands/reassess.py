"""Time passes and the odometer turns: recommendations come nearer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from chassis.consuming import Received
from chassis.db import Transaction
from contracts.owners import OdometerJudged
from trust.commands.recommendation_book import DATE_TIMER, Book, due_of, next_change_at, timers
from trust.db import recommendations
from trust.domain.recommendation import Status


async def reassess_by_odometer(tx: Transaction, batch: Sequence[Received[OdometerJudged]]) -> None:
    """Look at the unsettled recommendations of these cars again; a change is published once."""
    latest: dict[UUID, Received[Any]] = {received.event.car_id: received for received in batch}
    book = Book(await recommendations.lock_unsettled(tx, latest))
    kilometres = await recommendations.odometers(tx, latest)
    for car_id, received in latest.items():
        today = received.event.occurred_at.astimezone(UTC).date()
        for row in book.unsettled(car_id):
            status = due_of(row).status(kilometres.get(car_id), today)
            if status.value != row["status"]:
                book.change(row, status, received)
    await book.save(tx)


@timers.on(DATE_TIMER)
async def reassess_by_date(tx: Transaction, subject: str, due_at: datetime) -> None:
    """One recommendation on a day on which its date makes it nearer; sets the timer for the next such day."""
    row = await recommendations.lock(tx, UUID(subject))
    if row is None or Status(row.status).settled:
        return
    book = Book([row])
    current = book.unsettled(row.car_id)[0]
    kilometres = await recommendations.odometers(tx, [row.car_id])
    status = due_of(current).status(kilometres.get(row.car_id), due_at.date())
    if status.value != row.status:
        book.change(current, status, None, at=due_at)
    await book.save(tx)
    following = next_change_at(current, due_at.date())
    if following is not None:
        await timers.schedule(tx, DATE_TIMER, subject, following)
