"""Who is asking: the first lines of most use cases."""

from __future__ import annotations

from uuid import UUID

from chassis.db import Transaction
from chassis.problems import Forbidden, NotFound
from sto.db.centers import find_center, lock_center
from sto.db.employees import find_employment, has_ever_been_staff
from sto.domain.center import ServiceCenter
from sto.domain.employee import Employee
from sto.domain.errors import OwnStaffDecides
from sto.domain.permissions import Action, demand

_STRANGER = "You do not work at this center."


async def staff(tx: Transaction, center_id: UUID, user_id: UUID, *actions: Action) -> tuple[ServiceCenter, Employee]:
    """The center, and the caller's employment there.

    Raises NotFound when the caller cannot see the center, Forbidden when he does not work there, NotPermitted when
    his role does not allow all the actions.
    """
    center = await find_center(tx, center_id)
    if center is None:
        raise NotFound
    return center, await _employment(tx, center_id, user_id, *actions)


async def staff_of_locked(
    tx: Transaction, center_id: UUID, user_id: UUID, *actions: Action
) -> tuple[ServiceCenter, Employee]:
    """As `staff`, with the center locked first, so that the role is the one that holds while it is."""
    center = await lock_center(tx, center_id)
    if center is None:
        raise NotFound if await find_center(tx, center_id) is None else Forbidden(_STRANGER)
    return center, await _employment(tx, center_id, user_id, *actions)


async def demand_outsider(tx: Transaction, center_id: UUID, moderator_id: UUID) -> None:
    """Raises OwnStaffDecides for a moderator who works or has worked at the center."""
    if await has_ever_been_staff(tx, center_id, moderator_id):
        raise OwnStaffDecides("You work or have worked at this center. Another moderator must decide.")


async def _employment(tx: Transaction, center_id: UUID, user_id: UUID, *actions: Action) -> Employee:
    employee = await find_employment(tx, center_id, user_id)
    if employee is None:
        raise Forbidden(_STRANGER)
    demand(employee.role, *actions)
    return employee
