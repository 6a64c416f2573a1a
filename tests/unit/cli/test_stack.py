from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.errors import StackError
from cli.processes import ManagedProcess, ProcessIdentity
from cli.stack.plan import Plan
from cli.stack.reporting import Progress
from cli.stack.service_part import ServicePart, answers_ok
from cli.stack.stack import Stack
from cli.stack.state import StateDir
from tests.support.eventually import eventually
from tests.unit.cli import standins


@pytest.fixture(autouse=True)
def _standins(monkeypatch: pytest.MonkeyPatch) -> None:
    standins.install(monkeypatch)


@pytest.fixture
def told() -> list[Progress]:
    return []


@pytest.fixture
def stack(tmp_path: Path, told: list[Progress]) -> Iterator[Stack]:
    with Stack(tmp_path / "state", report=told.append) as stack:
        yield stack


def _states(told: list[Progress], part: str) -> list[str]:
    return [progress.state for progress in told if progress.part == part]


def test_a_started_stack_is_ready_and_says_where(stack: Stack, told: list[Progress]) -> None:
    assert stack.part_names == list(standins.NAMES)
    assert answers_ok(stack.gateway_url)
    assert answers_ok(stack.telegram_url)
    assert {progress.part for progress in told if progress.state == "ready"} == set(standins.NAMES)


def test_a_stopped_stack_leaves_no_process_and_no_record(stack: Stack) -> None:
    processes = [stack.process(name) for name in stack.part_names]
    stack.stop()
    assert not any(process.running() for process in processes)
    assert stack.state.recorded_parts() == []
    assert stack.state.description() is None


def test_a_killed_part_stays_ended_until_it_is_restarted(stack: Stack) -> None:
    stack.kill("trust")
    stack.tick()
    assert not stack.process("trust").running()
    stack.restart("trust")
    assert stack.process("trust").ready()


def test_ended_parts_stay_ended_until_they_are_restarted(stack: Stack) -> None:
    parts = [stack.process(name) for name in ("owners", "trust")]
    stack.end("owners", "trust")
    stack.tick()
    assert not any(part.running() for part in parts)
    stack.restart("owners", "trust")
    assert all(part.ready() for part in parts)


async def test_a_crashed_part_is_started_again_by_who_watches(stack: Stack, told: list[Progress]) -> None:
    stack.watch()
    crashed = stack.process("trust").pid
    stack.crash("trust")
    await eventually(lambda: _states(told, "trust") == ["ready", "ended", "ready again"], within=60)
    assert stack.process("trust").pid != crashed


def test_a_restarted_part_has_its_port_again(stack: Stack) -> None:
    part = stack.process("owners")
    assert isinstance(part, ServicePart)
    before, url = part.pid, part.url
    stack.restart("owners")
    assert part.pid != before
    assert answers_ok(url)


def test_a_second_start_has_the_same_addresses_and_secrets(stack: Stack) -> None:
    before = (stack.gateway_url, stack.telegram_url, stack.secrets)
    stack.stop()
    with Stack(stack.state.root) as again:
        assert (again.gateway_url, again.telegram_url, again.secrets) == before


def test_a_fresh_start_has_new_secrets(stack: Stack) -> None:
    before = stack.secrets
    stack.stop()
    stack.start(fresh=True)
    assert stack.secrets != before


def test_a_second_stack_on_the_same_state_is_refused_and_the_first_goes_on(stack: Stack) -> None:
    with pytest.raises(StackError, match="already running"):
        Stack(stack.state.root).start()
    assert answers_ok(stack.gateway_url)


def test_what_an_earlier_run_left_is_ended_before_the_next_starts(stack: Stack, told: list[Progress]) -> None:
    left = stack.process("owners")
    stack._lock.close()  # as the kernel does when the earlier run is killed
    with Stack(stack.state.root, report=told.append) as again:
        assert not left.running()
        assert answers_ok(again.gateway_url)
    assert told[len(standins.NAMES)].detail == f"{len(standins.NAMES)} processes that an earlier run left"


def test_a_part_that_does_not_start_ends_all_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[ServicePart] = []
    make = standins._parts

    def parts(plan: Plan) -> list[ServicePart]:
        started.extend(make(plan))
        started[1]._arguments = ["no_such_module"]
        return started

    monkeypatch.setattr(Plan, "parts", parts)
    with pytest.raises(StackError, match="owners ended while starting"):
        Stack(tmp_path / "state").start()
    assert not any(part.running() for part in started)
    assert StateDir(tmp_path / "state").recorded_parts() == []


def test_nothing_is_known_about_a_stack_that_was_not_started(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="has not been started"):
        _ = Stack(tmp_path).gateway_url


def test_a_fresh_start_never_clears_a_given_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARPASS_POSTGRES_URL", "postgresql://somewhere")
    with pytest.raises(StackError, match="unset CARPASS_POSTGRES_URL"):
        Stack(tmp_path / "state").start(fresh=True)


def test_the_running_process_is_recorded_as_supervisor(stack: Stack) -> None:
    identity = stack.state.supervisor()
    assert identity is not None
    assert ManagedProcess(identity).running()
    assert identity == ProcessIdentity.of(identity.pid)
