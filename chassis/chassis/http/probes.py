"""`/livez`, `/readyz` and `/metrics`: the same in every role."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from chassis.health import Health


def probes(health: Health) -> APIRouter:
    """The routes that supervisors and Prometheus call."""
    router = APIRouter(include_in_schema=False)

    @router.get("/livez")
    async def livez() -> Response:
        return JSONResponse({"alive": health.alive}, status_code=200 if health.alive else 503)

    @router.get("/readyz")
    async def readyz() -> Response:
        unready = await health.unready()
        return JSONResponse({"ready": not unready, "unready": unready}, status_code=503 if unready else 200)

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return router
