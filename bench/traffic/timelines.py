"""Cars with a history in trust's database, put there as its consumers would have left it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from chassis.http.pages import encode_cursor
from chassis.ids import new_id
from chassis.provision import ServiceDatabase

_FIRST: Final = datetime(2016, 3, 1, 8, 30, tzinfo=UTC)
_STEP: Final = timedelta(minutes=37, microseconds=411)
_CENTER: Final = UUID("0198b0c4-1f52-7cc0-8a53-2f6a5d0c7b11")
_KINDS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("work_order_opened", {"number": 812, "center_name": "Ural Motor"}),
    ("estimate_sent", {"number": 812, "center_name": "Ural Motor", "estimate_version": 1}),
    ("estimate_decided", {"number": 812, "center_name": "Ural Motor", "estimate_version": 1}),
    (
        "work_order_moved",
        {"number": 812, "center_name": "Ural Motor", "previous": "approved", "status": "in_progress"},
    ),
    (
        "work_order_completed",
        {
            "number": 812,
            "center_name": "Ural Motor",
            "snapshot_sha256": "9f2c" * 16,
            "related_party": False,
            "jobs": ["Oil service", "Front brake pads"],
            "odometer_km": 187_420,
        },
    ),
    ("service_entry", {"entry_id": str(_CENTER), "service_date": "2026-03-16", "titles": ["Oil service"]}),
    ("score_changed", {"value": 71, "previous": 66}),
)
_COLUMNS: Final = ("id", "car_id", "occurred_at", "kind", "private", "center_id", "work_order_id", "details")
_AT_ONCE: Final = 20_000


@dataclass(frozen=True, slots=True)
class Timeline:
    """A car, its owner, and how much there is to tell."""

    length: int
    car_id: UUID = field(default_factory=new_id)
    owner_id: UUID = field(default_factory=new_id)

    def path(self, limit: int, *, last_page: bool = False) -> str:
        """The page of the newest entries, or the one of the oldest."""
        path = f"/v1/cars/{self.car_id}/timeline?limit={limit}"
        return f"{path}&cursor={encode_cursor(*self._position(limit))}" if last_page else path

    def _position(self, limit: int) -> tuple[datetime, UUID]:
        """Of the entry just newer than the last page."""
        return _FIRST + limit * _STEP, self.entry_id(limit)

    def entry_id(self, number: int) -> UUID:
        """The number-th entry, the oldest being 0."""
        return UUID(int=(self.car_id.int & ~0xFFFFFFFF) | number)

    def rows(self, begin: int, end: int) -> list[tuple[Any, ...]]:
        """Some of its rows of `engagement_event`."""
        return [
            (self.entry_id(number), self.car_id, _FIRST + number * _STEP, kind, False, _CENTER, None, text)
            for number in range(begin, end)
            for kind, text in [_DETAILS[number % len(_DETAILS)]]
        ]


_DETAILS: Final = [(kind, orjson.dumps(details).decode()) for kind, details in _KINDS]


async def store(database: ServiceDatabase, *timelines: Timeline) -> None:
    """Puts them into the database, and lets the planner know."""
    connection = await asyncpg.connect(database.owner_url)
    try:
        await connection.copy_records_to_table(
            "car",
            records=[(timeline.car_id, timeline.owner_id, False, 1) for timeline in timelines],
            columns=("car_id", "owner_id", "archived", "sequence"),
        )
        for timeline in timelines:
            for begin in range(0, timeline.length, _AT_ONCE):
                rows = timeline.rows(begin, min(timeline.length, begin + _AT_ONCE))
                await connection.copy_records_to_table("engagement_event", records=rows, columns=_COLUMNS)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
