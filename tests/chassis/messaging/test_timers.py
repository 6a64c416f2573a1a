import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from chassis.clock import FixedClock
from chassis.consuming.dead_letters import list_dead_letters
from chassis.consuming.replay import Replay, replay_dead_letter
from chassis.consuming.subscriptions import Subscriptions
from chassis.db import Database, Transaction
from chassis.failures import DatabaseAway
from chassis.timers import Timers, TimerSettings
from tests.chassis.messaging import sample
from tests.chassis.messaging.sample import noted
from tests.support.eventually import eventually

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SETTINGS = TimerSettings(idle=timedelta(seconds=0.02), max_attempts=3)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
def timers(clock: FixedClock) -> Timers:
    return Timers(clock=clock, settings=SETTINGS)


async def count_run(tx: Transaction, subject: str, _due_at: datetime) -> None:
    """Leaves a row for every run; nothing but the claim keeps it from a second one."""
    await tx.execute(text("INSERT INTO effect VALUES (:id, (random() * 1e9)::int)"), {"id": subject})
    await tx.execute(
        text("INSERT INTO effect_count VALUES (1, 1) ON CONFLICT (one) DO UPDATE SET n = effect_count.n + 1")
    )


async def waiting(database: Database) -> int:
    return int((await sample.rows_of(database, "SELECT count(*) AS n FROM timer"))[0].n)


async def test_two_loops_run_each_timer_exactly_once(database: Database, timers: Timers) -> None:
    timers.on("reminder")(count_run)
    async with database.transaction() as tx:
        for _ in range(60):
            await timers.schedule(tx, "reminder", uuid4(), NOON)
    stop = asyncio.Event()
    loops = [asyncio.create_task(timers.run(database, stop)) for _ in range(2)]

    async def none_waits() -> bool:
        return await waiting(database) == 0

    await eventually(none_waits, within=60)
    stop.set()
    await asyncio.gather(*loops)
    assert await sample.effects(database) == 60


async def test_a_timer_waits_until_it_is_due(database: Database, timers: Timers, clock: FixedClock) -> None:
    ran: list[tuple[str, datetime]] = []

    @timers.on("reminder")
    async def remember(_tx: Transaction, subject: str, due_at: datetime) -> None:
        ran.append((subject, due_at))

    async with database.transaction() as tx:
        await timers.schedule(tx, "reminder", "later", NOON + 2 * HOUR)
        await timers.schedule(tx, "reminder", "sooner", NOON + HOUR)
        await timers.schedule(tx, "unknown here", "x", NOON)
    assert not await timers.run_due(database)
    clock.advance(2 * HOUR)
    assert [await timers.run_due(database) for _ in range(3)] == [True, True, False]
    assert ran == [("sooner", NOON + HOUR), ("later", NOON + 2 * HOUR)]


async def test_a_timer_can_be_moved_and_cancelled(database: Database, timers: Timers) -> None:
    timers.on("reminder")(count_run)
    async with database.transaction() as tx:
        await timers.schedule(tx, "reminder", "moved", NOON)
        await timers.schedule(tx, "reminder", "moved", NOON + HOUR)
        await timers.schedule(tx, "reminder", "cancelled", NOON)
        await timers.cancel(tx, "reminder", "cancelled")
    assert not await timers.run_due(database)
    assert await waiting(database) == 1


async def test_a_timer_may_set_itself_again(database: Database, timers: Timers, clock: FixedClock) -> None:
    @timers.on("daily")
    async def again(tx: Transaction, subject: str, due_at: datetime) -> None:
        await timers.schedule(tx, "daily", subject, due_at + 24 * HOUR)

    async with database.transaction() as tx:
        await timers.schedule(tx, "daily", "digest", NOON)
    assert [await timers.run_due(database) for _ in range(2)] == [True, False]
    clock.advance(24 * HOUR)
    assert await timers.run_due(database)


