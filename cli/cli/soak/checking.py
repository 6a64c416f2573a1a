"""Reads everything once the stack is at rest, and says what is wrong."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import asyncpg

from cli.demo.telegram import TelegramDouble
from cli.operations.effects import check_effects
from cli.operations.installation import Installation
from cli.operations.ordering import OrderReport, check_order
from cli.soak.history import History
from cli.soak.judging import (
    judge_chat,
    judge_clients,
    judge_effects,
    judge_events,
    judge_mirrors,
    judge_orders,
)
from cli.soak.ledger import Ledger, read_ledger
from cli.soak.town import Town
from cli.soak.violations import Breach, Violation
from cli.stack.stack import Stack

_DEADLINE = 900.0
_CONNECT_DEADLINE = 10.0
_ATTEMPTS = """
    SELECT c.chat_id, d.state, d.message_id FROM delivery_attempt d JOIN telegram_chat c USING (user_id)
    WHERE d.state IN ('sent', 'sending', 'uncertain')
"""

type Told = Callable[[str], None]


@dataclass(frozen=True)
class Checked:
    """`counts`: what was looked at, by name."""

    violations: list[Violation]
    counts: Mapping[str, int] = field(default_factory=dict)


async def bot_messages(town: Town, telegram_url: str) -> dict[int, int]:
    """How many messages the bot has written into each linked chat."""
    double = TelegramDouble(telegram_url)
    return {
        person.telegram.id: sum(bool(message["from"].get("is_bot")) for message in await double.messages(person))
        for person in town.linked
    }


async def check(
    stack: Stack, history: History, town: Town, *, messages_before: Mapping[int, int], told: Told
) -> Checked:
    """Everything, from the clients' history to the audit log; StackError when something does not answer."""
    installation = installation_of(stack)
    told("reading the databases")
    ledger = await read_ledger(installation)
    effects = await check_effects(installation, within=_DEADLINE)
    told("reading the topics")
    order = await check_order(installation.kafka_bootstrap, within=_DEADLINE)
    told("walking the audit log")
    violations = [
        *judge_clients(history, ledger),
        *judge_orders(ledger),
        *judge_effects(effects),
        *judge_events(ledger, order),
        *judge_mirrors(ledger),
        *await _check_chats(stack, town, messages_before),
        *await _verify_audit(stack),
    ]
    return Checked(violations, _counts(ledger, order, sum(map(len, (each.counts for each in effects.orders)))))


def installation_of(stack: Stack) -> Installation:
    """Directly, not through the proxies."""
    return Installation({name: database.owner_url for name, database in stack.databases.items()}, stack.kafka_bootstrap)


def _counts(ledger: Ledger, order: OrderReport, effects: int) -> dict[str, int]:
    return {
        **{f"orders {status}": count for status, count in sorted(ledger.by_status.items())},
        "kinds of effect × completed orders": effects,
        "audit rows of orders": sum(ledger.audited.values()),
        **{mirror.name: sum(rows.values()) for mirror, (rows, _source) in ledger.mirrors.items()},
        "events on the topics": order.events,
        "events sent again": order.repeats,
        "aggregates": order.aggregates,
    }


async def _check_chats(stack: Stack, town: Town, before: Mapping[int, int]) -> list[Violation]:
    double = TelegramDouble(stack.telegram_url)
    # The chats first: what is sent between the two looks is known as sent by then.
    chats = {person.telegram.id: await double.messages(person) for person in town.linked}
    connection = await asyncpg.connect(stack.databases["notifier"].owner_url, timeout=_CONNECT_DEADLINE)
    try:
        attempts = await connection.fetch(_ATTEMPTS, timeout=_DEADLINE)
    finally:
        connection.terminate()
    found: list[Violation] = []
    for chat_id, messages in chats.items():
        own = [row for row in attempts if row["chat_id"] == chat_id]
        sent = {row["message_id"] for row in own if row["state"] == "sent"}
        unsettled = sum(row["state"] != "sent" for row in own)
        found += judge_chat(chat_id, messages, sent, unsettled, before[chat_id])
    return found


async def _verify_audit(stack: Stack) -> list[Violation]:
    """By trust's own command, which reads the signed checkpoints as well."""
    environment = os.environ | {
        "CARPASS_DATABASE_WORKER_URL": stack.databases["trust"].worker_url,
        "CARPASS_AUDIT_SIGNING_KEY_FILE": str(stack.secrets.audit_signing_key_file),
        "CARPASS_AUDIT_CHECKPOINT_DIR": str(stack.state.root / "audit-checkpoints"),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "trust", "audit", "verify"),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    if process.returncode == 0:
        return []
    said = [line for line in output.decode(errors="replace").splitlines() if line and not line.endswith(" whole")]
    return [Violation(Breach.BROKEN_CHAIN, f"audit log: {line}") for line in said or ["it could not be verified"]]
