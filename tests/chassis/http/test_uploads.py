"""Paths that take files instead of JSON."""

from collections.abc import AsyncIterator

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import APIRouter, Request

from chassis.auth import LocalKeys
from chassis.db import Database
from chassis.http import create_app
from chassis.settings import ServiceSettings
from tests.chassis.http.people import KID

LIMIT = 3 << 20
router = APIRouter()


@router.post("/v1/files")
async def weigh_file(request: Request) -> int:
    return len(await request.body())


@router.post("/v1/files/{name}")
async def weigh_json(name: str, request: Request) -> int:
    return len(name) * 0 + len(await request.body())


@pytest.fixture
async def client(database: Database, signing_key: Ed25519PrivateKey) -> AsyncIterator[httpx.AsyncClient]:
    keys = LocalKeys({KID: signing_key.public_key()})
    app = create_app(
        "files", ServiceSettings(), routers=[router], database=database, keys=keys, uploads={"/v1/files": LIMIT}
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://files") as client:
        yield client


@pytest.mark.parametrize("content_type", ["text/csv", "application/zip", "application/json", ""])
async def test_upload_is_any_bytes_of_any_kind(client: httpx.AsyncClient, content_type: str) -> None:
    answer = await client.post("/v1/files", content=b"\0\xff{" * 10, headers={"Content-Type": content_type})
    assert (answer.status_code, answer.json()) == (200, 30)


async def test_upload_is_bounded_by_its_own_limit(client: httpx.AsyncClient) -> None:
    async def in_chunks() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield b"x" * (1 << 20)

    assert (await client.post("/v1/files", content=b"x" * LIMIT)).json() == LIMIT
    assert (await client.post("/v1/files", content=b"x" * (LIMIT + 1))).status_code == 413
    assert (await client.post("/v1/files", content=in_chunks())).status_code == 413


async def test_every_other_path_takes_strict_json_only(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "text/csv"}
    assert (await client.post("/v1/files/a", content=b"a;b", headers=headers)).status_code == 415
    assert (await client.post("/v1/files/a", content=b"x" * LIMIT)).status_code == 413