async def test_a_timer_that_is_set_or_runs_now_is_not_set_from_outside(
    database: Database, timers: Timers, clock: FixedClock
) -> None:
    async def set_from_outside() -> None:
        async with database.transaction() as tx:
            await timers.schedule_unless_set(tx, "daily", "digest", clock())

    waiting_outside: list[asyncio.Task[None]] = []

    async def outside_waits() -> bool:
        blocked = (
            "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'transactionid' AND query LIKE 'INSERT INTO timer%'"
        )
        return len(await sample.rows_of(database, blocked)) > 0

    @timers.on("daily")
    async def again(tx: Transaction, subject: str, due_at: datetime) -> None:
        waiting_outside.append(asyncio.create_task(set_from_outside()))  # the row is removed, and that not yet seen
        await eventually(outside_waits)
        await timers.schedule(tx, "daily", subject, due_at + 24 * HOUR)

    await set_from_outside()
    clock.advance(HOUR)
    await set_from_outside()
    assert [row.due_at for row in await sample.rows_of(database, "SELECT due_at FROM timer")] == [NOON]
    assert await timers.run_due(database)
    await asyncio.gather(*waiting_outside)
    assert [row.due_at for row in await sample.rows_of(database, "SELECT due_at FROM timer")] == [NOON + 24 * HOUR]


async def test_effect_events_and_removal_are_one_transaction(database: Database, timers: Timers) -> None:
    @timers.on("reminder")
    async def half_done(tx: Transaction, _subject: str, _due_at: datetime) -> None:
        tx.record(noted())
        await tx.execute(text("INSERT INTO effect VALUES (gen_random_uuid(), 1)"))
        raise LookupError

    async with database.transaction() as tx:
        await timers.schedule(tx, "reminder", "x", NOON)
    assert await timers.run_due(database)
    assert await sample.outbox_size(database) == 0
    assert len(await sample.rows_of(database, "SELECT 1 FROM effect")) == 0
    assert await waiting(database) == 1


async def test_a_failing_timer_is_put_off_lets_others_run_and_ends_as_a_dead_letter(
    database: Database, timers: Timers, clock: FixedClock
) -> None:
    @timers.on("broken")
    async def fail(_tx: Transaction, _subject: str, _due_at: datetime) -> None:
        raise LookupError("no such order")

    timers.on("reminder")(count_run)
    async with database.transaction() as tx:
        await timers.schedule(tx, "broken", "x", NOON)
        await timers.schedule(tx, "reminder", uuid4(), NOON + timedelta(seconds=1))
    clock.advance(timedelta(seconds=1))
    assert [await timers.run_due(database) for _ in range(3)] == [True, True, False]
    assert await sample.effects(database) == 1
    for _ in range(SETTINGS.max_attempts - 1):
        clock.advance(HOUR)
        assert await timers.run_due(database)
    assert await waiting(database) == 0
    async with database.transaction() as tx:
        [letter] = await list_dead_letters(tx)
    assert (letter.kind, letter.record.topic, letter.record.key) == ("timer", "timer:broken", b"x")
    assert letter.error == "LookupError: no such order"


async def test_a_dead_timer_can_be_set_again(database: Database, timers: Timers, clock: FixedClock) -> None:
    healthy = False

    @timers.on("broken")
    async def fail_at_first(_tx: Transaction, _subject: str, due_at: datetime) -> None:
        assert due_at == NOON
        if not healthy:
            raise LookupError

    async with database.transaction() as tx:
        await timers.schedule(tx, "broken", "x", NOON)
    while await timers.run_due(database):
        clock.advance(HOUR)
    async with database.transaction() as tx:
        [letter] = await list_dead_letters(tx)
    place = (letter.record.topic, letter.record.partition, letter.record.offset)
    assert await replay_dead_letter(database, Subscriptions("sample"), place) is Replay.TIMER_SET
    healthy = True
    clock.now = datetime.now(UTC) + HOUR
    assert [await timers.run_due(database) for _ in range(2)] == [True, False]


async def test_a_lost_connection_costs_a_timer_no_attempt(database: Database, timers: Timers) -> None:
    @timers.on("reminder")
    async def lose_the_connection(tx: Transaction, _subject: str, _due_at: datetime) -> None:
        await tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    async with database.transaction() as tx:
        await timers.schedule(tx, "reminder", "x", NOON)
    with pytest.raises(DatabaseAway):
        await timers.run_due(database)
    assert [row.attempts for row in await sample.rows_of(database, "SELECT attempts FROM timer")] == [0]


async def test_the_loop_survives_a_database_that_is_away_for_a_moment(database: Database, timers: Timers) -> None:
    runs = 0

    @timers.on("reminder")
    async def lose_the_connection_once(tx: Transaction, _subject: str, _due_at: datetime) -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            await tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    async with database.transaction() as tx:
        await timers.schedule(tx, "reminder", "x", NOON)
    stop = asyncio.Event()
    loop = asyncio.create_task(timers.run(database, stop))

    async def ran() -> bool:
        return await waiting(database) == 0

    await eventually(ran)
    stop.set()
    await loop
    assert runs == 2
