"""The user that PostgreSQL runs as when the stack is started by root, which PostgreSQL refuses to run as."""

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.errors import StackError

_CANDIDATES = ("carpass", "nobody")


@dataclass(frozen=True)
class Account:
    """A system user and its group."""

    uid: int
    gid: int
    name: str


def unprivileged_account() -> Account | None:
    """None when the current user is not root: then everything runs as that user."""
    if os.geteuid() != 0:
        return None
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, name)
    return _create_account()


def _create_account() -> Account:
    command = shutil.which("useradd")
    if command:
        subprocess.run([command, "--system", "--no-create-home", _CANDIDATES[0]], check=False)
    try:
        entry = pwd.getpwnam(_CANDIDATES[0])
    except KeyError:
        raise StackError(
            "PostgreSQL does not run as root and no unprivileged user could be made; "
            "run this command as another user or set CARPASS_POSTGRES_URL."
        ) from None
    return Account(entry.pw_uid, entry.pw_gid, entry.pw_name)


def command_as(account: Account | None, command: Sequence[str | Path], paths: Sequence[Path]) -> list[str]:
    """The command that runs `command` as `account`, able to reach `paths`.

    Root's home is closed to everybody else. When the project lies there, the one capability that
    passes closed folders is kept, rather than the folders opened to all.
    """
    argv = [os.fspath(part) for part in command]
    if account is None:
        return argv
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise StackError(
            "PostgreSQL must run as an unprivileged user, and the command setpriv (package util-linux) is missing; "
            "install it, run this command as another user, or set CARPASS_POSTGRES_URL."
        )
    privileges = [f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups"]
    if not all(_reachable(account, path) for path in paths):
        # no_setuid_fixup: initdb asks access(2), which otherwise looks without any capability.
        privileges += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
        privileges += ["--securebits=+no_setuid_fixup"]
    return [setpriv, *privileges, "--", *argv]


def _reachable(account: Account, path: Path) -> bool:
    return all(_may_enter(account, folder) for folder in path.absolute().parents)


def _may_enter(account: Account, folder: Path) -> bool:
    status = folder.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)
