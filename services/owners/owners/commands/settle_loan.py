"""Keeps the terms of a car's loan, or forgets them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from chassis.db import Transaction
from chassis.problems import NotFound, check_version
from owners.commands.access import lock_car_for
from owners.db.ownership import LoanTerms, Whose, delete_loan, find_loan, save_loan
from owners.domain.access import Right
from owners.domain.ownership.loan import Loan


async def keep_loan(
    tx: Transaction,
    car_id: UUID,
    loan: Loan,
    *,
    caller_id: UUID,
    expected_version: Callable[[], int],
    now: datetime,
) -> LoanTerms:
    """The loan from now on; the first one needs no version. Raises ImpossibleLoan."""
    loan.schedule()
    car, _ = await lock_car_for(tx, car_id, caller_id, Right.SEE_FINANCES)
    whose = Whose(car.id, car.owner_id)
    before = await find_loan(tx, whose)
    if before is not None:
        check_version(expected_version(), before.version)
    terms = LoanTerms(loan, 1 if before is None else before.version + 1)
    await save_loan(tx, whose, terms, now)
    return terms


async def forget_loan(tx: Transaction, car_id: UUID, *, caller_id: UUID, expected_version: Callable[[], int]) -> None:
    """The car has no loan any more."""
    car, _ = await lock_car_for(tx, car_id, caller_id, Right.SEE_FINANCES)
    whose = Whose(car.id, car.owner_id)
    before = await find_loan(tx, whose)
    if before is None:
        raise NotFound
    check_version(expected_version(), before.version)
    await delete_loan(tx, whose)
