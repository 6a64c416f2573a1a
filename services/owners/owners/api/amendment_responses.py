"""Amendments of attested work as they are shown beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import ConfigDict, Field

from chassis.http import ApiModel
from owners.api.record_requests import LineBody, NextDue
from owners.api.values import JudgedOdometer, Money, judged_odometer
from owners.domain.amendment import Amendment, AmendmentKind, latest_bill
from owners.domain.odometer.recorded import RecordedReading
from owners.domain.records import Line
from owners.queries import Amended

_RUB: Final = {"currency": "RUB"}
_LINES: Final[Any] = [
    {"title": "Замена дисков и колодок передней оси", "kind": "labor", "amount": {"amount_minor": 432_000, **_RUB}},
    {"title": "Диск тормозной передний", "kind": "part", "amount": {"amount_minor": 489_100, **_RUB}},
]
_COST: Final[Any] = {"amount_minor": 921_100, **_RUB}
EXAMPLE: Final[dict[str, Any]] = {
    "revision": 2,
    "kind": "money",
    "reason": "В счёте забыта скидка постоянного клиента.",
    "lines": _LINES,
    "cost": _COST,
    "next_due": {"km": 60_000, "months": None},
    "odometer": None,
    "proposed_by": "0198f3a2-7c1e-700c-8b1d-4f6e2a9c000c",
    "proposed_role": "manager",
    "accepted_by": "0198f3a2-7c1e-7001-8b1d-4f6e2a9c0001",
    "accepted_role": "car_owner",
    "accepted_at": "2026-03-17T17:03:05Z",
    "correction_id": "0198f3a2-7c1e-7030-8b1d-4f6e2a9c0030",
    "amendment_sha256": "f4d9c34b7740cf4f6eed5114f39652a765039151f0ffdc27a9abca2c0b3de01d",
}

Lines = Annotated[list[LineBody] | None, Field(description="All of them; null: they stay as they are.")]


class AmendmentResponse(ApiModel):
    """What an accepted correction says; it is as read-only as the snapshot that it amends. Revision 1 is the original.

    Kinds: what was done, what it cost, what the odometer showed; void: it was another car. Amounts are those of the
    entry's owner, and so are amendments of the kind money: other readers are not told of them.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    revision: int
    kind: AmendmentKind
    reason: str
    lines: Lines
    cost: Money | None
    next_due: NextDue | None
    odometer: JudgedOdometer | None
    proposed_by: UUID
    proposed_role: str
    accepted_by: UUID
    accepted_role: str
    accepted_at: datetime
    correction_id: UUID
    amendment_sha256: str


class ServiceInForce(ApiModel):
    """What counts of an amended service: the original with the latest of what amendments say. Voided: nothing."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "voided": False,
                    "lines": _LINES,
                    "cost": _COST,
                    "next_due": {"km": 60_000, "months": None},
                    "odometer": {"value": "187420", "unit": "km", "km": 187_420, "verdict": "ok"},
                }
            ]
        }
    )

    voided: bool
    lines: list[LineBody]
    cost: Money | None
    next_due: NextDue | None
    odometer: JudgedOdometer | None


class ExpenseInForce(ApiModel):
    """What counts of an expense whose service was amended; it is what analytics counts. Voided: 0."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"voided": False, "amount": _COST}]})

    voided: bool
    amount: Money


def amendment_responses(
    amendments: Sequence[Amendment], readings: Mapping[int, RecordedReading], currency: str | None
) -> list[AmendmentResponse]:
    """The amendments, with their readings by revision; without amounts for whom `currency` is None."""
    return [_amendment(one, readings.get(one.revision), currency) for one in amendments]


def service_in_force(amended: Amended | None, currency: str | None) -> ServiceInForce | None:
    """What counts; None when nothing was amended."""
    if amended is None:
        return None
    entry, voided, revision = amended.in_force
    return ServiceInForce(
        voided=voided,
        lines=line_bodies(entry.lines, currency),
        cost=money(entry.cost_minor, currency),
        next_due=next_due(entry.next_due_km, entry.next_due_months),
        odometer=None if revision is None else judged_odometer(amended.readings.get(revision)),
    )


def expense_in_force(amendments: Sequence[Amendment], currency: str) -> ExpenseInForce | None:
    """What counts; None when nothing was amended."""
    latest = latest_bill(amendments)
    amount = money(latest.cost_minor, currency) if latest else None
    return ExpenseInForce(voided=latest.kind == "void", amount=amount) if latest and amount else None


def line_bodies(lines: Sequence[Line], currency: str | None) -> list[LineBody]:
    """Lines, without amounts where there is no currency for them."""
    return [
        LineBody.model_construct(title=line.title, kind=line.kind, amount=money(line.amount_minor, currency))
        for line in lines
    ]


def money(amount_minor: int | None, currency: str | None) -> Money | None:
    """An amount, if both are told."""
    if amount_minor is None or currency is None:
        return None
    return Money.model_construct(amount_minor=amount_minor, currency=currency)


def next_due(km: int | None, months: int | None) -> NextDue | None:
    """When the next service is due, if that is told."""
    return None if km is None and months is None else NextDue.model_construct(km=km, months=months)


def _amendment(one: Amendment, reading: RecordedReading | None, currency: str | None) -> AmendmentResponse:
    return AmendmentResponse(
        revision=one.revision,
        kind=one.kind,
        reason=one.reason,
        lines=None if one.lines is None else line_bodies(one.lines, currency),
        cost=money(one.cost_minor, currency),
        next_due=next_due(one.next_due_km, one.next_due_months),
        odometer=judged_odometer(reading),
        proposed_by=one.proposed_by,
        proposed_role=one.proposed_role,
        accepted_by=one.accepted_by,
        accepted_role=one.accepted_role,
        accepted_at=one.accepted_at,
        correction_id=one.correction_id,
        amendment_sha256=one.amendment_sha256,
    )
