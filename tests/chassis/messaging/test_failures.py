import asyncpg
import pytest
from sqlalchemy import exc

from chassis.failures import DatabaseAway, Failure, classify


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.DeadlockDetectedError(),
        asyncpg.SerializationError(),
        asyncpg.LockNotAvailableError(),
        asyncpg.TooManyConnectionsError(),
        asyncpg.AdminShutdownError(),
        asyncpg.CannotConnectNowError(),
        asyncpg.ConnectionDoesNotExistError(),
        asyncpg.DiskFullError(),
        asyncpg.ReadOnlySQLTransactionError(),
        asyncpg.InvalidPasswordError(),
        asyncpg.UndefinedTableError(),
        asyncpg.InsufficientPrivilegeError(),
        asyncpg.InterfaceError("connection is closed"),
        exc.TimeoutError(),
        ConnectionRefusedError(),
        TimeoutError(),
        DatabaseAway(Failure.TRANSIENT),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_may_pass_is_transient(error: Exception) -> None:
    assert classify(error) is Failure.TRANSIENT


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.UniqueViolationError(),
        asyncpg.CheckViolationError(),
        asyncpg.ForeignKeyViolationError(),
        asyncpg.NumericValueOutOfRangeError(),
        asyncpg.CharacterNotInRepertoireError(),
        asyncpg.RaiseError(),
        asyncpg.InFailedSQLTransactionError(),
        asyncpg.InterfaceError("cannot perform operation: another operation is in progress"),
        LookupError(),
        TypeError(),
        ValueError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_would_fail_again_is_permanent(error: Exception) -> None:
    assert classify(error) is Failure.PERMANENT


def test_a_statement_timeout_is_neither() -> None:
    assert classify(asyncpg.QueryCanceledError()) is Failure.TOO_SLOW
