import asyncio
import contextlib
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from chassis.db import Database
from chassis.failures import DatabaseAway
from chassis.outbox import EventTooLarge
from chassis.pool import TransactionAborted
from chassis.problems import Unavailable
from chassis.provision import ServiceDatabase
from chassis.relay_lock import RelayLock
from chassis.together import Statement
from chassis.wake import OUTBOX_CHANNEL, RelayWake
from tests.chassis.messaging import sample
from tests.chassis.messaging.sample import noted
from tests.support.eventually import eventually

INSERT_NOTE = text("INSERT INTO note VALUES (:id, :owner, 1, 'x')")


async def test_events_and_the_change_commit_together(api_database: Database, database: Database) -> None:
    async with api_database.transaction() as tx:
        tx.record(noted(text="first"))
        tx.record(noted(text="second"))
        tx.record_tombstone("sample.note", "gone")
    rows = await sample.rows_of(database, "SELECT topic, key, headers, payload FROM outbox ORDER BY id")
    assert [b"first" in (row.payload or b"") for row in rows] == [True, False, False]
    assert rows[0].headers["ce_type"] == "sample.note.noted.v1"
    assert rows[0].headers["ce_source"] == "/carpass/sample"
    assert (rows[2].key, rows[2].payload) == (b"gone", None)


async def test_a_transaction_that_fails_publishes_nothing(api_database: Database, database: Database) -> None:
    async def fail() -> None:
        async with api_database.transaction() as tx:
            tx.record(noted())
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await sample.outbox_size(database) == 0


async def test_an_event_over_the_limit_is_refused_before_the_outbox(api_database: Database) -> None:
    async with api_database.transaction() as tx:
        with pytest.raises(EventTooLarge) as refused:
            tx.record(noted(text="x" * 512 * 1024))
    assert refused.value.status == 422


PUT_NOTE = "INSERT INTO note VALUES ($1, $2, 1, 'put off')"


async def test_what_is_put_off_is_seen_by_the_next_statement_and_committed_with_the_events(
    api_database: Database, database: Database
) -> None:
    owner, notes = uuid4(), [uuid4() for _ in range(3)]
    async with api_database.transaction(user_id=owner) as tx:
        for note in notes[:2]:
            tx.put_off(Statement(PUT_NOTE, (note, owner)))
        assert (await tx.execute(text("SELECT count(*) FROM note"))).scalar_one() == 2
        tx.put_off(Statement(PUT_NOTE, (notes[2], owner)))
        tx.record(noted(text="first"))
        tx.record(noted(text="second"))
    async with api_database.transaction(user_id=owner) as tx:
        assert {row["id"] for row in await tx.rows("SELECT id FROM note")} == set(notes)
    rows = await sample.rows_of(database, "SELECT payload FROM outbox ORDER BY id")
    assert [b"first" in row.payload for row in rows] == [True, False]


async def test_what_is_put_off_and_refused_undoes_the_transaction(api_database: Database, database: Database) -> None:
    owner, note = uuid4(), uuid4()

    async def twice() -> None:
        async with api_database.transaction(user_id=owner) as tx:
            await tx.rows(PUT_NOTE, note, owner)
            tx.put_off(Statement(PUT_NOTE, (note, owner)))
            tx.record(noted())

    with pytest.raises(asyncpg.UniqueViolationError):
        await twice()
    async with api_database.transaction(user_id=owner) as tx:
        assert await tx.rows("SELECT id FROM note") == []
    assert await sample.outbox_size(database) == 0


async def test_a_last_statement_goes_with_the_events_and_what_was_put_off(
    api_database: Database, database: Database
) -> None:
    owner, note = uuid4(), uuid4()
    async with api_database.transaction(user_id=owner) as tx:
        tx.put_off(Statement(f"{PUT_NOTE} RETURNING id", (note, owner), name="put"))
        tx.record(noted(text="only once"))
        (row,) = await tx.conclude("SELECT $1::int AS given, (SELECT count(*) FROM put) AS written", 7)
        assert (row["given"], row["written"]) == (7, 1)
    async with api_database.transaction(user_id=owner) as tx:
        assert [found["id"] for found in await tx.rows("SELECT id FROM note")] == [note]
    assert await sample.outbox_size(database) == 1


async def test_a_connection_is_used_again_whoever_executed_on_it(api_database: Database) -> None:
    backends = set()
    for by_sqlalchemy in (True, False, True):
        async with api_database.transaction() as tx:
            if by_sqlalchemy:
                backends.add((await tx.execute(text("SELECT pg_backend_pid()"))).scalar_one())
            else:
                backends.add((await tx.rows("SELECT pg_backend_pid()"))[0][0])
        assert api_database.in_use == 0
    assert len(backends) == 1


