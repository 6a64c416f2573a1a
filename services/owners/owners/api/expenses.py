"""Expenses of a car, for its owner and the people it is shared with."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, Response

from chassis.db import Transaction
from chassis.http import Action, Answer, Page, PageRequest, Reader, VersionedAction, page
from chassis.problems import NotFound
from owners.api.context import Now
from owners.api.record_requests import AddExpenseRequest, EditExpenseRequest
from owners.api.record_responses import ExpenseResponse, expense_response
from owners.commands.add_expense import RecordedExpense, add_expense
from owners.commands.edit_expense import edit_expense, remove_expense
from owners.db.files import attachments_of
from owners.domain.files import Attachment
from owners.queries import ShownExpense, day_position, history_reader, list_expenses, show_expense

router = APIRouter(tags=["expenses"])


@router.get("/v1/cars/{car_id}/expenses")
async def list_car_expenses(car_id: UUID, tx: Reader, paging: PageRequest) -> Page[ExpenseResponse]:
    """The car's expenses, those of services included; the latest first."""
    await demand_person(tx, car_id)
    rows = await list_expenses(tx, car_id, after=paging.after, limit=paging.limit + 1)

    def item(row: ShownExpense) -> ExpenseResponse:
        return expense_response(row.expense, row.reading, row.files, row.amendments)

    return page(rows, paging.limit, key=lambda row: day_position(row.expense.expense_date, row.expense.id), item=item)


@router.post("/v1/cars/{car_id}/expenses", status_code=201, response_model=ExpenseResponse)
async def add_car_expense(car_id: UUID, body: AddExpenseRequest, action: Action, now: Now) -> Response:
    """Enters an expense by hand."""
    odometer = body.odometer.to_domain() if body.odometer else None

    async def use_case(tx: Transaction) -> RecordedExpense:
        return await add_expense(tx, car_id, body.details(), odometer, author_id=action.caller.user_id, now=now)

    return await action.run(use_case, lambda recorded: _shown((recorded, ()), status=201))


@router.get("/v1/cars/{car_id}/expenses/{expense_id}", response_model=ExpenseResponse)
async def get_car_expense(car_id: UUID, expense_id: UUID, tx: Reader) -> Response:
    """One expense."""
    await demand_person(tx, car_id)
    found = await show_expense(tx, car_id, expense_id)
    if found is None:
        raise NotFound
    body = expense_response(found.expense, found.reading, found.files, found.amendments)
    return Answer(200, body, version=found.version).response()


@router.patch("/v1/cars/{car_id}/expenses/{expense_id}", response_model=ExpenseResponse)
async def edit_car_expense(
    car_id: UUID, expense_id: UUID, body: EditExpenseRequest, action: VersionedAction, now: Now
) -> Response:
    """Changes an expense that was typed; one of a service changes with its service only (409)."""

    async def use_case(tx: Transaction) -> tuple[RecordedExpense, Sequence[Attachment]]:
        edited = await edit_expense(
            tx,
            car_id,
            expense_id,
            body.changes(),
            caller_id=action.caller.user_id,
            expected_version=lambda: action.expected_version,
            now=now,
        )
        return edited, (await attachments_of(tx, [expense_id]))[expense_id]

    return await action.run(use_case, _shown)


@router.delete("/v1/cars/{car_id}/expenses/{expense_id}", status_code=204)
async def remove_car_expense(car_id: UUID, expense_id: UUID, action: VersionedAction, now: Now) -> Response:
    """Removes an expense that was typed; one of a service goes with its service only (409)."""

    async def use_case(tx: Transaction) -> None:
        await remove_expense(
            tx,
            car_id,
            expense_id,
            caller_id=action.caller.user_id,
            expected_version=lambda: action.expected_version,
            now=now,
        )

    return await action.run(use_case, lambda _: Answer(204))


async def demand_person(tx: Transaction, car_id: UUID) -> None:
    """A center sees the car's history, and never what somebody spends."""
    reader = await history_reader(tx, car_id)
    if reader is None or reader.role == "center":
        raise NotFound


def _shown(seen: tuple[RecordedExpense, Sequence[Attachment]], status: int = 200) -> Answer:
    recorded, files = seen
    expense = recorded.expense
    location = f"/v1/cars/{expense.car_id}/expenses/{expense.id}" if status == 201 else None  # noqa: PLR2004
    return Answer(
        status, expense_response(expense, recorded.reading, files), version=expense.version, location=location
    )
