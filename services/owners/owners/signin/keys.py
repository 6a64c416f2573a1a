"""The keys that sign access tokens, and how the other services get to know them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from chassis.auth import ALGORITHM


class NoSigningKey(OSError):  # noqa: N818 -- reads as what is wrong
    """The folder of signing keys has none that can be used: the process cannot start, and says so in a sentence."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and the id of its public half: its RFC 7638 thumbprint, so that no two are ever confused."""

    kid: str
    private: Ed25519PrivateKey

    @classmethod
    def of(cls, private: Ed25519PrivateKey) -> Self:
        """The key with its id."""
        thumbprint = f'{{"crv":"Ed25519","kty":"OKP","x":"{_public_text(private)}"}}'
        return cls(_base64url(hashlib.sha256(thumbprint.encode()).digest()), private)

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
    """All keys of the folder are published; the last by file name signs.

    To rotate without a refused token: add the new key under a name that sorts first and restart, so that it is known
    everywhere; rename it to sort last and restart; remove the old one after 15 minutes.
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
        return cls([SigningKey.of(_private_key(path)) for path in paths])

    @property
    def signing(self) -> SigningKey:
        """The key that signs."""
        return self.keys[-1]

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """All public keys (RFC 7517)."""
        return {"keys": [key.jwk() for key in self.keys]}

    async def key(self, kid: str) -> Ed25519PublicKey | None:
        """A public key by its id: this service asks nobody for its own keys."""
        return self._public.get(kid)


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
