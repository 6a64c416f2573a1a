"""From the request at the gateway to the message in Telegram it is one trace."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from cli.client.gateway import Gateway
from cli.stack.stack import Stack
from tests.e2e.orders import Order
from tests.e2e.playing import PATIENCE, log_files, recast, rehearse
from tests.support.eventually import eventually


@dataclass(frozen=True)
class Traced:
    """A completed order, the trace that its completion's answer named, and what told its owner of it."""

    order_id: str
    trace_id: str
    notification_id: str


@pytest.fixture(scope="module")
async def traced(stack: Stack, gateway: Gateway) -> Traced:
    rehearsed = await rehearse(stack, gateway, recast("oil-service-jdm", "Tracer"))
    order = await Order.opened(rehearsed)
    completion = await (await order.advance("ready")).act(rehearsed.cast.founder, "completion", order.reading)
    customer = rehearsed.cast.customer

    async def sent() -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = (await customer.get("/v1/notifications")).body["data"]
        return [
            row
            for row in rows
            if row["template"] == "work-order-completed"
            and row["subject"]["id"] == order.id
            and row["delivery"]["state"] == "sent"
        ]

    (notification,) = await eventually(sent, within=PATIENCE)
    return Traced(order.id, completion.headers["X-Trace-Id"], notification["id"])


async def rows(stack: Stack, service: str, sql: str, *values: object) -> list[Any]:
    connection = await asyncpg.connect(stack.databases[service].owner_url)
    try:
        found: list[Any] = [row[0] for row in await connection.fetch(sql, *values)]
    finally:
        await connection.close()
    return found


def test_trace_is_a_new_one_with_a_name_of_its_own(traced: Traced) -> None:
    assert len(traced.trace_id) == 32
    assert int(traced.trace_id, 16) != 0


async def test_log_line_of_the_send_has_the_trace_of_the_completion(traced: Traced, stack: Stack) -> None:
    (log,) = [file for file in log_files(stack) if file.stem == "notifier-worker"]

    def said() -> list[str]:
        lines = [json.loads(line) for line in log.read_text().splitlines() if traced.notification_id in line]
        return [line["trace_id"] for line in lines if line["event"] == "telegram message sent"]

    assert await eventually(said, within=PATIENCE) == [traced.trace_id]


async def test_delivery_attempt_has_the_trace_of_the_completion(traced: Traced, stack: Stack) -> None:
    attempts = "SELECT trace_id FROM delivery_attempt WHERE notification_id = $1"
    assert await rows(stack, "notifier", attempts, UUID(traced.notification_id)) == [traced.trace_id]


async def test_audit_row_of_the_completion_has_its_trace(traced: Traced, stack: Stack) -> None:
    audited = "SELECT record FROM audit_row WHERE subject = $1 AND action = 'workorders.workorder.completed.v1'"

    async def records() -> list[Any]:
        return await rows(stack, "trust", audited, traced.order_id)

    (record,) = await eventually(records, within=PATIENCE)
    assert json.loads(record)["trace_id"] == traced.trace_id
