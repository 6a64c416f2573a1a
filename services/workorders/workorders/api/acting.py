"""What the routes that change an order have in common."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from fastapi import Response

from chassis.db import Transaction
from chassis.http import Acting, Answer
from workorders.api.order_schemas import order_response
from workorders.commands.change import Request
from workorders.domain.work_order import WorkOrder

type Change = Callable[[Transaction, Request], Awaitable[WorkOrder]]
type Addition = Callable[[Transaction, Request], Awaitable[tuple[WorkOrder, str]]]


async def change(action: Acting, order_id: UUID, use_case: Change) -> Response:
    """Changes the version that the caller has seen, and answers with the next one."""

    async def changed(tx: Transaction) -> WorkOrder:
        return await use_case(tx, Request(order_id, action.caller.user_id, action.expected_version))

    return await action.run(changed, lambda order: Answer(200, order_response(order), version=order.version))


async def add(action: Acting, order_id: UUID, use_case: Addition) -> Response:
    """Adds a part to whatever version there is; the location names it."""
    request = Request(order_id, action.caller.user_id, None)

    def answer(added: tuple[WorkOrder, str]) -> Answer:
        order, part = added
        location = f"/v1/work-orders/{order.id}/{part}"
        return Answer(201, order_response(order), version=order.version, location=location)

    return await action.run(lambda tx: use_case(tx, request), answer)
