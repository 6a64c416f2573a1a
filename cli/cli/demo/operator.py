"""What an operator of the installation can do and a client can't: know the bot's token, name a moderator."""

from __future__ import annotations

import contextlib
import io
import subprocess
from dataclasses import dataclass
from typing import Protocol

from cli.errors import StackError
from cli.services import MODERATED
from cli.stack.running import RunningStack

_DEADLINE = 60.0


class Operator(Protocol):
    """Access to one installation, besides its gateway."""

    @property
    def gateway_url(self) -> str:
        """Where clients connect to."""

    @property
    def telegram_url(self) -> str | None:
        """The control API of the double of the Bot API; None where the real one is used."""

    def bot_token(self) -> str:
        """What init data is signed with."""

    def add_moderator(self, user_id: str) -> None:
        """Let this user decide on verifications and on rival claims to a VIN."""


@dataclass(frozen=True)
class LocalOperator:
    """Of a stack that runs on this machine from a state folder."""

    stack: RunningStack

    @property
    def gateway_url(self) -> str:
        """Of the stack."""
        return self.stack.gateway_url

    @property
    def telegram_url(self) -> str | None:
        """Of the stack's double."""
        return self.stack.telegram_url

    def bot_token(self) -> str:
        """From the state folder."""
        return self.stack.secrets.bot_token

    def add_moderator(self, user_id: str) -> None:
        """By the services' own commands, on their databases."""
        from owners.db.moderation import MODERATORS as OF_OWNERS  # noqa: PLC0415 -- slow, and help must be fast
        from owners.settings import OwnersSettings  # noqa: PLC0415
        from sto.db.verifications import MODERATORS as OF_STO  # noqa: PLC0415
        from sto.settings import StoSettings  # noqa: PLC0415

        urls = {service: self.stack.databases[service].worker_url for service in MODERATED}
        with contextlib.redirect_stdout(io.StringIO()):
            OF_STO.command(StoSettings(database_worker_url=urls["sto"]), ["add", user_id])
            OF_OWNERS.command(OwnersSettings(database_worker_url=urls["owners"]), ["add", user_id])


@dataclass(frozen=True)
class ComposeOperator:
    """Of an installation that `docker compose up` of this repository runs."""

    gateway_url: str
    telegram_url: str | None
    project_dir: str

    def bot_token(self) -> str:
        """From the container that owns it."""
        return self._exec("owners-api", "cat", "/run/secrets/carpass_telegram_bot_token").strip()

    def add_moderator(self, user_id: str) -> None:
        """Run the services' own commands in their workers' containers."""
        for service in MODERATED:
            self._exec(f"{service}-worker", "python", "-m", service, "moderator", "add", user_id)

    def _exec(self, service: str, *command: str) -> str:
        return _run(["docker", "compose", "--project-directory", self.project_dir, "exec", "-T", service, *command])


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_DEADLINE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StackError(f"`{' '.join(command)}` could not be run: {error}.") from error
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise StackError(f"`{' '.join(command)}` failed: {said[-1] if said else 'without a word'}")
    return done.stdout