async def test_a_connection_in_use_ends_after_its_transaction_when_its_pool_is_disposed(
    sample_database: ServiceDatabase, database: Database
) -> None:
    closing = Database(sample_database.api_url, pool_size=2, application_name="closing")
    async with closing.transaction() as tx:
        tx.record(noted())
        await closing.dispose()
    assert await sample.outbox_size(database) == 1
    alive = text("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'closing'")

    async def gone() -> bool:
        async with database.transaction() as tx:
            return bool((await tx.execute(alive)).scalar_one() == 0)

    await eventually(gone)


async def test_each_user_sees_and_writes_only_his_own_rows(api_database: Database) -> None:
    owner, other, note = uuid4(), uuid4(), uuid4()
    async with api_database.transaction(user_id=owner) as tx:
        await tx.execute(INSERT_NOTE, {"id": note, "owner": owner})
    count = text("SELECT count(*) FROM note")
    for user, seen in ((owner, 1), (other, 0), (None, 0)):
        async with api_database.transaction(user_id=user) as tx:
            assert (await tx.execute(count)).scalar_one() == seen
    with pytest.raises(ProgrammingError, match="row-level security"):
        async with api_database.transaction(user_id=other) as tx:
            await tx.execute(INSERT_NOTE, {"id": uuid4(), "owner": owner})


async def test_the_user_of_one_transaction_is_forgotten_by_the_next_on_the_same_connection(
    sample_database: ServiceDatabase,
) -> None:
    database = Database(sample_database.api_url, pool_size=1, application_name="one")
    async with database.transaction(user_id=uuid4()):
        pass
    async with database.transaction() as tx:
        user = (await tx.execute(text("SELECT current_setting('carpass.user_id', true)"))).scalar_one()
        assert not user
    await database.dispose()


async def test_after_the_server_dropped_all_connections_nobody_notices(
    api_database: Database, postgres_admin_url: str, sample_database: ServiceDatabase
) -> None:
    async def use() -> None:
        async with api_database.transaction() as tx:
            await tx.execute(text("SELECT 1"))

    await asyncio.gather(*(use() for _ in range(5)))
    await end_connections(postgres_admin_url, sample_database.name)
    await asyncio.gather(*(use() for _ in range(5)))


async def test_a_connection_lost_in_the_middle_is_told_as_unavailable_and_heals(api_database: Database) -> None:
    with pytest.raises(Unavailable):
        async with api_database.transaction() as tx:
            await tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    async with api_database.transaction() as tx:
        assert (await tx.execute(text("SELECT 1"))).scalar_one() == 1


