"""Service entries, expenses and readings as they are typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Self

from pydantic import AwareDatetime, Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from chassis.http import ApiModel
from owners.api.values import Edit, Money, Note, OdometerInput, PastDate, Rate, TimeZone, text_of
from owners.domain.conversion import parse_rate
from owners.domain.records import ExpenseCategory, Line, LineKind

MAX_LINES = 100


class LineBody(ApiModel):
    """What was done or fitted. `amount` is null when it is not known, or not for the reader."""

    title: Annotated[str, text_of(200)]
    kind: LineKind = "other"
    amount: Money | None = None

    def to_domain(self) -> Line:
        """The value that the domain knows."""
        return Line(self.title, self.kind, self.amount.amount_minor if self.amount else None)


class NextDue(ApiModel):
    """When the next service is due: after so many kilometres, months, or whichever comes first."""

    km: Annotated[int, Field(strict=True, gt=0, le=1_000_000)] | None = None
    months: Annotated[int, Field(strict=True, gt=0, le=600)] | None = None


Lines = Annotated[tuple[LineBody, ...], Field(min_length=1, max_length=MAX_LINES)]


class AddServiceEntryRequest(ApiModel):
    """A service. Amounts are of one currency; with any of them, the sum becomes the one linked expense."""

    service_date: PastDate
    time_zone: TimeZone | None = Field(default=None, description="Of the date; left out, the caller's own.")
    odometer: OdometerInput | None = None
    vendor: Annotated[str, text_of(200)] | None = None
    lines: Lines
    rate: Rate | None = None
    next_due: NextDue | None = None
    note: Note | None = None

    @model_validator(mode="after")
    def _one_currency(self) -> Self:
        _check_one_currency(self.lines)
        return self

    def details(self) -> dict[str, Any]:
        """What the domain calls the entry's details."""
        kept = {name: getattr(self, name) for name in ("service_date", "time_zone", "vendor", "note")}
        return kept | _line_details(self.lines) | _due_details(self.next_due) | _rate_details(self.rate)


class EditServiceEntryRequest(Edit):
    """The fields to change; those left out stay as they are. `lines` and `next_due` are replaced as a whole."""

    nullable: ClassVar[frozenset[str]] = frozenset({"odometer", "vendor", "rate", "next_due", "note"})

    service_date: PastDate | SkipJsonSchema[None] = None
    time_zone: TimeZone | SkipJsonSchema[None] = None
    odometer: OdometerInput | None = None
    vendor: Annotated[str, text_of(200)] | None = None
    lines: Lines | SkipJsonSchema[None] = None
    rate: Rate | None = None
    next_due: NextDue | None = None
    note: Note | None = None

    @model_validator(mode="after")
    def _one_currency(self) -> Self:
        _check_one_currency(self.lines or ())
        return self

    def changes(self) -> dict[str, Any]:
        """What the domain calls the changed details."""
        changes = super().changes()
        if "lines" in changes:
            changes |= _line_details(changes["lines"])
        if "next_due" in changes:
            changes |= _due_details(changes.pop("next_due"))
        if "rate" in changes:
            changes |= _rate_details(changes["rate"])
        return _with_odometer(changes)


class AddExpenseRequest(ApiModel):
    """A cost that is no service with lines, no fuel and no interest."""

    expense_date: PastDate
    time_zone: TimeZone | None = Field(default=None, description="Of the date; left out, the caller's own.")
    category: ExpenseCategory
    amount: Money
    rate: Rate | None = None
    odometer: OdometerInput | None = None
    note: Note | None = None

    def details(self) -> dict[str, Any]:
        """What the domain calls the expense's details."""
        kept = {name: getattr(self, name) for name in ("expense_date", "time_zone", "category", "note")}
        return kept | _money_details(self.amount) | _rate_details(self.rate)


class EditExpenseRequest(Edit):
    """The fields to change; those left out stay as they are."""

    nullable: ClassVar[frozenset[str]] = frozenset({"odometer", "rate", "note"})

    expense_date: PastDate | SkipJsonSchema[None] = None
    time_zone: TimeZone | SkipJsonSchema[None] = None
    category: ExpenseCategory | SkipJsonSchema[None] = None
    amount: Money | SkipJsonSchema[None] = None
    rate: Rate | None = None
    odometer: OdometerInput | None = None
    note: Note | None = None

    def changes(self) -> dict[str, Any]:
        """What the domain calls the changed details."""
        changes = super().changes()
        if "amount" in changes:
            changes |= _money_details(changes.pop("amount"))
        if "rate" in changes:
            changes |= _rate_details(changes["rate"])
        return _with_odometer(changes)


class AddReadingRequest(ApiModel):
    """A reading. An instant tells the date; without either it was read just now."""

    odometer: OdometerInput
    observed_on: PastDate | None = None
    observed_at: AwareDatetime | None = None
    time_zone: TimeZone | None = Field(default=None, description="Where it was read; left out, the caller's own.")

    @model_validator(mode="after")
    def _date_or_instant(self) -> Self:
        if self.observed_on is not None and self.observed_at is not None:
            raise ValueError("send observed_on or observed_at, not both: the instant tells the date")
        return self


def _check_one_currency(lines: Sequence[LineBody]) -> None:
    if len({line.amount.currency for line in lines if line.amount is not None}) > 1:
        raise ValueError("the amounts of one service have one currency: currencies never add up")


def _line_details(lines: Sequence[LineBody]) -> dict[str, Any]:
    currencies = [line.amount.currency for line in lines if line.amount is not None]
    return {
        "lines": tuple(
            Line(line.title, line.kind, line.amount.amount_minor if line.amount else None) for line in lines
        ),
        "currency": currencies[0] if currencies else None,
    }


def _due_details(due: NextDue | None) -> dict[str, Any]:
    return {"next_due_km": due.km if due else None, "next_due_months": due.months if due else None}


def _money_details(money: Money) -> dict[str, Any]:
    return {"amount_minor": money.amount_minor, "currency": money.currency}


def _rate_details(rate: str | None) -> dict[str, Any]:
    return {"rate": None if rate is None else parse_rate(rate)}


def _with_odometer(changes: dict[str, Any]) -> dict[str, Any]:
    odometer: OdometerInput | None = changes.get("odometer")
    return changes if odometer is None else changes | {"odometer": odometer.to_domain()}
