"""What routes of this service need beside the chassis."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, cast

from fastapi import Depends, Request

from chassis.clock import Clock
from chassis.db import Database
from notifier.settings import NotifierSettings


@dataclass(frozen=True, slots=True)
class NotifierContext:
    """One per application."""

    clock: Clock
    settings: NotifierSettings
    database: Database


async def _context(request: Request) -> NotifierContext:
    return cast("NotifierContext", request.app.state.notifier)


async def _now(context: Annotated[NotifierContext, Depends(_context)]) -> datetime:
    return context.clock()


async def _database(context: Annotated[NotifierContext, Depends(_context)]) -> Database:
    return context.database


async def _settings(context: Annotated[NotifierContext, Depends(_context)]) -> NotifierSettings:
    return context.settings


Now = Annotated[datetime, Depends(_now)]
Settings = Annotated[NotifierSettings, Depends(_settings)]
ApiDatabase = Annotated[Database, Depends(_database)]
