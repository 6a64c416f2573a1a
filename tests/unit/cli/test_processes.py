import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from cli.processes import ManagedProcess, ProcessIdentity, last_line, spawn
from tests.support.eventually import eventually

SLEEPER = "import time; time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
)
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SLEEPER!r}])"

WITHOUT_ITS_MAIN_THREAD = """
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(600,)).start()
ctypes.CDLL(None).pthread_exit(None)
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "process.log"


def _python(code: str, log: Path) -> ManagedProcess:
    return spawn([sys.executable, "-c", code], log=log)


def test_a_process_is_found_again_by_its_record(log: Path, tmp_path: Path) -> None:
    started = _python(SLEEPER, log)
    started.identity.write(tmp_path / "record.json")
    identity = ProcessIdentity.read(tmp_path / "record.json")
    assert identity is not None
    found = ManagedProcess(identity)
    assert found.running()
    started.stop(grace=5)
    assert not found.running()


def test_another_process_with_the_same_pid_is_not_taken_for_it() -> None:
    own = ProcessIdentity.of(os.getpid())
    recorded = ProcessIdentity(own.pid, own.started - 3600)
    assert recorded.process() is None
    assert "python" in str(recorded.successor())


def test_a_signal_never_reaches_another_process_with_the_same_pid() -> None:
    own = ProcessIdentity.of(os.getpid())
    ManagedProcess(ProcessIdentity(own.pid, own.started - 3600)).send(signal.SIGKILL)
    assert own.process() is not None


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"pid": "x", "started": 1}', "null"])
def test_a_record_that_cannot_be_read_names_no_process(tmp_path: Path, content: str) -> None:
    (tmp_path / "record.json").write_text(content)
    assert ProcessIdentity.read(tmp_path / "record.json") is None


def test_a_process_has_a_session_of_its_own(log: Path) -> None:
    process = _python(SLEEPER, log)
    assert os.getsid(process.pid) == process.pid
    process.kill()


async def test_a_process_deaf_to_sigterm_is_ended_after_its_grace(log: Path) -> None:
    process = _python(STUBBORN, log)
    await eventually(lambda: last_line(log) == "deaf")
    process.stop(grace=0.1)
    assert process.exit_code == -signal.SIGKILL


async def test_what_a_process_started_ends_with_it(log: Path) -> None:
    process = _python(PARENT, log)
    children = await eventually(lambda: psutil.Process(process.pid).children())
    process.kill()
    assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)


async def test_a_zombie_whose_threads_still_hold_its_ports_has_not_ended(log: Path) -> None:
    started = _python(WITHOUT_ITS_MAIN_THREAD, log)
    await eventually(lambda: psutil.Process(started.pid).status() == psutil.STATUS_ZOMBIE)
    found = ManagedProcess(started.identity)  # as another command finds it: it has no child to wait for
    running = found.running()
    found.kill()
    started.wait(5.0)
    assert running
    assert not found.running()


def test_the_last_line_that_says_anything_is_shown(log: Path) -> None:
    log.write_text("first\nthe reason\n\n  \n")
    assert last_line(log) == "the reason"


def test_a_missing_log_has_no_last_line(log: Path) -> None:
    assert last_line(log) == ""
