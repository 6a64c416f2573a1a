"""Dates and times of day in the orders that apps use: what a date can mean, and what it means in one order."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from functools import lru_cache
from typing import Final, NamedTuple

from owners.domain.local_time import EARLIEST, zone
from owners.imports.rows import DateOrder

_LONGEST: Final = 40
_CENTURY: Final = 2000
_YEAR_DIGITS: Final = 4
_DATE: Final = re.compile(r"(\d{1,4})([./-])\s?(\d{1,2})\2\s?(\d{1,4})\.?(?:(?:T|,?\s+)(\S.*))?", re.ASCII)
_NAMED: Final = re.compile(r"(\d{1,2})?[\s.-]*([^\W\d_]{3,})\.?[\s-]*(\d{1,2})?(?:,\s*|[\s-]+)(\d{4})(?:,?\s+(\S.*))?")
_TIME: Final = re.compile(
    r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,]\d{1,9})?)?\s*([AaPp])?\.?[Mm]?\.?\s*(Z|[+-]\d{2}:?\d{2})?", re.ASCII
)
_MONTHS: Final = {
    name: number
    for names in ("jan feb mar apr may jun jul aug sep oct nov dec", "янв фев мар апр мая июн июл авг сен окт ноя дек")
    for number, name in enumerate(names.split(), 1)
}
_NOON: Final = 12
_PLACES: Final[dict[DateOrder, tuple[int, int, int]]] = {"ymd": (0, 1, 2), "dmy": (2, 1, 0), "mdy": (2, 0, 1)}


class NotADate(ValueError):  # noqa: N818 - it is named for what the text is
    """No date of the calendar, or none in that order."""


class Moment(NamedTuple):
    """A local date, with the time of day where it is told. `is_instant`: it was told in UTC."""

    day: date
    at: time | None
    is_instant: bool = False


@lru_cache(maxsize=4096)
def readings(text: str) -> dict[DateOrder, date]:
    """Every order in which the text is a date, with that date; nothing for no date."""
    named = _by_name(text)
    if named is not None:
        return dict.fromkeys(_PLACES, named[0])
    found = _DATE.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        return {}
    parts = (found[1], found[3], found[4])
    days = {order: _day(parts, places) for order, places in _PLACES.items() if _may_be(order, found)}
    return {order: day for order, day in days.items() if day is not None}


def likely_readings(text: str) -> dict[DateOrder, date]:
    """The same without an order that nobody uses: the month first with dots between."""
    possible = readings(text)
    if "." in text[:3] and "dmy" in possible:
        return {order: day for order, day in possible.items() if order != "mdy"}
    return possible


def moment(text: str, order: DateOrder | None, zone_name: str | None = None) -> Moment:
    """The date in that order, or in the only one that gives a date; raises NotADate.

    A time with an offset or in UTC becomes the local one of the zone, where that is known.
    """
    possible = readings(text)
    if order is not None and order in possible:
        day = possible[order]
    else:
        days = set(likely_readings(text).values())
        # The year first is no matter of order; anything else that contradicts the order is wrong.
        if len(days) != 1 or not (order is None or text[:_YEAR_DIGITS].isdecimal()):
            raise NotADate
        day = days.pop()
    rest = _time_part(text)
    return Moment(day, None) if rest is None else _with_time(day, rest, zone_name)


def time_of_day(text: str) -> time:
    """Hours and minutes, of 24 or with AM and PM; raises NotADate."""
    return _clock(text)[0]


def _may_be(order: DateOrder, found: re.Match[str]) -> bool:
    if len(found[1]) == _YEAR_DIGITS:
        return order == "ymd"
    return order != "ymd" or len(found[4]) != _YEAR_DIGITS


def _day(parts: tuple[str, str, str], places: tuple[int, int, int]) -> date | None:
    year, month, day = (parts[place] for place in places)
    if len(year) not in {2, _YEAR_DIGITS} or len(day) > len("31"):
        return None
    try:
        made = date(int(year) + (_CENTURY if len(year) == len("24") else 0), int(month), int(day))
    except ValueError:
        return None
    return made if made >= EARLIEST else None


def _by_name(text: str) -> tuple[date, str | None] | None:
    found = _NAMED.fullmatch(text) if len(text) <= _LONGEST else None
    month = _MONTHS.get(found[2][:3].lower()) if found else None
    if found is None or month is None or (found[1] is None) == (found[3] is None):
        return None
    try:
        return date(int(found[4]), month, int(found[1] or found[3])), found[5]
    except ValueError:
        return None


def _time_part(text: str) -> str | None:
    named = _by_name(text)
    if named is not None:
        return named[1]
    found = _DATE.fullmatch(text)
    return found[5] if found else None


def _with_time(day: date, rest: str, zone_name: str | None) -> Moment:
    at, offset = _clock(rest)
    if offset is None:
        return Moment(day, at)
    if zone_name is None or offset not in {"Z", "+00:00", "+0000"}:
        return Moment(day, at, is_instant=offset == "Z")
    local = datetime.combine(day, at, tzinfo=zone("UTC")).astimezone(zone(zone_name))
    return Moment(local.date(), local.time(), is_instant=True)


@lru_cache(maxsize=4096)
def _clock(text: str) -> tuple[time, str | None]:
    found = _TIME.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if found is None:
        raise NotADate
    hour = int(found[1])
    if found[4] is not None:
        if not 1 <= hour <= _NOON:
            raise NotADate
        hour = hour % _NOON + (_NOON if found[4] in "Pp" else 0)
    try:
        return time(hour, int(found[2]), int(found[3] or 0)), found[5]
    except ValueError:
        raise NotADate from None
