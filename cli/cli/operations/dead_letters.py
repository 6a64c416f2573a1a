"""The dead letters of all services, found by what they have in common."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, exc, func, select

from chassis.consuming.dead_letters import DeadLetter, find_dead_letter
from chassis.db import Database
from chassis.failures import DatabaseAway
from chassis.kafka import close_quietly
from chassis.tables import dead_letter
from cli.errors import StackError

_STATEMENT_DEADLINE = timedelta(seconds=30)
_CLOSE_DEADLINE = 3.0

type Place = tuple[str, int, int]
"""Topic, partition, offset."""


@dataclass(frozen=True)
class Selection:
    """Which letters: of these services, of a topic, with a text in their error, at one place."""

    services: Collection[str]
    topic: str | None = None
    error: str | None = None
    place: Place | None = None


@dataclass(frozen=True)
class Listed:
    """A dead letter without what it carries."""

    service: str
    topic: str
    partition: int
    offset: int
    kind: str
    event_type: str | None
    error: str
    recorded_at: datetime
    value_bytes: int

    @property
    def place(self) -> Place:
        """Names it within its service."""
        return self.topic, self.partition, self.offset


@dataclass(frozen=True)
class Found:
    """The letters that were asked for, oldest first, at most `limit` of each service; `counts` has all of them."""

    letters: list[Listed]
    counts: dict[str, int]


async def find_letters(databases: Mapping[str, str], selection: Selection, *, limit: int | None = None) -> Found:
    """StackError when a database is away."""
    services = [service for service in databases if service in selection.services]
    looks = [_find(service, databases[service], selection, limit) for service in services]
    # Every look ends by itself: one that is cancelled half-way cannot close its connection in order.
    ended = await asyncio.gather(*looks, return_exceptions=True)
    found = [_or_raise(look) for look in ended]
    return Found(
        sorted((letter for letters, _ in found for letter in letters), key=lambda letter: letter.recorded_at),
        {service: count for _, counts in found for service, count in counts.items()},
    )


def _or_raise[T](ended: T | BaseException) -> T:
    if isinstance(ended, BaseException):
        raise ended
    return ended


async def read_letters(databases: Mapping[str, str], selection: Selection) -> dict[str, DeadLetter]:
    """The letter of one place in each service that has one, with all it carries. StackError when a database is away."""
    if selection.place is None:
        raise TypeError("a place is needed")
    read: dict[str, DeadLetter] = {}
    for service in selection.services:
        async with opened(service, databases[service]) as database, database.transaction(read_only=True) as tx:
            letter = await find_dead_letter(tx, *selection.place, lock=False)
        if letter is not None:
            read[service] = letter
    return read


@asynccontextmanager
async def opened(service: str, url: str) -> AsyncIterator[Database]:
    """The service's database; StackError with one sentence when it is away, or refuses."""
    database: Database | None = None
    try:
        database = Database(url, pool_size=1, application_name="carpass-dlt", statement_timeout=_STATEMENT_DEADLINE)
        yield database
    except DatabaseAway as error:
        told = _reason(error.__cause__)
        raise StackError(
            f"The database of {service} does not answer ({told}); see docs/runbooks/postgres-down.md."
        ) from error
    except exc.SQLAlchemyError as error:
        raise StackError(f"The database of {service} cannot be read ({_reason(error)}).") from error
    finally:
        if database is not None:
            await close_quietly("database", _CLOSE_DEADLINE, database.dispose())


async def _find(service: str, url: str, selection: Selection, limit: int | None) -> tuple[list[Listed], dict[str, int]]:
    condition = _condition(selection)
    columns = dead_letter.c
    wanted = (columns.topic, columns.partition, columns.offset, columns.kind, columns.event_type, columns.error)
    query = (
        select(*wanted, columns.recorded_at, func.coalesce(func.length(columns.value), 0).label("value_bytes"))
        .where(*condition)
        .order_by(columns.recorded_at, columns.topic, columns.partition, columns.offset)
        .limit(limit)
    )
    async with opened(service, url) as database, database.transaction(read_only=True) as tx:
        count = (await tx.execute(select(func.count()).select_from(dead_letter).where(*condition))).scalar_one()
        return [_listed(service, row) for row in await tx.execute(query)], {service: count}


def _condition(selection: Selection) -> list[Any]:
    columns = dead_letter.c
    condition: list[Any] = []
    if selection.topic is not None:
        condition.append(columns.topic == selection.topic)
    if selection.error is not None:
        condition.append(columns.error.icontains(selection.error, autoescape=True))
    if selection.place is not None:
        topic, partition, offset = selection.place
        condition += [columns.topic == topic, columns.partition == partition, columns.offset == offset]
    return condition


def _listed(service: str, row: Row[Any]) -> Listed:
    return Listed(service, **row._mapping)  # noqa: SLF001 -- SQLAlchemy's public name


def _reason(error: BaseException | None) -> str:
    """The driver's own words, on one line and without the statement."""
    told = error
    if isinstance(error, exc.DBAPIError) and error.orig is not None:
        told = error.orig.__cause__ or error.orig
    return f"{type(told).__name__}: {told}".splitlines()[0].removesuffix(": ")
