"""What sto's events say about centers, their people and their links, kept for deciding who may read a history."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.db import Transaction
from owners.db.bulk import Row, upsert_newer
from owners.db.models import center, center_employee, center_link


async def keep_centers(tx: Transaction, rows: Sequence[Row]) -> None:
    """Keeps the newest state of each center."""
    await upsert_newer(tx, center, rows)


async def keep_employees(tx: Transaction, rows: Sequence[Row]) -> None:
    """Keeps the newest state of each employment."""
    await upsert_newer(tx, center_employee, rows)


async def keep_links(tx: Transaction, rows: Sequence[Row]) -> None:
    """Keeps the newest state of each link."""
    await upsert_newer(tx, center_link, rows)
