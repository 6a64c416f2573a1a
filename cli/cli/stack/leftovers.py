"""Parts whose supervisor is gone: found by their records, ended in order, never mistaken for other programs."""

import signal
import time
from collections.abc import Iterable
from functools import partial

from cli.processes import ManagedProcess, ProcessIdentity
from cli.stack.parallel import in_parallel
from cli.stack.reporting import Progress, Report
from cli.stack.state import StateDir

KAFKA = "kafka"
POSTGRES = "postgres"
_GRACE = 20.0


def stop_order(names: Iterable[str]) -> list[list[str]]:
    """Groups to end one after the other: the door first, then who writes, then what they write to."""
    present = set(names)
    databases = sorted(filter(is_postgres, present))
    services = sorted(present - {"gateway", "telegram", KAFKA, *databases})
    groups = [["gateway"], services, ["telegram"], [KAFKA], databases]
    return [kept for group in groups if (kept := [name for name in group if name in present])]


def is_postgres(name: str) -> bool:
    """Whether the part of that name is a PostgreSQL server: the only one, or a service's own."""
    return name == POSTGRES or name.endswith(f"-{POSTGRES}")


def end_recorded_parts(state: StateDir, report: Report) -> int:
    """End every recorded part that still runs; how many that were."""
    ended: list[str] = []
    for group in stop_order(state.recorded_parts()):
        in_parallel([partial(_end, state, name, report, ended) for name in group])
    return len(ended)


def _end(state: StateDir, name: str, report: Report, ended: list[str]) -> None:
    record = state.record(name)
    identity = ProcessIdentity.read(record)
    if identity and identity.process():
        began = time.monotonic()
        ManagedProcess(identity).stop(_GRACE, signal.SIGINT if is_postgres(name) else signal.SIGTERM)
        ended.append(name)
        report(Progress(name, "ended", time.monotonic() - began))
    elif identity and (stranger := identity.successor()):
        detail = f"its record names process {identity.pid}, which is another program now ({stranger}): left alone"
        report(Progress(name, "not running", detail=detail))
    record.unlink(missing_ok=True)
