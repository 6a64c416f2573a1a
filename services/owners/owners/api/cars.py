"""Cars: their owners keep them, and who shares one sees it."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from chassis.db import Transaction
from chassis.http import Action, Answer, Page, PageRequest, Reader, VersionedAction, page
from chassis.problems import NotFound
from owners.api.car_schemas import CarResponse, EditCarRequest, RegisterCarRequest, car_response
from owners.api.context import Now
from owners.commands.archive_car import archive_car
from owners.commands.edit_car import edit_car
from owners.commands.register_car import register_car
from owners.queries import ShownCar, list_cars, show_car

router = APIRouter(tags=["cars"])


@router.get("/v1/cars")
async def list_own_cars(tx: Reader, paging: PageRequest) -> Page[CarResponse]:
    """The cars that the caller owns, shares or owned once, archived ones included; the latest registered first."""
    rows = await list_cars(tx, after=paging.after, limit=paging.limit + 1)
    return page(rows, paging.limit, key=lambda row: (row.car.created_at, row.car.id), item=car_response)


@router.post("/v1/cars", status_code=201, response_model=CarResponse)
async def register_own_car(body: RegisterCarRequest, action: Action, now: Now) -> Response:
    """Adds a car. Its VIN or frame number is unconfirmed until a service center completes a work order."""
    return await action.run(
        lambda tx: register_car(tx, action.caller.user_id, body.details(), now=now),
        lambda car: _shown(ShownCar(car, None, "owner"), status=201),
    )


@router.get("/v1/cars/{car_id}", response_model=CarResponse)
async def get_own_car(car_id: UUID, tx: Reader) -> Response:
    """A car that the caller owns or shares; after a transfer as it was on the last day."""
    found = await show_car(tx, car_id)
    if found is None:
        raise NotFound
    return _shown(found).response()


@router.patch("/v1/cars/{car_id}", response_model=CarResponse)
async def edit_own_car(car_id: UUID, body: EditCarRequest, action: VersionedAction, now: Now) -> Response:
    """Changes details. VIN and frame number are fixed (409) once a completed work order stands in the history.

    After a moderator has rejected them (`identity` is rejected) they may be typed anew, once.
    """

    async def use_case(tx: Transaction) -> ShownCar:
        await edit_car(
            tx,
            car_id,
            body.changes(),
            caller_id=action.caller.user_id,
            expected_version=lambda: action.expected_version,
            now=now,
        )
        return await _seen(tx, car_id)

    return await action.run(use_case, _shown)


@router.post("/v1/cars/{car_id}/archive", response_model=CarResponse)
async def archive_own_car(car_id: UUID, action: Action, now: Now) -> Response:
    """Puts the car away. Nothing of it is lost."""

    async def use_case(tx: Transaction) -> ShownCar:
        await archive_car(tx, car_id, caller_id=action.caller.user_id, now=now)
        return await _seen(tx, car_id)

    return await action.run(use_case, _shown)


async def _seen(tx: Transaction, car_id: UUID) -> ShownCar:
    found = await show_car(tx, car_id)
    if found is None:
        raise NotFound
    return found


def _shown(shown: ShownCar, status: int = 200) -> Answer:
    location = f"/v1/cars/{shown.car.id}" if status == 201 else None  # noqa: PLR2004 -- Created
    return Answer(status, car_response(shown), version=shown.car.version, location=location)
