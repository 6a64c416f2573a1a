from __future__ import annotations

from uuid import UUID

from chassis.db import Transaction
from chassis.problems import FieldError, Invalid
from workorders.db.directory import staff_role


async def require_employee(tx: Transaction, center_id: UUID, mechanic_id: UUID | None) -> None:
    """Raises Invalid (422) for a mechanic who does not work at the center, or is not known to yet."""
    if mechanic_id is not None and await staff_role(tx, center_id, mechanic_id) is None:
        error = FieldError("/mechanic_id", "Nobody with this id works at the service center.", "not_employed")
        raise Invalid("The mechanic does not work here.", errors=[error], read_model=True)