async def test_a_connection_that_the_server_is_closing_at_the_commit_is_told_as_unavailable(
    api_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute = asyncpg.Connection.execute

    async def closing(connection: asyncpg.Connection, query: str, *arguments: Any, **options: Any) -> str:
        if query == "COMMIT":  # what asyncpg says between the server's last message and the end of the connection
            raise asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress")
        return await execute(connection, query, *arguments, **options)

    monkeypatch.setattr(asyncpg.Connection, "execute", closing)
    with pytest.raises(DatabaseAway):
        async with api_database.transaction() as tx:
            tx.record(noted())


async def test_a_database_that_refuses_connections_is_told_as_unavailable(sample_database: ServiceDatabase) -> None:
    host, _, rest = sample_database.api_url.rpartition("@")
    nowhere = Database(f"{host}@127.0.0.1:1/{rest.rpartition('/')[2]}", pool_size=1, application_name="nowhere")
    with pytest.raises(DatabaseAway) as told:
        async with nowhere.transaction():
            pass
    assert (told.value.status, told.value.headers["Retry-After"]) == (503, "1")
    await nowhere.dispose()


async def test_an_exhausted_pool_is_told_as_unavailable(sample_database: ServiceDatabase) -> None:
    database = Database(
        sample_database.api_url,
        pool_size=1,
        application_name="small",
        acquire_timeout=timedelta(seconds=0.1),
    )
    async with database.transaction() as tx:
        await tx.execute(text("SELECT 1"))
        with pytest.raises(Unavailable):
            async with database.transaction():
                pass
    await database.dispose()


async def test_a_statement_over_its_time_is_told_as_unavailable(sample_database: ServiceDatabase) -> None:
    database = Database(
        sample_database.api_url,
        pool_size=1,
        application_name="hurried",
        statement_timeout=timedelta(seconds=0.1),
    )
    with pytest.raises(Unavailable):
        async with database.transaction() as tx:
            await tx.execute(text("SELECT pg_sleep(5)"))
    await database.dispose()


async def test_a_broken_rule_of_the_schema_is_not_told_as_unavailable(api_database: Database) -> None:
    note = uuid4()
    twice = [{"id": note, "owner": note}] * 2
    with pytest.raises(IntegrityError):
        async with api_database.transaction(user_id=note) as tx:
            await tx.execute(INSERT_NOTE, twice)


async def test_values_of_a_failed_statement_stay_out_of_its_error(api_database: Database) -> None:
    with pytest.raises(ProgrammingError) as error:
        async with api_database.transaction() as tx:
            await tx.execute(text("SELECT CAST(:name AS text) FROM nowhere"), {"name": "Ivan Petrov"})
    assert "Ivan" not in str(error.value)


async def test_commits_with_events_notify_once_they_are_visible_and_share_a_notification(
    api_database: Database, sample_database: ServiceDatabase
) -> None:
    heard: list[int] = []
    listener = await asyncpg.connect(sample_database.worker_url)
    await listener.add_listener(OUTBOX_CHANNEL, lambda *_: heard.append(1))
    async with api_database.transaction() as tx:
        await tx.execute(text("SELECT 1"))
    async with api_database.transaction() as tx:
        tx.record(noted())
    await eventually(lambda: heard)
    assert len(heard) == 1

    async def commit() -> None:
        async with api_database.transaction() as tx:
            tx.record(noted())

    await asyncio.gather(*(commit() for _ in range(50)))
    await eventually(lambda: len(heard) > 1)
    assert len(heard) <= 51
    await listener.close()


async def test_a_relay_in_the_same_process_is_woken_without_the_database() -> None:
    wake = RelayWake("postgresql://nobody@127.0.0.1:1/nowhere")
    woken = asyncio.Event()
    with wake.heard_by(woken):
        wake()
    assert woken.is_set()
    await wake.close()


async def test_a_wake_that_cannot_reach_the_database_harms_nobody() -> None:
    wake = RelayWake("postgresql://nobody@127.0.0.1:1/nowhere")
    wake()
    await asyncio.sleep(0)
    wake()
    await wake.close()


async def test_the_server_ends_a_silent_lock_session(sample_database: ServiceDatabase) -> None:
    first = await RelayLock.connect(sample_database.worker_url, application_name="first", silence=0.3)
    second = await RelayLock.connect(sample_database.worker_url, application_name="second", silence=60)
    assert await first.try_acquire()
    await eventually(second.try_acquire)
    await first.close()
    await second.close()


async def end_connections(admin_url: str, database_name: str) -> None:
    admin = await asyncpg.connect(admin_url)
    await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", database_name)
    await admin.close()


async def test_a_failure_that_somebody_swallowed_is_not_committed_in_silence(
    api_database: Database, database: Database
) -> None:
    async def swallow() -> None:
        async with api_database.transaction() as tx:
            with contextlib.suppress(ProgrammingError):
                await tx.execute(text("SELECT * FROM nowhere"))

    with pytest.raises(TransactionAborted):
        await swallow()
    async with database.transaction() as tx:
        assert (await tx.execute(text("SELECT 1"))).scalar_one() == 1


async def test_a_cancelled_transaction_leaves_the_pool_clean(sample_database: ServiceDatabase) -> None:
    database = Database(sample_database.worker_url, pool_size=1, application_name="one")

    async def write_and_hang() -> None:
        async with database.transaction() as tx:
            await tx.execute(text("INSERT INTO effect VALUES (gen_random_uuid(), 1)"))
            await tx.execute(text("SELECT pg_sleep(3)"))

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(write_and_hang(), 0.3)
    async with database.transaction() as tx:
        assert (await tx.execute(text("SELECT count(*) FROM effect"))).scalar_one() == 0
    await database.dispose()


async def test_a_reading_transaction_cannot_write(api_database: Database) -> None:
    owner = uuid4()
    with pytest.raises(DBAPIError, match="read-only"):
        async with api_database.transaction(user_id=owner, read_only=True) as tx:
            await tx.execute(INSERT_NOTE, {"id": owner, "owner": owner})


async def test_savepoints_work_within_a_transaction(api_database: Database, database: Database) -> None:
    kept, undone = uuid4(), uuid4()
    async with api_database.transaction(user_id=kept) as tx:
        await tx.execute(INSERT_NOTE, {"id": kept, "owner": kept})
        with contextlib.suppress(LookupError):
            async with tx.connection.begin_nested():
                await tx.execute(INSERT_NOTE, {"id": undone, "owner": kept})
                raise LookupError
    assert list(await sample.notes(database)) == [kept]
