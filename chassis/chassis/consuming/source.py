"""The Kafka consumer under FastStream's batch subscriber: where a fetch fails, nothing that was drained is lost.

`getmany` advances the positions of the partitions it drains one after the other, and raises when one of them holds a
record that it cannot decode: what it drained before is gone. Nor does FastStream's loop know better: it logs a
KafkaError and goes on behind the gap, and restarts itself after any other exception. So `getmany` is replaced here,
and FastStream never sees a failure: it gets records, or nothing until it is stopped.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import ConsumerStoppedError, CorruptRecordException, IllegalStateError, KafkaError
from aiokafka.protocol.fetch import FetchRequest

from chassis.consuming.messages import RawRecord
from chassis.consuming.tolerant import Place, Reading, read_records
from chassis.kafka import KafkaStuck, close_quietly, pace_metadata, within

_log: Final = structlog.get_logger(__name__)

_ANSWER_DEADLINE: Final = 10.0
_STOP_DEADLINE: Final = 3.0
_FIRST_BACKOFF: Final = 0.1
_MAX_BACKOFF: Final = 5.0

type Fetched = dict[TopicPartition, list[Any]]


class SafeConsumer(AIOKafkaConsumer):
    """An AIOKafkaConsumer whose `getmany` returns every record once per position, also the broken ones."""

    def __init__(
        self,
        *,
        patience: float,
        failed: Callable[[Exception], None],
        before_stop: Callable[[], Coroutine[Any, Any, None]],
        **options: Any,
    ) -> None:
        """`failed` is told when fetching has failed for `patience` seconds; then no record is returned any more."""
        super().__init__(**options)  # type: ignore[no-untyped-call]
        pace_metadata(self._client)
        self._before_stop = before_stop
        self._patience = patience
        self._failed = failed
        self._idle = asyncio.Event()
        self._idle.set()
        self._halted = False
        self._turn = 0
        self.applied: dict[TopicPartition, int] = {}

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> Fetched:
        """Waits until there are records. Asking again means that those returned before are applied."""
        self._idle.set()
        backoff, failing_since = _FIRST_BACKOFF, None
        loop = asyncio.get_running_loop()
        while True:
            await self._unless_halted()
            self.applied = self._positions()
            try:
                fetched = await self._fetch(*partitions, timeout_ms=timeout_ms, max_records=max_records)
            except ConsumerStoppedError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, FastStream would skip records over it
                failing_since = failing_since or loop.time()
                if loop.time() - failing_since > self._patience:
                    self.halt(error)
                    continue
                _log.warning("fetch failed", error=type(error).__name__)
                await asyncio.sleep(backoff)
                backoff = min(backoff * 2, _MAX_BACKOFF)
                continue
            if fetched:
                self._idle.clear()
                return fetched
            backoff, failing_since = _FIRST_BACKOFF, None

    def halt(self, error: Exception) -> None:
        """No record is returned any more: what was returned last could not be applied."""
        self._halted = True
        self._failed(error)

    async def wait_idle(self, seconds: float) -> bool:
        """Waits until all returned records are applied; false when it took too long."""
        try:
            await asyncio.wait_for(self._idle.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def stop(self) -> None:
        """Leaves the group; after a killed broker aiokafka may hang here, or raise a stray CancelledError."""
        self._idle.set()
        closed = False
        try:
            if self.assignment():
                await close_quietly("last offsets", _STOP_DEADLINE, self._before_stop())
            closed = await close_quietly("consumer", _STOP_DEADLINE, super().stop())  # type: ignore[no-untyped-call]
        finally:
            if not closed:  # or it was cancelled: whoever stops it has a deadline as well
                await self._abandon()

    async def _abandon(self) -> None:
        """Ends what aiokafka's own end did not come to: its tasks would ask a dead broker for ever."""
        fetcher, coordinator, ends = self._fetcher, self._coordinator, []
        if fetcher is not None:
            ends.append(fetcher.close())
        if coordinator is not None:
            coordinator._coordination_task.cancel()  # noqa: SLF001 -- `close` would wait for the broker again
            ends += [coordinator._stop_heartbeat_task(), coordinator._stop_commit_offsets_refresh_task()]  # noqa: SLF001
        ends.append(self._client.close())
        for end in ends:
            await close_quietly("consumer's tasks", _STOP_DEADLINE, end)

    async def _unless_halted(self) -> None:
        if self._fetcher is not None and self._fetcher.error_future.done() and not self._closed:
            self.halt(KafkaStuck("the fetch task has ended"))
        if self._halted:
            await asyncio.get_running_loop().create_future()  # until FastStream cancels its task

    def _positions(self) -> dict[TopicPartition, int]:
        subscription = self._subscription.subscription
        if subscription is None or subscription.assignment is None:
            return {}
        assignment = subscription.assignment
        states = {partition: assignment.state_value(partition) for partition in assignment.tps}
        return {partition: state.position for partition, state in states.items() if state.has_valid_position}

    async def _fetch(self, *partitions: TopicPartition, **options: Any) -> Fetched:
        try:
            return await self._drain(*partitions, **options)
        except ConsumerStoppedError:
            raise
        except Exception as error:
            await self._seek_back()
            if isinstance(error, KafkaError) and not isinstance(error, CorruptRecordException):
                raise
            _log.warning("a record cannot be decoded: reading around it", error=type(error).__name__)
            return await self._fetch_tolerantly(options.get("max_records") or 500)

    async def _drain(self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None) -> Fetched:
        """A share of each partition that has records here: aiokafka would empty one after the other.

        After a rebalance the last of many backlogs would wait for all others.
        """
        buffered = [] if partitions or max_records is None else self._buffered()
        fetched: Fetched = {}
        left = max_records or 0
        for place, partition in enumerate(buffered):
            share = max(1, left // (len(buffered) - place))
            if left > 0:
                of_one: Fetched = await super().getmany(partition, max_records=share)
                fetched |= of_one
                left -= sum(map(len, of_one.values()))
        return fetched or await super().getmany(*partitions, timeout_ms=timeout_ms, max_records=max_records)

    def _buffered(self) -> list[TopicPartition]:
        """The partitions that have records here; another one first each time: there may be more than asked for."""
        buffered = list(self._fetcher._records) if self._fetcher is not None else []  # noqa: SLF001 -- nothing else tells
        self._turn += 1
        first = self._turn % len(buffered) if buffered else 0
        return buffered[first:] + buffered[:first]

    async def _seek_back(self) -> None:
        """Every partition to where it was; one that had no position yet to where it began."""
        for partition in self.assignment():
            position = self.applied.get(partition)
            if position is None:
                position = await self._starting_point(partition)
            try:
                self.seek(partition, position)
            except IllegalStateError:
                continue  # taken away meanwhile; whoever has it begins at the commit
            self.applied[partition] = position

    async def _starting_point(self, partition: TopicPartition) -> int:
        committed = await within(_ANSWER_DEADLINE, self.committed(partition))
        if committed is not None:
            return int(committed)
        beginnings = await within(_ANSWER_DEADLINE, self.beginning_offsets([partition]))
        return int(beginnings[partition])

    async def _fetch_tolerantly(self, max_records: int) -> Fetched:
        """One round for all partitions with a reader that does not give up; every one gets its share."""
        places: dict[int, list[Place]] = defaultdict(list)
        for partition, position in self.applied.items():
            leader = self._client.cluster.leader_for_partition(partition)
            if leader is not None and leader >= 0:
                places[leader].append(Place(partition.topic, partition.partition, position))
        share = max(1, max_records // max(1, len(self.applied)))
        readings = [
            reading for leader, wanted in places.items() for reading in await self._read_from(leader, wanted, share)
        ]
        fetched: Fetched = {}
        for place, reading in readings:  # nothing below may fail: positions move
            partition = TopicPartition(place.topic, place.partition)
            with suppress(IllegalStateError):  # taken away meanwhile
                self.seek(partition, reading.next_position)
                if reading.records:
                    fetched[partition] = reading.records
        return fetched

    async def _read_from(self, leader: int, places: list[Place], share: int) -> list[tuple[Place, Reading]]:
        by_topic: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
        for place in places:
            by_topic[place.topic].append((place.partition, place.position, self._max_partition_fetch_bytes))
        request = FetchRequest(self._fetch_max_wait_ms, 1, self._fetch_max_bytes, 0, list(by_topic.items()))
        response = await within(_ANSWER_DEADLINE, self._client.send(leader, request))
        asked = {(place.topic, place.partition): place for place in places}
        return [
            (asked[topic, partition], read_records(bytes(rest[-1]), asked[topic, partition], share))
            for topic, partitions in response.topics
            for partition, error_code, _highwater, *rest in partitions
            if error_code == 0 and rest[-1]
        ]


def as_raw(record: Any) -> RawRecord:
    """An aiokafka record, or one that was read tolerantly, as ours."""
    if isinstance(record, RawRecord):
        return record
    return RawRecord(
        record.topic,
        record.partition,
        record.offset,
        record.key,
        record.value,
        record.headers,
        record.timestamp,
    )
