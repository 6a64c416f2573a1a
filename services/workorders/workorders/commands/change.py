"""What every change of an order has in common: it is locked first, and saved with its history and its events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.db import Transaction
from chassis.problems import NotFound, check_version
from workorders.db.loading import Stored, is_visible, lock_order
from workorders.db.repository import save_order
from workorders.domain.errors import NotPermitted
from workorders.domain.facts import Recorded
from workorders.domain.people import Person
from workorders.domain.work_order import WorkOrder
from workorders.events import event_of
from workorders.snapshot import SealedSnapshot


@dataclass(frozen=True, slots=True)
class Request:
    """Which order, who asks, and which version he has seen; None where adding to any version is harmless."""

    order_id: UUID
    user_id: UUID
    expected_version: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """An order that nobody else can change until the transaction ends, and the person who changes it."""

    tx: Transaction
    order: WorkOrder
    person: Person
    _stored: Stored

    @classmethod
    async def of(cls, tx: Transaction, request: Request) -> Change:
        """Raises NotFound (404), also when the person is not known to belong here yet, or PreconditionFailed (412).

        Raises NotPermitted for somebody who may only read the order.
        """
        stored = await lock_order(tx, request.order_id, user_id=request.user_id)
        if stored is None:
            if await is_visible(tx, request.order_id, request.user_id):
                raise NotPermitted("The car is shared with you for reading and driving only.")
            raise NotFound(read_model=True)
        order = stored.order
        if request.expected_version is not None:
            check_version(request.expected_version, order.version)
        owns_car = order.owner_id == request.user_id
        person = Person(request.user_id, stored.staff_role, owns_car=owns_car, shared_as=stored.shared_as)
        return cls(tx, order, person, stored)

    async def save(self, facts: Sequence[Recorded] = (), *, snapshot: SealedSnapshot | None = None) -> WorkOrder:
        """Makes it the order's next version and publishes what happened."""
        return await save_change(self.tx, self._stored, facts, snapshot=snapshot)


async def save_change(
    tx: Transaction, stored: Stored, facts: Sequence[Recorded], *, snapshot: SealedSnapshot | None = None
) -> WorkOrder:
    """The same for an order that nobody asked to be changed: a timer did."""
    order = stored.order
    order.version += 1
    await save_order(tx, stored, facts, sealed=snapshot.document if snapshot else None)
    for recorded in facts:
        tx.record(event_of(order, recorded, snapshot))
    return order
