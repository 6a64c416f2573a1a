"""How far behind a service's read models are: written by its workers, read by commands that one of them refuses."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import text

from chassis.db import Transaction

WRITE_INTERVAL: Final = timedelta(seconds=1)
_FRESH: Final = timedelta(seconds=10)
_FORGOTTEN: Final = timedelta(minutes=10)

_WRITE: Final = text(
    """
    INSERT INTO consumer_progress (consumer, member, lag_seconds, updated_at)
    VALUES (:consumer, :member, :lag_seconds, clock_timestamp())
    ON CONFLICT (consumer, member) DO UPDATE
        SET lag_seconds = excluded.lag_seconds, updated_at = excluded.updated_at
    """
)
_FORGET: Final = text(
    """
    DELETE FROM consumer_progress
    WHERE consumer = :consumer AND (member = :member OR updated_at < clock_timestamp() - CAST(:forgotten AS interval))
    """
)
# A worker that fell silent says nothing about the others, unless all of them did: then nobody consumes.
_LAGGING: Final = text(
    """
    SELECT coalesce(
        max(lag_seconds) FILTER (WHERE updated_at >= clock_timestamp() - CAST(:fresh AS interval)),
        CASE WHEN count(*) > 0 THEN 'infinity'::float8 ELSE 0 END
    ) FROM consumer_progress
    """
)


async def write_progress(tx: Transaction, consumer: str, member: str, lag_seconds: float) -> None:
    """Tells how old the oldest record is that this worker has yet to apply; 0 when it has applied all."""
    await tx.execute(_WRITE, {"consumer": consumer, "member": member, "lag_seconds": lag_seconds})


async def forget_member(tx: Transaction, consumer: str, member: str) -> None:
    """For a worker that stops; rows of those that died long ago go as well."""
    await tx.execute(_FORGET, {"consumer": consumer, "member": member, "forgotten": _FORGOTTEN})


async def lagging(tx: Transaction, *, beyond: timedelta = timedelta(seconds=2)) -> bool:
    """Whether a read model of this service is known to be further behind than that."""
    lag: float = (await tx.execute(_LAGGING, {"fresh": _FRESH})).scalar_one()
    return lag > beyond.total_seconds()
