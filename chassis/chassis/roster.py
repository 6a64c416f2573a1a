"""People whom operators name for an office: `python -m <service> <office> add | remove USER_ID`, `<office> list`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Table, delete, select
from sqlalchemy.dialects.postgresql import insert

from chassis.clock import system_clock
from chassis.db import Database, Transaction
from chassis.problems import Forbidden
from chassis.settings import ServiceSettings

_EXIT_USAGE: Final = 2


class Roster:
    """Who holds an office: a table with `user_id` and `added_at`, called as the office is."""

    def __init__(self, table: Table, *, service: str) -> None:
        self._table = table
        self._office = table.name
        self._service = service

    async def demand(self, tx: Transaction, user_id: UUID) -> None:
        """Raises Forbidden for everybody else; asked before anything is looked up, so that it tells nothing."""
        found = select(self._table.c.user_id).where(self._table.c.user_id == user_id)
        if (await tx.execute(found)).first() is None:
            raise Forbidden(f"Only {self._office}s do this.")

    async def add(self, tx: Transaction, user_id: UUID, now: datetime) -> bool:
        """Names somebody; false when that was done before."""
        new = insert(self._table).values(user_id=user_id, added_at=now).on_conflict_do_nothing()
        return bool((await tx.execute(new)).rowcount)

    async def remove(self, tx: Transaction, user_id: UUID) -> bool:
        """Takes the office away; false when there was none."""
        return bool((await tx.execute(delete(self._table).where(self._table.c.user_id == user_id))).rowcount)

    async def everyone(self, tx: Transaction) -> list[tuple[UUID, datetime]]:
        """Everyone, and since when."""
        table = self._table
        rows = await tx.execute(select(table).order_by(table.c.added_at, table.c.user_id))
        return [(row.user_id, row.added_at) for row in rows]

    def command(self, settings: ServiceSettings, arguments: Sequence[str]) -> int:
        """Runs with the worker's database URL, or the owner's where that is the one set; 2 for a wrong call."""
        match list(arguments):
            case ["list"]:
                user_id = None
            case ["add" | "remove", given]:
                try:
                    user_id = UUID(given)
                except ValueError:
                    sys.stderr.write(f"{given!r} is not a user id\n")
                    return _EXIT_USAGE
            case _:
                call = f"python -m {self._service} {self._office}"
                sys.stderr.write(f"usage: {call} add USER_ID | remove USER_ID | list\n")
                return _EXIT_USAGE
        sys.stdout.write(asyncio.run(self._run(settings, arguments[0], user_id)))
        return 0

    async def _run(self, settings: ServiceSettings, verb: str, user_id: UUID | None) -> str:
        url = settings.database_worker_url or settings.database_owner_url or settings.required("database_worker_url")
        database = Database(
            url,
            pool_size=1,
            application_name=f"{self._service}-{self._office}",
            statement_timeout=timedelta(seconds=settings.db_statement_timeout),
        )
        try:
            async with database.transaction() as tx:
                return await self._change(tx, verb, user_id) if user_id else await self._list(tx)
        finally:
            await database.dispose()

    async def _change(self, tx: Transaction, verb: str, user_id: UUID) -> str:
        office = self._office
        if verb == "add":
            added = await self.add(tx, user_id, system_clock())
            return f"{user_id} is a {office} now\n" if added else f"{user_id} was a {office} already\n"
        removed = await self.remove(tx, user_id)
        return f"{user_id} is no longer a {office}\n" if removed else f"{user_id} was no {office}\n"

    async def _list(self, tx: Transaction) -> str:
        people = await self.everyone(tx)
        lines = [f"{user_id}  since {added_at:%Y-%m-%d %H:%M} UTC\n" for user_id, added_at in people]
        return "".join(lines) or f"no {self._office}s\n"
