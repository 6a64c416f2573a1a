"""Rotates the keys that sign access tokens, so that no valid token is ever refused.

The next key is written under the instant from which it signs. Until then it is only published, long enough for every
verifier to have it or to be allowed to ask. Of the keys before the one that signs now, those go whose last token has
expired.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cli.errors import StackError
from cli.stack.secrets import write_ed25519_key
from owners.signin.keys import NoSigningKey, SigningKey, key_file_name
from owners.signin.tokens import ACCESS_LIFETIME

SHORTEST_DELAY = timedelta(seconds=90)
"""The public keys may be cached for 30 s, are asked for again at most every 30 s, and clocks differ a little."""
DEFAULT_DELAY = timedelta(minutes=5)

_MARGIN = timedelta(minutes=5)


@dataclass(frozen=True)
class KeyFile:
    """A key by its file's name and its id in tokens. The earlier ones of a folder come first."""

    name: str
    kid: str
    signs_from: datetime


@dataclass(frozen=True)
class Rotation:
    """`kept` keys sign no more, and a valid token may have their signature."""

    folder: Path
    signing: KeyFile
    added: KeyFile
    kept: tuple[KeyFile, ...]
    removed: tuple[KeyFile, ...]
    removable_at: datetime
    """When `signing` will no longer be needed: the next rotation removes it."""


def rotate_keys(folder: Path, *, now: datetime, delay: timedelta = DEFAULT_DELAY) -> Rotation:
    """Adds the next key and removes those that nothing needs; StackError, and nothing done, when it is too early."""
    if delay < SHORTEST_DELAY:
        raise ValueError("verifiers could not have the new key in time")
    with _locked(folder):
        keys = _read(folder)
        pending = next((key for key in keys if key.signs_from > now), None)
        if pending is not None:
            raise StackError(
                f"A rotation is under way: {pending.name} signs from {pending.signs_from:%H:%M:%S} UTC on."
            )
        *earlier, signing = keys
        added = _add(folder, signing, (now + delay).replace(microsecond=0))
        removed = tuple(key for key, after in zip(earlier, keys[1:], strict=True) if _expired(after, now))
        for key in removed:
            (folder / key.name).unlink()
    kept = tuple(key for key in earlier if key not in removed)
    return Rotation(folder, signing, added, kept, removed, added.signs_from + ACCESS_LIFETIME + _MARGIN)


def _expired(after: KeyFile, now: datetime) -> bool:
    """Whether all tokens of a key have expired, given the key that signed after it."""
    return after.signs_from + ACCESS_LIFETIME + _MARGIN <= now


def _add(folder: Path, signing: KeyFile, signs_from: datetime) -> KeyFile:
    path = folder / key_file_name(signs_from)
    if path.name <= signing.name:
        raise StackError(
            f"The last key by name signs, and {signing.name} sorts behind {path.name}: give it a name like 0001.pem."
        )
    try:
        write_ed25519_key(path)
        _give_to_owner_of(folder / signing.name, path)
    except OSError as error:
        raise StackError(f"No key can be written to {folder}: {error.strerror}.") from error
    return KeyFile(path.name, SigningKey.read(path).kid, signs_from)


def _give_to_owner_of(current: Path, path: Path) -> None:
    """Whoever may read the current key has to be able to read the next one."""
    wanted = current.stat()
    if os.geteuid() == 0:
        os.chown(path, wanted.st_uid, wanted.st_gid)
    path.chmod(wanted.st_mode & 0o777)


def _read(folder: Path) -> list[KeyFile]:
    try:
        keys = [_key_file(path) for path in sorted(folder.glob("*.pem"))]
    except NoSigningKey as error:
        raise StackError(f"{error}.") from error
    except OSError as error:
        raise StackError(f"A key in {folder} cannot be read: {error.strerror}.") from error
    if not keys:
        raise StackError(f"There is no key in {folder}; name another folder with --keys-dir.")
    return keys


def _key_file(path: Path) -> KeyFile:
    """One whose name is no instant signs since it was put there: the inode's own time cannot be copied along."""
    key = SigningKey.read(path)
    return KeyFile(path.name, key.kid, key.signs_from or datetime.fromtimestamp(path.stat().st_ctime, UTC))


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise StackError(f"The folder of signing keys {folder} cannot be opened: {error.strerror}.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise StackError(f"Somebody else rotates the keys in {folder} right now.") from error
    finally:
        os.close(descriptor)
