"""Records that mean nothing, among good ones on real topics, while the services run."""

import asyncio
from collections.abc import Sequence
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from chassis.consuming import RawRecord, raw_record
from chassis.kafka import KafkaConnection
from cli.stack.stack import Stack
from contracts.owners import CarRegistered
from contracts.workorders import WorkOrderCompleted
from tests.chassis.messaging.bad_records import Spoiler, with_header, with_value
from tests.chassis.messaging.raw_batches import write_with_broken_header_name
from tests.e2e.crash.dead_letters import Place
from tests.e2e.crash.offsets import Groups
from tests.e2e.crash.wholeness import Wholeness
from tests.e2e.crash.workshop import Workshop
from tests.support.golden import golden

pytestmark = pytest.mark.crash

BAD: dict[str, Spoiler] = {
    "unparseable": with_value(b"{"),
    "null header value": with_header("ce_id", None),
    "0xFF header value": with_header("ce_type", b"\xff"),
    "tombstone where there are none": with_value(None),
    "JSON nested 100,000 deep": with_value(b"[" * 100_000 + b"]" * 100_000),
    "unlisted type": with_header("ce_type", b"owners.car.stolen.v1"),
    "key of another car": lambda record: record._replace(key=str(uuid4()).encode()),
}
THE_BAD_ONE = 50
CARS = {"sto": "id", "workorders": "id", "trust": "car_id", "notifier": "id"}
"""The services that keep cars, and how their table names one."""


async def test_one_bad_record_in_a_hundred_goes_to_the_dead_letters_and_takes_no_other_with_it(
    stack: Stack, workshop: Workshop, wholeness: Wholeness
) -> None:
    kafka = KafkaConnection(stack.kafka_bootstrap)
    dead_letters = wholeness.dead_letters
    orders = await workshop.ready_orders(2)
    await wholeness.at_rest()
    before, good = set(dead_letters.written), set[UUID]()
    for spoil in BAD.values():
        records, cars = hundred()
        places = await write(kafka, [*records[:THE_BAD_ONE], spoil(records[THE_BAD_ONE]), *records[THE_BAD_ONE + 1 :]])
        good |= cars
        dead_letters.written.add(places[THE_BAD_ONE])
    records, cars = hundred()
    good |= cars
    dead_letters.written.add(await write_one_that_cannot_be_fetched(kafka, records))
    dead_letters.written |= set(await write(kafka, [spoil(completion()) for spoil in BAD.values()]))
    await asyncio.gather(*(order.complete() for order in orders))

    await wholeness.at_rest()
    try:
        await dead_letters.check(besides=before)
    finally:
        await dead_letters.remove()
    await wholeness.check(orders)
    for service, column in CARS.items():
        assert await known_cars(stack, service, column) & good == good


def hundred() -> tuple[list[RawRecord], set[UUID]]:
    """Cars of nobody's in one hundred events, and those of them that shall be known to the services."""
    events = [golden(CarRegistered, "frame-number", car_id=str(uuid4())) for _ in range(100)]
    cars = {event.car_id for event in events} - {events[THE_BAD_ONE].car_id}
    return [raw_record(event) for event in events], cars


def completion() -> RawRecord:
    """Of a type that each consumer of its topic handles; one that is ignored is not even looked into."""
    return raw_record(golden(WorkOrderCompleted, "brakes", work_order_id=str(uuid4()), car_id=str(uuid4()), sequence=1))


async def write(kafka: KafkaConnection, records: Sequence[RawRecord]) -> list[Place]:
    producer = AIOKafkaProducer(**kafka.options(), enable_idempotence=True)
    await producer.start()
    try:
        acks = [
            await producer.send(record.topic, record.value, record.key, headers=list(record.headers))
            for record in records
        ]
        return [(each.topic, each.partition, each.offset) for each in await asyncio.gather(*acks)]
    finally:
        await producer.stop()


async def write_one_that_cannot_be_fetched(kafka: KafkaConnection, records: Sequence[RawRecord]) -> Place:
    """A name of a header that is not UTF-8 makes Kafka's client raise before anybody sees a record."""
    topic = records[0].topic
    async with Groups.of(kafka.bootstrap) as groups:
        first = (await groups.ends())[TopicPartition(topic, 0)]
    await write_with_broken_header_name(kafka, records, {THE_BAD_ONE}, 0)
    return topic, 0, first + THE_BAD_ONE


async def known_cars(stack: Stack, service: str, column: str) -> set[UUID]:
    connection = await asyncpg.connect(stack.databases[service].owner_url, timeout=60)
    try:
        return {row["car"] for row in await connection.fetch(f"SELECT {column} AS car FROM car")}  # noqa: S608
    finally:
        await connection.close()
