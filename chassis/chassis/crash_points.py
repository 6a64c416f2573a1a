"""Boundaries at which a process may be ended without losing or doubling anything, reachable exactly by tests.

Nothing happens unless CARPASS_CRASH_POINTS names a folder. A file there that is named like a point arms it, once: the
process that gets to the point removes the file and sends itself the signal that the file names. SIGKILL is a crash;
SIGSTOP holds the process at the boundary while something else is taken away.
"""

from __future__ import annotations

import os
import signal
from functools import cache
from pathlib import Path


def crash_point(name: str) -> None:
    """Marks a boundary; returns at once unless a test has armed it."""
    if (folder := _folder()) is not None:
        _send_when_armed(folder / name)


@cache
def _folder() -> Path | None:
    given = os.environ.get("CARPASS_CRASH_POINTS")
    return Path(given) if given else None


def _send_when_armed(file: Path) -> None:
    try:
        wanted = file.read_text()
        file.unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.Signals[wanted.strip()])
