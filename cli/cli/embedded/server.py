"""What the embedded servers have in common: a state folder, a remembered port, one process."""

import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

from cli.errors import StackError
from cli.ports import remembered_port
from cli.processes import ManagedProcess, ProcessIdentity, last_line, spawn


class EmbeddedServer(ABC):
    """One server whose data and port stay in `state_dir`, so that a later start resumes them."""

    name: str
    stop_signal = signal.SIGTERM

    def __init__(self, state_dir: Path, log: Path | None) -> None:
        self.state_dir = state_dir.absolute()
        self.log = log or self.state_dir / f"{self.name.lower()}.log"
        self._process: ManagedProcess | None = None

    @property
    def port(self) -> int:
        """The port on 127.0.0.1, chosen at the first call."""
        return remembered_port(self.state_dir / "port")

    @property
    def pid(self) -> int | None:
        """None unless this object started the server or took it over."""
        return self._process.pid if self._process else None

    def running(self) -> bool:
        """True while the process of this object lives."""
        return self._process is not None and self._process.running()

    def start(self, deadline: float) -> None:
        """Start the server, or take over the one left running; StackError after `deadline` seconds."""
        until = time.monotonic() + deadline
        self._process = self._left_running()
        if self._process is None:
            self._process = spawn(
                self._prepare(until), log=self.log, cwd=self.state_dir, env=self._environment()
            )
            self._process.identity.write(self._record)
        while not self._ready():
            if not self._process.running():
                raise StackError(f"{self.name} ended while starting; see {self.log}: {last_line(self.log)}")
            if time.monotonic() > until:
                raise StackError(f"{self.name} was not ready in time; see {self.log}: {last_line(self.log)}")
            time.sleep(0.02)

    def stop(self, grace: float = 20.0) -> None:
        """End it in order, so that the next start has nothing to recover; by force after `grace` seconds."""
        process = self._process or self._left_running()
        if process:
            process.stop(grace, self.stop_signal)
        self._forget()

    def kill(self) -> None:
        """SIGKILL, as a crash; `start` then resumes on the same port with the same data."""
        process = self._process or self._left_running()
        if process:
            process.kill()
        self._forget()

    @abstractmethod
    def _prepare(self, until: float) -> Sequence[str | Path]:
        """Make the data folder when there is none; the command that starts the server."""

    @abstractmethod
    def _ready(self) -> bool:
        """True when the started server serves clients."""

    def _environment(self) -> Mapping[str, str] | None:
        return None

    @property
    def _record(self) -> Path:
        return self.state_dir / "process.json"

    def _left_running(self) -> ManagedProcess | None:
        identity = ProcessIdentity.read(self._record)
        return ManagedProcess(identity) if identity and identity.process() else None

    def _forget(self) -> None:
        self._process = None
        self._record.unlink(missing_ok=True)
