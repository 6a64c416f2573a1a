"""Applies records to the database: one transaction for all of them, and bisection when one cannot be applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from opentelemetry import trace
from sqlalchemy import text

from chassis.consuming.dead_letters import count_dead_letters, dead_record, insert_dead_letters
from chassis.consuming.decoding import Message, decode
from chassis.consuming.messages import Malformed, RawRecord, Received, Tombstone
from chassis.consuming.subscriptions import Kind, Subscriptions
from chassis.db import Database, Transaction
from chassis.failures import Failure, classify
from chassis.metrics import CONSUMED
from chassis.traces import remote_parent, traceparent_of

_tracer: Final = trace.get_tracer(__name__)

# Sorted, so that two workers holding the same records after a rebalance wait for each other and cannot deadlock.
_CLAIM: Final = text(
    """
    INSERT INTO inbox (consumer, event_id)
    SELECT CAST(:consumer AS text), id FROM unnest(CAST(:ids AS uuid[])) AS new (id) ORDER BY id
    ON CONFLICT DO NOTHING
    RETURNING event_id
    """
)


@dataclass(slots=True)
class BatchOutcome:
    """What became of a batch's records. `applied` ones reached their handlers; `duplicates` had been applied."""

    applied: int = 0
    ignored: int = 0
    duplicates: int = 0
    dead: int = 0


@dataclass(frozen=True, slots=True)
class _Item:
    """A record and what it means, or why it means nothing."""

    record: RawRecord
    message: Message | None
    error: Malformed | None = None


async def apply_batch(database: Database, subscriptions: Subscriptions, records: Sequence[RawRecord]) -> BatchOutcome:
    """Applies records in order and commits; what can never be applied is in `dead_letter` afterwards.

    Raises only what may pass (see `chassis.failures`): then the same records may be applied again.
    """
    outcome = BatchOutcome()
    items = _decode_all(records, subscriptions, outcome)
    with _spans(subscriptions.name, items) as traced:
        await _apply(database, subscriptions, traced, outcome)
    for name in ("applied", "ignored", "duplicates", "dead"):
        CONSUMED.labels(name).inc(getattr(outcome, name))
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
        async with database.transaction() as tx:
            if letters:
                await insert_dead_letters(tx, letters)
            duplicates = await dispatch(tx, subscriptions, messages)
    except Exception as error:  # noqa: BLE001 - whatever a handler raises is classified
        await _split(database, subscriptions, items, outcome, error)
    else:
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
    async with database.transaction() as tx:
        await insert_dead_letters(tx, [letter])
    outcome.dead += 1
    count_dead_letters([letter])


async def dispatch(tx: Transaction, subscriptions: Subscriptions, messages: Sequence[Message]) -> int:
    """Calls the handlers of messages without repetition; returns how many had their effects before."""
    events = [message for message in messages if isinstance(message, Received)]
    claimed = [event.id for event in events if subscriptions.has_effect(event.event.event_type)]
    new = await _claim(tx, subscriptions.name, claimed)
    for run in _runs(messages):
        await _call_handlers(tx, subscriptions, run, old=set(claimed) - new)
    return len(claimed) - len(new)


async def _claim(tx: Transaction, consumer: str, ids: Sequence[UUID]) -> set[UUID]:
    if not ids:
        return set()
    inserted = await tx.execute(_CLAIM, {"consumer": consumer, "ids": ids})
    return set(inserted.scalars())


async def _call_handlers(
    tx: Transaction, subscriptions: Subscriptions, messages: Sequence[Message], *, old: set[UUID]
) -> None:
    events = [message for message in messages if isinstance(message, Received)]
    for registration in subscriptions.registrations:
        wanted = [
            event
            for event in events
            if event.event.event_type in registration.event_types
            and not (registration.kind is Kind.EFFECT and event.id in old)
        ]
        if wanted:
            await registration.handler(tx, wanted)
    for topic, handlers in subscriptions.tombstone_handlers.items():
        tombstones = [message for message in messages if isinstance(message, Tombstone) and message.topic == topic]
        for handler in handlers if tombstones else ():
            await handler(tx, tombstones)


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
def _spans(consumer: str, items: Sequence[_Item]) -> Iterator[list[_Item]]:
    """One span for the batch, and one per sampled event that continues its trace; unsampled ones cost nothing."""
    parents = [remote_parent(item.message.traceparent) if item.message is not None else None for item in items]
    sampled = [parent for parent in parents if parent is not None and _is_sampled(parent)]
    with _batch_span(consumer, sampled), _event_spans(items, parents) as traced:
        yield traced


@contextmanager
def _batch_span(consumer: str, sampled: Sequence[trace.Span]) -> Iterator[None]:
    links = [trace.Link(parent.get_span_context()) for parent in sampled]
    context = trace.set_span_in_context(sampled[0]) if len(sampled) == 1 else None
    with _tracer.start_as_current_span(
        f"{consumer} process", context, trace.SpanKind.CONSUMER, links=links, record_exception=False
    ):
        yield


@contextmanager
def _event_spans(items: Sequence[_Item], parents: Iterable[trace.Span | None]) -> Iterator[list[_Item]]:
    spans: list[trace.Span] = []
    traced: list[_Item] = []
    try:
        for item, parent in zip(items, parents, strict=True):
            if item.message is None or parent is None or not _is_sampled(parent):
                traced.append(item)
                continue
            name = item.message.event.event_type if isinstance(item.message, Received) else item.message.topic
            span = _tracer.start_span(f"process {name}", trace.set_span_in_context(parent), trace.SpanKind.CONSUMER)
            spans.append(span)
            traced.append(replace(item, message=replace(item.message, traceparent=traceparent_of(span))))
        yield traced
    finally:
        for span in spans:
            span.end()


def _is_sampled(span: trace.Span) -> bool:
    return span.get_span_context().trace_flags.sampled
