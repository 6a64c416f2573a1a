"""A completed work order settles what it did and recommends what comes next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from chassis.consuming import Received
from chassis.db import Transaction
from chassis.ids import derived_id
from contracts.workorders import NextService, Snapshot, WorkOrderCompleted
from trust.commands.recommendation_book import Book, due_of
from trust.db import facts, recommendations
from trust.db.read_models import owners_of
from trust.domain.recommendation import (
    DeclinedItem,
    DoneItem,
    Interval,
    Proposal,
    Source,
    Status,
    matter,
    proposals,
)

REVISION = 1


async def recommend(tx: Transaction, batch: Sequence[Received[WorkOrderCompleted]]) -> None:
    """Keep the attested service as a fact; for each one that is new, settle and recommend.

    What is due by distance is compared on all meters that the car has had; these orders alone tell which.
    """
    services = {received.event.work_order_id: _service(received.event) for received in batch}
    new = await facts.add_attested_services(tx, list(services.values()))
    replaced: Counter[UUID] = Counter()
    fresh = {received.event.work_order_id: received for received in batch if received.event.work_order_id in new}
    if not fresh:
        return
    owners = await owners_of(tx, {received.event.car_id for received in fresh.values()})
    book = Book(await recommendations.lock_unsettled(tx, {received.event.car_id for received in fresh.values()}))
    for received in fresh.values():
        event = received.event
        replaced[event.car_id] += meter_offset(event.snapshot)
        offset_km = new[event.work_order_id] + replaced[event.car_id]
        _settle(book, received, offset_km)
        if meter_offset(event.snapshot):
            book.change_meter(event.car_id, offset_km)
        # An order that was open when the car was sold recommends to whoever drives it now.
        _open(book, received, owners.get(event.car_id, event.owner_id), offset_km)
    await book.save(tx)


def meter_offset(snapshot: Snapshot) -> int:
    """What the new meter shows too little beside the one that the order replaced, in km; 0 without one."""
    replacement = snapshot.odometer.meter_replacement
    return 0 if replacement is None else replacement.removed_km - replacement.installed_km


def _settle(book: Book, received: Received[WorkOrderCompleted], offset_km: int) -> None:
    event = received.event
    snapshot = event.snapshot
    done = {matter(title) for title in _titles(snapshot)}
    declined = {matter(job.title) for job in snapshot.declined}
    day = date.fromisoformat(snapshot.completed_on)
    driven = None if snapshot.odometer.km is None else snapshot.odometer.km + offset_km
    for row in book.unsettled(event.car_id):
        if row["matter"] in done:
            kept = due_of(row).status(driven, day) is not Status.OVERDUE
            book.change(row, Status.DONE, received, kept=kept, settled_by=event.work_order_id)
        elif row["matter"] in declined and row["source"] == Source.DECLINED.value:
            book.change(row, Status.SUPERSEDED, received, settled_by=event.work_order_id)


def _open(book: Book, received: Received[WorkOrderCompleted], owner_id: UUID, offset_km: int) -> None:
    event = received.event
    snapshot = event.snapshot
    day = date.fromisoformat(snapshot.completed_on)
    found = proposals(
        _done_items(snapshot), _declined_items(snapshot), completed_on=day, odometer_km=snapshot.odometer.km
    )
    for proposal in found:
        status = proposal.due.status(snapshot.odometer.km, day)
        row = _row(received, proposal, status) | {"owner_id": owner_id, "meter_offset_km": offset_km}
        book.open(row, received)


def _row(received: Received[WorkOrderCompleted], proposal: Proposal, status: Status) -> dict[str, Any]:
    event = received.event
    return {
        "id": derived_id(received.id, f"recommendation:{proposal.item_id}"),
        "work_order_id": event.work_order_id,
        "item_id": proposal.item_id,
        "revision": REVISION,
        "car_id": event.car_id,
        "center_id": event.center_id,
        "source": proposal.source.value,
        "title": proposal.title,
        "matter": matter(proposal.title),
        "due_km": proposal.due.km,
        "due_on": proposal.due.on,
        "status": status.value,
        "kept": None,
        "related_party": event.related_party,
        "opened_at": event.occurred_at,
        "settled_by": None,
        "sequence": 1,
        "version": 1,
    }


def _service(event: WorkOrderCompleted) -> dict[str, Any]:
    return {
        "work_order_id": event.work_order_id,
        "car_id": event.car_id,
        "serviced_on": date.fromisoformat(event.snapshot.completed_on),
        "completed_at": event.snapshot.completed_at,
        "related_party": event.related_party,
        "meter_offset_km": meter_offset(event.snapshot),
    }


def _titles(snapshot: Snapshot) -> list[str]:
    return [
        title
        for job in snapshot.jobs
        for title in (job.title, *(line.operation for line in job.labor), *(line.name for line in job.products))
    ]


def _done_items(snapshot: Snapshot) -> list[DoneItem]:
    return [
        DoneItem(item_id, title, _interval(interval))
        for job in snapshot.jobs
        for item_id, title, interval in (
            *((line.line_id, line.operation, line.next_service) for line in job.labor),
            *((line.line_id, line.name, line.next_service) for line in job.products),
        )
    ]


def _declined_items(snapshot: Snapshot) -> list[DeclinedItem]:
    return [DeclinedItem(job.job_id, job.title, _interval(job.next_service)) for job in snapshot.declined]


def _interval(next_service: NextService | None) -> Interval | None:
    if next_service is None or (next_service.km is None and next_service.months is None):
        return None
    return Interval(next_service.km, next_service.months)
