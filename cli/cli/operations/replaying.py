"""Runs the services' own handlers again on their dead letters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from chassis.consuming.dead_letters import TIMER, reason, tell_new_error
from chassis.consuming.replay import NoSuchLetter, Replay, replay_dead_letter
from chassis.db import Database
from chassis.failures import DatabaseAway, Failure
from chassis.runtime import Service
from cli.operations.dead_letters import Listed, opened
from cli.services import load_service

_LETTER_DEADLINE = 60.0
_ATTEMPTS = 4
_BACKOFF = 0.5


class Fate(StrEnum):
    """What became of a letter. Only one that failed is still there."""

    APPLIED = "applied"
    APPLIED_BEFORE = "applied before"
    IGNORED = "ignored now"
    TIMER_SET = "timer set again"
    FAILED = "failed again"
    GONE = "gone, or somebody else is at it"


@dataclass(frozen=True)
class Outcome:
    """`error` says why it failed again."""

    letter: Listed
    fate: Fate
    error: str | None = None


_FATES: Mapping[Replay, Fate] = {
    Replay.APPLIED: Fate.APPLIED,
    Replay.APPLIED_BEFORE: Fate.APPLIED_BEFORE,
    Replay.IGNORED: Fate.IGNORED,
    Replay.TIMER_SET: Fate.TIMER_SET,
}


class NoHandler(Exception):  # noqa: N818 -- reads as what is wrong
    """The service has nothing any more that would work on this letter."""


async def replay_letters(
    databases: Mapping[str, str], letters: Collection[Listed], tell: Callable[[Outcome], None], *, dry_run: bool
) -> None:
    """Each in a transaction of its own, in the given order by service; `tell` learns each outcome at once.

    StackError when a database is away: what was told until then is done.
    """
    for service in dict.fromkeys(letter.service for letter in letters):
        code = load_service(service)
        async with opened(service, databases[service]) as database:
            for letter in letters:
                if letter.service == service:
                    tell(await _replay(database, code, letter, dry_run=dry_run))


async def _replay(database: Database, code: Service, letter: Listed, *, dry_run: bool) -> Outcome:
    """Whatever a handler raises leaves the letter where it is."""
    try:
        return Outcome(letter, await _apply_patiently(database, code, letter, dry_run=dry_run))
    except NoSuchLetter:
        return Outcome(letter, Fate.GONE)
    except DatabaseAway as error:
        if error.failure is Failure.TRANSIENT:
            raise
        failure: BaseException = error.__cause__ or error
    except Exception as error:  # noqa: BLE001 -- handlers may raise anything
        failure = error
    if not dry_run:
        async with database.transaction() as tx:
            await tell_new_error(tx, *letter.place, failure)
    return Outcome(letter, Fate.FAILED, reason(failure))


async def _apply_patiently(database: Database, code: Service, letter: Listed, *, dry_run: bool) -> Fate:
    """Workers run beside: a deadlock or a lock that is held for a while is no failure yet."""
    for attempt in range(1, _ATTEMPTS):
        try:
            return await _apply(database, code, letter, dry_run=dry_run)
        except DatabaseAway as error:
            if error.failure is not Failure.TRANSIENT:
                raise
        await asyncio.sleep(_BACKOFF * attempt)
    return await _apply(database, code, letter, dry_run=dry_run)


async def _apply(database: Database, code: Service, letter: Listed, *, dry_run: bool) -> Fate:
    kind = letter.topic.removeprefix(f"{TIMER}:")
    if letter.kind == TIMER and (code.timers is None or kind not in code.timers.kinds):
        raise NoHandler(f"{letter.service} has no timer {kind!r}")
    if code.subscriptions is None:
        raise NoHandler(f"{letter.service} consumes nothing")
    async with asyncio.timeout(_LETTER_DEADLINE):
        return _FATES[await replay_dead_letter(database, code.subscriptions, letter.place, dry_run=dry_run)]
