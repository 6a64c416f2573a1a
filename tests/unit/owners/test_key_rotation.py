from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from owners.signin.keys import LOOK_INTERVAL, KeyFolder, KeyRing, SigningKey, key_file_name, signs_from
from owners.signin.tokens import access_token

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Seconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def add_key(folder: Path, name: str) -> SigningKey:
    key = Ed25519PrivateKey.generate()
    (folder / name).write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return SigningKey.of(key)


def test_name_of_a_key_file_says_from_when_on_it_signs() -> None:
    assert key_file_name(NOON) == "20260304T120000Z.pem"
    assert signs_from(Path("20260304T120000Z.pem")) == NOON


@pytest.mark.parametrize("name", ["0001.pem", "2026-01.pem", "20261304T120000Z.pem", "20260304T120000Z-old.pem"])
def test_key_with_another_name_may_sign_at_once(name: str) -> None:
    assert signs_from(Path(name)) is None


def test_next_key_is_published_first_and_signs_from_its_instant_on(tmp_path: Path) -> None:
    old, new = add_key(tmp_path, "0001.pem"), add_key(tmp_path, key_file_name(NOON))
    ring = KeyRing.load(tmp_path)
    assert [key["kid"] for key in ring.jwks()["keys"]] == [old.kid, new.kid]
    assert ring.signing(NOON - SECOND).kid == old.kid
    assert ring.signing(NOON).kid == new.kid


def test_only_key_signs_also_before_its_instant(tmp_path: Path) -> None:
    key = add_key(tmp_path, key_file_name(NOON))
    assert KeyRing.load(tmp_path).signing(NOON - SECOND).kid == key.kid


def test_token_names_the_key_that_signs_at_its_time(tmp_path: Path) -> None:
    old, new = add_key(tmp_path, "0001.pem"), add_key(tmp_path, key_file_name(NOON))
    ring = KeyRing.load(tmp_path)
    for now, key in ((NOON - SECOND, old), (NOON, new)):
        token = access_token(ring, user_id=uuid4(), session_id=uuid4(), now=now, lifetime=SECOND)
        assert jwt.get_unverified_header(token)["kid"] == key.kid


async def test_folder_is_looked_at_again_after_a_few_seconds(tmp_path: Path) -> None:
    clock = Seconds()
    old = add_key(tmp_path, "0001.pem")
    folder = KeyFolder(tmp_path, clock=clock)
    new = add_key(tmp_path, "0002.pem")
    assert await folder.ring.key(new.kid) is None
    clock.now += LOOK_INTERVAL
    assert await folder.ring.key(new.kid) is not None
    (tmp_path / "0001.pem").unlink()
    clock.now += LOOK_INTERVAL
    assert await folder.ring.key(old.kid) is None


def test_unchanged_folder_is_not_read_again(tmp_path: Path) -> None:
    clock = Seconds()
    add_key(tmp_path, "0001.pem")
    folder = KeyFolder(tmp_path, clock=clock)
    ring = folder.ring
    clock.now += LOOK_INTERVAL
    assert folder.ring is ring


@pytest.mark.parametrize("content", [None, b"no key"], ids=["emptied", "spoilt"])
def test_folder_that_becomes_unusable_leaves_the_keys_as_they_were(tmp_path: Path, content: bytes | None) -> None:
    clock = Seconds()
    key = add_key(tmp_path, "0001.pem")
    folder = KeyFolder(tmp_path, clock=clock)
    (tmp_path / "0001.pem").unlink() if content is None else (tmp_path / "0002.pem").write_bytes(content)
    clock.now += LOOK_INTERVAL
    assert folder.ring.signing(NOON).kid == key.kid


def test_folder_that_was_repaired_is_read_again(tmp_path: Path) -> None:
    clock = Seconds()
    add_key(tmp_path, "0001.pem")
    folder = KeyFolder(tmp_path, clock=clock)
    (tmp_path / "0002.pem").write_bytes(b"no key")
    clock.now += LOOK_INTERVAL
    assert len(folder.ring.keys) == 1
    repaired = add_key(tmp_path, "0002.pem")
    clock.now += LOOK_INTERVAL
    assert folder.ring.signing(NOON).kid == repaired.kid
