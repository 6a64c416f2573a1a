"""Applies records to the database: one transaction for all of them, and bisection when one cannot be applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, NamedTuple
from uuid import UUID

from opentelemetry import trace

from chassis.consuming.dead_letters import count_dead_letters, dead_record, insert_dead_letters
from chassis.consuming.decoding import Message, decode
from chassis.consuming.messages import Malformed, RawRecord, Received, Tombstone
from chassis.consuming.subscriptions import Kind, Subscriptions
from chassis.crash_points import crash_point
from chassis.db import Database, Transaction
from chassis.failures import Failure, classify
from chassis.metrics import CONSUMED
from chassis.traces import is_sampled, remote_parent, traceparent_of
from contracts.event import Event

_tracer: Final = trace.get_tracer(__name__)

# Sorted, so that two workers holding the same records after a rebalance wait for each other and cannot deadlock.
_CLAIM: Final = """
    INSERT INTO inbox (consumer, event_id)
    SELECT $1, id FROM unnest($2::uuid[]) AS new (id) ORDER BY id
    ON CONFLICT DO NOTHING
    RETURNING event_id
"""


@dataclass(slots=True)
class BatchOutcome:
    """What became of a batch's records. `applied` ones reached their handlers; `duplicates` had been applied."""

    applied: int = 0
    ignored: int = 0
    duplicates: int = 0
    dead: int = 0


class _Item(NamedTuple):
    """A record and what it means, or why it means nothing."""

    record: RawRecord
    message: Message | None
    error: Malformed | None = None

    def continued_in(self, traceparent: str | None) -> _Item:
        """The same with its message's trace continued."""
        if isinstance(self.message, Received):
            return self._replace(message=self.message._replace(traceparent=traceparent))
        if isinstance(self.message, Tombstone):
            return self._replace(message=replace(self.message, traceparent=traceparent))
        return self


async def apply_batch(database: Database, subscriptions: Subscriptions, records: Sequence[RawRecord]) -> BatchOutcome:
    """Applies records in order and commits; what can never be applied is in `dead_letter` afterwards.

    Raises only what may pass (see `chassis.failures`): then the same records may be applied again.
    """
    outcome = BatchOutcome()
    items = _decode_all(records, subscriptions, outcome)
    with _spans(subscriptions.name, items) as traced:
        await _apply(database, subscriptions, traced, outcome)
    CONSUMED.labels("applied").inc(outcome.applied)
    CONSUMED.labels("ignored").inc(outcome.ignored)
    CONSUMED.labels("duplicate").inc(outcome.duplicates)
    CONSUMED.labels("dead").inc(outcome.dead)
    return outcome


def _decode_all(records: Sequence[RawRecord], subscriptions: Subscriptions, outcome: BatchOutcome) -> list[_Item]:
    items: list[_Item] = []
    seen: set[UUID] = set()
    for record in records:
        try:
            message = decode(record, subscriptions)
        except Malformed as error:
            items.append(_Item(record, None, error))
            continue
        if message is None:
            outcome.ignored += 1
        elif isinstance(message, Received) and message.id in seen:
            outcome.duplicates += 1
        else:
            if isinstance(message, Received):
                seen.add(message.id)
            items.append(_Item(record, message))
    return items


async def _apply(
    database: Database, subscriptions: Subscriptions, items: Sequence[_Item], outcome: BatchOutcome
) -> None:
    if not items:
        return
    letters = [dead_record(item.record, item.error) for item in items if item.error is not None]
    messages = [item.message for item in items if item.message is not None]
    try:
        async with database.transaction(by_key=True) as tx:
            if letters:
                await insert_dead_letters(tx, letters)
            duplicates = await dispatch(tx, subscriptions, messages)
            crash_point("before-consumer-commit")
    except Exception as error:  # noqa: BLE001 - whatever a handler raises is classified
        await _split(database, subscriptions, items, outcome, error)
    else:
        crash_point("after-consumer-commit")
        outcome.applied += len(messages) - duplicates
        outcome.duplicates += duplicates
        outcome.dead += len(letters)
        count_dead_letters(letters)


async def _split(
    database: Database,
    subscriptions: Subscriptions,
    items: Sequence[_Item],
    outcome: BatchOutcome,
    error: Exception,
) -> None:
    """Halves the batch, in order and each in its own transaction, until the single offender is left."""
    failure = classify(error)
    if failure is Failure.TRANSIENT:
        raise error
    if len(items) > 1:
        middle = len(items) // 2
        await _apply(database, subscriptions, items[:middle], outcome)
        await _apply(database, subscriptions, items[middle:], outcome)
        return
    if failure is Failure.TOO_SLOW or items[0].error is not None:
        raise error
    letter = dead_record(items[0].record, error)
    async with database.transaction(by_key=True) as tx:
        await insert_dead_letters(tx, [letter])
    outcome.dead += 1
    count_dead_letters([letter])


