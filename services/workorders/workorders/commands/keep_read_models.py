"""What other services' events say is kept, whatever their order; a replay changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from chassis.db import Transaction
from chassis.idempotency import forget_answers_to
from workorders.db import read_models
from workorders.db.read_models import end_access_around, keep_newest
from workorders.db.rows import Values


async def keep_centers(tx: Transaction, rows: Sequence[Values]) -> None:
    """Centers: what a new order takes over, and whether they may complete one."""
    await keep_newest(tx, read_models.center, rows)


async def keep_employees(tx: Transaction, rows: Sequence[Values]) -> None:
    """Who works where, and in what role."""
    await keep_newest(tx, read_models.employee, rows)


async def keep_links(tx: Transaction, rows: Sequence[Values]) -> None:
    """Which center may do what with which car."""
    await keep_newest(tx, read_models.car_link, rows)


async def keep_cars(tx: Transaction, rows: Sequence[Values]) -> None:
    """Cars as snapshots name them."""
    await keep_newest(tx, read_models.car, rows)


async def keep_odometers(tx: Transaction, rows: Sequence[Values]) -> None:
    """The last good reading of each car."""
    await keep_newest(tx, read_models.car_odometer, rows)


async def keep_access(tx: Transaction, rows: Sequence[Values]) -> None:
    """With whom owners share their cars."""
    await keep_newest(tx, read_models.car_access, rows)


async def forget_people(tx: Transaction, user_ids: Collection[UUID]) -> None:
    """Nothing here is kept under a name; what they share ends, the answers kept for repeated requests go."""
    await end_access_around(tx, user_ids)
    for user_id in sorted(user_ids):
        await forget_answers_to(tx, user_id)
