"""Reads: a read-only transaction under the caller's row-level security."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from chassis.db import Database, Transaction
from chassis.http.caller import Caller
from chassis.http.context import http_context


@asynccontextmanager
async def reading(database: Database, user_id: UUID | None) -> AsyncIterator[Transaction]:
    """A transaction that cannot write and sees what this user may see."""
    async with database.transaction(user_id=user_id, read_only=True) as tx:
        yield tx


async def reader(request: Request, caller: Caller) -> AsyncIterator[Transaction]:
    """The dependency behind `Reader`."""
    async with reading(http_context(request).database, caller.user_id) as tx:
        yield tx


# Ends with the route's function: the connection is back in the pool before the response is on its way.
Reader = Annotated[Transaction, Depends(reader, scope="function")]
