"""Events of a producer that is older or newer than its consumers."""

from collections.abc import Sequence

from chassis.consuming import RawRecord, Received, Subscriptions, raw_record
from chassis.consuming.dead_letters import list_dead_letters
from chassis.consuming.replay import replay_dead_letter
from chassis.db import Database, Transaction
from chassis.kafka import KafkaConnection
from tests.chassis.messaging import sample
from tests.chassis.messaging.broker import Broker
from tests.chassis.messaging.sample import Noted, noted
from tests.chassis.messaging.workers import all_applied, all_dead, running_worker


class NotedWithColour(Noted):
    """What a later producer may add without another version."""

    colour: str = "blue"


class NotedAgain(Noted):
    """A fact that later producers publish in place of the first version."""

    event_type = "sample.note.noted.v2"


def first_versions(broker: Broker, count: int) -> list[RawRecord]:
    return [raw_record(noted(broker.noted)) for _ in range(count)]


def with_one_more_field(broker: Broker, count: int) -> list[RawRecord]:
    return [raw_record(noted(sample.on_topic(NotedWithColour, broker.topic))) for _ in range(count)]


def second_versions(broker: Broker, count: int) -> list[RawRecord]:
    return [raw_record(noted(sample.on_topic(NotedAgain, broker.topic))) for _ in range(count)]


def taking_turns(*kinds: Sequence[RawRecord]) -> list[RawRecord]:
    return [record for turn in zip(*kinds, strict=True) for record in turn]


def knowing_both(broker: Broker) -> Subscriptions:
    """The next release of the consumer."""
    made = sample.subscriptions(broker.group, broker.noted, broker.moved)

    @made.effect(sample.on_topic(NotedAgain, broker.topic))
    async def count_the_second_version(tx: Transaction, batch: Sequence[Received[NotedAgain]]) -> None:
        await sample.count_effect(tx, batch)

    return made


async def test_an_added_field_is_passed_over_and_an_unlisted_version_waits_for_its_consumer(
    database: Database, subscriptions: Subscriptions, kafka: KafkaConnection, broker: Broker
) -> None:
    written = await broker.write(
        taking_turns(first_versions(broker, 30), with_one_more_field(broker, 30), second_versions(broker, 30))
    )
    unlisted = [(record.topic, record.partition, record.offset) for record in written[2::3]]
    async with running_worker(database, subscriptions, kafka):
        await all_applied(database, 60)
        await all_dead(database, 30)
    async with database.transaction() as tx:
        letters = [letter.record for letter in await list_dead_letters(tx)]
    assert {(letter.topic, letter.partition, letter.offset) for letter in letters} == set(unlisted)
    for place in unlisted:
        assert await replay_dead_letter(database, knowing_both(broker), place) == "applied"
    assert await sample.effects(database) == 90
    assert await sample.dead_offsets(database) == []


async def test_a_consumer_that_is_deployed_first_takes_the_old_version_and_then_the_new_one(
    database: Database, kafka: KafkaConnection, broker: Broker
) -> None:
    async with running_worker(database, knowing_both(broker), kafka):
        await broker.write(first_versions(broker, 30))
        await all_applied(database, 30)
        await broker.write(taking_turns(with_one_more_field(broker, 30), second_versions(broker, 30)))
        await all_applied(database, 90)
    assert await sample.dead_offsets(database) == []
