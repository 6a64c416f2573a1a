"""OdometerHistory of a car: its owner sees and adds readings, people of a center with history_read see them."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from chassis.db import Transaction
from chassis.http import Action, Answer, Page, PageRequest, Reader, page
from owners.api.context import Now
from owners.api.record_requests import AddReadingRequest
from owners.api.record_responses import ReadingResponse, reading_response
from owners.api.service_entries import demand_reader
from owners.commands.add_reading import add_reading
from owners.domain.odometer.recorded import RecordedReading
from owners.queries import list_readings

router = APIRouter(tags=["odometer"])


@router.get("/v1/cars/{car_id}/odometer")
async def list_odometer_readings(car_id: UUID, tx: Reader, paging: PageRequest) -> Page[ReadingResponse]:
    """Every reading with its verdict, the latest first.

    `total_km` counts all meters that the car has had. Where a service center put in another one, `meter_replacement`
    stands with the last reading of the old one (`removed_meter`) and with the first of the new one.
    """
    await demand_reader(tx, car_id)
    rows = await list_readings(tx, car_id, after=paging.after, limit=paging.limit + 1)
    return page(
        rows,
        paging.limit,
        key=lambda row: (row.recorded.listed_at, row.recorded.reading.id),
        item=lambda row: reading_response(row.recorded, row.replacement),
    )


@router.post("/v1/cars/{car_id}/odometer", status_code=201, response_model=ReadingResponse)
async def add_odometer_reading(car_id: UUID, body: AddReadingRequest, action: Action, now: Now) -> Response:
    """Adds a reading. Whatever its number says it is kept, and judged beside all others of the car."""

    async def use_case(tx: Transaction) -> RecordedReading:
        return await add_reading(
            tx,
            car_id,
            body.odometer.to_domain(),
            observed_on=body.observed_on,
            observed_at=body.observed_at,
            time_zone=body.time_zone,
            author_id=action.caller.user_id,
            now=now,
        )

    return await action.run(use_case, lambda one: Answer(201, reading_response(one)))
