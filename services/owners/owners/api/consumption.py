"""What a car consumes: averages, the last figures, and every closed interval page by page."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from chassis.http import Page, PageRequest, Reader, page
from chassis.problems import NotFound
from owners.api.expenses import demand_person
from owners.api.fuel_responses import ConsumptionResponse, IntervalResponse, consumption_response, interval_response
from owners.db.cars import find_car
from owners.domain.car import EnergyKind
from owners.domain.fuel.entry import FuelEntry
from owners.fuel_queries import consumption, list_interval_ends

router = APIRouter(tags=["consumption"])


@router.get("/v1/cars/{car_id}/consumption")
async def get_car_consumption(car_id: UUID, tx: Reader) -> ConsumptionResponse:
    """Full-to-full consumption by kind of energy, and what 100 km cost in the car's currency."""
    await demand_person(tx, car_id)
    car = await find_car(tx, car_id)
    if car is None:
        raise NotFound
    return consumption_response(await consumption(tx, car), car.currency)


@router.get("/v1/cars/{car_id}/consumption/intervals")
async def list_consumption_intervals(
    car_id: UUID, tx: Reader, paging: PageRequest, energy_kind: Annotated[EnergyKind, Query()]
) -> Page[IntervalResponse]:
    """The closed intervals of one kind of energy, the latest first."""
    await demand_person(tx, car_id)
    rows = await list_interval_ends(tx, car_id, energy_kind, after=paging.after, limit=paging.limit + 1)
    return page(rows, paging.limit, key=lambda row: (row.listed_at, row.id), item=_interval)


def _interval(entry: FuelEntry) -> IntervalResponse:
    shown = interval_response(entry)
    if shown is None:
        raise ValueError("an entry that ends no interval is not listed here")
    return shown
