"""Passwords, keys and tokens of one local stack: made once, readable by their owner only."""

import json
import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chassis.provision import ROLES, RolePasswords

_TOKEN_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True, repr=False)
class Secrets:
    """What the parts of the stack share with each other, and with nobody else."""

    folder: Path
    passwords: dict[str, RolePasswords]
    bot_token: str
    notifier_credential: str
    webhook_secret: str
    telegram_public_key: str
    """Hex of the Ed25519 key that signs Mini App data in place of Telegram's own."""

    @property
    def signing_keys_dir(self) -> Path:
        """PEM private keys of access tokens; the last by name signs."""
        return self.folder / "signing-keys"

    @property
    def audit_signing_key_file(self) -> Path:
        """PEM private key of the audit log's checkpoints."""
        return self.folder / "audit-signing-key.pem"

    @property
    def telegram_private_key_file(self) -> Path:
        """PEM private key that belongs to `telegram_public_key`."""
        return self.folder / "telegram-key.pem"

    @classmethod
    def load(cls, folder: Path) -> "Secrets | None":
        """The secrets made before; None when there are none."""
        try:
            content = json.loads((folder / "secrets.json").read_text())
        except FileNotFoundError:
            return None
        passwords = {service: RolePasswords(**of_roles) for service, of_roles in content.pop("passwords").items()}
        return cls(folder=folder, passwords=passwords, **content)

    @classmethod
    def load_or_make(cls, folder: Path, services: Sequence[str]) -> "Secrets":
        """The secrets made before, or new ones."""
        return cls.load(folder) or _make(folder, services)


def _make(folder: Path, services: Sequence[str]) -> Secrets:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    (folder / "signing-keys").mkdir(exist_ok=True)
    write_ed25519_key(folder / "signing-keys" / "0001.pem")
    write_ed25519_key(folder / "audit-signing-key.pem")
    content = {
        "passwords": {service: {role: secrets.token_urlsafe(24) for role in ROLES} for service in services},
        "bot_token": f"{10**9 + secrets.randbelow(9 * 10**9)}:{_letters(35)}",
        "notifier_credential": secrets.token_urlsafe(32),
        "webhook_secret": secrets.token_urlsafe(32),
        "telegram_public_key": write_ed25519_key(folder / "telegram-key.pem"),
    }
    # Last, because its presence says that everything beside it is complete.
    _write_private(folder / "secrets.json", json.dumps(content, indent=2).encode())
    made = Secrets.load(folder)
    assert made is not None  # noqa: S101 -- written just above
    return made


def _letters(count: int) -> str:
    return "".join(secrets.choice(_TOKEN_LETTERS) for _ in range(count))


def write_ed25519_key(file: Path) -> str:
    """Write a new private key, at once or not at all and for its owner only; the public key as hex."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 -- slow to import, needed once
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write_private(file, pem)
    return key.public_key().public_bytes_raw().hex()


def _write_private(file: Path, content: bytes) -> None:
    unfinished = file.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    unfinished.write_bytes(content)
    unfinished.replace(file)
