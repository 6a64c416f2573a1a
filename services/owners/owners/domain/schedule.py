"""Expenses that come back: every month an insurance, every year a tax."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final, NamedTuple, Self
from uuid import UUID

from owners.domain.errors import DomainError
from owners.domain.local_time import local_date, start_of_day
from owners.domain.ownership.calendar import months_after
from owners.domain.records import Expense, ExpenseCategory

MOST_SCHEDULES: Final = 50
_TIMING: Final = frozenset({"starts_on", "every_months", "ends_on", "time_zone"})


class ScheduleInPast(DomainError):  # noqa: N818 -- as in errors.py
    """A schedule enters what is still to come."""


class TooManySchedules(DomainError):  # noqa: N818 -- as in errors.py
    """More than a car is given."""


class ExpenseSchedule(NamedTuple):
    """An expense on `starts_on` and every so many months after, up to `ends_on`; `entered` counts those that came.

    The day of the month is that of the start, or the last one of a month that is too short for it.
    """

    id: UUID
    car_id: UUID
    owner_id: UUID
    author_id: UUID
    category: ExpenseCategory
    amount_minor: int
    currency: str
    note: str | None
    time_zone: str
    starts_on: date
    every_months: int
    ends_on: date | None
    entered: int
    ended_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int

    @property
    def next_on(self) -> date | None:
        """When the next expense is due; None when none is to come."""
        day = months_after(self.starts_on, self.entered * self.every_months)
        over = self.ended_at is not None or (self.ends_on is not None and day > self.ends_on)
        return None if over else day

    @property
    def due_at(self) -> datetime | None:
        """The first instant of that day."""
        day = self.next_on
        return None if day is None else start_of_day(day, self.time_zone)

    def check_ahead(self, now: datetime) -> None:
        """Raises ScheduleInPast when it would enter something for a day that is over."""
        day = self.next_on
        if day is None or day < local_date(now, self.time_zone):
            raise ScheduleInPast("A schedule begins today or later. Enter by hand what was paid before.")

    def edited(self, changes: dict[str, Any], now: datetime) -> Self:
        """With other details from the next expense on; itself when nothing differs; raises ScheduleInPast.

        Another start or rhythm begins anew.
        """
        changed = {name for name, value in changes.items() if getattr(self, name) != value}
        if not changed:
            return self
        edited = self._replace(**changes, updated_at=now, version=self.version + 1)
        if changed & {"starts_on", "every_months"}:
            edited = edited._replace(entered=0)
        if changed & _TIMING:
            edited.check_ahead(now)
        return edited

    def entry(self, expense_id: UUID, at: datetime) -> tuple[Self, Expense] | None:
        """The expense that is due, and the schedule after it; None when nothing is to come."""
        day = self.next_on
        if day is None:
            return None
        expense = Expense(
            id=expense_id,
            car_id=self.car_id,
            owner_id=self.owner_id,
            expense_date=day,
            time_zone=self.time_zone,
            category=self.category,
            amount_minor=self.amount_minor,
            currency=self.currency,
            note=self.note,
            service_entry_id=None,
            author_id=self.author_id,
            attestation=None,
            created_at=at,
            updated_at=at,
            version=1,
            schedule_id=self.id,
        )
        return self._replace(entered=self.entered + 1), expense
