"""Batches of outbox rows on their way: read, sent, acknowledged, deleted, several at once and in order."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import asyncpg
from aiokafka.errors import KafkaTimeoutError

from chassis.crash_points import crash_point
from chassis.failures import DRIVER_ERRORS
from chassis.metrics import OUTBOX_SEND_SECONDS, OUTBOX_SENT
from chassis.relay_lock import RelayLock, RelayLockLost
from chassis.relay_producer import Ack, OutgoingRow, Parcel, RelayProducer
from chassis.waiting import elapsed

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


@dataclass(slots=True, eq=False)
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
        self._acknowledged: list[_Batch] = []
        self._settling: set[asyncio.Task[None]] = set()
        self._reading: asyncio.Task[list[OutgoingRow]] | None = None
        self._unread = True
        self.delivered = 0

    async def run(self, stop: asyncio.Event, woken: asyncio.Event) -> None:
        """Sends until `stop`, then waits for the last acks; raises AckOverdue, KafkaError or RelayLockLost."""
        stopping = asyncio.create_task(_hand_on(stop, woken), name="relay-stop")
        try:
            while not stop.is_set():
                self._raise_failures()
                await self._turn(stop, woken)
        finally:
            stopping.cancel()
        if self._settling:
            await asyncio.wait(self._settling, timeout=self._settings.finish)
        self._raise_failures()

    async def _turn(self, stop: asyncio.Event, woken: asyncio.Event) -> None:
        """Sends a batch, or waits: what was read to its end is read again when woken, or when it is time to look."""
        if woken.is_set():
            woken.clear()
            self._unread = True
        if not self._unread or self._is_full():
            self._unread |= await elapsed(woken, self._settings.poll_interval)
        elif rows := await self._next_rows():
            await self._send(rows, stop, woken)

    async def _next_rows(self) -> Sequence[OutgoingRow]:
        """Unsent rows. Behind a full batch the next one is read while this one is sent.

        It may wait: only the lock's holder sends and deletes, and `_queue` proves before each parcel that it is one.
        What was read ahead may be older than the last call of `woken`: then the table is read once more.
        """
        ahead, self._reading = self._reading, None
        rows = await (ahead or self._read(()))
        may_go_on = len(rows) == self._settings.batch_size
        if may_go_on:
            self._reading = self._read(rows)
        self._unread = may_go_on or ahead is not None
        return rows

    def _is_full(self) -> bool:
        return len(self._settling) >= self._settings.batches_in_flight

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
            async with self._delete_turn:
                await self._delete({batch: batch.acknowledged() for batch in given_up})
        for batch in given_up:
            for ack in batch.acks:
                ack.add_done_callback(_known)
        await self._producer.give_up()

    async def _send(self, rows: Sequence[OutgoingRow], stop: asyncio.Event, woken: asyncio.Event) -> None:
        batch = _Batch([row.id for row in rows], asyncio.get_running_loop().time())
        self._batches.append(batch)
        batch.parcels = await self._producer.packed(rows)
        for parcel in batch.parcels:
            batch.acks.append(await self._queue(parcel, batch, stop))
        crash_point("after-send")
        settling = asyncio.create_task(self._settle(batch), name="relay-settle")
        self._settling.add(settling)
        settling.add_done_callback(partial(self._settled, woken))

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
        self._acknowledged.append(batch)
        async with self._delete_turn:  # what was acknowledged while another one was deleted goes together
            batches, self._acknowledged = self._acknowledged, []
            if batches:
                await self._delete({batch: batch.parcels for batch in batches})

    async def _delete(self, sent: Mapping[_Batch, Sequence[Parcel]]) -> None:
        """A batch counts as in flight until its rows are gone, so that no read can see them again."""
        parcels = [parcel for of_batch in sent.values() for parcel in of_batch]
        try:
            await self._deleting.execute(_DELETE, [id_ for parcel in parcels for id_ in parcel.ids])
        except DRIVER_ERRORS as error:
            raise RelayLockLost from error
        for batch in sent:
            self._batches.remove(batch)
        for parcel in parcels:
            self.delivered += len(parcel.ids)
            OUTBOX_SENT.labels(parcel.topic).inc(len(parcel.ids))

    def _settled(self, woken: asyncio.Event, settled: asyncio.Task[None]) -> None:
        """Nobody waits for a batch that went well, unless there is no room for the next one."""
        if self._is_full() or (not settled.cancelled() and settled.exception() is not None):
            woken.set()
        elif not settled.cancelled():
            self._settling.discard(settled)

    def _raise_failures(self) -> None:
        finished = {task for task in self._settling if task.done()}
        self._settling -= finished
        for task in finished:
            task.result()


async def _hand_on(stop: asyncio.Event, woken: asyncio.Event) -> None:
    await stop.wait()
    woken.set()


def _known(ack: Ack) -> None:
    """That it failed is no news: asyncio need not tell of an exception that nobody asked for."""
    if not ack.cancelled():
        ack.exception()
