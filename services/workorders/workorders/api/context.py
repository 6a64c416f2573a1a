"""What routes of this service need beside the chassis: the time, and the timers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, cast

from fastapi import Depends
from fastapi import Request as HttpRequest

from chassis.clock import Clock
from chassis.timers import Timers


@dataclass(frozen=True, slots=True)
class WorkordersContext:
    """One per application."""

    clock: Clock
    timers: Timers


async def _context(request: HttpRequest) -> WorkordersContext:
    return cast("WorkordersContext", request.app.state.workorders)


async def _now(context: Annotated[WorkordersContext, Depends(_context)]) -> datetime:
    return context.clock()


async def _timers(context: Annotated[WorkordersContext, Depends(_context)]) -> Timers:
    return context.timers


Now = Annotated[datetime, Depends(_now)]
EstimateTimers = Annotated[Timers, Depends(_timers)]
