"""Dates are local to a place; its IANA time zone says which date it was there."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from owners.domain.errors import DateInFuture, UnknownTimeZone

EARLIEST: Final = date(1900, 1, 1)
_PSEUDO_ZONES: Final = frozenset({"localtime", "posixrules", "Factory"})


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones()) - _PSEUDO_ZONES


def zone(name: str) -> ZoneInfo:
    """The zone of this IANA name; raises UnknownTimeZone."""
    if name not in _zone_names():
        raise UnknownTimeZone("This is no IANA time zone. Examples: Europe/Moscow, Asia/Yekaterinburg.")
    return ZoneInfo(name)


def local_date(instant: datetime, zone_name: str) -> date:
    """Which date the instant had there."""
    return instant.astimezone(zone(zone_name)).date()


def start_of_day(day: date, zone_name: str) -> datetime:
    """The first instant of that date there."""
    return datetime.combine(day, time(), tzinfo=zone(zone_name))


def instant_of(day: date, at: time, zone_name: str) -> datetime:
    """When a clock there showed that; the earlier one when it did so twice."""
    return datetime.combine(day, at, tzinfo=zone(zone_name)).astimezone(UTC)


def check_not_future(day: date, *, zone_name: str, now: datetime) -> None:
    """Raises DateInFuture for a date that has not begun there; one day's grace for a zone that was not told."""
    if day > local_date(now, zone_name) + timedelta(days=1):
        raise DateInFuture("This date is still to come.")
