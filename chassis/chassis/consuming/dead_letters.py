"""Records that could not be applied, kept byte by byte with the reason, in the batch's own transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, delete, func, select, text, update

from chassis.consuming.decoding import event_type_of
from chassis.consuming.messages import HeaderName, RawRecord
from chassis.db import Transaction
from chassis.metrics import DEAD_LETTER_DEPTH, DEAD_LETTERS
from chassis.tables import dead_letter

RECORD: Final = "record"
UNREADABLE: Final = "unreadable"
TIMER: Final = "timer"

_MAX_ERROR: Final = 4000
_INSERT: Final = text(
    """
    INSERT INTO dead_letter
        (topic, partition, "offset", kind, key, value, header_names, header_values, timestamp_ms, event_type, error)
    VALUES (:topic, :partition, :offset, :kind, CAST(:key AS bytea), CAST(:value AS bytea),
            CAST(:header_names AS bytea[]), CAST(:header_values AS bytea[]), :timestamp_ms,
            CAST(:event_type AS text), CAST(:error AS text))
    ON CONFLICT DO NOTHING
    """
)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record and why it was given up. Of an unreadable one only the place is known."""

    record: RawRecord
    error: str
    kind: str = RECORD
    recorded_at: datetime | None = None

    @property
    def event_type(self) -> str | None:
        """The type that it claims, as far as that can be read."""
        claimed = event_type_of(self.record)
        return None if claimed is None else _storable(claimed)


def reason(error: BaseException) -> str:
    """The exception as text that PostgreSQL can hold."""
    described = f"{type(error).__name__}: {error}"[:_MAX_ERROR]
    return _storable(described)


def dead_record(record: RawRecord, error: BaseException) -> DeadLetter:
    """The letter for a record that this exception ended."""
    return DeadLetter(record, reason(error), RECORD if record.unreadable is None else UNREADABLE)


async def insert_dead_letters(tx: Transaction, letters: Sequence[DeadLetter]) -> None:
    """Adds them; one that is there already stays as it was."""
    await tx.execute(_INSERT, [_row(letter) for letter in letters])


def count_dead_letters(letters: Sequence[DeadLetter]) -> None:
    """Tells the metrics, once the letters are committed."""
    for letter in letters:
        DEAD_LETTERS.labels(letter.record.topic).inc()


async def measure_depth(tx: Transaction) -> None:
    """Sets the gauge of waiting dead letters."""
    depth = (await tx.execute(select(func.count()).select_from(dead_letter))).scalar_one()
    DEAD_LETTER_DEPTH.set(depth)


async def list_dead_letters(tx: Transaction, *, limit: int = 100) -> list[DeadLetter]:
    """The oldest ones first."""
    order = (dead_letter.c.recorded_at, dead_letter.c.topic, dead_letter.c.partition, dead_letter.c.offset)
    rows = await tx.execute(select(dead_letter).order_by(*order).limit(limit))
    return [_letter(row) for row in rows]


async def find_dead_letter(
    tx: Transaction, topic: str, partition: int, offset: int, *, lock: bool = True
) -> DeadLetter | None:
    """One of them, by default locked against a second replay; then None as well when somebody else is at it."""
    query = select(dead_letter).where(*_place(topic, partition, offset))
    found = await tx.execute(query.with_for_update(skip_locked=True) if lock else query)
    row = found.one_or_none()
    return None if row is None else _letter(row)


async def tell_new_error(tx: Transaction, topic: str, partition: int, offset: int, error: BaseException) -> None:
    """For one whose replay has failed: the newest reason is the one to look at."""
    await tx.execute(update(dead_letter).where(*_place(topic, partition, offset)).values(error=reason(error)))


async def remove_dead_letter(tx: Transaction, topic: str, partition: int, offset: int) -> None:
    """For one that was replayed."""
    await tx.execute(delete(dead_letter).where(*_place(topic, partition, offset)))


def _place(topic: str, partition: int, offset: int) -> tuple[Any, ...]:
    return dead_letter.c.topic == topic, dead_letter.c.partition == partition, dead_letter.c.offset == offset


def _row(letter: DeadLetter) -> dict[str, Any]:
    record = letter.record
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "kind": letter.kind,
        "key": record.key,
        "value": record.value,
        "header_names": [_name_bytes(name) for name, _ in record.headers],
        "header_values": [value for _, value in record.headers],
        "timestamp_ms": record.timestamp_ms,
        "event_type": letter.event_type,
        "error": letter.error,
    }


def _letter(row: Row[Any]) -> DeadLetter:
    names, values = (row.header_names, row.header_values)
    record = RawRecord(
        topic=row.topic,
        partition=row.partition,
        offset=row.offset,
        key=row.key,
        value=row.value,
        headers=[(_name(name), value) for name, value in zip(names, values, strict=True)],
        timestamp_ms=row.timestamp_ms,
    )
    return DeadLetter(record, row.error, row.kind, row.recorded_at)


def _storable(described: str) -> str:
    return described.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def _name_bytes(name: HeaderName) -> bytes:
    return name if isinstance(name, bytes) else name.encode()


def _name(name: bytes) -> HeaderName:
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name
