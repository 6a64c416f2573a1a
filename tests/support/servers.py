"""PostgreSQL and Kafka of one test run: started by the worker that needs one first, ended with the run.

Embedded ones, containers under `carpass test --docker`, or those that CARPASS_TEST_POSTGRES_URL and
CARPASS_TEST_KAFKA_BOOTSTRAP name.
"""

import asyncio
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from cli.commands.test import DOCKER
from cli.embedded.kafka import EmbeddedKafka
from cli.embedded.postgres import FAST_AND_UNSAFE, EmbeddedPostgres
from cli.processes import ProcessIdentity
from cli.stack.leftovers import end_recorded_parts
from cli.stack.reporting import silent
from cli.stack.state import StateDir
from tests.support.databases import drop_databases_of_run

if TYPE_CHECKING:
    from tests.support.containers import KafkaContainer, PostgresContainer

_REPOSITORY = Path(__file__).parents[2]
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 -- a folder of a random name is made in it
_ROOM = 6 << 30
"""Bytes; the whole suite took 0.7 GB at its peak."""


def make_run_dir() -> Path:
    """A new folder for the state of one test run, which the calling process owns."""
    run_dir = Path(tempfile.mkdtemp(prefix="carpass-tests-", dir=_in_memory()))
    run_dir.chmod(0o711)  # PostgreSQL, as a user of its own, must pass through
    ProcessIdentity.of(os.getpid()).write(run_dir / "controller.json")
    return run_dir


def _in_memory() -> str | None:
    """A folder in memory where that has room to spare, unless TMPDIR names another place.

    A database for each test is thousands of files made and removed: on a disk that is a fifth of the run's CPU, and
    now and then a pause of seconds for whoever waits for its own fsync.
    """
    if "TMPDIR" in os.environ or not os.access(_SHARED_MEMORY, os.W_OK | os.X_OK):
        return None
    free = min(psutil.disk_usage(_SHARED_MEMORY).free, psutil.virtual_memory().available // 2)
    return _SHARED_MEMORY if free > _ROOM else None


class RunServers:
    """The servers under one run's folder; every worker of the run has such an object."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir
        self._stack_dir = run_dir / "stack"
        self._composed = run_dir / "composed"
        self._postgres = _postgres(run_dir / "postgres")
        self._kafka = _kafka(run_dir / "kafka")

    def postgres_admin_url(self) -> str:
        """The superuser's URL; starts the server when no worker has yet."""
        given = os.environ.get("CARPASS_TEST_POSTGRES_URL")
        if given:
            return given
        with self._locked():
            self._postgres.start(60.0)
        return self._postgres.superuser_url

    def kafka_bootstrap(self) -> str:
        """The broker's address; starts the broker when no worker has yet."""
        given = os.environ.get("CARPASS_TEST_KAFKA_BOOTSTRAP")
        if given:
            return given
        with self._locked():
            self._kafka.start(120.0)
        return self._kafka.bootstrap

    def stack_dir(self) -> Path:
        """The folder of a whole stack; what its owner leaves running there ends with the run."""
        with self._locked():
            return self._stack_dir

    def compose_project(self) -> str:
        """The name of an installation by docker-compose.yml, which ends with the run."""
        with self._locked():
            self._composed.touch()
            return self.run_dir.name

    def end(self) -> None:
        """Kill everything and remove its data; on a server that outlives the run, remove the run's databases."""
        given = os.environ.get("CARPASS_TEST_POSTGRES_URL")
        if given and any(self.run_dir.glob("template-*")):
            asyncio.run(drop_databases_of_run(given, self.run_dir))
        self._postgres.kill()
        self._kafka.kill()
        if self._stack_dir.exists():
            end_recorded_parts(StateDir(self._stack_dir), silent)
        if self._composed.exists():
            from tests.support.containers import remove_installation  # noqa: PLC0415

            remove_installation(self.run_dir.name)
        shutil.rmtree(self.run_dir, ignore_errors=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.run_dir / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._start_reaper()
            yield

    def _start_reaper(self) -> None:
        marker = self.run_dir / "reaper"
        if marker.exists():
            return
        marker.touch()
        # In the background of a shell that ends at once: nobody's child here, so no test meets it.
        background = '"$0" "$@" >/dev/null 2>&1 </dev/null &'
        reaper = [sys.executable, "-m", "tests.support.reaper", str(self.run_dir)]
        subprocess.run(["/bin/sh", "-c", background, *reaper], check=True, cwd=_REPOSITORY)


def _postgres(folder: Path) -> "EmbeddedPostgres | PostgresContainer":
    if not os.environ.get(DOCKER):
        return EmbeddedPostgres(folder, settings=FAST_AND_UNSAFE)
    from tests.support.containers import PostgresContainer  # noqa: PLC0415 -- testcontainers is for --docker only

    return PostgresContainer(folder)


def _kafka(folder: Path) -> "EmbeddedKafka | KafkaContainer":
    if not os.environ.get(DOCKER):
        return EmbeddedKafka(folder, settings={"broker.session.timeout.ms": "2000"})
    from tests.support.containers import KafkaContainer  # noqa: PLC0415

    return KafkaContainer(folder)
