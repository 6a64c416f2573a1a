"""The timeline of a car: one feed over all services, each event in it once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from chassis.consuming import Received
from chassis.db import Transaction
from chassis.ids import derived_id
from contracts import corrections, owners, sto, trust, workorders
from contracts.event import Event
from trust.db.models import engagement_event

type Details = Callable[[Any], dict[str, Any]]

PRIVATE = frozenset(
    {"expense", "expense_changed", "expense_removed", "fuel_entry", "fuel_entry_changed", "fuel_entry_removed"}
)
"""Amounts that the owner pays elsewhere are nobody else's business."""


def _fields(*names: str) -> Details:
    def details(event: Event) -> dict[str, Any]:
        return event.model_dump(mode="json", include=set(names))

    return details


def _completion(event: workorders.WorkOrderCompleted) -> dict[str, Any]:
    return {
        **_fields("number", "center_name", "snapshot_sha256", "related_party")(event),
        "jobs": [job.title for job in event.snapshot.jobs],
        "odometer_km": event.snapshot.odometer.km,
        **_replaced_meter(event.snapshot.odometer.meter_replacement),
    }


def _replaced_meter(replacement: workorders.SnapshotMeterReplacement | None) -> dict[str, Any]:
    if replacement is None:
        return {}
    return {"meter_replacement": replacement.model_dump(mode="json", include={"removed_km", "installed_km"})}


def _readings(event: owners.OdometerJudged) -> dict[str, Any]:
    shown = {"value", "unit", "km", "source", "provenance", "verdict", "candidates_km", "meter_offset_km"}
    return {"readings": [reading.model_dump(mode="json", include=shown) for reading in event.changed]}


_FUEL = _fields(
    "entry_id", "filled_on", "energy_kind", "volume", "volume_unit", "total_minor", "currency", "provenance"
)
_CENTER = _fields("center_name", "scopes")
_ORDER = _fields("number", "center_name")

KINDS: dict[type[Event], tuple[str, Details]] = {
    owners.CarRegistered: ("car_registered", _fields("make", "model", "year")),
    owners.CarArchived: ("car_archived", _fields("make", "model", "year")),
    owners.CarTransferred: ("car_transferred", _fields("make", "model", "year")),
    owners.CarIdentityDecided: ("identity_decided", _fields("outcome")),
    owners.ServiceEntryRecorded: ("service_entry", _fields("entry_id", "service_date", "titles", "provenance")),
    owners.ServiceEntryChanged: ("service_entry_changed", _fields("entry_id", "service_date", "titles")),
    owners.ServiceEntryRemoved: ("service_entry_removed", _fields("entry_id")),
    owners.ExpenseRecorded: ("expense", _fields("expense_id", "category", "amount_minor", "currency", "provenance")),
    owners.ExpenseChanged: ("expense_changed", _fields("expense_id", "category", "amount_minor", "currency")),
    owners.ExpenseRemoved: ("expense_removed", _fields("expense_id")),
    owners.FuelEntryRecorded: ("fuel_entry", _FUEL),
    owners.FuelEntryChanged: ("fuel_entry_changed", _FUEL),
    owners.FuelEntryRemoved: ("fuel_entry_removed", _fields("entry_id")),
    owners.OdometerJudged: ("odometer", _readings),
    sto.LinkRequested: ("link_requested", _CENTER),
    sto.LinkApproved: ("link_approved", _CENTER),
    sto.LinkDeclined: ("link_declined", _CENTER),
    sto.LinkRevoked: ("link_revoked", _CENTER),
    sto.LinkExpired: ("link_expired", _CENTER),
    sto.AppointmentCheckedIn: ("appointment_checked_in", _fields("appointment_id", "center_name")),
    workorders.WorkOrderOpened: ("work_order_opened", _ORDER),
    workorders.EstimateSent: ("estimate_sent", _fields("number", "center_name", "estimate_version")),
    workorders.EstimateSuperseded: ("estimate_superseded", _fields("number", "center_name", "estimate_version")),
    workorders.EstimateDecided: ("estimate_decided", _fields("number", "center_name", "estimate_version")),
    workorders.WorkOrderStatusChanged: ("work_order_moved", _fields("number", "center_name", "previous", "status")),
    workorders.WorkOrderCancelled: ("work_order_cancelled", _ORDER),
    workorders.WorkOrderCompleted: ("work_order_completed", _completion),
    corrections.CorrectionAccepted: ("work_order_amended", _fields("number", "center_name", "revision", "kind")),
    trust.RecommendationOpened: ("recommendation_opened", _fields("title", "due_km", "due_on", "source")),
    trust.RecommendationChanged: ("recommendation_changed", _fields("title", "status", "previous")),
    trust.ScoreChanged: ("score_changed", _fields("value", "previous")),
}
"""What each event is called in the timeline, and which of its fields are shown there."""


async def add_to_timeline(tx: Transaction, batch: Sequence[Received[Any]]) -> None:
    """Store a row for each event that is not there yet."""
    rows = sorted((_row(received) for received in batch), key=lambda row: str(row["id"]))
    await tx.execute(insert(engagement_event).values(rows).on_conflict_do_nothing())


def _row(received: Received[Any]) -> dict[str, Any]:
    event = received.event
    kind, details = KINDS[type(event)]
    return {
        "id": derived_id(received.id, "timeline"),
        "car_id": event.subject_id if isinstance(event, trust.ScoreChanged) else event.car_id,
        "occurred_at": event.occurred_at,
        "kind": kind,
        "private": kind in PRIVATE,
        "owner_id": getattr(event, "owner_id", None),
        "center_id": getattr(event, "center_id", None),
        "work_order_id": getattr(event, "work_order_id", None),
        "details": details(event),
    }
