from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from chassis.db import Database
from chassis.settings import SettingMissing
from owners.settings import OwnersSettings
from owners.signin.keys import KeyRing, NoSigningKey, SigningKey
from owners.wiring import service

# RFC 8037, appendix A: a key and its thumbprint.
RFC_8037_KEY = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
RFC_8037_THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def pem(key: Ed25519PrivateKey | X25519PrivateKey, password: bytes | None = None) -> bytes:
    protection = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)


def test_key_id_is_the_thumbprint_of_rfc_7638() -> None:
    assert SigningKey.of(Ed25519PrivateKey.from_private_bytes(RFC_8037_KEY)).kid == RFC_8037_THUMBPRINT


def test_last_key_by_name_signs_and_all_are_published(tmp_path: Path) -> None:
    for name in ("2026-01.pem", "2026-02.pem", "0-next.pem"):
        (tmp_path / name).write_bytes(pem(Ed25519PrivateKey.generate()))
    (tmp_path / "README").write_text("not a key")
    ring = KeyRing.load(tmp_path)
    last = load_pem_private_key((tmp_path / "2026-02.pem").read_bytes(), None)
    assert isinstance(last, Ed25519PrivateKey)
    assert ring.signing(datetime.now(UTC)).private.private_bytes_raw() == last.private_bytes_raw()
    assert [key["kid"] for key in ring.jwks()["keys"]] == [key.kid for key in ring.keys]
    assert len(ring.keys) == 3
    assert "d" not in ring.jwks()["keys"][0]


@pytest.mark.parametrize(
    "content",
    [None, b"", b"no key", pem(X25519PrivateKey.generate()), pem(Ed25519PrivateKey.generate(), b"locked")],
    ids=["none", "empty", "no PEM", "another curve", "with a password"],
)
def test_folder_without_a_usable_key_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "1.pem").write_bytes(content)
    with pytest.raises(NoSigningKey):
        KeyRing.load(tmp_path)


async def test_api_does_not_start_without_its_secrets_and_describes_itself_all_the_same() -> None:
    database = Database("postgresql://nobody@localhost/none", pool_size=1, application_name="test")
    with pytest.raises(SettingMissing):
        service(OwnersSettings(database_api_url="postgresql://x@localhost/x")).build_app(database)
    assert "/v1/auth/telegram" in service(OwnersSettings()).build_app(database).openapi()["paths"]
    await database.dispose()
