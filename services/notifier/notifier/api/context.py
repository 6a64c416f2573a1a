"""What routes of this service need beside the chassis."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, cast

from fastapi import Depends, Request

from chassis.clock import Clock
from notifier.settings import NotifierSettings


@dataclass(frozen=True, slots=True)
class NotifierContext:
    """One per application."""

    clock: Clock
    settings: NotifierSettings


def _context(request: Request) -> NotifierContext:
    return cast("NotifierContext", request.app.state.notifier)


def _now(context: Annotated[NotifierContext, Depends(_context)]) -> datetime:
    return context.clock()


def _settings(context: Annotated[NotifierContext, Depends(_context)]) -> NotifierSettings:
    return context.settings


Now = Annotated[datetime, Depends(_now)]
Settings = Annotated[NotifierSettings, Depends(_settings)]
