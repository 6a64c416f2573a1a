"""What a car costs: for everybody who may read it; what the car itself cost is its owner's alone."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from chassis.http import ApiModel, Caller, Reader
from chassis.problems import NotFound
from owners.analytics import analytics_of, window_of
from owners.api.analytics_schemas import AnalyticsResponse
from owners.api.context import Now
from owners.api.ownership_schemas import Day
from owners.commands.access import demand
from owners.commands.time_zone import zone_of
from owners.db.cars import find_car
from owners.domain.access import Right
from owners.domain.local_time import local_date

router = APIRouter(tags=["ownership costs"])


class WindowQuery(ApiModel):
    """Local days, both included."""

    first: Annotated[Day | None, Field(alias="from", description="Left out: the day of the purchase.")] = None
    last: Annotated[Day | None, Field(alias="to", description="Left out: today.")] = None


@router.get("/v1/cars/{car_id}/analytics")
async def get_analytics(
    car_id: UUID,
    tx: Reader,
    caller: Caller,
    now: Now,
    asked: Annotated[WindowQuery, Query()],
) -> AnalyticsResponse:
    """Distance, fuel, running costs by category and month, and the total cost of ownership in a window of days."""
    person = await demand(tx, car_id, caller.user_id, Right.READ)
    car = await find_car(tx, car_id)
    if car is None:
        raise NotFound
    today = local_date(now, await zone_of(tx, None, caller.user_id))
    if car.ended_on is not None:
        today = min(today, car.ended_on)
    window = await window_of(tx, car, asked.first, asked.last, today)
    return AnalyticsResponse.of(await analytics_of(tx, car, window, finances=person.permits(Right.SEE_FINANCES)))
