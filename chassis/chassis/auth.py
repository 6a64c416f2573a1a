"""Access tokens: who the caller is. Verified here by every service, with owners' public keys and nothing else."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from chassis.problems import Unauthenticated

ISSUER = "carpass"
AUDIENCE = "carpass"
TOKEN_TYPE = "at+jwt"  # noqa: S105 - RFC 9068's media type, no secret
ALGORITHM = "EdDSA"
LEEWAY_SECONDS = 5
MAX_TOKEN_LENGTH = 4096
MAX_REMEMBERED = 10_000
REMEMBERED_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Principal:
    """The person behind a request, and the sign-in session he came through."""

    user_id: UUID
    session_id: UUID


class KeySource(Protocol):
    """Where public keys come from."""

    async def key(self, kid: str) -> Ed25519PublicKey | None:
        """The key of this id, or None when its issuer has no such key; raises Unavailable when that is unknown."""


class LocalKeys:
    """Keys that this process holds itself: the issuer's own, or a test's."""

    def __init__(self, keys: Mapping[str, Ed25519PublicKey]) -> None:
        self._keys = dict(keys)

    async def key(self, kid: str) -> Ed25519PublicKey | None:
        """The key of this id."""
        return self._keys.get(kid)


class TokenVerifier:
    """Verifies access tokens, and remembers the verified ones for as long as they are valid (128 us each otherwise)."""

    def __init__(self, keys: KeySource, *, max_remembered: int = MAX_REMEMBERED) -> None:
        self._keys = keys
        self._max_remembered = max_remembered
        self._verified: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()

    async def verify(self, token: str) -> Principal:
        """Who holds this token; raises Unauthenticated (401), or Unavailable when the keys cannot be had."""
        remembered = self.remembered(token)
        if remembered is not None:
            return remembered
        if not _may_be_one(token):
            raise _invalid()
        digest = _digest(token)
        self._verified.pop(digest, None)
        expires_at, principal = await self._verify(token)
        # Not for ever: a key that was withdrawn ends the tokens that it signed, whatever their own end says.
        self._verified[digest] = (min(expires_at + LEEWAY_SECONDS, time.time() + REMEMBERED_SECONDS), principal)
        if len(self._verified) > self._max_remembered:
            self._verified.popitem(last=False)
        return principal

    def remembered(self, token: str) -> Principal | None:
        """Who holds this token, if it was verified before and is valid still."""
        if not _may_be_one(token):
            return None
        digest = _digest(token)
        remembered = self._verified.get(digest)
        if remembered is None or time.time() >= remembered[0]:
            return None
        self._verified.move_to_end(digest)
        return remembered[1]

    async def _verify(self, token: str) -> tuple[float, Principal]:
        key = await self._keys.key(_key_id(token))
        if key is None:
            raise _invalid()
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                audience=AUDIENCE,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub", "sid"]},
            )
            return float(claims["exp"]), _principal(claims)
        except _MALFORMED as error:
            raise _invalid() from error


_MALFORMED = (jwt.PyJWTError, ValueError, TypeError, KeyError, OverflowError, RecursionError)


def _may_be_one(token: str) -> bool:
    return len(token) <= MAX_TOKEN_LENGTH and token.isascii()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("ascii")).digest()


def _key_id(token: str) -> str:
    try:
        header = jwt.get_unverified_header(token)
    except _MALFORMED as error:
        raise _invalid() from error
    kid = header.get("kid")
    # PyJWT would check `alg` again, but `typ` never: a refresh token or another issuer's id token must not pass here.
    if header.get("alg") != ALGORITHM or header.get("typ") != TOKEN_TYPE or not isinstance(kid, str):
        raise _invalid()
    return kid


def _principal(claims: dict[str, Any]) -> Principal:
    return Principal(user_id=UUID(str(claims["sub"])), session_id=UUID(str(claims["sid"])))


def _invalid() -> Unauthenticated:
    return Unauthenticated("The access token is not valid, or no longer.", challenge='Bearer error="invalid_token"')
