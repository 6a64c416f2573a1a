import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.app import build
from cli.processes import ManagedProcess, ProcessIdentity, spawn
from cli.stack.state import StateDir

SLEEPER = "import time; time.sleep(600)"

type Run = Callable[..., Result]


@pytest.fixture
def state(tmp_path: Path) -> StateDir:
    state = StateDir(tmp_path / "state")
    state.create()
    return state


@pytest.fixture
def run(state: StateDir) -> Run:
    def run(*arguments: str) -> Result:
        command = [*arguments, "--state", str(state.root)]
        return CliRunner().invoke(build(command), command, catch_exceptions=False)

    return run


def _left_running(state: StateDir, name: str) -> ManagedProcess:
    process = spawn([sys.executable, "-c", SLEEPER], log=state.log(name))
    process.identity.write(state.record(name))
    return process


def _foreign_record(file: Path) -> None:
    """The record of a process that ended an hour before this one got its pid."""
    own = ProcessIdentity.of(os.getpid())
    ProcessIdentity(own.pid, own.started - 3600).write(file)


def test_down_ends_what_a_crashed_run_left(state: StateDir, run: Run) -> None:
    parts = [_left_running(state, name) for name in ("owners", "gateway", "kafka", "postgres")]
    result = run("down")
    assert result.exit_code == 0
    assert "The stack has ended." in result.output
    assert not any(part.running() for part in parts)
    assert state.recorded_parts() == []


def test_down_asks_the_running_up_to_end_everything(state: StateDir, run: Run) -> None:
    supervisor = spawn([sys.executable, "-c", SLEEPER], log=state.log("up"))
    supervisor.identity.write(state.root / "up.json")
    assert run("down").exit_code == 0
    assert not supervisor.running()


def test_a_foreign_process_with_a_recorded_pid_is_told_and_not_ended(state: StateDir, run: Run) -> None:
    _foreign_record(state.record("owners"))
    result = run("down")
    assert f"names process {os.getpid()}, which is another program now" in result.output
    assert "Nothing was running" in result.output
    assert state.recorded_parts() == []


def test_a_foreign_process_with_the_pid_of_up_is_told_and_not_ended(state: StateDir, run: Run) -> None:
    _foreign_record(state.root / "up.json")
    result = run("down")
    assert f"Process {os.getpid()} was the stack's and is another program now" in result.output


def test_down_without_a_stack_says_so(tmp_path: Path) -> None:
    command = ["down", "--state", str(tmp_path / "nowhere")]
    result = CliRunner().invoke(build(command), command)
    assert result.exit_code == 0
    assert "Nothing is running" in result.output
    assert not (tmp_path / "nowhere").exists()


def test_status_without_a_stack_fails_and_says_how_to_start_one(run: Run) -> None:
    result = run("status")
    assert result.exit_code == 1
    assert "./carpass up" in result.output


def test_logs_of_a_service_are_those_of_all_its_processes(state: StateDir, run: Run) -> None:
    state.log("trust-api").write_text("from the api\n")
    state.log("trust-worker").write_text("first\nfrom the worker\n")
    assert run("logs", "trust", "--lines", "1").output == "from the api\nfrom the worker\n"
