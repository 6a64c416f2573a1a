"""The worker: FastStream's batch subscriber, with the parts of its loop replaced that cannot keep a delivery rule.

FastStream 0.7.8 keeps the broker, the subscription, the group, the loop and the shutdown. Replaced are
- the consumer class (`SafeConsumer`): the loop goes on behind a failed fetch, and waits twice when there is nothing,
- parser, decoder and filter: its own break on a null or non-UTF-8 header value, the loop skips what they break on, and
  its filter runs in a thread,
- acknowledging: `ack()` commits all that was consumed, so that a later one skips a failed batch; here explicit
  offsets are committed per partition, after the database commit,
- what a failing handler means: the loop logs it and fetches the next batch; here the worker tries again in place, and
  then halts the consumer before the handler returns, so that there is no next batch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, override
from uuid import UUID

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from chassis.consuming.fetched import FetchedBatch, decode, every_batch, parse
from chassis.consuming.housekeeping import Housekeeping
from chassis.consuming.lag import Lag
from chassis.consuming.lanes import apply_in_lanes
from chassis.consuming.messages import RawRecord
from chassis.consuming.offsets import COMMIT_DEADLINE, Offsets
from chassis.consuming.source import SafeConsumer
from chassis.consuming.subscriptions import Subscriptions
from chassis.db import Database
from chassis.ids import new_id
from chassis.kafka import KafkaConnection, KafkaStuck, close_quietly, within
from chassis.metrics import CONSUMER_BATCH_SECONDS, CONSUMER_RETRIES
from chassis.waiting import elapsed, unless

_log: Final = structlog.get_logger(__name__)

_STOP_DEADLINE: Final = 8.0
_COMPANIONS_DEADLINE: Final = 2.0


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """Seconds throughout. `patience`: how long a batch is tried again in place, or Kafka is waited for, before exit."""

    batch_size: int = 500
    session_timeout: float = 10.0
    instance_id: str | None = None
    first_backoff: float = 0.1
    max_backoff: float = 5.0
    patience: float = 60.0
    silent_after: float = 30.0
    stalled_after: float = 120.0
    finish_batch: float = 7.0
    max_poll_interval: float = 300.0


class Worker:
    """Consumes all topics of one service's subscriptions with one consumer."""

    def __init__(
        self,
        database: Database,
        subscriptions: Subscriptions,
        connection: KafkaConnection,
        settings: WorkerSettings | None = None,
    ) -> None:
        self._database = database
        self._subscriptions = subscriptions
        self._connection = connection
        self._settings = settings or WorkerSettings()
        self._offsets = Offsets()
        self._lag = Lag(self._settings.silent_after)
        self._member = new_id()
        self._consumer: SafeConsumer | None = None
        self._failure: asyncio.Future[None] | None = None
        self._stop = asyncio.Event()
        self.joined = False

    @property
    def member(self) -> UUID:
        """Names this worker among those of its service."""
        return self._member

    async def run(self, stop: asyncio.Event) -> None:
        """Consumes until `stop`; raises when it cannot go on, and the process should end."""
        self._stop = stop
        self._failure = asyncio.get_running_loop().create_future()
        broker = self._broker()
        companions: list[asyncio.Task[Any]] = []
        try:
            if await self._start(broker):
                companions = self._companions()
                await self._until_stopped_or_failed(companions)
        finally:
            self.joined = False
            await close_quietly("broker", self._settings.finish_batch + _STOP_DEADLINE, broker.stop())
            await _ended(companions)

    def _broker(self) -> KafkaBroker:
        settings = self._settings
        broker = KafkaBroker(
            self._connection.bootstrap.split(","),
            logger=None,
            consumer_only=True,
            allow_auto_create_topics=False,
            client_id=f"{self._subscriptions.name}-{self._member}",
            graceful_timeout=settings.finish_batch,
            apply_types=False,
        )
        subscriber = broker.subscriber(
            *sorted(self._subscriptions.topics),
            group_id=self._subscriptions.name,
            group_instance_id=settings.instance_id,
            batch=True,
            max_records=settings.batch_size,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.MANUAL,
            session_timeout_ms=round(settings.session_timeout * 1000),
            # The others learn of a dead member's partitions from the answer to their own next heartbeat.
            heartbeat_interval_ms=round(settings.session_timeout * 1000 / 20),
            max_poll_interval_ms=round(settings.max_poll_interval * 1000),
            listener=_Rebalances(self),
            parser=parse,
            decoder=decode,
            no_reply=True,
        )
        subscriber(self._handle, filter=every_batch)
        return broker

    async def _start(self, broker: KafkaBroker) -> bool:
        """Joins the group; false when told to stop before. Kafka or a topic may come later than this process."""
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + self._settings.patience
        backoff = self._settings.first_backoff
        while not self._stop.is_set():
            try:
                await broker.connect()
                broker.config.broker_config.builder = self._build_consumer(broker)
                return await unless(self._stop, within(self._settings.patience, broker.start()))
            except (KafkaError, OSError, TimeoutError) as error:
                _log.warning("cannot consume yet", error=type(error).__name__)
                await close_quietly("broker", _STOP_DEADLINE, broker.stop())
                if loop.time() > give_up_at:
                    raise KafkaStuck("the group cannot be joined") from error
            await elapsed(self._stop, backoff)
            backoff = min(backoff * 2, self._settings.max_backoff)
        return False

    def _build_consumer(self, broker: KafkaBroker) -> Any:
        options = broker.config.broker_config.builder.keywords  # type: ignore[attr-defined]  # it is a partial

        def build(**more: Any) -> SafeConsumer:
            self._consumer = SafeConsumer(
                patience=self._settings.patience,
                failed=self._fail,
                before_stop=self._commit_last,
                **{**options, **self._connection.options(), **more},
            )
            return self._consumer

        return build

    def _companions(self) -> list[asyncio.Task[Any]]:
        consumer = self._running_consumer()
        keeping = Housekeeping(self._database, self._subscriptions.name, str(self._member))
        return [
            asyncio.create_task(self._offsets.keep_committing(consumer, self._stop), name="commit-offsets"),
            asyncio.create_task(keeping.report(partial(self._lag.measure, consumer), self._stop), name="progress"),
            asyncio.create_task(keeping.clean(self._stop), name="inbox-retention"),
            asyncio.create_task(self._watch(consumer), name="watch-progress"),
        ]

    async def _until_stopped_or_failed(self, companions: Iterable[asyncio.Task[Any]]) -> None:
        stopped = asyncio.create_task(self._stop.wait())
        failure = self._failure
        assert failure is not None  # noqa: S101 - set by run()
        waiting: set[asyncio.Future[Any]] = {stopped, failure, *companions}
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
        if failure.done():
            failure.result()
        if not self._stop.is_set():
            for task in companions:
                if task.done():
                    task.result()

    async def _handle(self, batch: FetchedBatch) -> None:
        consumer = self._running_consumer()
        first, last = batch.by_partition()
        self._lag.taken_up(first)
        try:
            applied = await self._apply(batch.records)
        except Exception as error:  # noqa: BLE001 - FastStream would log it and fetch the next batch
            consumer.halt(error)
            return
        if not applied:
            consumer.halt(KafkaStuck("stopped between two attempts"))
            return
        for partition, record in last.items():
            self._offsets.applied(partition, record.offset + 1)

    async def _apply(self, records: list[RawRecord]) -> bool:
        """Tries until it succeeds; false when told to stop between two attempts, raises when patience is over."""
        settings, loop = self._settings, asyncio.get_running_loop()
        give_up_at = loop.time() + settings.patience
        backoff = settings.first_backoff
        while True:
            try:
                with CONSUMER_BATCH_SECONDS.time():
                    await apply_in_lanes(self._database, self._subscriptions, records)
            except Exception as error:
                if loop.time() > give_up_at:
                    raise
                _log.warning("batch put off", records=len(records), error=type(error).__name__)
                CONSUMER_RETRIES.inc()
            else:
                return True
            if not await elapsed(self._stop, backoff):
                return False
            backoff = min(backoff * 2, settings.max_backoff)

    async def _watch(self, consumer: SafeConsumer) -> None:
        while await elapsed(self._stop, 1.0):
            if self._lag.stalled_for(consumer) > self._settings.stalled_after:
                raise KafkaStuck("no progress")

    def _fail(self, error: Exception) -> None:
        if self._failure is not None and not self._failure.done() and not self._stop.is_set():
            self._failure.set_exception(error)

    async def _commit_last(self) -> None:
        await self._offsets.commit(self._running_consumer(), COMMIT_DEADLINE)

    def _running_consumer(self) -> SafeConsumer:
        if self._consumer is None:
            raise RuntimeError("the worker is not running")
        return self._consumer

    async def revoked(self) -> None:
        """Finishes the batch and commits, so that the next owner of the partitions repeats as little as possible."""
        consumer = self._running_consumer()
        await consumer.wait_idle(self._settings.session_timeout * 0.6)
        await self._offsets.commit(consumer, self._settings.session_timeout * 0.2)

    def assigned(self, partitions: Iterable[TopicPartition]) -> None:
        """Positions begin at the group's commits again."""
        self._offsets.clear()
        self._lag.assigned()
        self.joined = True
        _log.info("partitions assigned", partitions=len(list(partitions)))


class _Rebalances(ConsumerRebalanceListener):
    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    @override
    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        await self._worker.revoked()

    @override
    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._worker.assigned(assigned)


async def _ended(companions: list[asyncio.Task[Any]]) -> None:
    """They end by themselves when the worker is told to stop, and are cancelled when it failed."""
    if companions:
        _, lasting = await asyncio.wait(companions, timeout=_COMPANIONS_DEADLINE)
        for task in lasting:
            task.cancel()
        if lasting:
            await asyncio.wait(lasting, timeout=_COMPANIONS_DEADLINE)
