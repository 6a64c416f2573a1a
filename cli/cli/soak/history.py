"""What the clients of a soak have seen: every request and what became of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import orjson

UNKNOWN = "unknown"
REFUSED = "refused"


@dataclass(slots=True)
class Step:
    """One request with all its tries. `at` counts from the beginning of the run, `answers` has a word for each try."""

    name: str
    at: float
    took: float = 0.0
    outcome: str = UNKNOWN
    answers: list[str] = field(default_factory=list)


@dataclass(slots=True)
class OrderHistory:
    """One order as its client knows it. `possible`: the statuses that it can have now; empty when it may not exist."""

    number: int
    client: int
    car_id: str
    order_id: str | None = None
    outcome: str = UNKNOWN
    possible: tuple[str, ...] = ()
    steps: list[Step] = field(default_factory=list)

    @property
    def began(self) -> float:
        """Seconds since the beginning of the run."""
        return self.steps[0].at

    @property
    def ended(self) -> float:
        """Of the last answer, or of giving up."""
        return self.steps[-1].at + self.steps[-1].took


@dataclass(frozen=True, slots=True)
class BadAnswer:
    """An answer that no honest client may get, whatever fails: an internal error, or a refusal of what is right."""

    number: int
    order_id: str | None
    step: str
    status: int
    trace_id: str
    detail: str


@dataclass(slots=True)
class Requests:
    """Counts of requests by outcome, and of their answers by status or kind of failure."""

    by_outcome: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)

    @property
    def retries(self) -> int:
        """How many tries there were beyond the first of each request."""
        return self.answers.total() - self.by_outcome.total()


class History:
    """Keeps of each order what the check needs, and writes the rest to a file, a line an order."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lines = file.open("wb")
        self._began = time.monotonic()
        self.began_at = time.time()
        self.known: dict[UUID, tuple[str, ...]] = {}
        """The statuses that each order can have, as far as its client knows."""
        self.unknown_creations = 0
        self.outcomes: Counter[str] = Counter()
        self.requests = Requests()
        self.bad_answers: list[BadAnswer] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lines.close()

    def begin(self) -> None:
        """Time counts from now on."""
        self._began, self.began_at = time.monotonic(), time.time()

    @property
    def ended(self) -> int:
        """How many orders have come to their end, whatever that was."""
        return self.outcomes.total()

    def now(self) -> float:
        """Seconds since the beginning of the run."""
        return time.monotonic() - self._began

    def add(self, order: OrderHistory) -> None:
        """An order has come to its end."""
        self.outcomes[order.outcome] += 1
        if order.order_id is not None:
            self.known[UUID(order.order_id)] = order.possible
        elif order.outcome == UNKNOWN:
            self.unknown_creations += 1
        for step in order.steps:
            self.requests.by_outcome[step.outcome] += 1
            self.requests.answers.update(step.answers)
        self._lines.write(orjson.dumps(asdict(order)) + b"\n")

    def of(self, order_ids: Collection[str]) -> dict[str, OrderHistory]:
        """What was written about these orders."""
        if not self._lines.closed:
            self._lines.flush()
        return {str(order.order_id): order for order in self._read() if order.order_id in order_ids}

    def _read(self) -> Iterator[OrderHistory]:
        with self._file.open("rb") as lines:
            for line in lines:
                yield _order(orjson.loads(line))


def _order(stored: dict[str, Any]) -> OrderHistory:
    steps = [Step(**step) for step in stored.pop("steps")]
    return OrderHistory(**stored | {"possible": tuple(stored["possible"])}, steps=steps)
