"""`/livez`, `/readyz` and `/metrics`: the same in every role."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from chassis.health import Health

router = APIRouter(include_in_schema=False)
"""The routes that supervisors and Prometheus call. They find their application's health at `app.state.health`."""

# No closures: FastAPI remembers every endpoint it has seen, and one of those would keep its whole application.


@router.get("/livez")
async def livez(request: Request) -> Response:
    """Whether the process turns."""
    alive = _health(request).alive
    return JSONResponse({"alive": alive}, status_code=200 if alive else 503)


@router.get("/readyz")
async def readyz(request: Request) -> Response:
    """Whether it can work, and if not, why."""
    unready = await _health(request).unready()
    return JSONResponse({"ready": not unready, "unready": unready}, status_code=503 if unready else 200)


@router.get("/metrics")
async def metrics() -> Response:
    """What Prometheus scrapes."""
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _health(request: Request) -> Health:
    health: Health = request.app.state.health
    return health
