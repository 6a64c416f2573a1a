import json
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import jwt
import pytest
from typer.testing import CliRunner

from cli.app import build
from cli.errors import StackError
from cli.operations.signing_keys import DEFAULT_DELAY, SHORTEST_DELAY, rotate_keys
from cli.stack.secrets import write_ed25519_key
from owners.signin.keys import KeyRing
from owners.signin.tokens import ACCESS_LIFETIME, access_token

REFETCH = timedelta(seconds=30)
MINUTE = timedelta(minutes=1)
START = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)  # the first key's file is older than that


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_ed25519_key(tmp_path / "0001.pem")
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_rotation_adds_a_key_that_is_published_and_does_not_sign_yet(folder: Path) -> None:
    rotation = rotate_keys(folder, now=START)
    ring = KeyRing.load(folder)
    assert {key["kid"] for key in ring.jwks()["keys"]} == {rotation.signing.kid, rotation.added.kid}
    assert ring.signing(START + DEFAULT_DELAY - MINUTE).kid == rotation.signing.kid
    assert ring.signing(START + DEFAULT_DELAY).kid == rotation.added.kid


def test_second_rotation_before_the_new_key_signs_is_refused_and_changes_nothing(folder: Path) -> None:
    rotate_keys(folder, now=START)
    before = names(folder)
    with pytest.raises(StackError, match="under way"):
        rotate_keys(folder, now=START + MINUTE)
    assert names(folder) == before


def test_key_before_the_previous_one_goes_when_its_last_token_has_expired(folder: Path) -> None:
    rotate_keys(folder, now=START)
    second = rotate_keys(folder, now=START + timedelta(days=1))
    assert [key.name for key in second.removed] == ["0001.pem"]
    assert names(folder) == [second.signing.name, second.added.name]


def test_key_whose_tokens_may_still_be_valid_is_kept(folder: Path) -> None:
    first = rotate_keys(folder, now=START)
    second = rotate_keys(folder, now=first.added.signs_from + ACCESS_LIFETIME)
    assert [key.name for key in second.kept] == ["0001.pem"]
    assert not second.removed
    third = rotate_keys(folder, now=second.added.signs_from + timedelta(days=1))
    assert [key.name for key in third.removed] == ["0001.pem", first.added.name]


def rotations_as_fast_as_allowed(folder: Path) -> Iterator[tuple[datetime, KeyRing]]:
    """The folder's keys at every half minute of two hours in which somebody rotates whenever it is possible."""
    for step in range(240):
        now = START + step * timedelta(seconds=30)
        yield now, KeyRing.load(folder)
        try:
            rotate_keys(folder, now=now, delay=SHORTEST_DELAY)
        except StackError:
            continue


def test_no_valid_token_is_ever_unverifiable_and_no_key_signs_before_it_was_published_long_enough(folder: Path) -> None:
    published_since = {KeyRing.load(folder).keys[0].kid: START - timedelta(days=1)}
    tokens: list[tuple[datetime, str]] = []
    for now, ring in rotations_as_fast_as_allowed(folder):
        published = {key["kid"] for key in ring.jwks()["keys"]}
        published_since = {kid: published_since.get(kid, now) for kid in published}
        token = access_token(ring, user_id=uuid4(), session_id=uuid4(), now=now, lifetime=ACCESS_LIFETIME)
        signer = jwt.get_unverified_header(token)["kid"]
        assert now - published_since[signer] >= 2 * REFETCH
        tokens.append((now, signer))
        assert {kid for issued, kid in tokens if now - issued < ACCESS_LIFETIME} <= published
    assert len({kid for _, kid in tokens}) > 10


def test_next_key_can_be_read_by_whoever_can_read_the_current_one(folder: Path) -> None:
    (folder / "0001.pem").chmod(0o640)
    added = rotate_keys(folder, now=START).added
    assert stat.S_IMODE((folder / added.name).stat().st_mode) == 0o640


def test_key_that_would_sort_behind_every_instant_is_told_before_anything_is_written(tmp_path: Path) -> None:
    write_ed25519_key(tmp_path / "main.pem")
    with pytest.raises(StackError, match=r"main\.pem sorts behind"):
        rotate_keys(tmp_path, now=START)
    assert names(tmp_path) == ["main.pem"]


@pytest.mark.parametrize("content", [None, b"", b"no key"], ids=["no key at all", "empty", "no PEM"])
def test_folder_without_a_usable_key_is_told(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "0001.pem").write_bytes(content)
    with pytest.raises(StackError):
        rotate_keys(tmp_path, now=START)


def test_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="cannot be opened"):
        rotate_keys(tmp_path / "nothing", now=START)


def test_command_tells_what_signs_and_until_when_the_old_key_is_needed(folder: Path) -> None:
    arguments = ["tokens", "rotate-keys", "--keys-dir", str(folder), "--json"]
    result = CliRunner().invoke(build(["tokens"]), arguments)
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert told["signing"]["name"] == "0001.pem"
    assert names(folder) == ["0001.pem", told["added"]["name"]]
    assert datetime.fromisoformat(told["removable_at"]) > datetime.fromisoformat(told["added"]["signs_from"])


def test_command_says_in_words_that_nothing_has_to_be_restarted(folder: Path) -> None:
    result = CliRunner().invoke(build(["tokens"]), ["tokens", "rotate-keys", "--keys-dir", str(folder)])
    assert "Nothing has to be restarted" in result.stdout
    assert "0001.pem is needed until" in result.stdout


def test_delay_in_which_verifiers_could_miss_the_new_key_is_wrong_usage(folder: Path) -> None:
    arguments = ["tokens", "rotate-keys", "--keys-dir", str(folder), "--delay", "30"]
    assert CliRunner().invoke(build(["tokens"]), arguments).exit_code == 2
    assert names(folder) == ["0001.pem"]
