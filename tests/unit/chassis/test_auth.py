import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chassis.auth import ALGORITHM, AUDIENCE, ISSUER, LEEWAY_SECONDS, TOKEN_TYPE, LocalKeys, Principal, TokenVerifier
from chassis.problems import Unauthenticated

KEY = Ed25519PrivateKey.generate()
OTHER_KEY = Ed25519PrivateKey.generate()
USER, SESSION = uuid4(), uuid4()


def _claims(**changes: Any) -> dict[str, Any]:
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": str(USER), "sid": str(SESSION), "exp": time.time() + 900}
    return {name: value for name, value in (claims | changes).items() if value is not None}


def _token(
    *, key: Any = KEY, algorithm: str | None = ALGORITHM, header: dict[str, Any] | None = None, **claims: Any
) -> str:
    headers = {"kid": "current", "typ": TOKEN_TYPE, **(header or {})}
    return jwt.encode(_claims(**claims), key, algorithm=algorithm, headers=headers)


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _handmade(header: bytes, claims: bytes, signature: bytes = b"") -> str:
    return ".".join(map(_base64, (header, claims, signature)))


def _signed_by_hand(header: dict[str, Any], claims: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    signed = f"{_base64(json.dumps(header).encode())}.{_base64(json.dumps(claims).encode())}"
    return f"{signed}.{_base64(sign(signed.encode()))}"


def _with_public_key_as_secret() -> str:
    secret = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = {"alg": "HS256", "kid": "current", "typ": TOKEN_TYPE}
    return _signed_by_hand(header, _claims(), lambda signed: hmac.digest(secret, signed, hashlib.sha256))


def _with_key_inside() -> str:
    raw = OTHER_KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    header = {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": _base64(raw)}}
    return _token(key=OTHER_KEY, header=header)


def _swapped_claims() -> str:
    header, _, signature = _token().split(".")
    return f"{header}.{_base64(json.dumps(_claims(sub=str(uuid4()))).encode())}.{signature}"


ATTACKS: dict[str, Callable[[], str]] = {
    "alg none": lambda: _token(key=None, algorithm="none"),
    "alg none in capitals": lambda: _handmade(
        json.dumps({"alg": "NONE", "kid": "current", "typ": TOKEN_TYPE}).encode(), json.dumps(_claims()).encode()
    ),
    "HS256 with the public key as secret": _with_public_key_as_secret,
    "a key inside the header": _with_key_inside,
    "another key under our kid": lambda: _token(key=OTHER_KEY),
    "an unknown kid": lambda: _token(header={"kid": "other"}),
    "a kid that is a path": lambda: _token(header={"kid": "../../etc/passwd"}),
    "no typ": lambda: _token(header={"typ": None}),
    "the typ of any JWT": lambda: _token(header={"typ": "JWT"}),
    "the typ of a refresh token": lambda: _token(header={"typ": "rt+jwt"}),
    "a critical extension": lambda: _token(header={"crit": ["b64"], "b64": False}),
    "claims of somebody else": _swapped_claims,
    "another issuer": lambda: _token(iss="mallory"),
    "no issuer": lambda: _token(iss=None),
    "another audience": lambda: _token(aud="other"),
    "no audience": lambda: _token(aud=None),
    "expired": lambda: _token(exp=time.time() - LEEWAY_SECONDS - 1),
    "no expiry": lambda: _token(exp=None),
    "an expiry that is no number": lambda: _token(exp="soon"),
    "an expiry without end": lambda: _signed_by_hand(
        {"alg": ALGORITHM, "kid": "current", "typ": TOKEN_TYPE}, _claims(exp=float("inf")), KEY.sign
    ),
    "not valid yet": lambda: _token(nbf=time.time() + 600),
    "no subject": lambda: _token(sub=None),
    "a subject that is no id": lambda: _token(sub="root"),
    "a subject that is no text": lambda: _signed_by_hand(
        {"alg": ALGORITHM, "kid": "current", "typ": TOKEN_TYPE}, _claims(sub=7), KEY.sign
    ),
    "no session": lambda: _token(sid=None),
    "a session that is no text": lambda: _token(sid=7),
    "claims that are a list": lambda: _handmade(
        json.dumps({"alg": ALGORITHM, "kid": "current", "typ": TOKEN_TYPE}).encode(), b"[]", b"x" * 64
    ),
    "an empty token": lambda: "",
    "dots only": lambda: "..",
    "five parts": lambda: _token() + ".a.b",
    "two parts": lambda: _token().rpartition(".")[0],
    "no signature": lambda: _token().rpartition(".")[0] + ".",
    "a signature with a bit flipped": lambda: _token()[:-4] + "AAAA",
    "no base64": lambda: "!!!.???.***",
    "a header that is no JSON": lambda: _handmade(b"{", b"{}"),
    "a header that is a list": lambda: _handmade(b"[]", b"{}"),
    "a header nested without end": lambda: _handmade(b"[" * 2500, b"{}"),
    "a header that is no UTF-8": lambda: _handmade(b"\xff", b"{}"),
    "not ASCII": lambda: _token() + "\u00e9",
    "far too long": lambda: _token(sid=str(SESSION), padding="x" * 10_000),
}


class _CountingKeys:
    def __init__(self) -> None:
        self.asked = 0

    async def key(self, kid: str) -> Ed25519PublicKey | None:
        self.asked += 1
        return KEY.public_key() if kid == "current" else None


@pytest.fixture
def verifier() -> TokenVerifier:
    return TokenVerifier(LocalKeys({"current": KEY.public_key()}))


async def test_good_token_names_user_and_session(verifier: TokenVerifier) -> None:
    assert await verifier.verify(_token()) == Principal(user_id=USER, session_id=SESSION)


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
async def test_forged_token_is_refused(verifier: TokenVerifier, attack: Callable[[], str]) -> None:
    with pytest.raises(Unauthenticated) as refused:
        await verifier.verify(attack())
    assert refused.value.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


async def test_forged_token_is_refused_after_a_good_one_was_remembered(verifier: TokenVerifier) -> None:
    token = _token()
    await verifier.verify(token)
    with pytest.raises(Unauthenticated):
        await verifier.verify(token[:-4] + "AAAA")


async def test_remembered_token_is_not_verified_again() -> None:
    keys = _CountingKeys()
    verifier = TokenVerifier(keys)
    token = _token()
    assert await verifier.verify(token) == await verifier.verify(token)
    assert keys.asked == 1


async def test_remembered_token_is_verified_anew_once_it_has_expired(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = _CountingKeys()
    verifier = TokenVerifier(keys)
    token = _token(exp=time.time() + 60)
    await verifier.verify(token)
    later = time.time() + 120
    monkeypatch.setattr("chassis.auth.time.time", lambda: later)  # PyJWT reads another clock, and still agrees
    await verifier.verify(token)
    assert keys.asked == 2


async def test_no_more_tokens_are_remembered_than_allowed() -> None:
    keys = _CountingKeys()
    verifier = TokenVerifier(keys, max_remembered=2)
    first, *others = [_token(sub=str(UUID(int=number))) for number in range(3)]
    for token in (first, *others):
        await verifier.verify(token)
    assert keys.asked == 3
    for token in others:
        await verifier.verify(token)
    assert keys.asked == 3
    await verifier.verify(first)
    assert keys.asked == 4
