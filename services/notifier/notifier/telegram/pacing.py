"""The bot's own words keep the pace of its notifications: one budget of messages, shared by all workers."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final

from chassis.clock import Clock
from chassis.db import Database
from notifier.db import deliveries

_LONGEST_SILENCE: Final = timedelta(seconds=10)
"""Longer than this nobody waits for an answer: it is not given."""


class SharedPace:
    """Slots for messages that are sent as they come up."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def turn(self) -> bool:
        """Waits for the next free slot; false when Telegram wants silence for too long."""
        async with self._database.transaction() as tx:
            now = self._clock()
            pace = await deliveries.lock_pace(tx)
            silence = max((pace.frozen_until or now) - now, timedelta(0))
            if silence > _LONGEST_SILENCE:
                return False
            slots, after = pace.reserve(1, now + silence)
            await deliveries.save_slots(tx, after)
        await sleep_until(slots[0], self._clock)
        return True

    async def freeze(self, silence: timedelta) -> None:
        """Telegram wants silence from the bot: everybody's."""
        async with self._database.transaction() as tx:
            await deliveries.freeze(tx, self._clock() + silence)


async def sleep_until(instant: datetime, clock: Clock) -> None:
    """Sleeps for as long as the clock has to go."""
    await asyncio.sleep(max(0.0, (instant - clock()).total_seconds()))
