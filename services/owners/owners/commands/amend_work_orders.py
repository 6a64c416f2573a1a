"""Accepted corrections of completed work orders: amendments beside what was attested, which stays as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from uuid import UUID

from chassis.consuming import Received, Refuse
from chassis.db import Transaction
from chassis.ids import derived_id
from owners import events
from owners.commands.attest_work_orders import READING, open_histories
from owners.commands.car_history import CarHistory, settle_attested
from owners.db.amendments import amendments_of, attested_by, insert_amendments
from owners.domain.amendment import Amendment, Correction, in_force
from owners.domain.odometer.recorded import RecordedReading
from owners.domain.records import Expense, ServiceEntry
from owners.events import By

AMENDMENT: Final = "amendment"


class Amending(NamedTuple):
    """A correction, and the event that told of it."""

    correction: Correction
    cause: Received[Any]

    @property
    def by(self) -> By:
        """Who accepted the correction, and when."""
        return By(self.cause.event.actor, self.correction.occurred_at)


@dataclass(slots=True)
class _Amended:
    """An attested entry, its expense and amendments, and its car's history."""

    entry: ServiceEntry
    expense: Expense
    history: CarHistory
    amendments: list[Amendment] = field(default_factory=list)


async def amend_work_orders(tx: Transaction, batch: Sequence[Amending]) -> None:
    """Exactly one amendment per work order and revision, in as many statements for a batch as for one.

    What is in force afterwards is a function of the set of amendments, so late ones and replays do no harm. Raises
    Refuse where the order's completion was never taken in: that is a dead letter by then, and this one joins it.
    """
    entries = await _open(tx, batch)
    made = [(one, one.correction.amendment(_id(one, AMENDMENT), _entry(entries, one))) for one in batch]
    added = await insert_amendments(tx, [amendment for _, amendment in made])
    last: dict[UUID, Received[Any]] = {}
    for one, amendment in made:
        if amendment.id in added:
            amended = entries[amendment.work_order_id]
            _apply(tx, one, amendment, amended)
            last[amended.entry.car_id] = one.cause
    histories = {amended.entry.car_id: amended.history for amended in entries.values()}
    await settle_attested(tx, histories, last)


async def _open(tx: Transaction, batch: Sequence[Amending]) -> Mapping[UUID, _Amended]:
    histories = await open_histories(tx, {one.correction.car_id for one in batch})
    attested = await attested_by(tx, {one.correction.work_order_id for one in batch})
    known = await amendments_of(tx, [entry.id for entry, _ in attested.values()])
    return {
        order_id: _Amended(entry, expense, histories[entry.car_id], known[entry.id])
        for order_id, (entry, expense) in attested.items()
        if entry.car_id in histories
    }


def _id(one: Amending, kind: str) -> UUID:
    return derived_id(one.cause.id, kind)


def _entry(entries: Mapping[UUID, _Amended], one: Amending) -> ServiceEntry:
    found = entries.get(one.correction.work_order_id)
    if found is None:
        raise Refuse(f"the completion of work order {one.correction.work_order_id} has not been taken in for this car")
    return found.entry


def _apply(tx: Transaction, one: Amending, amendment: Amendment, amended: _Amended) -> None:
    before = in_force(amended.entry, amended.amendments)
    amended.amendments.append(amendment)
    after = in_force(amended.entry, amended.amendments)
    readings = amended.history.readings
    corrected = one.correction.reading(_id(one, READING), amended.entry)
    if corrected is not None:
        readings.add(corrected)
    readings.amend(amendment.work_order_id, after.reading_revision)
    if after == before:
        return  # a later revision is there already
    log, cause = amended.history.log, one.cause
    reading: RecordedReading | None = readings.reading_of(amended.entry.id)
    tx.record(
        events.service_entry_changed(log, after.entry, reading, one.by, has_attachment=False, voided=after.voided),
        cause=cause,
    )
    if after.entry.cost_minor != before.entry.cost_minor and after.entry.cost_minor is not None:
        expense = amended.expense._replace(amount_minor=after.entry.cost_minor)
        tx.record(events.expense_changed(log, expense, one.by), cause=cause)
