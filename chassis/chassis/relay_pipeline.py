"""Batches of outbox rows on their way: read, sent, acknowledged, deleted, several at once and in order."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
import orjson

from chassis.crash_points import crash_point
from chassis.failures import DRIVER_ERRORS
from chassis.metrics import OUTBOX_SEND_SECONDS, OUTBOX_SENT
from chassis.relay_lock import RelayLock, RelayLockLost
from chassis.relay_producer import Ack, RelayProducer

# A hashed subplan: `id <> ALL($1)` would compare each row with each id in flight. Milliseconds, because a datetime
# would be made of each instant only to be taken apart again.
READ_UNSENT: Final = """
    SELECT id, topic, key, headers, payload, (extract(epoch FROM created_at) * 1000)::bigint FROM outbox
    WHERE id NOT IN (SELECT unnest($1::bigint[])) ORDER BY id LIMIT $2
"""
_DELETE: Final = "DELETE FROM outbox WHERE id = ANY($1::bigint[])"


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """Seconds, but for sizes. `patience`: how long Kafka may stay away before the process ends."""

    batch_size: int = 500
    batches_in_flight: int = 4
    poll_interval: float = 1.0
    ack_timeout: float = 10.0
    patience: float = 300.0
    lock_silence: float = 10.0
    lock_trust: float = 1.0
    finish: float = 5.0


class AckOverdue(Exception):  # noqa: N818 - reads as what happened
    """Kafka has not acknowledged a batch in time."""


@dataclass(slots=True)
class _Batch:
    """Rows in flight, by id and topic; `acks` belong to the first of `rows`, in order."""

    rows: list[tuple[int, str]]
    sent_at: float
    acks: list[Ack] = field(default_factory=list)

    def acknowledged(self) -> list[tuple[int, str]]:
        pairs = zip(self.rows, self.acks, strict=False)
        return [row for row, ack in pairs if ack.done() and not ack.cancelled() and ack.exception() is None]


class Pipeline:
    """One producer's batches. It ends as a whole: after a failure nothing of its queue may be sent any more."""

    def __init__(
        self, lock: RelayLock, deleting: asyncpg.Connection, producer: RelayProducer, settings: RelaySettings
    ) -> None:
        self._lock = lock
        self._deleting = deleting
        self._delete_turn = asyncio.Lock()
        self._producer = producer
        self._settings = settings
        self._batches: list[_Batch] = []
        self._settling: set[asyncio.Task[None]] = set()
        self._reading: asyncio.Task[list[asyncpg.Record]] | None = None
        self.delivered = 0

    async def run(self, stop: asyncio.Event, woken: asyncio.Event) -> None:
        """Sends until `stop`, then waits for the last acks; raises AckOverdue, KafkaError or RelayLockLost."""
        while not stop.is_set():
            self._raise_failures()
            if len(self._settling) >= self._settings.batches_in_flight:
                await self._wait_for(stop)
                continue
            woken.clear()
            rows = await self._next_rows()
            if rows:
                await self._send(rows)
            else:
                await self._wait_for(stop, woken)
        if self._settling:
            await asyncio.wait(self._settling, timeout=self._settings.finish)
        self._raise_failures()

    async def _next_rows(self) -> Sequence[asyncpg.Record]:
        """Unsent rows. Behind a full batch the next one is read while this one is sent.

        It may wait: only this session's holder sends and deletes, and `_send` proves before each row that it is one.
        """
        reading, self._reading = self._reading or self._read(()), None
        rows = await reading
        if len(rows) == self._settings.batch_size:
            self._reading = self._read(rows)
        return rows

    def _read(self, taken: Sequence[asyncpg.Record]) -> asyncio.Task[list[asyncpg.Record]]:
        in_flight = [id_ for batch in self._batches for id_, _ in batch.rows]
        in_flight += [row[0] for row in taken]
        return asyncio.create_task(self._lock.rows(READ_UNSENT, in_flight, self._settings.batch_size))

    async def end(self) -> None:
        """Closes the producer; with records still queued it is dropped, and they stay in the table."""
        if self._reading is not None:
            await asyncio.wait({self._reading})
            if not self._reading.cancelled():
                self._reading.exception()  # the next query of the session will say the same
        for task in self._settling:
            task.cancel()
        if self._settling:
            await asyncio.wait(self._settling)
        if not self._batches:
            await self._producer.close()
            return
        given_up = list(self._batches)
        with suppress(RelayLockLost):
            for batch in given_up:
                await self._delete(batch, batch.acknowledged())
        for batch in given_up:
            for ack in batch.acks:
                ack.cancel()
        await self._producer.give_up()

    async def _send(self, rows: Sequence[asyncpg.Record]) -> None:
        batch = _Batch([(row[0], row[1]) for row in rows], asyncio.get_running_loop().time())
        self._batches.append(batch)
        send, partition_of = self._producer.send, self._producer.partition_of
        lock, trust = self._lock, self._settings.lock_trust
        for _, topic, key, headers, payload, created_ms in rows:
            if lock.proof_older_than(trust):  # this process was paused, or the queue was full for long
                await lock.verify()
            fields = [(name, value.encode()) for name, value in orjson.loads(headers).items()]
            where = partition_of(topic, key)
            batch.acks.append(await send(topic, payload, key, where, timestamp_ms=created_ms, headers=fields))
        crash_point("after-send")
        self._settling.add(asyncio.create_task(self._settle(batch), name="relay-settle"))

    async def _settle(self, batch: _Batch) -> None:
        try:
            async with asyncio.timeout(self._settings.ack_timeout):
                for ack in batch.acks:
                    # The acks of a partition come together: waiting for each costs nothing, and none may be cancelled.
                    ack.result() if ack.done() else await asyncio.shield(ack)
        except TimeoutError as error:
            raise AckOverdue from error
        OUTBOX_SEND_SECONDS.observe(asyncio.get_running_loop().time() - batch.sent_at)
        crash_point("after-ack")
        await self._delete(batch, batch.rows)

    async def _delete(self, batch: _Batch, rows: Sequence[tuple[int, str]]) -> None:
        """The batch counts as in flight until its rows are gone, so that no read can see them again."""
        try:
            async with self._delete_turn:
                await self._deleting.execute(_DELETE, [id_ for id_, _ in rows])
        except DRIVER_ERRORS as error:
            raise RelayLockLost from error
        self._batches.remove(batch)
        self.delivered += len(rows)
        for topic, count in Counter(topic for _, topic in rows).items():
            OUTBOX_SENT.labels(topic).inc(count)

    def _raise_failures(self) -> None:
        finished = {task for task in self._settling if task.done()}
        self._settling -= finished
        for task in finished:
            task.result()

    async def _wait_for(self, *events: asyncio.Event) -> None:
        """Until one is set, a batch is settled, or it is time to look at the table again."""
        waiting: set[asyncio.Task[Any]] = {asyncio.create_task(event.wait()) for event in events}
        try:
            await asyncio.wait(
                waiting | self._settling,
                timeout=self._settings.poll_interval,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            for task in waiting:
                task.cancel()
