"""`python -m owners moderator add | remove USER_ID`, `moderator list`: operators name who moderates."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from typing import Final
from uuid import UUID

from chassis.clock import system_clock
from chassis.db import Database, Transaction
from owners.db.moderation import add_moderator, all_moderators, remove_moderator
from owners.settings import OwnersSettings

_USAGE: Final = "usage: python -m owners moderator add USER_ID | remove USER_ID | list\n"
_EXIT_USAGE: Final = 2


def moderator_command(settings: OwnersSettings, arguments: list[str]) -> int:
    """Runs with the worker's database URL, or the owner's where that is the one set; 2 for a wrong call."""
    match arguments:
        case ["list"]:
            user_id = None
        case ["add" | "remove", given]:
            try:
                user_id = UUID(given)
            except ValueError:
                sys.stderr.write(f"{given!r} is not a user id\n")
                return _EXIT_USAGE
        case _:
            sys.stderr.write(_USAGE)
            return _EXIT_USAGE
    sys.stdout.write(asyncio.run(_run(settings, arguments[0], user_id)))
    return 0


async def _run(settings: OwnersSettings, verb: str, user_id: UUID | None) -> str:
    url = settings.database_worker_url or settings.database_owner_url or settings.required("database_worker_url")
    database = Database(
        url,
        pool_size=1,
        application_name="owners-moderator",
        statement_timeout=timedelta(seconds=settings.db_statement_timeout),
    )
    try:
        async with database.transaction() as tx:
            return await _change(tx, verb, user_id) if user_id else await _list(tx)
    finally:
        await database.dispose()


async def _change(tx: Transaction, verb: str, user_id: UUID) -> str:
    if verb == "add":
        added = await add_moderator(tx, user_id, system_clock())
        return f"{user_id} is a moderator now\n" if added else f"{user_id} was a moderator already\n"
    removed = await remove_moderator(tx, user_id)
    return f"{user_id} is no longer a moderator\n" if removed else f"{user_id} was no moderator\n"


async def _list(tx: Transaction) -> str:
    lines = [f"{user_id}  since {added_at:%Y-%m-%d %H:%M} UTC\n" for user_id, added_at in await all_moderators(tx)]
    return "".join(lines) or "no moderators\n"
