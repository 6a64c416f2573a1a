"""Runs a service's own handlers again on one of its dead letters, when what ended it is repaired."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import orjson
from sqlalchemy import text

from chassis.consuming.batch import dispatch
from chassis.consuming.dead_letters import TIMER, DeadLetter, find_dead_letter, remove_dead_letter
from chassis.consuming.decoding import decode
from chassis.consuming.subscriptions import Subscriptions
from chassis.db import Database, Transaction

_SET_TIMER: Final = text(
    """
    INSERT INTO timer (kind, subject, due_at, run_at)
    VALUES (:kind, :subject, CAST(CAST(:due_at AS text) AS timestamptz), clock_timestamp())
    ON CONFLICT (kind, subject) DO NOTHING
    """
)


class Replay(StrEnum):
    """What became of a dead letter that was replayed."""

    APPLIED = "applied"
    APPLIED_BEFORE = "its effects had been applied before"
    IGNORED = "its type is ignored now"
    TIMER_SET = "the timer is set again"


class NoSuchLetter(LookupError):  # noqa: N818 - reads as what is wrong
    """It has been replayed or removed before, or somebody else is at it."""


class _DryRun(Exception):  # noqa: N818 - rolls the transaction back, nothing else
    pass


async def replay_dead_letter(
    database: Database, subscriptions: Subscriptions, place: tuple[str, int, int], *, dry_run: bool = False
) -> Replay:
    """Applies it and removes it in one transaction, which a dry run rolls back; `place`: topic, partition, offset.

    Raises NoSuchLetter when there is none (or somebody else is at it), Malformed or the handler's own exception when
    it fails again; then it stays.
    """
    result = Replay.APPLIED
    try:
        async with database.transaction() as tx:
            letter = await find_dead_letter(tx, *place)
            if letter is None:
                raise NoSuchLetter(f"no dead letter at {place}")
            result = await _replay(tx, subscriptions, letter)
            await remove_dead_letter(tx, *place)
            if dry_run:
                raise _DryRun  # noqa: TRY301 - the transaction's block is left on purpose
    except _DryRun:
        return result
    return result


async def _replay(tx: Transaction, subscriptions: Subscriptions, letter: DeadLetter) -> Replay:
    if letter.kind == TIMER:
        return await _set_timer(tx, letter)
    message = decode(letter.record, subscriptions)
    if message is None:
        return Replay.IGNORED
    repeated = await dispatch(tx, subscriptions, [message])
    return Replay.APPLIED_BEFORE if repeated else Replay.APPLIED


async def _set_timer(tx: Transaction, letter: DeadLetter) -> Replay:
    record = letter.record
    parameters = {
        "kind": record.topic.removeprefix(f"{TIMER}:"),
        "subject": (record.key or b"").decode(),
        "due_at": orjson.loads(record.value or b"{}")["due_at"],
    }
    await tx.execute(_SET_TIMER, parameters)
    return Replay.TIMER_SET
