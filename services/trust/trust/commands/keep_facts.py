"""Read models and facts: the newest state of each thing, whatever the order in which its events arrive."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from chassis.consuming import Received
from chassis.db import Transaction
from chassis.idempotency import forget_answers_to
from contracts import owners
from trust.db.models import car, car_access, car_link, car_odometer, car_reading, employee, history_entry
from trust.db.read_models import add_transfers, end_access_around, upsert_newer
from trust.db.recommendations import hand_over

type Batch = Sequence[Received[Any]]


async def keep_cars(tx: Transaction, batch: Batch) -> None:
    """Whose each car is and was. What is still recommended for a car goes to its new owner with it."""
    await upsert_newer(tx, car, [received.event.model_dump(include=set(car.c.keys())) for received in batch])
    transfers = [received.event for received in batch if isinstance(received.event, owners.CarTransferred)]
    if not transfers:
        return
    rows = [
        {
            "car_id": event.car_id,
            "transferred_at": event.occurred_at,
            "from_owner_id": event.previous_owner_id,
            "to_owner_id": event.owner_id,
        }
        for event in transfers
    ]
    await add_transfers(tx, rows)
    await hand_over(tx, {event.car_id for event in transfers})


async def keep_access(tx: Transaction, batch: Batch) -> None:
    """With whom owners share their cars."""
    rows = [
        {
            "grant_id": grant.grant_id,
            "car_id": grant.car_id,
            "owner_id": grant.owner_id,
            "user_id": grant.grantee_id,
            "role": grant.role,
            "expires_at": grant.expires_at,
            "ended": isinstance(grant, owners.AccessEnded),
            "sequence": grant.sequence,
        }
        for grant in (received.event for received in batch)
    ]
    await upsert_newer(tx, car_access, rows)


async def forget_people(tx: Transaction, batch: Batch) -> None:
    """People who are gone share nothing any more, and no answer to them is kept."""
    gone = sorted({received.event.user_id for received in batch})
    await end_access_around(tx, gone)
    for user_id in gone:
        await forget_answers_to(tx, user_id)


async def keep_employees(tx: Transaction, batch: Batch) -> None:
    """Who works where."""
    await upsert_newer(tx, employee, [received.event.model_dump(include=set(employee.c.keys())) for received in batch])


async def keep_links(tx: Transaction, batch: Batch) -> None:
    """Which center may read which car's history."""
    rows = [
        {
            "link_id": link.link_id,
            "car_id": link.car_id,
            "center_id": link.center_id,
            "reads_history": link.status == "approved" and "history_read" in link.scopes,
            "expires_at": link.expires_at,
            "sequence": link.sequence,
        }
        for link in (received.event for received in batch)
    ]
    await upsert_newer(tx, car_link, rows)


async def keep_service_entries(tx: Transaction, batch: Batch) -> None:
    """The car's service history as far as the score looks at it; what was voided was another car's."""
    rows = [
        {
            "entry_id": entry.entry_id,
            "car_id": entry.car_id,
            "entry_on": date.fromisoformat(entry.service_date),
            "proven": entry.provenance == "attested" or entry.has_attachment,
            "work_order_id": attestation.work_order_id
            if (attestation := getattr(entry, "attestation", None))
            else None,
            "removed": getattr(entry, "voided", False),
            "sequence": entry.sequence,
        }
        for entry in (received.event for received in batch)
    ]
    await upsert_newer(tx, history_entry, rows)


async def remove_service_entries(tx: Transaction, batch: Batch) -> None:
    """A removed entry stays as a mark, so that a replay of its beginning does not bring it back."""
    rows = [
        {
            "entry_id": received.event.entry_id,
            "car_id": received.event.car_id,
            "entry_on": received.event.occurred_at.date(),
            "proven": False,
            "work_order_id": None,
            "removed": True,
            "sequence": received.event.sequence,
        }
        for received in batch
    ]
    await upsert_newer(tx, history_entry, rows)


async def keep_readings(tx: Transaction, batch: Batch) -> None:
    """Each reading's verdict, and the last accepted reading of each car."""
    events = [received.event for received in batch]
    judged = [
        {
            "reading_id": reading.reading_id,
            "car_id": event.car_id,
            "observed_on": date.fromisoformat(reading.observed_on),
            "verdict": reading.verdict,
            "removed": False,
            "sequence": event.sequence,
        }
        for event in events
        for reading in event.changed
    ]
    removed = [
        {
            "reading_id": reading_id,
            "car_id": event.car_id,
            "observed_on": event.occurred_at.date(),
            "verdict": "replaced",
            "removed": True,
            "sequence": event.sequence,
        }
        for event in events
        for reading_id in event.removed_reading_ids
    ]
    await upsert_newer(tx, car_reading, judged + removed)
    last = [
        {
            "car_id": event.car_id,
            "last_ok_km": event.last_ok and event.last_ok.km,
            "meter_offset_km": event.last_ok.meter_offset_km if event.last_ok else 0,
            "sequence": event.sequence,
        }
        for event in events
    ]
    await upsert_newer(tx, car_odometer, last)
