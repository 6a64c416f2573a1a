"""One process of the local stack: started until ready, ended in order, found again after a crash."""

import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

from cli.errors import StackError
from cli.processes import ManagedProcess, ProcessIdentity, last_line, spawn

_LARGEST_LOG = 20 * 1024 * 1024


class Part(ABC):
    """A process, its log, and the record by which a later command finds it."""

    stop_signal = signal.SIGTERM
    grace = 20.0
    """Seconds an orderly end may take."""
    poll = 0.02
    """Seconds between two looks at whether it is ready."""

    def __init__(self, name: str, *, log: Path, record: Path) -> None:
        self.name = name
        self.log = log
        self.record = record
        self._process: ManagedProcess | None = None

    @property
    def pid(self) -> int | None:
        """None unless this object started the process or took it over."""
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        """What the process ended with (negative: a signal); None when it runs or that is not known."""
        return self._process.exit_code if self._process else None

    def running(self) -> bool:
        """True while the process of this object lives."""
        return self._process is not None and self._process.running()

    def start(self, deadline: float) -> None:
        """Launch it and wait until it is ready; StackError after `deadline` seconds."""
        until = time.monotonic() + deadline
        self.launch(until)
        self.wait_ready(until)

    def launch(self, until: float) -> None:
        """Start the process, or take over the one left running; `until` bounds preparations (monotonic clock)."""
        self._process = self._left_running()
        if self._process:
            return
        command = self._prepare(until)
        self._rotate_log()
        self.record.parent.mkdir(parents=True, exist_ok=True)
        self._process = self._spawn(command)
        self._process.identity.write(self.record)

    def wait_ready(self, until: float) -> None:
        """Wait for a launched process; StackError when it ends or the monotonic clock passes `until`."""
        while not self.ready():
            if not self.running():
                raise StackError(f"{self.name} ended while starting; see {self.log}: {last_line(self.log)}")
            if time.monotonic() > until:
                raise StackError(f"{self.name} was not ready in time; see {self.log}: {last_line(self.log)}")
            time.sleep(self.poll)

    def stop(self, grace: float | None = None) -> None:
        """End it in order, so that the next start has nothing to recover; by force after `grace` seconds."""
        process = self._process or self._left_running()
        if process:
            process.stop(self.grace if grace is None else grace, self.stop_signal)
        self._forget()

    def kill(self) -> None:
        """SIGKILL, as a crash."""
        process = self._process or self._left_running()
        if process:
            process.kill()
        self._forget()

    @abstractmethod
    def ready(self) -> bool:
        """True when the process serves clients."""

    @abstractmethod
    def _prepare(self, until: float) -> Sequence[str | Path]:
        """Whatever must exist before; the command that starts the process."""

    def _spawn(self, command: Sequence[str | Path]) -> ManagedProcess:
        return spawn(command, log=self.log, env=self._environment(), cwd=self.record.parent)

    def _environment(self) -> Mapping[str, str] | None:
        return None

    def _left_running(self) -> ManagedProcess | None:
        identity = ProcessIdentity.read(self.record)
        return ManagedProcess(identity) if identity and identity.process() else None

    def _forget(self) -> None:
        self._process = None
        self.record.unlink(missing_ok=True)

    def _rotate_log(self) -> None:
        if self.log.exists() and self.log.stat().st_size > _LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
