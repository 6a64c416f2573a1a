"""The keys that sign access tokens, and how the other services get to know them."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from chassis.auth import ALGORITHM

LOOK_INTERVAL: Final = 5.0
"""Seconds until a change of the folder is noticed."""

_INSTANT: Final = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_INSTANT_FORMAT: Final = "%Y%m%dT%H%M%SZ"
_log: Final = structlog.get_logger(__name__)


class NoSigningKey(OSError):  # noqa: N818 -- reads as what is wrong
    """The folder of signing keys has none that can be used: the process cannot start, and says so in a sentence."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and the id of its public half: its RFC 7638 thumbprint, so that no two are ever confused.

    Before `signs_from` it is published and does not sign, so that every verifier can have it by then.
    """

    kid: str
    private: Ed25519PrivateKey
    signs_from: datetime | None = None

    @classmethod
    def of(cls, private: Ed25519PrivateKey, signs_from: datetime | None = None) -> Self:
        """The key with its id."""
        thumbprint = f'{{"crv":"Ed25519","kty":"OKP","x":"{_public_text(private)}"}}'
        return cls(_base64url(hashlib.sha256(thumbprint.encode()).digest()), private, signs_from)

    @classmethod
    def read(cls, path: Path) -> Self:
        """The key of a PEM file; raises NoSigningKey when it has none."""
        return cls.of(_private_key(path), signs_from(path))

    def jwk(self) -> dict[str, str]:
        """The public half, for a JWKS (RFC 8037)."""
        return {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": _public_text(self.private),
            "kid": self.kid,
            "use": "sig",
            "alg": ALGORITHM,
        }


class KeyRing:
    """All keys are published; the last by file name signs, of those whose time to sign has come.

    `carpass tokens rotate-keys` adds the next one and removes those that no valid token was signed with.
    """

    def __init__(self, keys: Sequence[SigningKey]) -> None:
        if not keys:
            raise NoSigningKey("there is no signing key")
        self.keys = tuple(keys)
        self._public = {key.kid: key.private.public_key() for key in keys}

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The PEM files of the folder; raises NoSigningKey when there is none, or one that is no Ed25519 key."""
        paths = sorted(folder.glob("*.pem"))
        if not paths:
            raise NoSigningKey(f"{folder} has no *.pem file: put an Ed25519 private key there")
        return cls([SigningKey.read(path) for path in paths])

    def signing(self, now: datetime) -> SigningKey:
        """The key that signs at this time; the first one when the time of none has come."""
        ready = [key for key in self.keys if key.signs_from is None or key.signs_from <= now]
        return ready[-1] if ready else self.keys[0]

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """All public keys (RFC 7517)."""
        return {"keys": [key.jwk() for key in self.keys]}

    async def key(self, kid: str) -> Ed25519PublicKey | None:
        """A public key by its id: this service asks nobody for its own keys."""
        return self._public.get(kid)


class KeyFolder:
    """The keys of a folder as it is now: a rotation needs no restart."""

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises NoSigningKey when there is none to begin with. `clock` counts seconds."""
        self._folder = folder
        self._clock = clock
        self._seen = _listing(folder)
        self._ring = KeyRing.load(folder)
        self._looked_at = clock()

    @property
    def ring(self) -> KeyRing:
        """The keys; a folder that cannot be used any more changes nothing."""
        if self._clock() - self._looked_at >= LOOK_INTERVAL:
            self._looked_at = self._clock()
            self._look()
        return self._ring

    def _look(self) -> None:
        try:
            listing = _listing(self._folder)
            if listing != self._seen:
                self._ring = KeyRing.load(self._folder)
                self._seen = listing
                _log.info("signing keys read again", keys=[key.kid for key in self._ring.keys])
        except OSError as error:
            _log.warning("the signing keys stay as they were", error=str(error))


def key_file_name(signs_from: datetime) -> str:
    """Says from when on the key signs, and sorts behind the keys before it."""
    return f"{signs_from.astimezone(UTC).strftime(_INSTANT_FORMAT)}.pem"


def signs_from(path: Path) -> datetime | None:
    """The instant in the file's name; None for another name: such a key may sign at once."""
    if not _INSTANT.fullmatch(path.stem):
        return None
    try:
        return datetime.strptime(path.stem, _INSTANT_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None


def _listing(folder: Path) -> list[tuple[str, int, int, int]]:
    """Changes whenever a key is added, removed, replaced or made readable."""
    found = [(path.name, path.stat()) for path in sorted(folder.glob("*.pem"))]
    return [(name, status.st_ino, status.st_mtime_ns, status.st_ctime_ns) for name, status in found]


def _private_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError):
        raise NoSigningKey(f"{path} is not a readable PEM private key without a password") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise NoSigningKey(f"{path} is not an Ed25519 key")
    return key


def _public_text(private: Ed25519PrivateKey) -> str:
    return _base64url(private.public_key().public_bytes_raw())


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
