import gzip
import hashlib
from importlib.resources import files
from typing import Any

import pytest
from aiohttp import web

from tests.service.gateway.edges import Client, Edge, StartGateway
from tests.service.gateway.upstreams import Services


@pytest.fixture
def visit() -> str:
    return "stranger"  # what the services do here suits no other request


def describe(*paths: str) -> Any:
    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.path == "/openapi.json"
        operation = {"operationId": "read", "responses": {"200": {"description": "ok"}}}
        described = {path: {"get": operation} for path in paths}
        return web.json_response({"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": described})

    return answer


async def test_document_is_the_merge_of_the_services_there(start_gateway: StartGateway, services: Services) -> None:
    services["owners"].behaviour = describe("/v1/cars/{car_id}", "/internal", "/livez")
    services["trust"].behaviour = describe("/v1/cars/{car_id}/score")
    for upstream in ("sto", "workorders"):
        services[upstream].behaviour = describe()
    await services["notifier"].go_away()
    edge = await start_gateway()
    async with Client(edge.url) as client:
        document = (await client.get("/openapi.json")).json()
    assert document["openapi"] == "3.1.0"
    assert set(document["paths"]) == {"/v1/cars/{car_id}", "/v1/cars/{car_id}/score"}
    assert document["x-carpass-missing"] == ["notifier"]
    assert document["paths"]["/v1/cars/{car_id}/score"]["get"]["operationId"] == "trust_read"


async def test_service_that_describes_itself_badly_spoils_nothing(
    start_gateway: StartGateway, services: Services
) -> None:
    async def babble(_request: web.Request) -> web.StreamResponse:
        return web.json_response(["no", "document"])

    for service in services.values():
        service.behaviour = babble
    services["owners"].behaviour = describe("/v1/cars")
    edge = await start_gateway()
    async with Client(edge.url) as client:
        document = (await client.get("/openapi.json")).json()
    assert set(document["paths"]) == {"/v1/cars"}
    assert document["x-carpass-missing"] == ["notifier", "sto", "trust", "workorders"]


async def test_reference_page_is_off_unless_asked_for(gateway: Edge) -> None:
    async with Client(gateway.url) as client:
        assert (await client.get("/docs")).status == 404
        assert (await client.get("/docs/scalar-1.46.4.js")).status == 404


async def test_reference_page_loads_nothing_from_elsewhere(start_gateway: StartGateway) -> None:
    edge = await start_gateway(docs_enabled=True)
    async with Client(edge.url) as client:
        page = await client.get("/docs")
        policy = page.headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "connect-src 'self'" in policy
        assert "http" not in policy
        assert b"http" not in page.body
        script = await client.get("/docs/scalar-1.46.4.js", headers={"Accept-Encoding": "gzip"})
        assert script.headers["Content-Encoding"] == "gzip"
        assert "immutable" in script.headers["Cache-Control"]
        assert b"/docs/scalar-1.46.4.js" in page.body
        served = hashlib.sha256(gzip.decompress(script.body)).hexdigest()
    assert served in files("gateway").joinpath("static", "NOTICE.md").read_text()


async def test_metrics_are_on_the_admin_port_only(start_gateway: StartGateway, bearer: dict[str, str]) -> None:
    edge = await start_gateway(admin_port=0)
    assert edge.server.admin is not None
    admin_url = f"http://127.0.0.1:{edge.server.admin.port}"
    async with Client(edge.url) as client, Client(admin_url) as admin:
        assert (await client.get("/v1/me", headers=bearer)).status == 200
        assert (await client.get("/metrics")).status == 404
        metrics = (await admin.get("/metrics")).body.decode()
        labels = 'method="GET",route="/v1/me/**",service="gateway",status="200"'
        assert f"carpass_http_request_seconds_count{{{labels}}}" in metrics
        assert 'carpass_gateway_breaker_open{upstream="owners"} 0.0' in metrics
        assert (await admin.get("/readyz")).status == 200
        assert (await admin.get("/v1/me", headers=bearer)).status == 404
