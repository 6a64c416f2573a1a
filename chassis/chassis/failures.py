"""What a failure means for the work that met it: try again, try less at once, or give this record up."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

import asyncpg
from sqlalchemy import exc

from chassis.problems import Unavailable

QUERY_CANCELED: Final = "57014"
DRIVER_ERRORS: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server said goodbye, and the driver has not closed the connection yet
    OSError,
    TimeoutError,
)
"""Whatever asyncpg raises where a statement was not done."""

_TRANSIENT_STATES: Final = frozenset(
    {
        "25006",  # read-only transaction: connected to a standby during a failover
        "25P03",  # idle in transaction for too long
        "55006",  # object in use
        "55P03",  # lock timeout
        "0A000",  # a cached plan that a migration made invalid
    }
)
_TRANSIENT_CLASSES: Final = frozenset(
    {
        "08",  # connection
        "28",  # credentials: being rotated, or wrong for every record alike
        "3D",  # database is missing
        "40",  # deadlock, serialization
        "42",  # a missing table, column or privilege: the deployment's fault, never one record's
        "53",  # out of connections, memory or disk
        "57",  # the server shuts down
        "58",  # the server's disk
    }
)


class Failure(Enum):
    """How to go on after an exception."""

    TRANSIENT = auto()
    TOO_SLOW = auto()  # the statement timeout: fewer records may pass; a single one is tried again
    PERMANENT = auto()


class DatabaseAway(Unavailable):
    """The database could not do the work now (503); its cause says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__()
        self.failure = failure


def sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's code of a database error, also when SQLAlchemy wraps it."""
    original = error.orig if isinstance(error, exc.DBAPIError) else error
    state = getattr(original, "sqlstate", None)
    return state if isinstance(state, str) else None


def classify(error: BaseException) -> Failure:
    """What to do after this exception from work in a database transaction."""
    if isinstance(error, DatabaseAway):
        return error.failure
    if isinstance(error, exc.TimeoutError | OSError | TimeoutError | MemoryError):
        return Failure.TRANSIENT
    state = sqlstate(error)
    if state == QUERY_CANCELED:
        return Failure.TOO_SLOW
    if state is not None:
        transient = state in _TRANSIENT_STATES or state[:2] in _TRANSIENT_CLASSES
        return Failure.TRANSIENT if transient else Failure.PERMANENT
    return _classify_driver_error(error)


def _classify_driver_error(error: BaseException) -> Failure:
    if isinstance(error, exc.DBAPIError):
        if error.connection_invalidated:
            return Failure.TRANSIENT
        cause = error.orig.__cause__ if error.orig is not None else None
        return Failure.PERMANENT if cause is None else _classify_driver_error(cause)
    if isinstance(error, asyncpg.InternalClientError):
        return Failure.TRANSIENT
    if isinstance(error, asyncpg.InterfaceError) and "closed" in str(error):
        return Failure.TRANSIENT  # any other one is a misuse, or an argument that asyncpg cannot encode
    return Failure.PERMANENT
