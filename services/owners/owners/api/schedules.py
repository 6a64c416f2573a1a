"""Expenses that come back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from chassis.db import Transaction
from chassis.http import Action, Answer, ApiModel, Caller, Page, PageRequest, Reader, VersionedAction, page
from chassis.problems import NotFound
from owners.api.context import AccessTimers, Now
from owners.api.ownership_schemas import Day
from owners.api.values import Edit, Money, Note, TimeZone
from owners.commands.access import demand
from owners.commands.schedule_expense import edit_schedule, end_schedule, schedule_expense
from owners.db.schedules import find_schedule, list_schedules
from owners.domain.access import Right
from owners.domain.records import ExpenseCategory
from owners.domain.schedule import ExpenseSchedule

router = APIRouter(tags=["expense schedules"])

Months = Annotated[int, Field(strict=True, ge=1, le=120, description="1: monthly, 12: yearly.")]
Start = Annotated[
    Day, Field(description="The first expense; today or later. Its day of the month is that of the others.")
]


class ScheduleExpenseRequest(ApiModel):
    """What is paid, from when and how often."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "category": "insurance",
                    "amount": {"amount_minor": 1_250_000, "currency": "RUB"},
                    "starts_on": "2026-12-01",
                    "every_months": 12,
                }
            ]
        }
    )

    category: ExpenseCategory
    amount: Money
    note: Note | None = None
    time_zone: TimeZone | None = Field(default=None, description="Of the dates; left out, the caller's own.")
    starts_on: Start
    every_months: Months
    ends_on: Day | None = None

    def details(self) -> dict[str, Any]:
        """What the domain calls the schedule's details."""
        kept = {name: getattr(self, name) for name in type(self).model_fields if name != "amount"}
        return kept | {"amount_minor": self.amount.amount_minor, "currency": self.amount.currency}


class EditScheduleRequest(Edit):
    """The fields to change, from the next expense on; another start or rhythm begins anew."""

    nullable: ClassVar[frozenset[str]] = frozenset({"note", "ends_on"})

    category: ExpenseCategory | SkipJsonSchema[None] = None
    amount: Money | SkipJsonSchema[None] = None
    note: Note | None = None
    time_zone: TimeZone | SkipJsonSchema[None] = None
    starts_on: Start | SkipJsonSchema[None] = None
    every_months: Months | SkipJsonSchema[None] = None
    ends_on: Day | None = None

    def changes(self) -> dict[str, Any]:
        """What the domain calls the changed details."""
        changes = super().changes()
        amount = changes.pop("amount", None)
        if amount is not None:
            changes |= {"amount_minor": amount.amount_minor, "currency": amount.currency}
        return changes


class ScheduleResponse(ApiModel):
    """A schedule; `next_on` is the day of the next expense, null when none is to come."""

    id: UUID
    category: ExpenseCategory
    amount: Money
    note: str | None
    time_zone: str
    starts_on: date
    every_months: int
    ends_on: date | None
    next_on: date | None
    author_id: UUID
    created_at: datetime
    updated_at: datetime


@router.get("/v1/cars/{car_id}/expense-schedules")
async def list_expense_schedules(
    car_id: UUID, tx: Reader, caller: Caller, paging: PageRequest
) -> Page[ScheduleResponse]:
    """The expenses of a car that come back, the latest entered first."""
    await demand(tx, car_id, caller.user_id, Right.READ)
    rows = await list_schedules(tx, car_id, after=paging.after, limit=paging.limit + 1)
    return page(rows, paging.limit, key=lambda row: (row.created_at, row.id), item=_response)


@router.post("/v1/cars/{car_id}/expense-schedules", status_code=201, response_model=ScheduleResponse)
async def add_expense_schedule(
    car_id: UUID, body: ScheduleExpenseRequest, action: Action, now: Now, timers: AccessTimers
) -> Response:
    """Enters an expense on each of its days from now on, at the beginning of the day, once."""
    caller_id = action.caller.user_id
    return await action.run(
        lambda tx: schedule_expense(tx, timers, car_id, body.details(), caller_id=caller_id, now=now),
        lambda made: _shown(made, status=201),
    )


@router.get("/v1/cars/{car_id}/expense-schedules/{schedule_id}", response_model=ScheduleResponse)
async def get_expense_schedule(car_id: UUID, schedule_id: UUID, tx: Reader, caller: Caller) -> Response:
    """One schedule."""
    await demand(tx, car_id, caller.user_id, Right.READ)
    found = await find_schedule(tx, schedule_id, car_id)
    if found is None:
        raise NotFound
    return _shown(found).response()


@router.patch("/v1/cars/{car_id}/expense-schedules/{schedule_id}", response_model=ScheduleResponse)
async def edit_expense_schedule(
    *,
    car_id: UUID,
    schedule_id: UUID,
    body: EditScheduleRequest,
    action: VersionedAction,
    now: Now,
    timers: AccessTimers,
) -> Response:
    """Changes what comes; what was entered already stays as it is."""

    async def use_case(tx: Transaction) -> ExpenseSchedule:
        return await edit_schedule(
            tx,
            timers,
            car_id,
            schedule_id,
            body.changes(),
            caller_id=action.caller.user_id,
            expected_version=lambda: action.expected_version,
            now=now,
        )

    return await action.run(use_case, _shown)


@router.delete("/v1/cars/{car_id}/expense-schedules/{schedule_id}", status_code=204)
async def end_expense_schedule(
    car_id: UUID, schedule_id: UUID, action: VersionedAction, now: Now, timers: AccessTimers
) -> Response:
    """Ends the schedule; what it entered stays."""

    async def use_case(tx: Transaction) -> None:
        await end_schedule(
            tx,
            timers,
            car_id,
            schedule_id,
            caller_id=action.caller.user_id,
            expected_version=lambda: action.expected_version,
            now=now,
        )

    return await action.run(use_case, lambda _: Answer(204))


def _shown(schedule: ExpenseSchedule, status: int = 200) -> Answer:
    location = None
    if status == 201:  # noqa: PLR2004 -- Created
        location = f"/v1/cars/{schedule.car_id}/expense-schedules/{schedule.id}"
    return Answer(status, _response(schedule), version=schedule.version, location=location)


def _response(schedule: ExpenseSchedule) -> ScheduleResponse:
    return ScheduleResponse(
        id=schedule.id,
        category=schedule.category,
        amount=Money.model_construct(amount_minor=schedule.amount_minor, currency=schedule.currency),
        note=schedule.note,
        time_zone=schedule.time_zone,
        starts_on=schedule.starts_on,
        every_months=schedule.every_months,
        ends_on=schedule.ends_on,
        next_on=schedule.next_on,
        author_id=schedule.author_id,
        created_at=schedule.created_at,
        updated_at=schedule.updated_at,
    )
