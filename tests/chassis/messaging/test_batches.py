"""Applying records to a real database, without Kafka."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from chassis.consuming import RawRecord, Received, Subscriptions, Tombstone, apply_batch, raw_record
from chassis.consuming.dead_letters import find_dead_letter, list_dead_letters
from chassis.consuming.housekeeping import remove_old_inbox_rows
from chassis.db import Database, Transaction
from chassis.failures import DatabaseAway
from chassis.provision import ServiceDatabase
from tests.chassis.messaging import sample
from tests.chassis.messaging.bad_records import BAD, Spoiler, with_header
from tests.chassis.messaging.sample import Noted, noted

HUNDRED = 100


@pytest.fixture
def subscriptions() -> Subscriptions:
    return sample.subscriptions()


def hundred() -> list[RawRecord]:
    return [raw_record(noted(), offset=number) for number in range(HUNDRED)]


@pytest.mark.parametrize("spoil", [pytest.param(spoil, id=name) for name, spoil in BAD.items()])
async def test_one_bad_record_in_a_hundred_is_kept_apart_and_the_others_apply(
    database: Database, subscriptions: Subscriptions, spoil: Spoiler
) -> None:
    records = hundred()
    bad = spoil(records[41])._replace(offset=41)
    outcome = await apply_batch(database, subscriptions, [*records[:41], bad, *records[42:]])
    assert (outcome.applied, outcome.dead) == (HUNDRED - 1, 1)
    assert len(await sample.notes(database)) == HUNDRED - 1
    assert await sample.effects(database) == HUNDRED - 1
    async with database.transaction() as tx:
        [letter] = await list_dead_letters(tx)
    assert letter.record == bad._replace(headers=list(bad.headers))
    assert letter.error


async def test_an_irrelevant_header_with_a_null_value_does_no_harm(
    database: Database, subscriptions: Subscriptions
) -> None:
    record = with_header("x-origin", None)(raw_record(noted()))
    assert (await apply_batch(database, subscriptions, [with_header("traceparent", b"\xff")(record)])).applied == 1


async def test_several_bad_records_among_good_ones_are_all_found(
    database: Database, subscriptions: Subscriptions
) -> None:
    bad = {3, 4, 50, 99}
    records = [
        raw_record(noted(text="poison" if number in bad else "good"), offset=number) for number in range(HUNDRED)
    ]
    outcome = await apply_batch(database, subscriptions, records)
    assert (outcome.applied, outcome.dead) == (HUNDRED - len(bad), len(bad))
    assert await sample.dead_offsets(database) == sorted(bad)
    assert await sample.effects(database) == HUNDRED - len(bad)


async def test_a_batch_of_nothing_but_bad_records_passes(database: Database, subscriptions: Subscriptions) -> None:
    records = [record._replace(value=b"{") for record in hundred()]
    assert (await apply_batch(database, subscriptions, records)).dead == HUNDRED
    assert await sample.dead_offsets(database) == list(range(HUNDRED))


async def test_records_that_come_again_change_nothing(database: Database, subscriptions: Subscriptions) -> None:
    records = hundred()
    await apply_batch(database, subscriptions, records)
    outcome = await apply_batch(database, subscriptions, records[50:])
    assert (outcome.applied, outcome.duplicates) == (0, 50)
    assert await sample.effects(database) == HUNDRED


async def test_a_resend_within_one_batch_is_dropped(database: Database, subscriptions: Subscriptions) -> None:
    calls: list[int] = []

    @subscriptions.state(Noted)
    async def count(_tx: Transaction, batch: Sequence[Received[Noted]]) -> None:
        calls.append(len(batch))

    records = [record for record in hundred() for _ in range(2)]
    outcome = await apply_batch(database, subscriptions, records)
    assert (outcome.applied, outcome.duplicates) == (HUNDRED, HUNDRED)
    assert calls == [HUNDRED]
    assert await sample.effects(database) == HUNDRED


async def test_a_replay_of_the_topic_changes_nothing_after_the_inbox_was_emptied(
    database: Database, subscriptions: Subscriptions
) -> None:
    records = hundred()
    await apply_batch(database, subscriptions, records)
    before = await sample.notes(database)
    async with database.transaction() as tx:
        assert await remove_old_inbox_rows(tx, kept=timedelta()) == HUNDRED
    assert (await apply_batch(database, subscriptions, records)).applied == HUNDRED
    assert await sample.effects(database) == HUNDRED
    assert await sample.notes(database) == before


async def test_inbox_rows_of_the_last_month_stay(database: Database, subscriptions: Subscriptions) -> None:
    await apply_batch(database, subscriptions, hundred())
    async with database.transaction() as tx:
        await tx.execute(
            text("UPDATE inbox SET received_at = now() - make_interval(days => 31) WHERE event_id IN (:id)"),
            {"id": (await sample.rows_of(database, "SELECT event_id FROM inbox LIMIT 1"))[0].event_id},
        )
    async with database.transaction() as tx:
        assert await remove_old_inbox_rows(tx) == 1


async def test_state_that_comes_late_does_not_replace_newer_state(
    database: Database, subscriptions: Subscriptions
) -> None:
    note_id = uuid4()
    newer, older = (noted(note_id=note_id, sequence=number, text=str(number)) for number in (2, 1))
    await apply_batch(database, subscriptions, [raw_record(newer), raw_record(older, offset=1)])
    await apply_batch(database, subscriptions, [raw_record(older, offset=2)])
    assert await sample.notes(database) == {note_id: "2"}


async def test_listed_and_ignored_types_pass_in_silence(database: Database, subscriptions: Subscriptions) -> None:
    moved = sample.Moved.model_validate(noted().model_dump())
    outcome = await apply_batch(database, subscriptions, [raw_record(moved)])
    assert (outcome.ignored, outcome.dead) == (1, 0)


async def test_an_event_on_the_wrong_topic_is_a_dead_letter(database: Database, subscriptions: Subscriptions) -> None:
    stray = raw_record(noted())._replace(topic="sample.other")
    assert (await apply_batch(database, subscriptions, [stray])).dead == 1


async def test_a_transient_failure_is_raised_and_nothing_of_the_batch_is_kept(
    database: Database, subscriptions: Subscriptions
) -> None:
    attempts = 0

    @subscriptions.effect(Noted)
    async def lose_the_connection(tx: Transaction, _batch: Sequence[Received[Noted]]) -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            await tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    records = [*hundred(), raw_record(noted(), offset=HUNDRED)._replace(value=b"{")]
    with pytest.raises(DatabaseAway):
        await apply_batch(database, subscriptions, records)
    assert await sample.dead_offsets(database) == []
    assert await sample.notes(database) == {}
    assert (await apply_batch(database, subscriptions, records)).applied == HUNDRED
    assert await sample.dead_offsets(database) == [HUNDRED]


async def test_a_transient_failure_while_bisecting_makes_no_dead_letter(
    database: Database, subscriptions: Subscriptions
) -> None:
    attempts = 0

    @subscriptions.effect(Noted)
    async def fail_in_the_third_transaction(tx: Transaction, _batch: Sequence[Received[Noted]]) -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 3:
            await tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    poisoned = [raw_record(noted(text="poison" if number == 90 else "good"), offset=number) for number in range(100)]
    subscriptions.registrations.reverse()  # the failing handler runs before the one that refuses
    with pytest.raises(DatabaseAway):
        await apply_batch(database, subscriptions, poisoned)
    assert await sample.dead_offsets(database) == []
    assert (await apply_batch(database, subscriptions, poisoned)).dead == 1
    assert await sample.effects(database) == 99
    assert await sample.dead_offsets(database) == [90]


async def test_a_missing_table_is_the_deployments_fault_and_makes_no_dead_letter(
    database: Database, subscriptions: Subscriptions
) -> None:
    @subscriptions.effect(Noted)
    async def write_to_a_table_of_tomorrow(tx: Transaction, _batch: Sequence[Received[Noted]]) -> None:
        await tx.execute(text("INSERT INTO tomorrow VALUES (1)"))

    with pytest.raises(Exception, match="tomorrow"):
        await apply_batch(database, subscriptions, hundred())
    assert await sample.dead_offsets(database) == []


async def test_a_batch_that_is_too_slow_as_a_whole_passes_in_parts(
    sample_database: ServiceDatabase, subscriptions: Subscriptions
) -> None:
    hurried = Database(
        sample_database.worker_url,
        pool_size=1,
        application_name="hurried",
        statement_timeout=timedelta(seconds=0.5),
    )

    @subscriptions.effect(Noted)
    async def take_long_for_many(tx: Transaction, batch: Sequence[Received[Noted]]) -> None:
        await tx.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": 5 if len(batch) > 50 else 0})

    assert (await apply_batch(hurried, subscriptions, hundred())).applied == HUNDRED
    assert await sample.dead_offsets(hurried) == []
    await hurried.dispose()


async def test_two_workers_with_the_same_records_apply_each_once(
    database: Database, subscriptions: Subscriptions
) -> None:

    records = hundred()
    outcomes = await asyncio.gather(
        apply_batch(database, subscriptions, records),
        apply_batch(database, subscriptions, list(reversed(records))),
        return_exceptions=True,
    )
    for outcome in outcomes:  # a deadlock of the handlers' own rows is transient
        if isinstance(outcome, BaseException):
            assert isinstance(outcome, DatabaseAway)
    await apply_batch(database, subscriptions, records)
    assert await sample.effects(database) == HUNDRED


async def test_tombstones_and_events_of_a_key_keep_their_order(database: Database) -> None:
    subscriptions = Subscriptions("sample")
    subscriptions.state(Noted)(sample.keep_note)

    @subscriptions.tombstone(Noted.topic)
    async def forget(tx: Transaction, batch: Sequence[Tombstone]) -> None:
        for tombstone in batch:
            await tx.execute(text("DELETE FROM note WHERE id = :id"), {"id": tombstone.key})

    kept, gone = noted(text="kept"), noted(text="gone")
    records = [raw_record(kept), raw_record(gone, offset=1), *(_tombstones(kept, gone)), raw_record(kept, offset=4)]
    assert (await apply_batch(database, subscriptions, records)).applied == 5
    assert await sample.notes(database) == {kept.note_id: "kept"}


def _tombstones(*events: Noted) -> list[RawRecord]:
    return [
        RawRecord(Noted.topic, 0, 2 + number, str(event.note_id).encode(), None) for number, event in enumerate(events)
    ]


async def test_events_that_a_handler_records_are_published_with_its_effect(
    database: Database, subscriptions: Subscriptions
) -> None:
    @subscriptions.effect(Noted)
    async def answer(tx: Transaction, batch: Sequence[Received[Noted]]) -> None:
        for received in batch:
            tx.record(noted(text="answer"), cause=received)

    poisoned = [raw_record(noted(text="poison" if number == 7 else "good"), offset=number) for number in range(10)]
    await apply_batch(database, subscriptions, poisoned)
    assert await sample.outbox_size(database) == 9


async def test_batches_are_planned_by_key_and_other_transactions_on_their_connection_are_not(
    sample_database: ServiceDatabase,
) -> None:
    database = Database(sample_database.worker_url, pool_size=1, application_name="one")
    shown = "SELECT current_setting('enable_seqscan'), current_setting('plan_cache_mode'), pg_backend_pid()"
    subscriptions, seen = Subscriptions("sample"), []

    @subscriptions.state(Noted)
    async def look(tx: Transaction, _batch: Sequence[Received[Noted]]) -> None:
        seen.extend(await tx.rows(shown))

    await apply_batch(database, subscriptions, [raw_record(noted())])
    async with database.transaction() as tx:
        seen.extend(await tx.rows(shown))
    await database.dispose()
    (by_key, other) = (tuple(row) for row in seen)
    assert by_key[:2] == ("off", "force_generic_plan")
    assert other[:2] == ("on", "auto")
    assert by_key[2] == other[2]


async def test_a_dead_letter_is_found_by_its_place(database: Database, subscriptions: Subscriptions) -> None:
    await apply_batch(database, subscriptions, [raw_record(noted(), offset=5, partition=2)._replace(value=b"{")])
    async with database.transaction() as tx:
        letter = await find_dead_letter(tx, Noted.topic, 2, 5)
        assert letter is not None
        assert letter.record.value == b"{"
        assert await find_dead_letter(tx, Noted.topic, 2, 6) is None


async def test_a_dead_letter_that_comes_again_stays_as_it_was(database: Database, subscriptions: Subscriptions) -> None:
    unparsable = raw_record(noted(), offset=1)._replace(value=b"{")
    poisoned = raw_record(noted(text="poison"), offset=2)
    for _ in range(2):
        assert (await apply_batch(database, subscriptions, [unparsable, poisoned])).dead == 2
    assert await sample.dead_offsets(database) == [1, 2]
