"""Ends the servers of a test run whose pytest was killed and could not do it: `python -m tests.support.reaper DIR`."""

import sys
import time
from pathlib import Path

from cli.processes import ManagedProcess, ProcessIdentity
from tests.support.servers import RunServers


def reap_when_orphaned(run_dir: Path) -> None:
    """Wait until the run's folder is gone (pytest cleaned up) or its pytest is (then clean up here)."""
    identity = ProcessIdentity.read(run_dir / "controller.json")
    controller = ManagedProcess(identity) if identity else None
    while run_dir.exists():
        if controller is None or not controller.running():
            RunServers(run_dir).end()
            return
        time.sleep(0.5)


if __name__ == "__main__":
    reap_when_orphaned(Path(sys.argv[1]))
