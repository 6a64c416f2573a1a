"""Makes every password, key and token of the compose installation once, each where only its reader mounts it.

Layout of the volume: <reader>/<setting as a file>; a reader is one service in one role.
"""

import os
import secrets
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

VOLUME = Path("/secrets")
SERVICES = ("owners", "sto", "workorders", "trust", "notifier")
ROLES = ("owner", "api", "worker")
READER = 10001  # the user of every image


def main() -> None:
    """Does nothing when the secrets are there: the databases already know them."""
    if (VOLUME / "complete").exists():
        sys.stdout.write("secrets are there\n")
        return
    for service in SERVICES:
        make_database_secrets(service)
    make_telegram_secrets()
    write("owners-api/signing-keys/0001.pem", private_key())
    (VOLUME / "owners-api" / "signing-keys").chmod(0o700)  # operations add and remove keys
    write("trust-worker/audit-signing-key.pem", private_key())
    (VOLUME / "complete").touch()
    sys.stdout.write("secrets made\n")


def make_database_secrets(service: str) -> None:
    """The superuser's password for the server, and each role's URL for the process that uses it."""
    superuser = secrets.token_urlsafe(24)
    passwords = {role: secrets.token_urlsafe(24) for role in ROLES}
    host = f"{service}-db:5432"
    urls = {role: f"postgresql://{service}_{role}:{passwords[role]}@{host}/{service}" for role in ROLES}
    write(f"{service}-db/postgres_password", superuser, reader=None)
    write(f"{service}-migrate/carpass_database_admin_url", f"postgresql://postgres:{superuser}@{host}/postgres")
    for role, url in urls.items():
        write(f"{service}-migrate/carpass_database_{role}_url", url)
    write(f"{service}-api/carpass_database_api_url", urls["api"])
    write(f"{service}-worker/carpass_database_worker_url", urls["worker"])
    write(f"operations/carpass_{service}_database_url", urls["owner"])


def make_telegram_secrets() -> None:
    """What owners, the notifier and the double of the Bot API share."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    token = f"{10**9 + secrets.randbelow(9 * 10**9)}:{''.join(secrets.choice(letters) for _ in range(35))}"
    credential, webhook = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    for reader in ("owners-api", "notifier-api", "notifier-worker", "telegram"):
        write(f"{reader}/carpass_telegram_bot_token", token)
    for reader in ("owners-api", "notifier-api", "notifier-worker"):
        write(f"{reader}/carpass_notifier_credential", credential)
    for reader in ("notifier-api", "notifier-worker"):
        write(f"{reader}/carpass_telegram_webhook_secret", webhook)


def private_key() -> str:
    """A new Ed25519 key, PEM."""
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def write(name: str, content: str, *, reader: int | None = READER) -> None:
    """One secret for one reader only; None: for whoever mounts it, where the image chooses the user."""
    path = VOLUME / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")
    path.chmod(0o444 if reader is None else 0o400)
    for folder in list(path.parents)[: len(path.relative_to(VOLUME).parts) - 1]:
        folder.chmod(0o555 if reader is None else 0o500)
        os.chown(folder, reader or 0, reader or 0)
    os.chown(path, reader or 0, reader or 0)


if __name__ == "__main__":
    main()
