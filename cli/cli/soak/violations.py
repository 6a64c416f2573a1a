"""What a soak may find wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Breach(StrEnum):
    """Which promise is broken."""

    LOST = "lost"
    DOUBLED = "doubled"
    MADE_UP = "made up"
    OUT_OF_ORDER = "out of order"
    BROKEN_CHAIN = "broken chain"
    DEAD_LETTER = "dead letter"
    NOT_AT_REST = "not at rest"
    BAD_ANSWER = "bad answer"


@dataclass(frozen=True, slots=True)
class Violation:
    """`order_id` is None where no single work order is concerned."""

    breach: Breach
    what: str
    order_id: str | None = None
