"""Fills and charges of a car: for the people of the car, never for a service center."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis.db import Transaction
from chassis.http import Action, Answer, Page, PageRequest, Reader, VersionedAction, page
from chassis.problems import NotFound
from owners.api.context import Now
from owners.api.expenses import demand_person
from owners.api.fuel_requests import AddFuelEntryRequest, EditFuelEntryRequest
from owners.api.fuel_responses import FuelEntryResponse, fuel_entry_response
from owners.commands.add_fuel_entry import RecordedFuel, add_fuel_entry
from owners.commands.edit_fuel_entry import edit_fuel_entry, remove_fuel_entry
from owners.db.files import attachments_of
from owners.domain.car import EnergyKind
from owners.domain.files import Attachment
from owners.fuel_queries import ShownFuel, list_fuel_entries, show_fuel_entry

router = APIRouter(tags=["fuel entries"])


@router.get("/v1/cars/{car_id}/fuel-entries")
async def list_car_fuel_entries(
    car_id: UUID, tx: Reader, paging: PageRequest, energy_kind: Annotated[EnergyKind | None, Query()] = None
) -> Page[FuelEntryResponse]:
    """The car's fuel entries, of one kind if that is asked; the latest first."""
    await demand_person(tx, car_id)
    rows = await list_fuel_entries(tx, car_id, after=paging.after, limit=paging.limit + 1, kind=energy_kind)

    def item(row: ShownFuel) -> FuelEntryResponse:
        return fuel_entry_response(row.entry, row.reading, row.files)

    return page(rows, paging.limit, key=lambda row: (row.entry.listed_at, row.entry.id), item=item)


@router.post("/v1/cars/{car_id}/fuel-entries", status_code=201, response_model=FuelEntryResponse)
async def add_car_fuel_entry(car_id: UUID, body: AddFuelEntryRequest, action: Action, now: Now) -> Response:
    """Enters a fill or a charge. The answer says which consumption figure it closes."""
    odometer = body.odometer.to_domain() if body.odometer else None

    async def use_case(tx: Transaction) -> RecordedFuel:
        return await add_fuel_entry(tx, car_id, body.details(), odometer, author_id=action.caller.user_id, now=now)

    return await action.run(use_case, lambda recorded: _shown((recorded, ()), status=201))


@router.get("/v1/cars/{car_id}/fuel-entries/{entry_id}", response_model=FuelEntryResponse)
async def get_car_fuel_entry(car_id: UUID, entry_id: UUID, tx: Reader) -> Response:
    """One fuel entry."""
    await demand_person(tx, car_id)
    found = await show_fuel_entry(tx, car_id, entry_id)
    if found is None:
        raise NotFound
    return Answer(
        200, fuel_entry_response(found.entry, found.reading, found.files), version=found.entry.version
    ).response()


@router.patch("/v1/cars/{car_id}/fuel-entries/{entry_id}", response_model=FuelEntryResponse)
async def edit_car_fuel_entry(
    car_id: UUID, entry_id: UUID, body: EditFuelEntryRequest, action: VersionedAction, now: Now
) -> Response:
    """Changes a fuel entry; the consumption figures around it follow."""

    async def use_case(tx: Transaction) -> tuple[RecordedFuel, Sequence[Attachment]]:
        edited = await edit_fuel_entry(
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


@router.delete("/v1/cars/{car_id}/fuel-entries/{entry_id}", status_code=204)
async def remove_car_fuel_entry(car_id: UUID, entry_id: UUID, action: VersionedAction, now: Now) -> Response:
    """Removes a fuel entry with its reading; the consumption figures around it follow."""

    async def use_case(tx: Transaction) -> None:
        await remove_fuel_entry(
            tx,
            car_id,
            entry_id,
            caller_id=action.caller.user_id,
            expected_version=lambda: action.expected_version,
            now=now,
        )

    return await action.run(use_case, lambda _: Answer(204))


def _shown(seen: tuple[RecordedFuel, Sequence[Attachment]], status: int = 200) -> Answer:
    recorded, files = seen
    entry = recorded.entry
    location = f"/v1/cars/{entry.car_id}/fuel-entries/{entry.id}" if status == 201 else None  # noqa: PLR2004
    return Answer(status, fuel_entry_response(entry, recorded.reading, files), version=entry.version, location=location)
