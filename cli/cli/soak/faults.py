"""Which faults a soak makes and where: decided by its seed alone, so that a run can be repeated."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cli.stack.leftovers import KAFKA, POSTGRES
from cli.stack.plan import SERVICES, TELEGRAM, part_names

SERVERS = (KAFKA, *(f"{service}-{POSTGRES}" for service in SERVICES))
LINKS = (*SERVERS, TELEGRAM)
"""Connections that lead through a proxy, each named for the part at its end."""
PROCESSES = (*part_names(split=True), *SERVERS)
BOT_API_ANSWERS = ("429", "500", "502", "timeout_after_accept", "connection_reset")
LONGEST = 25.0
"""Seconds: more than a consumer group waits for a silent member, and than a relay's session lives."""
_ONE_IN_LONG = 5
_SHORT = 4.0


class Kind(StrEnum):
    """What a fault does."""

    KILL = "kill"
    PAUSE = "pause"
    RESET = "reset"
    BLACKHOLE = "blackhole"
    DELAY = "delay"
    REFUSE = "refuse"
    TERMINATE = "terminate"
    BOT_API = "bot-api"


_BAG = (*[Kind.KILL] * 3, *[Kind.PAUSE] * 3, *[Kind.TERMINATE] * 2, *Kind)
_TARGETS: dict[Kind, tuple[str, ...]] = {
    Kind.KILL: PROCESSES,
    Kind.PAUSE: PROCESSES,
    Kind.RESET: LINKS,
    Kind.BLACKHOLE: LINKS,
    Kind.DELAY: LINKS,
    Kind.REFUSE: LINKS,
    Kind.TERMINATE: SERVICES,
    Kind.BOT_API: BOT_API_ANSWERS,
}
_LASTING = frozenset({Kind.PAUSE, Kind.BLACKHOLE, Kind.DELAY, Kind.REFUSE})


@dataclass(frozen=True, slots=True)
class Fault:
    """Strikes when `after` orders have come to their end; `seconds` is how long it lasts, 0 for one blow.

    `target`: a process, a connection, a service's database, or the answer that the Bot API will give. `size`: the
    seconds that a delayed connection adds, or how many answers of the Bot API are wrong.
    """

    number: int
    after: int
    kind: Kind
    target: str
    seconds: float = 0.0
    size: float = 0.0

    def __str__(self) -> str:
        """One line of the plan."""
        return f"after {self.after} orders: {self.what}"

    @property
    def what(self) -> str:
        """The fault without its time."""
        match self.kind:
            case Kind.TERMINATE:
                return f"terminate the backends of {self.target}"
            case Kind.BOT_API:
                return f"the Bot API answers {self.target}, {self.size:g} times"
            case Kind.DELAY:
                return f"delay {self.target} by {self.size:g} s for {self.seconds:g} s"
            case _:
                return f"{self.kind} {self.target}" + (f" for {self.seconds:g} s" if self.seconds else "")


def plan_faults(seed: int, *, orders: int, faults: int, longest: float = LONGEST) -> list[Fault]:
    """All faults in the order of their striking, spread over the whole run; none lasts more than `longest` seconds."""
    rng = random.Random(f"carpass soak {seed}: faults")  # noqa: S311 -- must be repeatable
    kinds = _dealt(rng, _BAG)
    targets = {kind: _dealt(rng, _TARGETS[kind]) for kind in Kind}
    planned = []
    for number in range(faults):
        first, beyond = number * orders // faults, (number + 1) * orders // faults
        after = rng.randrange(first, max(first + 1, beyond))
        kind = next(kinds)
        seconds = _seconds(rng, longest) if kind in _LASTING else 0.0
        planned.append(Fault(number + 1, after, kind, next(targets[kind]), seconds, _size(rng, kind)))
    return planned


def _dealt[T](rng: random.Random, bag: Sequence[T]) -> Iterator[T]:
    """Everything in the bag in random order, again and again, so that a long run leaves nothing out."""
    while True:
        yield from rng.sample(bag, len(bag))


def _seconds(rng: random.Random, longest: float) -> float:
    if rng.randrange(_ONE_IN_LONG) == 0:
        return round(rng.uniform(min(_SHORT, longest), longest), 1)
    return round(rng.uniform(min(0.5, longest), min(_SHORT, longest)), 1)


def _size(rng: random.Random, kind: Kind) -> float:
    match kind:
        case Kind.DELAY:
            return rng.choice((0.05, 0.2, 0.5))
        case Kind.BOT_API:
            return rng.randint(1, 3)
        case _:
            return 0.0
