"""What routes of this service need beside the chassis: the time, and the timers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, cast

from fastapi import Depends, Request

from chassis.clock import Clock
from chassis.timers import Timers


@dataclass(frozen=True, slots=True)
class StoContext:
    """One per application."""

    clock: Clock
    timers: Timers


async def _context(request: Request) -> StoContext:
    return cast("StoContext", request.app.state.sto)


async def _now(context: Annotated[StoContext, Depends(_context)]) -> datetime:
    return context.clock()


async def _timers(context: Annotated[StoContext, Depends(_context)]) -> Timers:
    return context.timers


Now = Annotated[datetime, Depends(_now)]
LinkTimers = Annotated[Timers, Depends(_timers)]
