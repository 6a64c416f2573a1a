"""What the dependencies of a route need, kept on the application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from chassis.auth import TokenVerifier
from chassis.db import Database
from chassis.http.patience import Patience
from chassis.settings import ServiceSettings


@dataclass(frozen=True, slots=True)
class HttpContext:
    """One per application."""

    service: str
    settings: ServiceSettings
    database: Database
    tokens: TokenVerifier
    patience: Patience


def http_context(request: Request) -> HttpContext:
    """The context of the application that serves this request."""
    return cast("HttpContext", request.app.state.chassis)


Context = Annotated[HttpContext, Depends(http_context)]
