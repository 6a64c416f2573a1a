"""Forged tokens, forged sign-ins and nasty JSON, sent to the gateway of a whole stack."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from cli.client.gateway import Gateway
from cli.client.sign_in import TelegramUser, signed_init_data
from cli.stack.stack import Stack
from owners.signin.keys import SigningKey
from tests.e2e.playing import PATIENCE, newcomer

MALLORY = TelegramUser.named("Mallory Forger")


@dataclass(frozen=True)
class Forger:
    """Has the secrets of the stack, so as to be wrong in one thing at a time, and a token of somebody."""

    token: str
    key: Ed25519PrivateKey
    bot_token: str
    http: httpx.AsyncClient

    @property
    def head(self) -> dict[str, Any]:
        return jwt.get_unverified_header(self.token)

    def claims(self, **changes: Any) -> dict[str, Any]:
        own = jwt.decode(self.token, options={"verify_signature": False})
        return {name: value for name, value in (own | changes).items() if value is not None}

    def forged(self, *, key: Ed25519PrivateKey | None = None, head: dict[str, Any] | None = None, **claims: Any) -> str:
        headers = self.head | (head or {})
        return jwt.encode(self.claims(**claims), key or self.key, algorithm="EdDSA", headers=headers)

    def by_hand(self, alg: str, sign: Callable[[bytes], bytes]) -> str:
        """What no library would make."""
        signed = f"{_base64(json.dumps(self.head | {'alg': alg}))}.{_base64(json.dumps(self.claims()))}"
        return f"{signed}.{_base64(sign(signed.encode()))}"

    def init_data(self, *fields: tuple[str, str], bot_token: str | None = None) -> str:
        """Exactly these fields, signed as Telegram signs."""
        signed = "\n".join(f"{name}={value}" for name, value in sorted(fields))
        secret = hmac.digest(b"WebAppData", (bot_token or self.bot_token).encode(), "sha256")
        proof = hmac.new(secret, signed.encode(), "sha256").hexdigest()
        return "&".join(f"{name}={quote(value, safe='')}" for name, value in (*fields, ("hash", proof)))

    async def sign_in(self, init_data: str) -> httpx.Response:
        return await self.http.post("/v1/auth/telegram", json={"init_data": init_data})


@pytest.fixture(scope="module")
async def forger(stack: Stack, gateway: Gateway) -> AsyncIterator[Forger]:
    token = (await newcomer(stack, gateway, "Victim")).access_token
    kid = jwt.get_unverified_header(token)["kid"]
    keys = [load_pem_private_key(pem.read_bytes(), None) for pem in stack.secrets.signing_keys_dir.glob("*.pem")]
    (key,) = [key for key in keys if isinstance(key, Ed25519PrivateKey) and SigningKey.of(key).kid == kid]
    async with httpx.AsyncClient(base_url=stack.gateway_url, timeout=PATIENCE) as http:
        yield Forger(token, key, stack.secrets.bot_token, http)


def _base64(value: bytes | str) -> str:
    raw = value.encode() if isinstance(value, str) else value
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _with_public_key_as_secret(forger: Forger, encoding: Encoding, form: PublicFormat) -> str:
    secret = forger.key.public_key().public_bytes(encoding, form)
    return forger.by_hand("HS256", lambda signed: hmac.digest(secret, signed, hashlib.sha256))


TOKENS: dict[str, Callable[[Forger], str]] = {
    "none": lambda forger: forger.by_hand("none", lambda _: b""),
    "none with a signature": lambda forger: forger.by_hand("none", forger.key.sign),
    "HS256 with the public key": lambda forger: _with_public_key_as_secret(forger, Encoding.Raw, PublicFormat.Raw),
    "HS256 with the public key as PEM": lambda forger: _with_public_key_as_secret(
        forger, Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    ),
    "another key under the same kid": lambda forger: forger.forged(key=Ed25519PrivateKey.generate()),
    "an unknown kid": lambda forger: forger.forged(head={"kid": "other"}),
    "wrong audience": lambda forger: forger.forged(aud="other"),
    "no audience": lambda forger: forger.forged(aud=None),
    "wrong issuer": lambda forger: forger.forged(iss="other"),
    "wrong type": lambda forger: forger.forged(head={"typ": "JWT"}),
    "expired": lambda forger: forger.forged(exp=int(time.time()) - 60),
    "no expiry": lambda forger: forger.forged(exp=None),
    "no subject": lambda forger: forger.forged(sub=None),
    "changed signature": lambda forger: forger.token[:-6] + "AAAAAA",
    "claims of somebody else": lambda forger: ".".join(
        (forger.token.split(".")[0], _base64(json.dumps(forger.claims(sub=str(uuid4())))), forger.token.split(".")[2])
    ),
    "no JWT": lambda _: "x.y.z",
}


def _user(**changes: Any) -> tuple[str, str]:
    described = {"id": MALLORY.id, "first_name": "Mallory", "language_code": "en"} | changes
    return "user", json.dumps(described)


def _dated(seconds: float = 0) -> tuple[str, str]:
    return "auth_date", str(int(time.time() + seconds))


SIGN_INS: dict[str, Callable[[Forger], str]] = {
    "forged": lambda forger: forger.init_data(_dated(), _user())[:-8] + "00000000",
    "signed for another bot": lambda forger: forger.init_data(_dated(), _user(), bot_token="1:other"),
    "stale": lambda forger: forger.init_data(_dated(-400), _user()),
    "from the future": lambda forger: forger.init_data(_dated(120), _user()),
    "the year 2001": lambda forger: forger.init_data(("auth_date", "1000000000"), _user()),
    "no date": lambda forger: forger.init_data(_user()),
    "a date that is no number": lambda forger: forger.init_data(("auth_date", "now"), _user()),
    "a date beyond all clocks": lambda forger: forger.init_data(("auth_date", "9" * 400), _user()),
    "the same field twice": lambda forger: forger.init_data(_dated(), _user(), _user(id=1)),
    "two hashes": lambda forger: forger.init_data(_dated(), _user()) + "&hash=" + "0" * 64,
    "a key in the user twice": lambda forger: forger.init_data(_dated(), ("user", '{"id": 1, "id": 2}')),
    "not ASCII": lambda forger: forger.init_data(_dated(), _user()) + "&имя=Мэллори",
    "a hash that is not ASCII": lambda forger: forger.init_data(_dated(), _user())[:-1] + "٣",
    "invalid UTF-8": lambda forger: forger.init_data(_dated(), _user()) + "&name=%ff%fe",
    "a line break in a value": lambda forger: forger.init_data(_dated(), _user(), ("start_param", "a\nuser={}")),
    "NUL in the name": lambda forger: forger.init_data(_dated(), _user(first_name="a\0b")),
    "a lone surrogate in the name": lambda forger: forger.init_data(
        _dated(), ("user", '{"id": 7, "first_name": "\\ud800"}')
    ),
    "no user": lambda forger: forger.init_data(_dated()),
    "a user that is a list": lambda forger: forger.init_data(_dated(), ("user", "[]")),
    "a user nested without end": lambda forger: forger.init_data(_dated(), ("user", "[" * 1500)),
    "a bot": lambda forger: forger.init_data(_dated(), _user(is_bot=True)),
    "an id below zero": lambda forger: forger.init_data(_dated(), _user(id=-1)),
    "an id that is a text": lambda forger: forger.init_data(_dated(), _user(id="7")),
    "an id beyond all ids": lambda forger: forger.init_data(_dated(), _user(id=10**30)),
    "an id that is true": lambda forger: forger.init_data(_dated(), _user(id=True)),
    "no proof": lambda _: "&".join(f"{name}={quote(value)}" for name, value in (_dated(), _user())),
    "nothing": lambda _: "",
    "no pairs": lambda _: "&&&",
    "far too long": lambda forger: forger.init_data(_dated(), _user(), ("start_param", "a" * 20_000)),
}

NASTY: dict[str, bytes] = {
    "NaN": b'{"plate": NaN}',
    "infinity": b'{"year": -Infinity}',
    "a lone surrogate": b'{"make": "\\ud800"}',
    "NUL": b'{"make": "a\\u0000b"}',
    "a key twice": b'{"make": "a", "make": "b"}',
    "100,000 arrays deep": b"[" * 100_000 + b"]" * 100_000,
    "100,000 objects deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "10^400": b'{"year": 1' + b"0" * 400 + b"}",
    "1e400": b'{"year": 1e400}',
    "invalid UTF-8": b'{"make": "\xff\xfe"}',
    "UTF-16": '{"make": "a"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"make": "a"}',
    "cut off": b'{"make": "a',
    "nothing": b"",
    "null": b"null",
    "an array": b"[]",
    "a number": b"7",
    "an unknown field": b'{"is_admin": true}',
    "over a mebibyte": b'{"make": "' + b"a" * (1 << 20) + b'"}',
}
ROUTES = ("/v1/cars", "/v1/work-orders", "/v1/auth/telegram")


async def test_the_forger_s_ways_are_right_when_nothing_is_wrong(forger: Forger) -> None:
    mine = {"Authorization": f"Bearer {forger.forged()}"}
    assert (await forger.http.get("/v1/me", headers=mine)).status_code == 200
    assert (await forger.sign_in(forger.init_data(_dated(), _user()))).status_code == 200


@pytest.mark.parametrize("attack", TOKENS)
async def test_forged_token_opens_nothing(forger: Forger, attack: str) -> None:
    headers = {"Authorization": f"Bearer {TOKENS[attack](forger)}"}
    for path in ("/v1/me", "/v1/service-centers", "/v1/work-orders", "/v1/audit", "/v1/notifications"):
        answer = await forger.http.get(path, headers=headers)
        assert answer.status_code == 401, path
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        _is_problem(answer)


@pytest.mark.parametrize("attack", SIGN_INS)
async def test_forged_sign_in_is_refused(forger: Forger, attack: str) -> None:
    answer = await forger.sign_in(SIGN_INS[attack](forger))
    assert answer.status_code == 401, answer.text
    _is_problem(answer)


async def test_sign_in_is_accepted_once(forger: Forger) -> None:
    init_data = signed_init_data(MALLORY, forger.bot_token)
    assert [(await forger.sign_in(init_data)).status_code for _ in range(2)] == [200, 401]


async def test_forged_login_widget_is_refused(forger: Forger) -> None:
    for widget in (
        {"id": MALLORY.id, "first_name": "Mallory", "auth_date": int(time.time()), "hash": "0" * 64},
        {"id": {"$gt": 0}, "auth_date": [], "hash": 7},
        {"hash": "٣" * 64},
        {},
    ):
        answer = await forger.http.post("/v1/auth/telegram", json={"login_widget": widget})
        assert answer.status_code == 401, answer.text


@pytest.mark.parametrize("body", NASTY)
@pytest.mark.parametrize("route", ROUTES)
async def test_nasty_json_is_the_client_s_mistake(forger: Forger, route: str, body: str) -> None:
    headers = {
        "Authorization": f"Bearer {forger.token}",
        "Idempotency-Key": str(uuid4()),
        "Content-Type": "application/json",
    }
    answer = await forger.http.post(route, content=NASTY[body], headers=headers)
    assert 400 <= answer.status_code < 500, answer.text
    _is_problem(answer)


def _is_problem(answer: httpx.Response) -> None:
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"].startswith("urn:carpass:problem:")
    assert problem["trace_id"] == answer.headers["X-Trace-Id"]
    assert "Traceback" not in answer.text
