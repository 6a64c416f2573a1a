from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.harness.context import Context
from bench.harness.suite import InvalidRun, Limit, Measured


@dataclass
class StandInSuite:
    """A benchmark that measures nothing and remembers in which order it was asked."""

    name: str = "stand-in"
    title: str = "nothing at all"
    limits: Mapping[str, Limit] = field(
        default_factory=lambda: {"events/s": Limit(must=0.8, goal=1.0, higher_is_better=True)}
    )
    most_rounds: int = 10
    baseline_rate: float = 100.0
    subject_rate: float = 90.0
    broken: Sequence[str] = ()
    saturated: bool = False
    fails: bool = False
    closed: bool = False
    asked: list[str] = field(default_factory=list)

    async def prepare(self, context: Context) -> None:
        context.resources.callback(self._close)
        if self.fails:
            raise ValueError("no such table")

    async def baseline(self) -> Measured:
        self.asked.append("A")
        return Measured(100, 100 / self.baseline_rate, 0.5)

    async def subject(self) -> Measured:
        self.asked.append("B")
        if self.saturated:
            raise InvalidRun("the load generator is full")
        return Measured(100, 100 / self.subject_rate, 0.5)

    async def verify(self) -> Sequence[str]:
        return self.broken

    def ratio(self, baseline: Measured | None, subject: Measured) -> Mapping[str, float]:
        assert baseline is not None
        return {"events/s": subject.per_second / baseline.per_second}

    def _close(self) -> None:
        self.closed = True
