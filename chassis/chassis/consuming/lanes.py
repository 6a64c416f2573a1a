"""A large batch in two lanes at once: one is decoded and worked out while the database works on the other."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Final

from chassis.consuming.batch import apply_batch
from chassis.consuming.messages import RawRecord
from chassis.consuming.subscriptions import Subscriptions
from chassis.db import Database

LANES: Final = 2
WORTHWHILE: Final = 100
"""Records. Below it a second round of the same statements costs more than the overlap saves."""


def lanes(records: Sequence[RawRecord]) -> list[list[RawRecord]]:
    """About as many records in each lane, in their order. A partition's number is in one lane, whatever its topic.

    So the records of a key stay together: topics that share keys have as many partitions.
    """
    counts = Counter(record.partition for record in records)
    if len(records) < WORTHWHILE or len(counts) < LANES:
        return [list(records)]
    loads = [0] * LANES
    lane_of: dict[int, int] = {}
    for partition, count in counts.most_common():
        lane = loads.index(min(loads))
        lane_of[partition] = lane
        loads[lane] += count
    return [[record for record in records if lane_of[record.partition] == lane] for lane in range(LANES)]


async def apply_in_lanes(database: Database, subscriptions: Subscriptions, records: Sequence[RawRecord]) -> None:
    """`apply_batch` for each lane, as two workers would. Raises only after all have ended.

    What one lane committed while another failed is found in the inbox when the records are applied again.
    """
    cut = lanes(records)
    if len(cut) == 1:
        await apply_batch(database, subscriptions, records)
        return
    ended = await asyncio.gather(*(apply_batch(database, subscriptions, lane) for lane in cut), return_exceptions=True)
    for outcome in ended:
        if isinstance(outcome, BaseException):
            raise outcome
