"""What a benchmark is: a file in `bench/suites` with a class `Benchmark` that keeps this protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bench.harness.context import Context


class InvalidRun(Exception):  # noqa: N818 - reads as what happened
    """The figures of this run say nothing: an answer that is not 2xx, a saturated load generator, lost work."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One side of one round. `latencies` in seconds; `notes` are further figures of the suite's own."""

    units: int
    seconds: float
    cpu_seconds: float
    latencies: Sequence[float] = ()
    notes: Mapping[str, float] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        """Units a second."""
        return self.units / self.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of CPU a unit, of the processes concerned."""
        return self.cpu_seconds / self.units * 1e6


@dataclass(frozen=True, slots=True)
class Limit:
    """What one judged figure must reach, and what it should."""

    must: float
    goal: float
    higher_is_better: bool = False

    def reached(self, value: float, limit: float) -> bool:
        """Whether `value` is as good as `limit`, which is `must` or `goal`."""
        return value >= limit if self.higher_is_better else value <= limit


class Suite(Protocol):
    """One benchmark. `limits` and `ratio` have the same keys: what each judged figure is called."""

    name: str
    title: str
    limits: Mapping[str, Limit]
    most_rounds: int
    """For a suite whose rounds are long, or the same each time; `--rounds` beyond it changes nothing."""

    async def prepare(self, context: Context) -> None:
        """Servers, processes and data; once. What has to be ended goes to `context.resources`."""

    async def baseline(self) -> Measured | None:
        """One round of the baseline; None in a suite that judges the product by itself."""

    async def subject(self) -> Measured:
        """One round of the product, on the same data."""

    async def verify(self) -> Sequence[str]:
        """Broken invariants after the subject's round, a sentence each; they make the run invalid."""

    def ratio(self, baseline: Measured | None, subject: Measured) -> Mapping[str, float]:
        """The judged figures of one round."""
