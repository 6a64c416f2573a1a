from datetime import timedelta

from sqlalchemy import text

from chassis.consuming import Subscriptions
from chassis.db import Database
from chassis.kafka import KafkaConnection
from chassis.progress import forget_member, lagging, write_progress
from tests.chassis.messaging import sample
from tests.chassis.messaging.broker import Broker
from tests.chassis.messaging.sample import noted
from tests.chassis.messaging.workers import all_applied, running_worker
from tests.support.eventually import eventually


async def is_lagging(database: Database) -> bool:
    async with database.transaction() as tx:
        return await lagging(tx, beyond=timedelta(seconds=2))


async def write(database: Database, member: str, lag_seconds: float) -> None:
    async with database.transaction() as tx:
        await write_progress(tx, "sample", member, lag_seconds)


async def silence(database: Database, member: str) -> None:
    async with database.transaction() as tx:
        await tx.execute(
            text("UPDATE consumer_progress SET updated_at = now() - interval '1 minute' WHERE member = :member"),
            {"member": member},
        )


async def test_a_service_without_workers_is_not_known_to_lag(api_database: Database) -> None:
    assert not await is_lagging(api_database)


async def test_the_worst_of_the_workers_counts(database: Database, api_database: Database) -> None:
    await write(database, "a", 0.1)
    await write(database, "b", 1.9)
    assert not await is_lagging(api_database)
    await write(database, "a", 2.1)
    assert await is_lagging(api_database)


async def test_a_worker_that_died_does_not_count_while_another_one_works(
    database: Database, api_database: Database
) -> None:
    await write(database, "dead", 60.0)
    await silence(database, "dead")
    assert await is_lagging(api_database)
    await write(database, "alive", 0.0)
    assert not await is_lagging(api_database)


async def test_a_worker_that_stops_takes_its_row_away(database: Database, api_database: Database) -> None:
    await write(database, "a", 60.0)
    async with database.transaction() as tx:
        await forget_member(tx, "sample", "a")
    assert not await is_lagging(api_database)


async def test_a_running_worker_tells_its_progress(
    database: Database, subscriptions: Subscriptions, kafka: KafkaConnection, broker: Broker
) -> None:
    async def told(expected: int) -> None:
        assert len(await sample.rows_of(database, "SELECT 1 FROM consumer_progress")) == expected

    async with running_worker(database, subscriptions, kafka):
        await broker.publish([noted(broker.noted)])
        await all_applied(database, 1)
        await eventually(lambda: told(1))

        async def caught_up() -> None:
            assert not await is_lagging(database)

        await eventually(caught_up)
    await told(0)
