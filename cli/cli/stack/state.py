"""The folder that holds everything of one local stack."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cli.errors import StackError
from cli.ports import remembered_port
from cli.processes import ProcessIdentity

REPOSITORY = Path(__file__).parents[3]
DEFAULT_STATE_DIR = REPOSITORY / ".carpass"
_NEEDED_BYTES = 500 * 1024 * 1024


@dataclass(frozen=True)
class StackDescription:
    """What a running stack tells the other commands: where it answers, and how each part is asked for its health."""

    gateway_url: str
    telegram_url: str
    readiness_urls: dict[str, str | None] = field(default_factory=dict)
    """By part, in the order of starting; None for the servers, which do not speak HTTP."""
    postgres_per_service: bool = False


class StateDir:
    """Paths below the folder; nothing is made before `create`."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.logs = self.root / "logs"
        self.processes = self.root / "processes"
        self.kafka = self.root / "kafka"
        self._ports = self.root / "ports"
        self._description = self.root / "stack.json"
        self._supervisor = self.root / "up.json"

    def create(self) -> None:
        """Make the folder; StackError when its disk is nearly full."""
        try:
            for folder in (self.root, self.logs, self.processes, self._ports):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StackError(
                f"The state folder {self.root} cannot be made ({error.strerror}); give another with --state."
            ) from error
        free = shutil.disk_usage(self.root).free
        if free < _NEEDED_BYTES:
            raise StackError(
                f"Only {free // 1024**2} MB are free on the disk of {self.root}; "
                f"free at least {_NEEDED_BYTES // 1024**2} MB, or give another folder with --state."
            )

    def remove(self) -> None:
        """Delete the folder's contents; the lock and the supervisor's record stay, which are the caller's."""
        for path in self.root.iterdir() if self.root.exists() else ():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name not in {"lock", "up.json"}:
                path.unlink()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Held by the one process that runs this stack; StackError when another does."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StackError(
                    f"A stack is already running with the state folder {self.root}; "
                    "see it with ./carpass status, or end it with ./carpass down."
                ) from None
            yield

    def port(self, part: str) -> int:
        """The remembered port of a part, different from every other part's."""
        self._ports.mkdir(parents=True, exist_ok=True)
        others = [int(file.read_text()) for file in self._ports.iterdir() if file.name != part]
        return remembered_port(self._ports / part, avoid=others)

    def log(self, part: str) -> Path:
        """The file that a part's output is appended to."""
        return self.logs / f"{part}.log"

    def record(self, part: str) -> Path:
        """The file that says which process a part is."""
        return self.processes / f"{part}.json"

    def recorded_parts(self) -> list[str]:
        """The names of the parts that were started and not ended in order."""
        return sorted(file.stem for file in self.processes.glob("*.json"))

    def write_description(self, description: StackDescription) -> None:
        """Tell the other commands about the running stack."""
        self._description.write_text(json.dumps(asdict(description), indent=2) + "\n")

    def description(self) -> StackDescription | None:
        """What the running stack wrote; None when there is none."""
        try:
            return StackDescription(**json.loads(self._description.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def write_supervisor(self) -> None:
        """Record this process as the one that watches over the stack."""
        ProcessIdentity.of(os.getpid()).write(self._supervisor)

    def supervisor(self) -> ProcessIdentity | None:
        """The process that said it watches over the stack; it may have ended since."""
        return ProcessIdentity.read(self._supervisor)

    def forget_running(self) -> None:
        """After everything ended: nothing is running any more."""
        self._description.unlink(missing_ok=True)
        self._supervisor.unlink(missing_ok=True)
