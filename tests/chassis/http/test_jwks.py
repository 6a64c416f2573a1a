"""Public keys over real HTTP, and what happens when their server is away."""

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chassis.jwks import RemoteKeys
from chassis.problems import Unavailable
from tests.support.eventually import eventually

ONE, TWO = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()


def _entry(kid: str, key: Ed25519PrivateKey) -> dict[str, str]:
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x, "use": "sig"}


class Issuer:
    """A JWKS endpoint whose answer a test decides."""

    def __init__(self) -> None:
        self.asked = 0
        self.answering = asyncio.Event()
        self.answering.set()
        self.body: bytes | None = None
        self.status = 200
        self.keys = [_entry("one", ONE)]
        self.url = ""

    async def handle(self, _: web.Request) -> web.Response:
        self.asked += 1
        await self.answering.wait()
        body = orjson.dumps({"keys": self.keys}) if self.body is None else self.body
        return web.Response(body=body, status=self.status, content_type="application/json")


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    issuer = Issuer()
    app = web.Application()
    app.router.add_get("/.well-known/jwks.json", issuer.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    issuer.url = f"http://{host}:{port}/.well-known/jwks.json"
    yield issuer
    issuer.answering.set()
    await runner.cleanup()


def _keys(
    url: str, folder: Path, *, refetch_interval: float = 30, max_age: float = 3600, timeout: float = 10
) -> RemoteKeys:
    return RemoteKeys(
        url, cache=folder / "jwks.json", timeout=timeout, refetch_interval=refetch_interval, max_age=max_age
    )


async def test_key_is_fetched_once_for_everybody_who_waits(issuer: Issuer, tmp_path: Path) -> None:
    keys = _keys(issuer.url, tmp_path)
    found = await asyncio.gather(*(keys.key("one") for _ in range(50)))
    assert found == [ONE.public_key()] * 50
    assert issuer.asked == 1


async def test_file_is_read_once_so_that_no_late_reader_undoes_a_fetch(
    issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []

    def read_cache(path: Path) -> dict[str, Ed25519PublicKey]:
        read.append(path)
        return {}

    monkeypatch.setattr("chassis.jwks._read_cache", read_cache)
    keys = _keys(issuer.url, tmp_path)
    await asyncio.gather(*(keys.key("one") for _ in range(50)))
    assert len(read) == 1


async def test_unknown_kid_is_looked_up_again_only_after_a_while(issuer: Issuer, tmp_path: Path) -> None:
    keys = _keys(issuer.url, tmp_path)
    assert await keys.key("one") is not None
    for kid in ("two", "three", "two"):
        assert await keys.key(kid) is None
    assert issuer.asked == 1


async def test_rotated_key_is_found(issuer: Issuer, tmp_path: Path) -> None:
    keys = _keys(issuer.url, tmp_path, refetch_interval=0)
    assert await keys.key("one") is not None
    issuer.keys = [_entry("one", ONE), _entry("two", TWO)]
    assert await keys.key("two") == TWO.public_key()
    assert issuer.asked == 2


async def test_withdrawn_key_is_dropped_when_keys_are_old(issuer: Issuer, tmp_path: Path) -> None:
    keys = _keys(issuer.url, tmp_path, refetch_interval=0, max_age=0)
    assert await keys.key("one") is not None
    issuer.keys = [_entry("two", TWO)]

    async def gone() -> bool:
        return await keys.key("one") is None

    await eventually(gone)


async def test_keys_on_disk_serve_while_the_issuer_is_away(issuer: Issuer, tmp_path: Path) -> None:
    await _keys(issuer.url, tmp_path).key("one")
    assert await _keys("http://127.0.0.1:9/", tmp_path).key("one") == ONE.public_key()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"keys": 7}', b'{"keys": [{"kty": "OKP"}]}', b"\xff"])
async def test_broken_cache_is_read_as_none(issuer: Issuer, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "jwks.json").write_bytes(content)
    assert await _keys(issuer.url, tmp_path).key("one") == ONE.public_key()


async def test_cache_that_cannot_be_written_hurts_nobody(issuer: Issuer, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert await _keys(issuer.url, tmp_path / "file").key("one") == ONE.public_key()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b""),
        (404, b"{}"),
        (302, b""),
        (200, b"no json"),
        (200, b"[]"),
        (200, b'{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "one", "x": "AAAA"}]}'),
        (200, b'{"keys": [' + b" " * 100_000 + b"]}"),
    ],
)
async def test_without_any_keys_a_token_cannot_be_judged(
    issuer: Issuer, tmp_path: Path, status: int, body: bytes
) -> None:
    issuer.status, issuer.body = status, body
    with pytest.raises(Unavailable):
        await _keys(issuer.url, tmp_path).key("one")


async def test_known_keys_outlive_a_failed_look(issuer: Issuer, tmp_path: Path) -> None:
    keys = _keys(issuer.url, tmp_path, refetch_interval=0)
    assert await keys.key("one") is not None
    issuer.status = 500
    with pytest.raises(Unavailable):
        await keys.key("two")
    assert await keys.key("one") == ONE.public_key()


async def test_silent_issuer_is_given_up_at_the_deadline(issuer: Issuer, tmp_path: Path) -> None:
    issuer.answering.clear()
    with pytest.raises(Unavailable):
        await _keys(issuer.url, tmp_path, timeout=0.1).key("one")


async def test_keys_of_other_kinds_are_passed_over(issuer: Issuer, tmp_path: Path) -> None:
    issuer.keys = [{"kty": "RSA", "kid": "one", "n": "AQAB", "e": "AQAB"}, _entry("two", TWO)]
    keys = _keys(issuer.url, tmp_path)
    assert await keys.key("one") is None
    assert await keys.key("two") == TWO.public_key()
