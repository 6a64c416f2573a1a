"""Chooses how a car loses its value, or forgets it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from chassis.db import Transaction
from chassis.problems import NotFound, check_version
from owners.commands.access import lock_car_for
from owners.db.ownership import DepreciationTerms, Whose, delete_depreciation, find_depreciation, save_depreciation
from owners.domain.access import Right
from owners.domain.ownership.depreciation import Method


async def choose_depreciation(
    tx: Transaction,
    car_id: UUID,
    method: Method,
    currency: str,
    *,
    caller_id: UUID,
    expected_version: Callable[[], int],
    now: datetime,
) -> DepreciationTerms:
    """The method from now on. The first one needs no version: there is none to have been seen."""
    car, _ = await lock_car_for(tx, car_id, caller_id, Right.SEE_FINANCES)
    whose = Whose(car.id, car.owner_id)
    before = await find_depreciation(tx, whose)
    if before is not None:
        check_version(expected_version(), before.version)
    terms = DepreciationTerms(method, currency, 1 if before is None else before.version + 1)
    await save_depreciation(tx, whose, terms, now)
    return terms


async def forget_depreciation(
    tx: Transaction, car_id: UUID, *, caller_id: UUID, expected_version: Callable[[], int]
) -> None:
    """The car has no method any more."""
    car, _ = await lock_car_for(tx, car_id, caller_id, Right.SEE_FINANCES)
    whose = Whose(car.id, car.owner_id)
    before = await find_depreciation(tx, whose)
    if before is None:
        raise NotFound
    check_version(expected_version(), before.version)
    await delete_depreciation(tx, whose)
