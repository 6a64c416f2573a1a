"""The gateway under test: the production wiring on a loopback port, in this process."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import aiohttp
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from multidict import CIMultiDictProxy
from yarl import URL

from chassis.auth import ALGORITHM, AUDIENCE, ISSUER, TOKEN_TYPE, KeySource
from gateway.settings import GatewaySettings
from gateway.wiring import GatewayServer

KID = "test-key"

type StartGateway = Callable[..., Awaitable[Edge]]


def claims() -> dict[str, Any]:
    now = int(time.time())
    return {"iss": ISSUER, "aud": AUDIENCE, "sub": str(uuid4()), "sid": str(uuid4()), "exp": now + 900}


def token(key: Any, *, changed: Mapping[str, Any] | None = None, **header: Any) -> str:
    algorithm = header.pop("alg", ALGORITHM)
    headers = {"kid": KID, "typ": TOKEN_TYPE, **header}
    return jwt.encode({**claims(), **(changed or {})}, key, algorithm=algorithm, headers=headers)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def content_type(self) -> str:
        return self.headers.get("Content-Type", "")

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """A client that reads every answer to its end and sends every path as it is given."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        """`headers`: what every request carries."""
        self._url = url
        self.session = aiohttp.ClientSession(headers=headers, auto_decompress=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.session.close()

    def open(self, method: str, path: str, **options: Any) -> Any:
        url = URL(self._url + path, encoded=True)
        return self.session.request(method, url, allow_redirects=False, **options)

    async def request(self, method: str, path: str, **options: Any) -> Answer:
        async with self.open(method, path, **options) as answer:
            return Answer(answer.status, answer.headers, await answer.read())

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Any) -> Answer:
        return await self.request("POST", path, **options)


class Edge:
    """Listens from entering to leaving; `stop` ends it as SIGTERM would."""

    def __init__(self, settings: Mapping[str, Any], keys: KeySource) -> None:
        self._settings = GatewaySettings(**settings)
        self._keys = keys
        self._stop = asyncio.Event()

    async def __aenter__(self) -> Self:
        self.server = GatewayServer(self._settings, keys=self._keys)
        self.running = asyncio.create_task(self.server.run(self._stop))
        self.port = self.server.public.port
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    def stop(self) -> None:
        self.server.health.stopping()
        self._stop.set()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        await asyncio.wait_for(self.running, 60)

    async def raw(self, *pieces: bytes, until_closed: bool = False) -> bytes:
        """What comes back for exactly these bytes: one answer's head and what came with it, or all until the end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            if until_closed:
                return await asyncio.wait_for(reader.read(), 60)
            return await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60) + await _rest(reader)
        finally:
            writer.close()


async def _rest(reader: asyncio.StreamReader) -> bytes:
    try:
        return await asyncio.wait_for(reader.read(65_536), 0.2)
    except TimeoutError:
        return b""


def generated_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()
