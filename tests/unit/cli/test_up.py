import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.ports import choose_port
from cli.processes import ManagedProcess, ProcessIdentity, spawn
from cli.stack.state import StateDir
from tests.support.eventually import eventually
from tests.unit.cli import standins

REPOSITORY = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "tests.unit.cli.run_up"]


class Terminal:
    """A person at a terminal, with one state folder."""

    def __init__(self, folder: Path) -> None:
        self.state = StateDir(folder / "state")
        self.output = folder / "up.txt"
        self.port = choose_port()
        self.up: ManagedProcess | None = None

    async def start_up(self) -> ManagedProcess:
        options = ["--state", str(self.state.root), "--port", str(self.port)]
        self.up = spawn([*COMMAND, "up", *options], log=self.output, cwd=REPOSITORY)
        await eventually(lambda: "CarPass is up" in self.output.read_text(), within=60)
        return self.up

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments, "--state", str(self.state.root)],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def parts(self) -> list[ManagedProcess]:
        identities = [ProcessIdentity.read(self.state.record(name)) for name in self.state.recorded_parts()]
        return [ManagedProcess(identity) for identity in identities if identity]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path)
    yield terminal
    for process in [*([terminal.up] if terminal.up else []), *terminal.parts()]:
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_everything_in_order(terminal: Terminal, number: signal.Signals) -> None:
    up = await terminal.start_up()
    parts = terminal.parts()
    assert len(parts) == len(standins.NAMES)
    up.send(number)
    assert up.wait(20)
    assert up.exit_code == 0
    assert not any(part.running() for part in parts)
    assert terminal.output.read_text().index("gateway           ended") < terminal.output.read_text().index(
        "telegram          ended"
    )


async def test_down_ends_a_running_up(terminal: Terminal) -> None:
    up = await terminal.start_up()
    result = terminal.run("down")
    assert (result.returncode, result.stdout) == (0, "The stack has ended.\n")
    assert not up.running()


async def test_down_ends_what_a_killed_up_left(terminal: Terminal) -> None:
    up = await terminal.start_up()
    parts = terminal.parts()
    up.send(signal.SIGKILL)
    up.wait(10)
    assert all(part.running() for part in parts)
    assert terminal.run("down").returncode == 0
    assert not any(part.running() for part in parts)


async def test_up_after_a_killed_up_starts_afresh_on_the_same_data(terminal: Terminal) -> None:
    up = await terminal.start_up()
    left = terminal.parts()
    up.send(signal.SIGKILL)
    up.wait(10)
    terminal.output.write_text("")
    await terminal.start_up()
    assert f"{len(left)} processes that an earlier run left" in terminal.output.read_text()
    assert not any(part.running() for part in left)


async def test_status_tells_what_is_ready(terminal: Terminal) -> None:
    await terminal.start_up()
    result = terminal.run("status", "--json")
    status = json.loads(result.stdout)
    assert result.returncode == 0
    assert status["ready"]
    assert status["gateway_url"] == f"http://127.0.0.1:{terminal.port}"
    assert [part["part"] for part in status["parts"]] == list(standins.NAMES)


async def test_a_second_up_is_told_that_one_is_running(terminal: Terminal) -> None:
    up = await terminal.start_up()
    second = terminal.run("up", "--port", str(terminal.port))
    assert second.returncode == 1
    assert second.stderr.startswith("carpass: A stack is already running")
    assert up.running()


def test_a_taken_gateway_port_is_told_before_anything_starts(terminal: Terminal) -> None:
    with socket.create_server(("127.0.0.1", terminal.port)):
        result = terminal.run("up", "--port", str(terminal.port))
    assert result.returncode == 1
    expected = f"carpass: Port {terminal.port} of the gateway is in use by another program; "
    assert result.stderr == f"{expected}end it, or choose another with --port.\n"
    assert "ready" not in result.stdout


async def test_up_starts_a_part_again_that_ended_and_says_so(terminal: Terminal) -> None:
    await terminal.start_up()
    identity = ProcessIdentity.read(terminal.state.record("trust"))
    assert identity is not None
    ManagedProcess(identity).kill()
    read: Callable[[], str] = terminal.output.read_text
    await eventually(lambda: "trust             ready again" in read(), within=60)
