"""Child processes in sessions of their own, told from others by pid and start time."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

# The system clock may be stepped between two readings of a process's start time.
_START_TIME_TOLERANCE = 2.0


@dataclass(frozen=True)
class ProcessIdentity:
    """A pid and the start time that tells it from a later process with the same pid."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "ProcessIdentity":
        """The identity of a process that runs now; psutil.NoSuchProcess when there is none."""
        return cls(pid, psutil.Process(pid).create_time())

    @classmethod
    def read(cls, file: Path) -> "ProcessIdentity | None":
        """The identity written in `file`; None when there is none that can be read."""
        try:
            content = json.loads(file.read_text())
            return cls(int(content["pid"]), float(content["started"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, file: Path) -> None:
        """Write what `read` reads."""
        file.write_text(json.dumps(asdict(self)) + "\n")

    def process(self) -> psutil.Process | None:
        """The running process; None when it has ended or its pid now belongs to another."""
        try:
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.started) > _START_TIME_TOLERANCE:
                return None
            return None if _has_ended(process) else process
        except psutil.NoSuchProcess:
            return None

    def successor(self) -> str | None:
        """The command line of another process that has this pid now."""
        try:
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.started) <= _START_TIME_TOLERANCE:
                return None
            return " ".join(process.cmdline()) or process.name()
        except psutil.Error:
            return None


class ManagedProcess:
    """One process of the stack: started here, or found again by its identity."""

    def __init__(self, identity: ProcessIdentity, child: subprocess.Popen[bytes] | None = None) -> None:
        self.identity = identity
        self._child = child

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.identity.pid

    @property
    def exit_code(self) -> int | None:
        """The code it ended with (negative: a signal); None while it runs or when it was not started here."""
        return self._child.poll() if self._child else None

    def running(self) -> bool:
        """True until it has ended; a zombie has ended."""
        if self._child:
            return self._child.poll() is None
        return self.identity.process() is not None

    def wait(self, seconds: float) -> bool:
        """True when the process ended within `seconds`."""
        deadline = time.monotonic() + seconds
        while self.running():
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.01)
        return True

    def send(self, signal_number: int) -> None:
        """Signal this process; nothing happens when it has already ended."""
        if self._child:
            self._child.send_signal(signal_number)
            return
        process = self.identity.process()
        if process:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal_number)

    def stop(self, grace: float, signal_number: int = signal.SIGTERM) -> None:
        """Ask it to end; after `grace` seconds end it and everything it started."""
        descendants = self._descendants()
        self.send(signal_number)
        if not self.wait(grace):
            self.send(signal.SIGKILL)
            self.wait(5.0)
        _kill_all(descendants)

    def kill(self) -> None:
        """SIGKILL, for it and everything it started; returns when they are gone."""
        descendants = self._descendants()
        self.send(signal.SIGKILL)
        self.wait(5.0)
        _kill_all(descendants)

    def _descendants(self) -> list[psutil.Process]:
        process = self.identity.process()
        try:
            return process.children(recursive=True) if process else []
        except psutil.NoSuchProcess:
            return []


def _kill_all(processes: Sequence[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    deadline = time.monotonic() + 5.0
    while any(map(_lives, processes)) and time.monotonic() < deadline:
        time.sleep(0.01)


def _has_ended(process: psutil.Process) -> bool:
    # A zombie whose other threads are still ending holds its ports and files.
    return process.status() == psutil.STATUS_ZOMBIE and process.num_threads() == 1


def _lives(process: psutil.Process) -> bool:
    # Not psutil.wait_procs: an orphan that ended stays a zombie until the system's first process looks.
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and not _has_ended(process)
    return False


def spawn(
    command: Sequence[str | Path], *, log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> ManagedProcess:
    """Start `command` in a session of its own, its output appended to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        child = subprocess.Popen(
            [os.fspath(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env) if env is not None else None,
            cwd=cwd,
            start_new_session=True,
        )
    return ManagedProcess(ProcessIdentity.of(child.pid), child)


def last_line(log: Path) -> str:
    """The last line of a log that says anything, for an error message."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
