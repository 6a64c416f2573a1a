import json
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from cli.processes import ManagedProcess
from cli.stack import fork_server
from cli.stack.fork_server import ForkServer
from tests.support.eventually import eventually

pytestmark = pytest.mark.skipif(not fork_server.available(), reason="only where forking without exec is safe")

TELLS = """
import json, os, random, sys, uuid_utils
print(json.dumps({
    "arguments": sys.argv[1:], "name": __name__, "greeting": os.environ.get("GREETING"),
    "path": os.environ.get("PATH"), "folder": os.getcwd(), "session": os.getsid(0) == os.getpid(),
    "random": [random.random(), str(uuid_utils.uuid7()), str(uuid_utils.uuid4())],
}))
"""
FAILS = "raise RuntimeError('no database')"
REFUSES = "import sys; sys.exit('CARPASS_JWKS_URL is not set')"
SLEEPS = "import time; time.sleep(600)"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ForkServer]:
    """A server whose processes may run the modules that a test writes into its folder."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    server = ForkServer(tmp_path / "server.log", ["json", "uuid_utils"])
    yield server
    server.close()


class Spawner:
    def __init__(self, server: ForkServer, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.log = folder / "process.log"

    def start(self, code: str, *arguments: str) -> ManagedProcess:
        (self.folder / "standin.py").write_text(code)
        process = self.server.spawn(["standin", *arguments], log=self.log, env={"GREETING": "hello"}, cwd=self.folder)
        assert process is not None
        return process

    async def told(self, code: str, *arguments: str) -> str:
        process = self.start(code, *arguments)
        await eventually(lambda: not process.running())
        return self.log.read_text()


@pytest.fixture
def spawner(server: ForkServer, tmp_path: Path) -> Spawner:
    return Spawner(server, tmp_path)


async def test_a_process_is_what_python_m_would_have_started(spawner: Spawner, tmp_path: Path) -> None:
    told = json.loads(await spawner.told(TELLS, "worker", "--fast"))
    del told["random"]
    assert told == {
        "arguments": ["worker", "--fast"],
        "name": "__main__",
        "greeting": "hello",
        "path": None,
        "folder": str(tmp_path),
        "session": True,
    }


async def test_no_two_processes_draw_the_same_random_numbers_or_ids(spawner: Spawner) -> None:
    await spawner.told(TELLS)
    both = (await spawner.told(TELLS)).splitlines()
    first, second = (set(json.loads(line)["random"]) for line in both)
    assert first.isdisjoint(second)


@pytest.mark.parametrize(("code", "words"), [(FAILS, "RuntimeError: no database"), (REFUSES, "CARPASS_JWKS_URL")])
async def test_the_last_words_of_a_process_are_in_its_log(spawner: Spawner, code: str, words: str) -> None:
    assert words in await spawner.told(code)


async def test_a_killed_process_leaves_no_zombie_and_the_server_goes_on(spawner: Spawner) -> None:
    process = spawner.start(SLEEPS)
    process.kill()
    await eventually(lambda: not psutil.pid_exists(process.pid))
    another = spawner.start(SLEEPS)
    assert another.running()
    another.kill()


async def test_processes_outlive_the_server(spawner: Spawner) -> None:
    process = spawner.start(SLEEPS)
    spawner.server.close()
    assert process.running()
    process.kill()


def test_a_server_that_cannot_preload_answers_nothing(tmp_path: Path) -> None:
    server = ForkServer(tmp_path / "server.log", ["no_such_module"])
    assert server.spawn(["standin"], log=tmp_path / "log", env={}, cwd=tmp_path) is None
    assert server.spawn(["standin"], log=tmp_path / "log", env={}, cwd=tmp_path) is None
    server.close()
    assert "no_such_module" in (tmp_path / "server.log").read_text()


def test_the_server_ends_when_its_starter_is_gone(tmp_path: Path) -> None:
    server = ForkServer(tmp_path / "server.log", ["json"])
    pid = server._server.pid
    server.close()
    assert not psutil.pid_exists(pid)
