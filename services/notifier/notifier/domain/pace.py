"""Telegram's limits as slots in time: 30 messages a second for the bot, one a second for a chat."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

PER_SECOND = 30
INTERVAL = timedelta(seconds=1) / PER_SECOND
CHAT_INTERVAL = timedelta(seconds=1)
HORIZON = timedelta(seconds=1)
"""Nobody reserves further ahead than this, so that a crash strands few messages and a decision waits for few others."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The bot's next free slot, and until when Telegram wants silence."""

    next_slot_at: datetime
    frozen_until: datetime | None

    def free_slots(self, now: datetime) -> int:
        """How many messages may be taken up at this instant."""
        if self.frozen_until is not None and now < self.frozen_until:
            return 0
        return max(0, (now + HORIZON - self._first(now)) // INTERVAL)

    def reserve(self, count: int, now: datetime) -> tuple[list[datetime], Pace]:
        """The instants at which `count` messages may leave, and the pace after them."""
        first = self._first(now)
        slots = [first + INTERVAL * place for place in range(count)]
        return slots, Pace(first + INTERVAL * count, self.frozen_until)

    def _first(self, now: datetime) -> datetime:
        return max(self.next_slot_at, now)
