"""`python -m gateway` as a process of its own."""

import asyncio
import base64
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.routing import UPSTREAMS
from tests.chassis.http.running import Running
from tests.service.gateway.edges import KID, Client
from tests.service.gateway.upstreams import Services
from tests.support.eventually import eventually

ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def started(services: Services, folder: Path, **environment: str) -> AsyncIterator[Running]:
    """Starts the process, and kills it at the end if it still runs."""
    urls = {f"CARPASS_UPSTREAM_{upstream.upper()}_URL": services[upstream].url for upstream in UPSTREAMS}
    own = {
        "CARPASS_JWKS_URL": f"{services['owners'].url}/.well-known/jwks.json",
        "CARPASS_STATE_DIR": str(folder),
        "CARPASS_HTTP_PORT": "0",
    }
    output = folder / "gateway.log"
    with output.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "gateway",
            cwd=ROOT,
            env={**os.environ, **urls, **own, **environment},
            stdout=file,
            stderr=asyncio.subprocess.STDOUT,
        )
    try:
        yield Running(process, output)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def jwks(key: Ed25519PrivateKey) -> bytes:
    x = base64.urlsafe_b64encode(key.public_key().public_bytes_raw()).rstrip(b"=").decode()
    return json.dumps({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": KID, "x": x}]}).encode()


async def test_process_serves_and_ends_with_what_it_has_begun(
    services: Services, key: Ed25519PrivateKey, bearer: dict[str, str], tmp_path: Path
) -> None:
    may_answer = asyncio.Event()

    async def behave(request: web.Request) -> web.StreamResponse:
        if request.path == "/.well-known/jwks.json":
            return web.Response(body=jwks(key))
        await may_answer.wait()
        return web.Response(text="done")

    services["owners"].behaviour = behave
    patient = {"CARPASS_DEADLINES": '{"read": 50, "command": 50}', "CARPASS_SHUTDOWN_GRACE": "60"}
    async with started(services, tmp_path, **patient) as running, Client(await running.address()) as client:
        await eventually(lambda: ready(client), within=60)
        asked = asyncio.create_task(client.get("/v1/me", headers=bearer))
        await eventually(lambda: "/v1/me" in {seen.target for seen in services["owners"].seen})
        running.process.terminate()
        await eventually(lambda: refuses(running), within=60)
        assert running.process.returncode is None
        may_answer.set()
        answer = await asked
        assert (answer.status, answer.body, answer.headers["Connection"]) == (200, b"done", "close")
        assert await running.exit_code() == 0
        assert running.errors == []


async def ready(client: Client) -> bool:
    return (await client.get("/readyz")).status == 200


async def refuses(running: Running) -> bool:
    async with Client(await running.address()) as newcomer:
        try:
            await newcomer.get("/livez")
        except aiohttp.ClientConnectionError:
            return True
    return False
