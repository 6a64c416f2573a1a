"""What is recorded about a car: services and expenses, typed by its owner or attested by a work order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple, Self
from uuid import UUID

from owners.domain.conversion import Rated
from owners.domain.errors import ExpenseBelongsToService, RecordIsAttested

type Provenance = Literal["self_declared", "attested"]
type LineKind = Literal["labor", "part", "fluid", "material", "other"]
type ExpenseCategory = Literal[
    "service", "parts", "tyres", "insurance", "tax", "parking", "toll", "fine", "wash", "other"
]

_FOLLOWS = ("expense_date", "time_zone", "amount_minor", "currency", *Rated._fields)
_READ_ONLY = "A completed work order attests this: it is read-only. Ask the service center for a correction."


@dataclass(frozen=True, slots=True)
class Line:
    """What was done or fitted; the amount in minor units, None when it is not known."""

    title: str
    kind: LineKind
    amount_minor: int | None


class Attestation(NamedTuple):
    """The completed work order behind a record."""

    center_id: UUID
    work_order_id: UUID
    revision: int
    snapshot_sha256: str


class ServiceEntry(NamedTuple):
    """A service. `cost_minor` and `currency` are None when nobody told what it cost."""

    id: UUID
    car_id: UUID
    owner_id: UUID
    service_date: date
    time_zone: str
    vendor: str | None
    lines: Sequence[Line]
    currency: str | None
    cost_minor: int | None
    next_due_km: int | None
    next_due_months: int | None
    note: str | None
    author_id: UUID
    attestation: Attestation | None
    work_order_number: int | None
    created_at: datetime
    updated_at: datetime
    version: int
    rate: Decimal | None = None
    rate_to: str | None = None
    converted_minor: int | None = None

    @property
    def provenance(self) -> Provenance:
        """Who vouches for it."""
        return "self_declared" if self.attestation is None else "attested"

    @property
    def rated(self) -> Rated:
        """How its cost counts in another currency."""
        return Rated(self.rate, self.rate_to, self.converted_minor)

    @property
    def titles(self) -> tuple[str, ...]:
        """What was done, in words."""
        return tuple(line.title for line in self.lines)

    def edited(self, changes: dict[str, Any], now: datetime) -> Self:
        """With other details; itself when nothing differs; raises RecordIsAttested."""
        self.check_editable()
        if all(getattr(self, name) == value for name, value in changes.items()):
            return self
        return self._replace(**changes, updated_at=now, version=self.version + 1)

    def touched(self, now: datetime) -> Self:
        """A new version of it, because what belongs to it changed."""
        return self._replace(updated_at=now, version=self.version + 1)

    def check_editable(self) -> None:
        """Raises RecordIsAttested for an attested one."""
        if self.attestation is not None:
            raise RecordIsAttested(_READ_ONLY)


class Expense(NamedTuple):
    """A cost, counted once. With a service entry it is what that service cost."""

    id: UUID
    car_id: UUID
    owner_id: UUID
    expense_date: date
    time_zone: str
    category: ExpenseCategory
    amount_minor: int
    currency: str
    note: str | None
    service_entry_id: UUID | None
    author_id: UUID
    attestation: Attestation | None
    created_at: datetime
    updated_at: datetime
    version: int
    schedule_id: UUID | None = None
    rate: Decimal | None = None
    rate_to: str | None = None
    converted_minor: int | None = None

    @property
    def rated(self) -> Rated:
        """How it counts in another currency."""
        return Rated(self.rate, self.rate_to, self.converted_minor)

    @property
    def provenance(self) -> Provenance:
        """Who vouches for it."""
        return "self_declared" if self.attestation is None else "attested"

    def edited(self, changes: dict[str, Any], now: datetime) -> Self:
        """With other details; itself when nothing differs; raises RecordIsAttested, ExpenseBelongsToService."""
        self.check_editable()
        if all(getattr(self, name) == value for name, value in changes.items()):
            return self
        return self._replace(**changes, updated_at=now, version=self.version + 1)

    def touched(self, now: datetime) -> Self:
        """A new version of it, because what belongs to it changed."""
        return self._replace(updated_at=now, version=self.version + 1)

    def check_editable(self) -> None:
        """Raises RecordIsAttested or ExpenseBelongsToService unless it stands for itself."""
        if self.attestation is not None:
            raise RecordIsAttested(_READ_ONLY)
        if self.service_entry_id is not None:
            raise ExpenseBelongsToService("This is what a service entry cost: change that entry instead.")

    @classmethod
    def of_service(cls, expense_id: UUID, entry: ServiceEntry) -> Self | None:
        """The one linked expense of an entry that tells its cost, 0 included."""
        if entry.cost_minor is None or entry.currency is None:
            return None
        return cls(
            id=expense_id,
            car_id=entry.car_id,
            owner_id=entry.owner_id,
            expense_date=entry.service_date,
            time_zone=entry.time_zone,
            category="service",
            amount_minor=entry.cost_minor,
            currency=entry.currency,
            note=None,
            service_entry_id=entry.id,
            author_id=entry.author_id,
            attestation=entry.attestation,
            created_at=entry.updated_at,
            updated_at=entry.updated_at,
            version=1,
            **entry.rated._asdict(),
        )

    def following(self, entry: ServiceEntry) -> Self:
        """Itself after its service entry was edited."""
        told = Expense.of_service(self.id, entry)
        if told is None:
            return self
        followed = {name: getattr(told, name) for name in _FOLLOWS}
        if all(getattr(self, name) == value for name, value in followed.items()):
            return self
        return self._replace(
            **followed,
            updated_at=told.updated_at,
            version=self.version + 1,
        )


def cost_of(lines: Sequence[Line]) -> int | None:
    """The sum of what is told; None when no line tells an amount."""
    amounts = [line.amount_minor for line in lines if line.amount_minor is not None]
    return sum(amounts) if amounts else None
