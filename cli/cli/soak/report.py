"""The result of a soak, as a table for people and as a document for programs."""

from __future__ import annotations

import platform
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import asyncpg

from cli.embedded.kafka_jars import KAFKA_VERSION
from cli.soak.run import Soaked, SoakSettings
from cli.soak.striking import NOT_POSSIBLE
from cli.soak.violations import Breach
from cli.stack.stack import Stack
from cli.stack.state import REPOSITORY

_DEADLINE = 10.0
_SHOWN = 40


async def versions(stack: Stack) -> dict[str, str]:
    """Of what was soaked."""
    connection = await asyncpg.connect(stack.databases["owners"].owner_url, timeout=_DEADLINE)
    try:
        postgres = await connection.fetchval("SHOW server_version", timeout=_DEADLINE)
    finally:
        connection.terminate()
    return {
        "carpass": _commit() or version("carpass-cli"),
        "python": platform.python_version(),
        "postgresql": str(postgres),
        "kafka": KAFKA_VERSION,
    }


def _commit() -> str:
    """What is checked out; empty outside a checkout."""
    described = subprocess.run(
        ["git", "-C", str(REPOSITORY), "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        timeout=_DEADLINE,
        check=False,
    )
    return described.stdout.strip()


def document(settings: SoakSettings, soaked: Soaked, versions: dict[str, str]) -> dict[str, Any]:
    """Everything, with the whole list of violations."""
    played, history = soaked.played, soaked.played.history
    requests = history.requests
    ok = requests.by_outcome["ok"]
    return {
        "whole": not soaked.checked.violations,
        "seed": settings.seed,
        "orders": settings.orders,
        "faults": settings.faults,
        "clients": settings.clients,
        "cars": len(played.town.cars),
        "centers": len(played.town.centers),
        "versions": versions,
        "seconds": round(played.seconds, 1),
        "seconds_to_rest": round(played.resting, 1),
        "orders_per_second": round(settings.orders / played.seconds, 2),
        "requests_per_second": round(requests.by_outcome.total() / played.seconds, 1),
        "outcomes": dict(history.outcomes),
        "unknown_creations": history.unknown_creations,
        "requests": {
            "ok": ok,
            "failed": requests.by_outcome["refused"],
            "unknown": requests.by_outcome["unknown"],
            "retries": requests.retries,
            "answers": dict(requests.answers.most_common()),
        },
        "faults_by_kind": dict(Counter(strike.fault.kind.value for strike in played.strikes)),
        "strikes": [
            {"fault": strike.fault.what, "after": strike.fault.after, "began": round(strike.began, 1)}
            | {"ended": round(strike.ended, 1), "note": strike.note}
            for strike in sorted(played.strikes, key=lambda each: each.fault.number)
        ],
        "checked": dict(soaked.checked.counts),
        "breaches": {breach.value: 0 for breach in Breach}
        | Counter(violation.breach.value for violation in soaked.checked.violations),
        "violations": [asdict(violation) for violation in soaked.checked.violations],
        "timelines": [asdict(timeline) for timeline in soaked.timelines],
    }


def table(found: dict[str, Any]) -> str:
    """The document without its long lists."""
    return "\n".join(_lines(found))


def _lines(found: dict[str, Any]) -> Iterator[str]:
    requests = found["requests"]
    yield ""
    yield f"{'seed':<24}{found['seed']}"
    yield f"{'versions':<24}{', '.join(f'{name} {number}' for name, number in found['versions'].items())}"
    yield f"{'orders':<24}{found['orders']} ({_counts(found['outcomes'])})"
    yield f"{'cars, centers, clients':<24}{found['cars']}, {found['centers']}, {found['clients']}"
    yield f"{'faults':<24}{sum(found['faults_by_kind'].values())} ({_counts(found['faults_by_kind'])})"
    for strike in found["strikes"]:
        if strike["note"].startswith(NOT_POSSIBLE):
            yield f"{'':<24}{strike['fault']}: {strike['note']}"
    yield f"{'requests':<24}{requests['ok']} ok, {requests['failed']} failed, {requests['unknown']} unknown"
    yield f"{'retries':<24}{requests['retries']} ({_counts(requests['answers'])})"
    yield f"{'time':<24}{found['seconds']} s, and {found['seconds_to_rest']} s to come to rest"
    yield f"{'throughput':<24}{found['orders_per_second']} orders/s, {found['requests_per_second']} requests/s"
    for name, count in found["checked"].items():
        yield f"{'  ' + name:<38}{count:>10}"
    yield ""
    for breach, count in found["breaches"].items():
        yield f"{breach:<38}{count:>10}"
    yield from _violations(found)


def _violations(found: dict[str, Any]) -> Iterator[str]:
    for violation in found["violations"][:_SHOWN]:
        yield f"{violation['breach'].upper()}: {violation['order_id'] or ''} {violation['what']}"
    if (more := len(found["violations"]) - _SHOWN) > 0:
        yield f"… and {more} more, see --json"
    for timeline in found["timelines"]:
        yield f"\n{timeline['order_id']}"
        yield from (f"  {at:9.2f} s  {what}" for at, what in timeline["lines"])


def _counts(counted: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counted.items()) or "none"
