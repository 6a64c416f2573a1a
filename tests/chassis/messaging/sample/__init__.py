"""A service that exists for these tests only: it keeps the newest text of notes, and counts what was done for them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from chassis.consuming import Received, Refuse, Subscriptions
from chassis.db import Database, Transaction
from contracts.event import Actor, Event

MIGRATIONS = Path(__file__).parent / "migrations"
POISON = "poison"


class Noted(Event):
    """Somebody wrote a note."""

    event_type = "sample.note.noted.v1"
    topic = "sample.note"
    key_field = "note_id"
    subject_field = "note_id"

    note_id: UUID
    text: str


class Moved(Event):
    """Listed by the service, and on purpose not handled."""

    event_type = "sample.note.moved.v1"
    topic = "sample.note"
    key_field = "note_id"
    subject_field = "note_id"

    note_id: UUID


def on_topic[E: Event](event_class: type[E], topic: str) -> type[E]:
    """The same event on a topic of its own."""
    return type(event_class.__name__, (event_class,), {"topic": topic, "__module__": __name__})


def noted(event_class: type[Noted] = Noted, **fields: Any) -> Noted:
    defaults = {
        "sequence": 1,
        "occurred_at": datetime.now(UTC),
        "actor": Actor(user_id=None, role="system"),
        "note_id": uuid4(),
        "text": "a note",
    }
    return event_class(**(defaults | fields))


def subscriptions(
    name: str = "sample", noted_class: type[Noted] = Noted, moved_class: type[Moved] = Moved
) -> Subscriptions:
    made = Subscriptions(name)
    made.state(noted_class)(keep_note)
    made.effect(noted_class)(count_effect)
    made.ignore(moved_class)
    return made


async def keep_note(tx: Transaction, batch: Sequence[Received[Noted]]) -> None:
    """State: the newest sequence wins, whatever comes again or late."""
    for received in batch:
        if received.event.text == POISON:
            raise Refuse("poison")
        await tx.execute(
            text(
                "INSERT INTO note VALUES (:id, :id, :sequence, :text) ON CONFLICT (id) DO UPDATE "
                "SET sequence = excluded.sequence, text = excluded.text WHERE note.sequence < excluded.sequence"
            ),
            {
                "id": received.event.note_id,
                "sequence": received.event.sequence,
                "text": received.event.text,
            },
        )


async def count_effect[N: Noted](tx: Transaction, batch: Sequence[Received[N]]) -> None:
    """Effect: one row per note and sequence, and a counter of exactly those rows."""
    inserted = 0
    for received in batch:
        row = await tx.execute(
            text("INSERT INTO effect VALUES (:id, :sequence) ON CONFLICT DO NOTHING"),
            {"id": received.event.note_id, "sequence": received.event.sequence},
        )
        inserted += row.rowcount
    await tx.execute(
        text("INSERT INTO effect_count VALUES (1, :n) ON CONFLICT (one) DO UPDATE SET n = effect_count.n + excluded.n"),
        {"n": inserted},
    )


async def notes(database: Database) -> dict[UUID, str]:
    rows = await rows_of(database, "SELECT id, text FROM note")
    return {row.id: row.text for row in rows}


async def effects(database: Database) -> int:
    """How many effects there are; the counter agrees with the rows."""
    rows = await rows_of(
        database, "SELECT (SELECT count(*) FROM effect) AS rows, coalesce(max(n), 0) AS counted FROM effect_count"
    )
    assert rows[0].rows == rows[0].counted
    return int(rows[0].rows)


async def dead_offsets(database: Database) -> list[int]:
    return [row.offset for row in await rows_of(database, 'SELECT "offset" FROM dead_letter ORDER BY 1')]


async def outbox_size(database: Database) -> int:
    return int((await rows_of(database, "SELECT count(*) AS n FROM outbox"))[0].n)


async def rows_of(database: Database, query: str, **parameters: Any) -> Sequence[Any]:
    async with database.transaction() as tx:
        return (await tx.execute(text(query), parameters)).all()
