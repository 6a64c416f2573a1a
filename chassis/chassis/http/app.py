"""The application of a service's `api` role."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response

from chassis.auth import KeySource, TokenVerifier
from chassis.db import Database
from chassis.health import Health
from chassis.http import probes
from chassis.http.body_guard import NO_UPLOADS, BodyGuard
from chassis.http.context import HttpContext
from chassis.http.errors import register_domain_errors, register_problem_handlers
from chassis.http.observed import Observed
from chassis.http.openapi import document, operation_id
from chassis.http.patience import Patience
from chassis.http.routing import add_routes
from chassis.jwks import RemoteKeys
from chassis.problems import ProblemKind
from chassis.settings import ServiceSettings

type Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(
    service: str,
    settings: ServiceSettings,
    *,
    routers: Sequence[APIRouter],
    database: Database,
    lifespan: Lifespan | None = None,
    domain_errors: Mapping[type[Exception], ProblemKind] | None = None,
    keys: KeySource | None = None,
    health: Health | None = None,
    uploads: Mapping[str, int] = NO_UPLOADS,
) -> FastAPI:
    """A service's HTTP API. `keys`: where access tokens' public keys come from, by default the JWKS at `jwks_url`.

    `uploads`: paths whose bodies are files and no JSON, with the most bytes that each takes.
    """
    app = _bare_app(service, settings, health, lifespan, routers, uploads=uploads)
    app.state.chassis = HttpContext(
        service=service,
        settings=settings,
        database=database,
        tokens=TokenVerifier(keys or RemoteKeys.from_settings(settings)),
        patience=Patience(seconds=settings.read_model_patience, max_waiters=settings.read_model_waiters),
        domain_errors=domain_errors or {},
    )
    register_domain_errors(app, domain_errors or {})
    return app


def create_probe_app(service: str, settings: ServiceSettings, health: Health) -> FastAPI:
    """What the roles without an API serve: probes and metrics."""
    return _bare_app(service, settings, health)


def health_of(app: FastAPI) -> Health:
    """The health that the application's probes tell."""
    health: Health = app.state.health
    return health


def _bare_app(
    service: str,
    settings: ServiceSettings,
    health: Health | None,
    lifespan: Lifespan | None = None,
    routers: Sequence[APIRouter] = (),
    *,
    uploads: Mapping[str, int] = NO_UPLOADS,
) -> FastAPI:
    app = FastAPI(
        title=f"CarPass {service}",
        version=version("carpass-chassis"),
        lifespan=lifespan,
        generate_unique_id_function=operation_id,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # Observed does it, and logs no input
    )
    app.state.health = health or Health(check_timeout=settings.health_check_timeout)
    add_routes(app, [*routers, probes.router])  # in this order they are tried
    register_problem_handlers(app)
    app.add_middleware(BodyGuard, max_body_bytes=settings.max_body_bytes, uploads=uploads)
    app.add_middleware(Observed, service=service, health=app.state.health)  # the last one added is the outermost

    def openapi() -> dict[str, Any]:
        app.openapi_schema = app.openapi_schema or document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI documents this as the way
    app.add_api_route("/openapi.json", _openapi_json, include_in_schema=False)
    return app


async def _openapi_json(request: Request) -> Response:
    return JSONResponse(request.app.openapi())
