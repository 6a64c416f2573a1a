"""Batches of outbox rows on their way: read, sent, acknowledged, deleted, several at once and in order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
from aiokafka.errors import KafkaTimeoutError

from chassis.crash_points import crash_point
from chassis.failures import DRIVER_ERRORS
from chassis.metrics import OUTBOX_SEND_SECONDS, OUTBOX_SENT
from chassis.relay_lock import RelayLock, RelayLockLost
from chassis.relay_producer import Ack, OutgoingRow, Parcel, RelayProducer

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
    """Rows in flight; `acks` belong to the first of `parcels`, in order."""

    ids: list[int]
    sent_at: float
    parcels: Sequence[Parcel] = ()
    acks: list[Ack] = field(default_factory=list)

    def acknowledged(self) -> list[Parcel]:
        pairs = zip(self.parcels, self.acks, strict=False)
        return [parcel for parcel, ack in pairs if ack.done() and not ack.cancelled() and ack.exception() is None]


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
        self._reading: asyncio.Task[list[OutgoingRow]] | None = None
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
                await self._send(rows, stop)
            else:
                await self._wait_for(stop, woken)
        if self._settling:
            await asyncio.wait(self._settling, timeout=self._settings.finish)
        self._raise_failures()

    async def _next_rows(self) -> Sequence[OutgoingRow]:
        """Unsent rows. Behind a full batch the next one is read while this one is sent.

        It may wait: only the lock's holder sends and deletes, and `_queue` proves before each parcel that it is one.
        """
        reading, self._reading = self._reading or self._read(()), None
        rows = await reading
        if len(rows) == self._settings.batch_size:
            self._reading = self._read(rows)
        return rows

    def _read(self, taken: Sequence[OutgoingRow]) -> asyncio.Task[list[OutgoingRow]]:
        in_flight = [id_ for batch in self._batches for id_ in batch.ids]
        in_flight += [row.id for row in taken]
        return asyncio.create_task(self._unsent(in_flight))

    async def _unsent(self, in_flight: Sequence[int]) -> list[OutgoingRow]:
        found = await self._lock.rows(READ_UNSENT, in_flight, self._settings.batch_size)
        return [OutgoingRow(*row) for row in found]

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
                ack.add_done_callback(_known)
        await self._producer.give_up()

    async def _send(self, rows: Sequence[OutgoingRow], stop: asyncio.Event) -> None:
        batch = _Batch([row.id for row in rows], asyncio.get_running_loop().time())
        self._batches.append(batch)
        batch.parcels = await self._producer.packed(rows)
        for parcel in batch.parcels:
            batch.acks.append(await self._queue(parcel, batch, stop))
        crash_point("after-send")
        self._settling.add(asyncio.create_task(self._settle(batch), name="relay-settle"))

    async def _queue(self, parcel: Parcel, batch: _Batch, stop: asyncio.Event) -> Ack:
        """A partition's next parcel waits until the one before it is under way: as long as acks are waited for."""
        settings, loop = self._settings, asyncio.get_running_loop()
        while True:
            if self._lock.proof_older_than(settings.lock_trust):  # this process was paused, or the wait was long
                await self._lock.verify()
            try:
                return await self._producer.send(parcel)
            except KafkaTimeoutError:
                if stop.is_set() or loop.time() - batch.sent_at > settings.ack_timeout:
                    raise

    async def _settle(self, batch: _Batch) -> None:
        try:
            async with asyncio.timeout(self._settings.ack_timeout):
                for ack in batch.acks:
                    await asyncio.shield(ack)  # none may be cancelled
        except TimeoutError as error:
            raise AckOverdue from error
        OUTBOX_SEND_SECONDS.observe(asyncio.get_running_loop().time() - batch.sent_at)
        crash_point("after-ack")
        await self._delete(batch, batch.parcels)

    async def _delete(self, batch: _Batch, parcels: Sequence[Parcel]) -> None:
        """The batch counts as in flight until its rows are gone, so that no read can see them again."""
        try:
            async with self._delete_turn:
                await self._deleting.execute(_DELETE, [id_ for parcel in parcels for id_ in parcel.ids])
        except DRIVER_ERRORS as error:
            raise RelayLockLost from error
        self._batches.remove(batch)
        for parcel in parcels:
            self.delivered += len(parcel.ids)
            OUTBOX_SENT.labels(parcel.topic).inc(len(parcel.ids))

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


def _known(ack: Ack) -> None:
    """That it failed is no news: asyncio need not tell of an exception that nobody asked for."""
    if not ack.cancelled():
        ack.exception()
