"""Accepted corrections of completed work orders, and cars checked in."""

from typing import Any
from uuid import uuid4

from contracts.corrections import CorrectionAccepted
from contracts.sto import AppointmentCheckedIn
from contracts.workorders import WorkOrderCompleted
from tests.support.golden import golden

LINE = {"line_id": str(uuid4()), "job_id": str(uuid4()), "job_title": "Тормоза", "kind": "labor"}


def corrected(order: WorkOrderCompleted, example: str, revision: int = 2, **changes: Any) -> CorrectionAccepted:
    """A correction of this order: `total`, `odometer` and `lines` are those after it, `reason` is why."""
    stored = golden(CorrectionAccepted, example).model_dump(mode="json")
    amendment, snapshot = stored["amendment"], order.snapshot.model_dump(mode="json")
    if amendment["work"]:
        after = amendment["work"]["after"]
        after["totals"] |= {"total_minor": changes.pop("total", after["totals"]["total_minor"])}
        after["totals"] |= {"currency": changes.pop("currency", snapshot["totals"]["currency"])}
        after["lines"] = [LINE | line for line in changes.pop("lines", after["lines"])]
    if amendment["odometer"]:
        amendment["odometer"] = {
            "before": snapshot["odometer"],
            "after": snapshot["odometer"] | {"readable": True} | changes.pop("odometer", {}),
        }
    common = {
        "work_order_id": str(order.work_order_id),
        "correction_id": changes.pop("correction_id", str(uuid4())),
        "revision": revision,
        "snapshot_sha256": changes.pop("snapshot_sha256", order.snapshot_sha256),
    }
    amendment |= common | {"reason": changes.pop("reason", amendment["reason"])}
    visit = {name: getattr(order, name) for name in ("car_id", "owner_id", "center_id", "center_name", "number")}
    stored |= {name: str(value) if name.endswith("_id") else value for name, value in visit.items()}
    stored |= common | {"completed_on": order.snapshot.completed_on, "sequence": order.sequence + revision}
    return CorrectionAccepted.model_validate(stored | {"amendment": amendment} | changes)


def read_as(km: int) -> dict[str, Any]:
    """The `odometer` of a correction."""
    return {"value": str(km), "unit": "km", "km": km}


def checked_in(car: str, example: str = "odometer-read", **changes: Any) -> AppointmentCheckedIn:
    """This car came to an appointment."""
    appointment = {"appointment_id": str(uuid4()), "checked_in_at": "2024-03-15T06:10:00Z"}
    return golden(AppointmentCheckedIn, example, car_id=car.rpartition("/")[2], **(appointment | changes))
