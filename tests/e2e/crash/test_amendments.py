"""Accepted corrections and check-ins on real topics: told twice, beside a bad record, to workers that are killed."""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chassis.consuming import raw_record
from chassis.kafka import KafkaConnection
from cli.stack.plan import SERVICES
from cli.stack.stack import Stack
from contracts.workorders import WorkOrderCompleted
from tests.chassis.messaging.bad_records import with_header
from tests.e2e.crash.contents import forget_what_was_received
from tests.e2e.crash.test_bad_records import write
from tests.e2e.crash.test_replay import WORKERS, contents, ends, messages_delivered, rewind
from tests.e2e.crash.wholeness import Wholeness
from tests.e2e.crash.workshop import ReadyOrder, Workshop
from tests.e2e.faults import Faults
from tests.service.owners.amending import checked_in, corrected, read_as
from tests.support.golden import golden

pytestmark = pytest.mark.crash

CONSUMERS = ("owners-worker", "trust-worker")
TOLD = (
    "SELECT car_id, owner_id, center_id, work_order_number, snapshot_sha256 FROM service_entry WHERE work_order_id = $1"
)


@pytest.mark.parametrize("boundary", ["before-consumer-commit", "after-consumer-commit"])
async def test_amendments_take_effect_once_whatever_happens_to_those_who_hear_of_them(
    boundary: str, stack: Stack, workshop: Workshop, faults: Faults, wholeness: Wholeness
) -> None:
    orders = [await workshop.ready_order_of_the_linked_owner() for _ in range(2)]
    for order in orders:
        await order.complete()
    await wholeness.check(orders)
    amended, voided = [await as_told(stack, order) for order in orders]
    car = f"/v1/cars/{amended.car_id}"
    next_after = amended.sequence + 1
    reading = raw_record(corrected(amended, "odometer-digits-swapped", odometer=read_as(87_999), sequence=next_after))
    records = [
        reading,
        reading,
        with_header("ce_type", b"workorders.correction.forged.v1")(reading),
        raw_record(corrected(voided, "wrong-car", sequence=voided.sequence + 1)),
        raw_record(corrected(amended, "total-lowered", 3, total=12_300, sequence=next_after + 1)),
        raw_record(checked_in(car, sequence=1, odometer={"value": "87998", "unit": "km"})),
    ]
    for worker in CONSUMERS:
        await faults.kill_at(worker, boundary)
    places = await write(KafkaConnection(stack.kafka_bootstrap), records)
    wholeness.dead_letters.written.add(places[2])
    before = wholeness.dead_letters.written - {places[2]}
    await faults.killed(*CONSUMERS)
    await faults.restart(*CONSUMERS)
    await wholeness.at_rest()
    await wholeness.dead_letters.check(besides=before)
    await wholeness.dead_letters.remove()
    await wholeness.check(orders)
    await seen_by_the_owner(workshop, amended, voided)
    await told_again_changes_nothing(stack, faults, wholeness)


async def as_told(stack: Stack, order: ReadyOrder) -> WorkOrderCompleted:
    """The completion as far as a correction repeats it."""
    [row] = await fetched(stack, "owners", TOLD, UUID(order.id))
    [last] = await fetched(stack, "workorders", "SELECT sequence FROM work_order WHERE id = $1", UUID(order.id))
    told = {name: str(row[name]) for name in ("car_id", "owner_id", "center_id", "snapshot_sha256")}
    numbers = {"number": row["work_order_number"], "sequence": last["sequence"]}
    return golden(WorkOrderCompleted, "brakes", work_order_id=order.id, **numbers, **told)


async def fetched(stack: Stack, service: str, sql: str, *arguments: Any) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(stack.databases[service].owner_url, timeout=60)
    try:
        return list(await connection.fetch(sql, *arguments))
    finally:
        await connection.close()


async def seen_by_the_owner(workshop: Workshop, amended: WorkOrderCompleted, voided: WorkOrderCompleted) -> None:
    """Through the gateway."""
    owner, car_id = workshop.linked_owner
    entries = (await owner.get(f"/v1/cars/{car_id}/service-entries?limit=100")).body["data"]
    by_order = {entry["attestation"]["work_order_id"]: entry for entry in entries if entry["attestation"]}
    entry = by_order[str(amended.work_order_id)]
    assert [one["revision"] for one in entry["amendments"]] == [2, 3]
    assert entry["in_force"]["cost"] == {"amount_minor": 12_300, "currency": "RUB"}
    assert (entry["odometer"]["verdict"], entry["in_force"]["odometer"]["value"]) == ("replaced", "87999")
    assert by_order[str(voided.work_order_id)]["in_force"]["voided"]
    timeline = (await owner.get(f"/v1/cars/{car_id}/timeline?kind=work_order_amended&limit=100")).body["data"]
    assert sum(row["work_order_id"] == str(amended.work_order_id) for row in timeline) == 2
    readings = (await owner.get(f"/v1/cars/{car_id}/odometer?limit=100")).body["data"]
    assert any(one["source"] == "appointment_check_in" for one in readings)


async def told_again_changes_nothing(stack: Stack, faults: Faults, wholeness: Wholeness) -> None:
    """All topics from their first records, when nobody remembers what was received."""
    await messages_delivered(stack)
    await faults.end(*WORKERS)
    before, published = await contents(stack), await ends(stack)
    await asyncio.gather(*(forget_what_was_received(stack.databases[service].owner_url) for service in SERVICES))
    await rewind(stack)
    await faults.restart(*WORKERS)
    await wholeness.at_rest()
    await wholeness.dead_letters.check()
    await wholeness.dead_letters.remove()
    assert await contents(stack) == before
    assert await ends(stack) == published
