"""The pool of connections of a hand-written application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import asyncpg
from fastapi import FastAPI


def pooled(database_url: str) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """A lifespan that keeps `app.state.pool` open."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.pool = await asyncpg.create_pool(database_url, min_size=8, max_size=20)
        yield
        await app.state.pool.close()

    return lifespan
