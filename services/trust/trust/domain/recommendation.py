"""When a car's maintenance is due, and what a completed work order recommends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from trust.domain.calendar import add_months

UPCOMING_KM = 1_000
UPCOMING_DAYS = 30
OVERDUE_KM = 500
OVERDUE_DAYS = 14


class Status(StrEnum):
    """From far away to settled. The last three are final."""

    OPEN = "open"
    UPCOMING = "upcoming"
    DUE = "due"
    OVERDUE = "overdue"
    DONE = "done"
    DISMISSED = "dismissed"
    SUPERSEDED = "superseded"

    @property
    def settled(self) -> bool:
        """Whether it can't change any more."""
        return self in {Status.DONE, Status.DISMISSED, Status.SUPERSEDED}


class Source(StrEnum):
    """What a recommendation follows from."""

    INTERVAL = "work_order_interval"
    DECLINED = "declined_job"


@dataclass(frozen=True, slots=True)
class Due:
    """By distance (km on the odometer), by date, or whichever is reached first. Neither: open until done."""

    km: int | None
    on: date | None

    def status(self, odometer_km: int | None, today: date) -> Status:
        """How near it is, by the last accepted reading (km) and the date."""
        return max(self._by_distance(odometer_km), self._by_date(today), key=_NEARNESS.index)

    def next_change(self, today: date) -> date | None:
        """The next day on which the date alone changes the status, or None."""
        if self.on is None:
            return None
        steps = (
            self.on - timedelta(days=UPCOMING_DAYS),
            self.on,
            self.on + timedelta(days=OVERDUE_DAYS + 1),
        )
        return next((step for step in steps if step > today), None)

    def _by_distance(self, odometer_km: int | None) -> Status:
        if self.km is None or odometer_km is None:
            return Status.OPEN
        if odometer_km > self.km + OVERDUE_KM:
            return Status.OVERDUE
        if odometer_km >= self.km:
            return Status.DUE
        return Status.UPCOMING if odometer_km >= self.km - UPCOMING_KM else Status.OPEN

    def _by_date(self, today: date) -> Status:
        if self.on is None or today < self.on - timedelta(days=UPCOMING_DAYS):
            return Status.OPEN
        if today > self.on + timedelta(days=OVERDUE_DAYS):
            return Status.OVERDUE
        return Status.DUE if today >= self.on else Status.UPCOMING


_NEARNESS = (Status.OPEN, Status.UPCOMING, Status.DUE, Status.OVERDUE)


@dataclass(frozen=True, slots=True)
class Interval:
    """Work is due again after so many km, so many months, or whichever comes first."""

    km: int | None
    months: int | None


@dataclass(frozen=True, slots=True)
class DoneItem:
    """A line of a completed work order; without an interval it only settles what was recommended before."""

    item_id: UUID
    title: str
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class DeclinedItem:
    """A job that the owner declined."""

    item_id: UUID
    title: str
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is to be recommended: one per item, for ever the same for the same work order."""

    item_id: UUID
    title: str
    source: Source
    due: Due


def proposals(
    done: Iterable[DoneItem], declined: Iterable[DeclinedItem], *, completed_on: date, odometer_km: int | None
) -> list[Proposal]:
    """What a completed work order recommends; distances count from the reading (km) of that very service."""
    found = [
        Proposal(item.item_id, item.title, Source.INTERVAL, _due(item.interval, completed_on, odometer_km))
        for item in done
        if item.interval is not None
    ]
    found += [
        Proposal(item.item_id, item.title, Source.DECLINED, _due(item.interval, completed_on, odometer_km))
        for item in declined
    ]
    return found


def matter(title: str) -> str:
    """What a title is about: case, spacing and the letter ё make no difference between two services."""
    return " ".join(title.casefold().replace("ё", "е").split())


def _due(interval: Interval | None, completed_on: date, odometer_km: int | None) -> Due:
    if interval is None:
        return Due(None, None)
    km = None if interval.km is None or odometer_km is None else odometer_km + interval.km
    on = None if interval.months is None else add_months(completed_on, interval.months)
    return Due(km, on)
