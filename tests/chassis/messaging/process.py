"""One relay or worker of the sample service in a process of its own, to be stopped and killed by tests."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvloop

from chassis import pool
from chassis.consuming.offsets import Offsets
from chassis.consuming.worker import Worker, WorkerSettings
from chassis.db import Database
from chassis.kafka import KafkaConnection
from chassis.relay import Relay, RelaySettings
from tests.chassis.messaging import sample

REPOSITORY = Path(__file__).parents[3]


@contextmanager
def started(part: str, **arguments: Any) -> Iterator["subprocess.Popen[bytes]"]:
    """The process runs in the block, and is killed after it."""
    command = [sys.executable, "-m", "tests.chassis.messaging.process", part, json.dumps(arguments)]
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def relay(url: str, bootstrap: str, lock_silence: float) -> None:
    settings = RelaySettings(poll_interval=0.1, lock_silence=lock_silence, lock_trust=0.1, batch_size=20)
    await Relay(url, KafkaConnection(bootstrap), settings).run(asyncio.Event())


async def worker(
    url: str,
    bootstrap: str,
    topic: str,
    group: str,
    *,
    crash_points: str,
    dies_before_offset_commit: bool = False,
    idle_in_transaction: float = 30.0,
) -> None:
    os.environ["CARPASS_CRASH_POINTS"] = crash_points
    pool._IDLE_IN_TRANSACTION = timedelta(seconds=idle_in_transaction)  # type: ignore[misc]
    if dies_before_offset_commit:
        Offsets.applied = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[method-assign]
    database = Database(url, pool_size=4, application_name="process")
    noted, moved = sample.on_topic(sample.Noted, topic), sample.on_topic(sample.Moved, topic)
    subscriptions = sample.subscriptions(group, noted, moved)
    settings = WorkerSettings(batch_size=40, session_timeout=2.0)
    await Worker(database, subscriptions, KafkaConnection(bootstrap), settings).run(asyncio.Event())


if __name__ == "__main__":
    part: Any = {"relay": relay, "worker": worker}[sys.argv[1]]
    uvloop.run(part(**json.loads(sys.argv[2])))
