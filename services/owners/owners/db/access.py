"""Grants of access to cars, and the invitations that make them."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from chassis.db import Transaction
from owners.domain.access import CarRole

_ROLE: Final = "SELECT role FROM shared_with_caller WHERE car_id = $1"
_READER: Final = """
    SELECT CASE
        WHEN EXISTS (SELECT FROM car WHERE id = $1 AND owner_id = caller_id()) THEN 'owner'
        ELSE coalesce((SELECT role FROM shared_with_caller WHERE car_id = $1),
                      CASE WHEN caller_reads_history($1) THEN 'center' END)
    END
"""


async def role_of_caller(tx: Transaction, car_id: UUID) -> CarRole | None:
    """In what role the car is shared with the caller, now; None when it is not."""
    found = await tx.rows(_ROLE, car_id)
    return found[0]["role"] if found else None


async def reader_of_history(tx: Transaction, car_id: UUID) -> Any:
    """`owner`, the role in which the car is shared with the caller, `center` for a linked center's people, or None."""
    [found] = await tx.rows(_READER, car_id)
    return found[0]
