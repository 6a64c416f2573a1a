"""What the dependencies of a route need, kept on the application."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from fastapi import Request

from chassis.auth import TokenVerifier
from chassis.db import Database
from chassis.http.patience import Patience
from chassis.problems import ProblemKind
from chassis.settings import ServiceSettings


@dataclass(frozen=True, slots=True)
class HttpContext:
    """One per application."""

    service: str
    settings: ServiceSettings
    database: Database
    tokens: TokenVerifier
    patience: Patience
    domain_errors: Mapping[type[Exception], ProblemKind] = field(default_factory=dict)

    def kind_of(self, error: Exception) -> ProblemKind | None:
        """How the service tells this error: like its nearest listed ancestor, if there is one."""
        return next((self.domain_errors[each] for each in type(error).__mro__ if each in self.domain_errors), None)


def http_context(request: Request) -> HttpContext:
    """The context of the application that serves this request."""
    return cast("HttpContext", request.app.state.chassis)