async def dispatch(tx: Transaction, subscriptions: Subscriptions, messages: Sequence[Message]) -> int:
    """Calls the handlers of messages without repetition; returns how many had their effects before."""
    events = [message for message in messages if isinstance(message, Received)]
    claimed = [event.id for event in events if subscriptions.has_effect(event.event.event_type)]
    new = await _claim(tx, subscriptions.name, claimed)
    old = frozenset(claimed) - new if len(new) < len(claimed) else frozenset()
    if len(events) == len(messages):
        await _call_event_handlers(tx, subscriptions, events, old)
    else:
        for run in _runs(messages):
            await _call_event_handlers(tx, subscriptions, [one for one in run if isinstance(one, Received)], old)
            await _call_tombstone_handlers(tx, subscriptions, [one for one in run if isinstance(one, Tombstone)])
    return len(old)


async def _claim(tx: Transaction, consumer: str, ids: Sequence[UUID]) -> set[UUID]:
    if not ids:
        return set()
    return {row[0] for row in await tx.rows(_CLAIM, consumer, ids)}


async def _call_event_handlers(
    tx: Transaction, subscriptions: Subscriptions, events: Sequence[Received[Event]], old: frozenset[UUID]
) -> None:
    types = {event.event.event_type for event in events}
    fresh = [event for event in events if event.id not in old] if old else events
    for registration in subscriptions.registrations:
        wanted = fresh if registration.kind is Kind.EFFECT else events
        if not types <= registration.event_types:
            wanted = [event for event in wanted if event.event.event_type in registration.event_types]
        if wanted:
            await registration.handler(tx, wanted)


async def _call_tombstone_handlers(
    tx: Transaction, subscriptions: Subscriptions, tombstones: Sequence[Tombstone]
) -> None:
    for topic, handlers in subscriptions.tombstone_handlers.items():
        wanted = [tombstone for tombstone in tombstones if tombstone.topic == topic]
        for handler in handlers if wanted else ():
            await handler(tx, wanted)


def _runs(messages: Sequence[Message]) -> Iterator[list[Message]]:
    """Cuts where an event follows a tombstone of its key: within a run, tombstones are handled last."""
    run: list[Message] = []
    removed: set[tuple[str, str]] = set()
    for message in messages:
        if isinstance(message, Tombstone):
            removed.add((message.topic, message.key))
        elif removed and (message.topic, message.event.key) in removed:
            yield run
            run, removed = [], set()
        run.append(message)
    if run:
        yield run


@contextmanager
def _spans(consumer: str, items: list[_Item]) -> Iterator[list[_Item]]:
    """One span for a batch with sampled events, and one for each of these; others are in no trace, and cost nothing."""
    parents = {
        position: parent
        for position, item in enumerate(items)
        if item.message is not None
        and is_sampled(item.message.traceparent)
        and (parent := remote_parent(item.message.traceparent)) is not None
    }
    if not parents:
        yield items
        return
    with _batch_span(consumer, list(parents.values())), _event_spans(items, parents) as traced:
        yield traced


@contextmanager
def _batch_span(consumer: str, parents: Sequence[trace.Span]) -> Iterator[None]:
    links = [trace.Link(parent.get_span_context()) for parent in parents]
    context = trace.set_span_in_context(parents[0]) if len(parents) == 1 else None
    with _tracer.start_as_current_span(
        f"{consumer} process", context, trace.SpanKind.CONSUMER, links=links, record_exception=False
    ):
        yield


@contextmanager
def _event_spans(items: list[_Item], parents: Mapping[int, trace.Span]) -> Iterator[list[_Item]]:
    traced, spans = list(items), []
    try:
        for position, parent in parents.items():
            item = items[position]
            span = _tracer.start_span(
                f"process {_name(item)}", trace.set_span_in_context(parent), trace.SpanKind.CONSUMER
            )
            spans.append(span)
            traced[position] = item.continued_in(traceparent_of(span))
        yield traced
    finally:
        for span in spans:
            span.end()


def _name(item: _Item) -> str:
    return item.message.event.event_type if isinstance(item.message, Received) else item.record.topic
