"""Compares what the clients saw with what the databases and the topics hold. Decides; reads nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from cli.operations.effects import Report as EffectsReport
from cli.operations.ordering import OrderReport
from cli.soak.history import History
from cli.soak.ledger import Ledger
from cli.soak.violations import Breach, Violation

_ORDER_TOPIC = "workorders.workorder"


def judge_clients(history: History, ledger: Ledger) -> Iterator[Violation]:
    """What a client was told is so; what it does not know is wholly so or not at all; nobody was told nonsense."""
    for bad in history.bad_answers:
        what = f"order {bad.number}, {bad.step}: {bad.status} {bad.detail} (trace {bad.trace_id})"
        yield Violation(Breach.BAD_ANSWER, what, bad.order_id)
    for order_id, possible in history.known.items():
        stored = ledger.orders.get(order_id)
        if stored is None:
            yield Violation(Breach.LOST, "its client saw it created, and it is not there", str(order_id))
        elif stored.status not in possible:
            what = f"its client knows it as {' or '.join(sorted(possible))}, the database as {stored.status}"
            yield Violation(Breach.LOST, what, str(order_id))
    strangers = sorted(ledger.orders.keys() - history.known.keys())
    if len(strangers) > history.unknown_creations:
        what = f"{len(strangers)} orders that no client knows, of {history.unknown_creations} unanswered creations"
        yield from (Violation(Breach.DOUBLED, what, str(order_id)) for order_id in strangers)
    for order_id in strangers:
        if (status := ledger.orders[order_id].status) != "draft":
            yield Violation(Breach.MADE_UP, f"no client knows it, and it is {status}", str(order_id))


def judge_orders(ledger: Ledger) -> Iterator[Violation]:
    """Each order within its own database: history, snapshot and number."""
    for order_id, order in ledger.orders.items():
        if order.told != order.status:
            what = f"its history ends with {order.told}, it is {order.status}"
            yield Violation(Breach.BROKEN_CHAIN, what, str(order_id))
        if order.sealed != (order.status == "completed"):
            what = (
                "it is completed without a snapshot" if not order.sealed else f"it has a snapshot and is {order.status}"
            )
            yield Violation(Breach.MADE_UP if order.sealed else Breach.LOST, what, str(order_id))
    for order_id, jump in ledger.jumps.items():
        yield Violation(Breach.OUT_OF_ORDER, f"its status history goes on {jump}", str(order_id))
    for center_id, missing in ledger.gaps.items():
        yield Violation(Breach.LOST, f"center {center_id} has {missing} order numbers without an order")


def judge_effects(report: EffectsReport) -> Iterator[Violation]:
    """Each completed order has each effect once, and nothing else has any."""
    for order in report.orders:
        order_id = str(order.work_order_id)
        yield from (Violation(Breach.LOST, f"no {name}", order_id) for name in order.missing)
        yield from (Violation(Breach.DOUBLED, f"{order.counts[name]} × {name}", order_id) for name in order.doubled)
        yield from (Violation(Breach.BROKEN_CHAIN, what, order_id) for what in order.wrong)
    for name, ids in report.strangers.items():
        yield from (Violation(Breach.MADE_UP, f"{name} of an order that is not completed", str(each)) for each in ids)
    for service, count in report.dead_letters.items():
        if count:
            yield Violation(Breach.DEAD_LETTER, f"{service} has given up {count} records: carpass dlt list")


def judge_events(ledger: Ledger, told: OrderReport) -> Iterator[Violation]:
    """Every event that a database counted is on its topic, in order, and in the audit log once."""
    for broken in told.broken:
        yield Violation(Breach.OUT_OF_ORDER, str(broken), broken.aggregate if broken.topic == _ORDER_TOPIC else None)
    for topic, stored in ledger.sequences.items():
        found = told.last.get(topic, {})
        for aggregate, sequence in stored.items():
            if (last := found.get(str(aggregate), 0)) != sequence:
                what = f"{topic}: {aggregate} has {sequence} events in the database and ends with {last} on the topic"
                breach = Breach.LOST if last < sequence else Breach.MADE_UP
                yield Violation(breach, what, str(aggregate) if topic == _ORDER_TOPIC else None)
    for order_id, order in ledger.orders.items():
        if (rows := ledger.audited.get(order_id, 0)) != order.sequence:
            what = f"{order.sequence} events, {rows} rows in the audit log"
            yield Violation(Breach.LOST if rows < order.sequence else Breach.DOUBLED, what, str(order_id))


def judge_mirrors(ledger: Ledger) -> Iterator[Violation]:
    """What other services made of the effects' own events."""
    for mirror, (rows, source) in ledger.mirrors.items():
        for each in rows.keys() | source.keys():
            found, expected = rows.get(each, 0), source.get(each, 0)
            if found != expected:
                breach = Breach.MADE_UP if not expected else Breach.LOST if found < expected else Breach.DOUBLED
                order_id = str(each) if mirror.source == "workorders" else None
                yield Violation(breach, f"{mirror.name} of {each}: {found} instead of {expected}", order_id)


def judge_chat(
    chat_id: int, messages: Collection[Mapping[str, Any]], sent: set[int], unsettled: int, before: int
) -> Iterator[Violation]:
    """Telegram got each message once at most: beyond those known as sent, only ones of unknown outcome are there.

    `before`: how many messages of the bot were there before the first order.
    """
    there = {int(message["message_id"]) for message in messages if message["from"].get("is_bot")}
    extra = len(there - sent) - before
    if extra > unsettled:
        what = f"chat {chat_id} has {extra} messages that nobody knows of, {unsettled} were of unknown outcome"
        yield Violation(Breach.DOUBLED, what)
    if missing := sorted(sent - there):
        yield Violation(Breach.LOST, f"chat {chat_id} lacks messages {missing} that count as sent")
