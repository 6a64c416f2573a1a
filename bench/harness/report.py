"""What a run says: a table for people, a document for machines, and how much of it can be believed."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from bench.harness.figures import Spread, percentile
from bench.harness.rounds import Round
from bench.harness.suite import Limit, Measured
from cli.embedded.kafka_jars import KAFKA_VERSION

_LIBRARIES: Final = (
    "aiohttp", "aiokafka", "asyncpg", "fastapi", "faststream", "httptools", "orjson", "pydantic", "sqlalchemy",
    "uvicorn", "uvloop",
)  # fmt: skip


def machine() -> dict[str, Any]:
    """What it ran on."""
    return {"cpus": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}


@dataclass(frozen=True, slots=True)
class Judged:
    """One figure of the table, and whether it is good enough."""

    figure: str
    ratio: Spread
    limit: Limit

    @property
    def verdict(self) -> str:
        """`goal`, `must` or `MISSED`."""
        if self.limit.reached(self.ratio.median, self.limit.goal):
            return "goal"
        return "must" if self.limit.reached(self.ratio.median, self.limit.must) else "MISSED"


@dataclass(frozen=True, slots=True)
class Result:
    """One benchmark. `invalid` says why its figures are worth nothing."""

    name: str
    title: str
    seconds: float
    judged: Sequence[Judged] = ()
    rounds: Sequence[Round] = ()
    invalid: str | None = None

    @property
    def passed(self) -> bool:
        """Valid, and every figure at `must`."""
        return self.invalid is None and all(judged.verdict != "MISSED" for judged in self.judged)


@dataclass(frozen=True, slots=True)
class Report:
    """All benchmarks of one run."""

    results: Sequence[Result]
    versions: Mapping[str, str]
    quick: bool = False
    ran_on: Mapping[str, Any] = field(default_factory=machine)

    def write(self, file: Path) -> None:
        """As JSON: every round with its figures, the latencies as percentiles."""
        document = {
            "quick": self.quick,
            "machine": self.ran_on,
            "versions": self.versions,
            "results": [_document(result) for result in self.results],
        }
        file.write_text(json.dumps(document, indent=2) + "\n")


def lines(result: Result) -> Iterator[str]:
    """A benchmark's part of the table."""
    yield f"{result.name}: {result.title} ({len(result.rounds)} rounds, {result.seconds:.0f} s)"
    for judged in result.judged:
        limits = f"must {judged.limit.must:g}, goal {judged.limit.goal:g}"
        yield f"  {judged.figure:<32}{judged.ratio!s:<22}{judged.verdict:<8}{limits}"
    for side in ("baseline", "subject"):
        measured = [one for one in (getattr(each, side) for each in result.rounds) if one is not None]
        if measured:
            yield f"  {side:<10}{_side(measured)}"
    if result.invalid is not None:
        yield f"  INVALID: {result.invalid}"


def library_versions() -> dict[str, str]:
    """Of everything that the figures depend on, but the servers given by the environment."""
    return {"python": platform.python_version(), "kafka": KAFKA_VERSION} | {name: version(name) for name in _LIBRARIES}


def _side(measured: Sequence[Measured]) -> str:
    rate = Spread.of([one.per_second for one in measured])
    text = f"{rate.median:,.0f}/s [{rate.lowest:,.0f}-{rate.highest:,.0f}]"
    text += f"  CPU {Spread.of([one.cpu_us for one in measured]).median:,.0f} us each"
    latencies = [latency for one in measured for latency in one.latencies]
    if latencies:
        text += f"  p50 {percentile(latencies, 50) * 1000:.2f} ms, p99 {percentile(latencies, 99) * 1000:.2f} ms"
    for note in measured[0].notes:
        text += f"  {note} {Spread.of([one.notes[note] for one in measured])}"
    return text


def _document(result: Result) -> dict[str, Any]:
    return {
        "name": result.name,
        "title": result.title,
        "seconds": round(result.seconds, 1),
        "invalid": result.invalid,
        "judged": [asdict(judged) | {"verdict": judged.verdict} for judged in result.judged],
        "rounds": [{"baseline": _measured(one.baseline), "subject": _measured(one.subject)} for one in result.rounds],
    }


def _measured(measured: Measured | None) -> dict[str, Any] | None:
    if measured is None:
        return None
    shown = {
        "units": measured.units,
        "seconds": measured.seconds,
        "per_second": measured.per_second,
        "cpu_us": measured.cpu_us,
        "notes": dict(measured.notes),
    }
    if measured.latencies:
        shown["latency_ms"] = {f"p{each}": percentile(measured.latencies, each) * 1000 for each in (50, 90, 99, 100)}
    return shown
