"""Outbox to Kafka: one active relay per database, events of one key in order, none lost, each deleted after its ack.

Ids commit out of order, so every read starts at the beginning and leaves out only what is in flight; a position would
lose what commits late. Two relays sharing the work would reorder a key's events: more relays only stand by.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Final

import asyncpg
import structlog
from aiokafka.errors import KafkaError

from chassis.failures import DRIVER_ERRORS
from chassis.kafka import KafkaConnection, KafkaStuck
from chassis.metrics import OUTBOX_BACKLOG_AGE, RELAY_ACTIVE
from chassis.relay_lock import RelayLock
from chassis.relay_pipeline import AckOverdue, Pipeline, RelaySettings
from chassis.relay_producer import RelayProducer
from chassis.waiting import elapsed
from chassis.wake import OUTBOX_CHANNEL, RelayWake

__all__ = ["Relay", "RelaySettings"]

_log: Final = structlog.get_logger(__name__)

_CONNECT_DEADLINE: Final = 5.0
_LISTEN_CHECK: Final = 15.0
_FIRST_BACKOFF: Final = 0.1
_MAX_BACKOFF: Final = 5.0
_AGE: Final = "SELECT extract(epoch FROM clock_timestamp() - created_at)::float8 FROM outbox ORDER BY id LIMIT 1"


_unwanted: Final[set[asyncio.Task[None]]] = set()


class Relay:
    """The relay role of one service; any number may run, one is active. `database_url` must not lead to a pooler."""

    def __init__(
        self,
        database_url: str,
        connection: KafkaConnection,
        settings: RelaySettings | None = None,
        *,
        name: str = "carpass",
        wake: RelayWake | None = None,
    ) -> None:
        """`wake` is given where the API or a worker runs in the same process."""
        self._url = database_url
        self._connection = connection
        self._settings = settings or RelaySettings()
        self._name = f"{name}-relay"
        self._wake = wake
        self._woken = asyncio.Event()
        self.active = False

    async def run(self, stop: asyncio.Event) -> None:
        """Stands by, then sends until `stop`; raises when the process should end (the lock is lost, Kafka is away)."""
        async with AsyncExitStack() as stack:
            lock = await RelayLock.connect(self._url, application_name=self._name, silence=self._settings.lock_silence)
            stack.push_async_callback(lock.close)
            if not await self._stand_by(lock, stop):
                return
            # A deletion that a crash of the server undoes is one more repetition, as if this process had crashed.
            deleting = await self._connect("", synchronous_commit="off")
            stack.callback(deleting.terminate)
            self._set_active(active=True)
            stack.callback(self._set_active, active=False)
            if self._wake is not None:
                stack.enter_context(self._wake.heard_by(self._woken))
            await self._work(lock, deleting, stop)

    async def _stand_by(self, lock: RelayLock, stop: asyncio.Event) -> bool:
        while not stop.is_set():
            if await lock.try_acquire():
                _log.info("relay active")
                return True
            await elapsed(stop, self._settings.poll_interval)
        return False

    async def _work(self, lock: RelayLock, deleting: asyncpg.Connection, stop: asyncio.Event) -> None:
        tasks = [
            asyncio.create_task(self._send(lock, deleting, stop), name="relay-send"),
            asyncio.create_task(self._keep_lock(lock), name="relay-lock"),
            asyncio.create_task(self._listen(), name="relay-listen"),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=2 * self._settings.finish)
        for task in done:
            task.result()

    async def _send(self, lock: RelayLock, deleting: asyncpg.Connection, stop: asyncio.Event) -> None:
        """One producer after the other: each is given up as a whole when Kafka does not acknowledge."""
        loop = asyncio.get_running_loop()
        trouble_since, backoff = loop.time(), _FIRST_BACKOFF
        while not stop.is_set():
            started = loop.time()
            try:
                delivered = await self._send_with_one_producer(lock, deleting, stop)
            except (KafkaError, TimeoutError, OSError) as error:
                delivered = 0
                _log.warning("relay cannot reach Kafka", error=type(error).__name__)
            if delivered or loop.time() - started > 3 * self._settings.ack_timeout:
                trouble_since, backoff = loop.time(), _FIRST_BACKOFF
            if loop.time() - trouble_since > self._settings.patience:
                raise KafkaStuck("the relay cannot send")
            await elapsed(stop, backoff)
            backoff = min(backoff * 2, _MAX_BACKOFF)

    async def _send_with_one_producer(self, lock: RelayLock, deleting: asyncpg.Connection, stop: asyncio.Event) -> int:
        """How many rows it delivered before `stop`, or before Kafka failed it."""
        producer = await self._open_producer(stop)
        if producer is None:
            return 0
        pipeline = Pipeline(lock, deleting, producer, self._settings)
        try:
            await pipeline.run(stop, self._woken)
        except (KafkaError, AckOverdue) as error:
            _log.warning("relay gives its producer up", error=type(error).__name__)
        finally:
            await pipeline.end()
        return pipeline.delivered

    async def _open_producer(self, stop: asyncio.Event) -> RelayProducer | None:
        """None when told to stop before Kafka answers; the attempt then ends by itself."""
        opening = asyncio.create_task(
            RelayProducer.open(self._connection, client_id=self._name, request_timeout=self._settings.ack_timeout / 2)
        )
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({opening, stopped}, return_when=asyncio.FIRST_COMPLETED)
            return await opening if opening.done() else None
        finally:
            stopped.cancel()
            if not opening.done():
                opening.add_done_callback(_close_unwanted)

    async def _keep_lock(self, lock: RelayLock) -> None:
        """A query now and then: the session stays, its loss is noticed, and the backlog is measured."""
        while True:
            OUTBOX_BACKLOG_AGE.set(await lock.value(_AGE) or 0.0)
            await asyncio.sleep(min(self._settings.poll_interval, self._settings.lock_silence / 4))

    async def _listen(self) -> None:
        """Wakes the sender at every NOTIFY; while that does not work, polling goes on."""
        while True:
            connection: asyncpg.Connection | None = None
            try:
                connection = await self._connect("-listen")
                await connection.add_listener(OUTBOX_CHANNEL, lambda *_: self._woken.set())
                while True:
                    await asyncio.sleep(_LISTEN_CHECK)
                    await connection.execute("SELECT 1")
            except DRIVER_ERRORS as error:
                _log.warning("relay does not hear notifications", error=type(error).__name__)
                await asyncio.sleep(self._settings.poll_interval)
            finally:
                if connection is not None:
                    connection.terminate()

    async def _connect(self, purpose: str, **settings: str) -> asyncpg.Connection:
        return await asyncpg.connect(
            self._url,
            timeout=_CONNECT_DEADLINE,
            command_timeout=_CONNECT_DEADLINE,
            server_settings={"application_name": f"{self._name}{purpose}", **settings},
        )

    def _set_active(self, *, active: bool) -> None:
        self.active = active
        RELAY_ACTIVE.set(1 if active else 0)


def _close_unwanted(opening: asyncio.Task[RelayProducer]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        closing = asyncio.create_task(opening.result().close())
        _unwanted.add(closing)
        closing.add_done_callback(_unwanted.discard)
