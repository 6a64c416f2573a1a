"""Says what a car was worth on a day, or takes it back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

from chassis.db import Transaction
from chassis.ids import new_id
from chassis.problems import NotFound
from owners.commands.access import lock_car_for
from owners.commands.time_zone import zone_of
from owners.db.ownership import Valuation, Whose, count_valuations, delete_valuation, insert_valuation
from owners.domain.access import Right
from owners.domain.errors import DayIsValued, TooManyValuations
from owners.domain.local_time import check_not_future

MOST_VALUATIONS: Final = 500


async def value_car(
    tx: Transaction, car_id: UUID, valued_on: date, amount_minor: int, currency: str, *, caller_id: UUID, now: datetime
) -> Valuation:
    """The valuation; raises DateInFuture, DayIsValued, TooManyValuations."""
    car, _ = await lock_car_for(tx, car_id, caller_id, Right.SEE_FINANCES)
    check_not_future(valued_on, zone_name=await zone_of(tx, None, caller_id), now=now)
    whose = Whose(car.id, car.owner_id)
    if await count_valuations(tx, whose) >= MOST_VALUATIONS:
        raise TooManyValuations(f"A car has at most {MOST_VALUATIONS} valuations.")
    new = Valuation(new_id(), car.id, car.owner_id, valued_on, amount_minor, currency, now)
    if not await insert_valuation(tx, new):
        raise DayIsValued("This day has a valuation already: remove that one first.")
    return new


async def remove_valuation(tx: Transaction, car_id: UUID, valuation_id: UUID, *, caller_id: UUID) -> None:
    """The valuation is gone."""
    car, _ = await lock_car_for(tx, car_id, caller_id, Right.SEE_FINANCES)
    if not await delete_valuation(tx, Whose(car.id, car.owner_id), valuation_id):
        raise NotFound
