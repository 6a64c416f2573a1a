"""Services of a car: its owner sees and keeps them, people of a center with the scope history_read see them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, Response

from chassis.db import Transaction
from chassis.http import Action, Answer, Page, PageRequest, Reader, VersionedAction, page
from chassis.problems import NotFound
from owners.api.context import Now
from owners.api.record_requests import AddServiceEntryRequest, EditServiceEntryRequest
from owners.api.record_responses import ServiceEntryResponse, service_entry_response
from owners.commands.add_service_entry import RecordedService, add_service_entry
from owners.commands.edit_service_entry import edit_service_entry, remove_service_entry
from owners.db.access import HistoryReader
from owners.db.files import attachments_of
from owners.domain.files import Attachment
from owners.queries import (
    ShownService,
    day_position,
    history_reader,
    list_service_entries,
    show_service_entry,
)

router = APIRouter(tags=["service entries"])


@router.get("/v1/cars/{car_id}/service-entries")
async def list_services(car_id: UUID, tx: Reader, paging: PageRequest) -> Page[ServiceEntryResponse]:
    """The car's services, the latest first."""
    reader = await demand_reader(tx, car_id)
    rows = await list_service_entries(tx, car_id, after=paging.after, limit=paging.limit + 1)

    def item(row: ShownService) -> ServiceEntryResponse:
        return service_entry_response(row.entry, row.expense_id, row.reading, row.files, to=reader, amended=row.amended)

    return page(rows, paging.limit, key=lambda row: day_position(row.entry.service_date, row.entry.id), item=item)


@router.post("/v1/cars/{car_id}/service-entries", status_code=201, response_model=ServiceEntryResponse)
async def add_service(car_id: UUID, body: AddServiceEntryRequest, action: Action, now: Now) -> Response:
    """Enters a service by hand."""
    odometer = body.odometer.to_domain() if body.odometer else None

    async def use_case(tx: Transaction) -> RecordedService:
        return await add_service_entry(tx, car_id, body.details(), odometer, author_id=action.caller.user_id, now=now)

    return await action.run(use_case, lambda recorded: _shown((recorded, ()), status=201))


@router.get("/v1/cars/{car_id}/service-entries/{entry_id}", response_model=ServiceEntryResponse)
async def get_service(car_id: UUID, entry_id: UUID, tx: Reader) -> Response:
    """One service."""
    reader = await demand_reader(tx, car_id)
    found = await show_service_entry(tx, car_id, entry_id)
    if found is None:
        raise NotFound
    body = service_entry_response(
        found.entry, found.expense_id, found.reading, found.files, to=reader, amended=found.amended
    )
    return Answer(200, body, version=found.version).response()


@router.patch("/v1/cars/{car_id}/service-entries/{entry_id}", response_model=ServiceEntryResponse)
async def edit_service(
    car_id: UUID, entry_id: UUID, body: EditServiceEntryRequest, action: VersionedAction, now: Now
) -> Response:
    """Changes a service that was typed; an attested one is read-only (409)."""

    async def use_case(tx: Transaction) -> tuple[RecordedService, Sequence[Attachment]]:
        edited = await edit_service_entry(
            tx,
            car_id,
            entry_id,
            body.changes(),
            caller_id=action.caller.user_id,
            expected_version=lambda: action.expected_version,
            now=now,
        )
        return edited, (await attachments_of(tx, [entry_id]))[entry_id]

    return await action.run(use_case, _shown)


@router.delete("/v1/cars/{car_id}/service-entries/{entry_id}", status_code=204)
async def remove_service(car_id: UUID, entry_id: UUID, action: VersionedAction, now: Now) -> Response:
    """Removes a service that was typed, with its expense and reading; an attested one stays (409)."""

    async def use_case(tx: Transaction) -> None:
        await remove_service_entry(
            tx,
            car_id,
            entry_id,
            caller_id=action.caller.user_id,
            expected_version=lambda: action.expected_version,
            now=now,
        )

    return await action.run(use_case, lambda _: Answer(204))


async def demand_reader(tx: Transaction, car_id: UUID) -> HistoryReader:
    """As whom the caller reads the car's history; raises NotFound for a car that is not there or not for him."""
    reader = await history_reader(tx, car_id)
    if reader is None:
        raise NotFound
    return reader


def _shown(seen: tuple[RecordedService, Sequence[Attachment]], status: int = 200) -> Answer:
    recorded, files = seen
    entry = recorded.entry
    location = f"/v1/cars/{entry.car_id}/service-entries/{entry.id}" if status == 201 else None  # noqa: PLR2004
    body = service_entry_response(
        entry, recorded.expense_id, recorded.reading, files, to=HistoryReader("owner", entry.owner_id)
    )
    return Answer(status, body, version=entry.version, location=location)
