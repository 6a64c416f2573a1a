"""One batch of the sweep for stale readings in a process of its own, to be killed by tests."""

import asyncio
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from chassis.clock import FixedClock
from chassis.db import Database
from owners.consumers import access_timers

REPOSITORY = Path(__file__).parents[3]


def killed_at(boundary: str, folder: Path, url: str, now: datetime) -> int:
    """The exit code of a process that kills itself at a crash point of its first timer."""
    (folder / boundary).write_text("SIGKILL")
    command = [sys.executable, "-m", "tests.service.owners.sweeping", url, now.isoformat()]
    environment = {**os.environ, "CARPASS_CRASH_POINTS": str(folder)}
    return subprocess.run(command, cwd=REPOSITORY, env=environment, check=False, timeout=60).returncode


async def sweep(url: str, now: str) -> None:
    database = Database(url, pool_size=1, application_name="process")
    await access_timers(FixedClock(datetime.fromisoformat(now))).run_due(database)


if __name__ == "__main__":
    asyncio.run(sweep(*sys.argv[1:]))
