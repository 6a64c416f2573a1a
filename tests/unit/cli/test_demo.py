import signal
import sys
from pathlib import Path

import pytest

from cli.processes import ManagedProcess, ProcessIdentity, spawn
from cli.stack.state import StateDir
from tests.support.eventually import eventually
from tests.unit.cli import standins

REPOSITORY = Path(__file__).parents[3]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_signal_ends_the_stack_that_the_demo_started(tmp_path: Path, number: signal.Signals) -> None:
    state, output = StateDir(tmp_path / "state"), tmp_path / "demo.txt"
    command = [sys.executable, "-m", "tests.unit.cli.run_demo", "demo", "--state", str(state.root)]
    demo = spawn(command, log=output, cwd=REPOSITORY)
    parts: list[ManagedProcess] = []
    try:
        await eventually(lambda: "The visit goes on." in output.read_text(), within=60)
        identities = [ProcessIdentity.read(state.record(name)) for name in standins.NAMES]
        parts = [ManagedProcess(identity) for identity in identities if identity]
        assert len(parts) == len(standins.NAMES)
        demo.send(number)
        assert demo.wait(20)
        assert demo.exit_code == 130
        assert not any(part.running() for part in parts)
        assert state.recorded_parts() == []
        assert state.description() is None
    finally:
        for process in (demo, *parts):
            process.kill()
