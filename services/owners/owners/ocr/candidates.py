"""What was read from an image: candidates, each with how sure it is and the text that it came from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from decimal import Decimal
from typing import Final, Literal

type Kind = Literal["fuel_receipt", "odometer", "vin", "invoice"]
type Source = Literal["fiscal_qr", "barcode", "text"]

MOST_CANDIDATES: Final = 5
_MOST_TEXT: Final = 200
_BLANKS: Final = re.compile(" +")
_LEAST_CONFIDENCE: Final = 0.05


@dataclass(frozen=True, slots=True)
class Candidate[T]:
    """A value that may be the right one. `confidence` is between 0 and 1, where only codes with checks reach 1."""

    value: T
    confidence: float
    text: str
    source: Source = "text"


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount as it was printed; `currency` is None where nothing says it."""

    amount: Decimal
    currency: str | None


@dataclass(frozen=True, slots=True)
class Quantity:
    """How much was filled; `unit` is one of the domain's volume units, or None where nothing says it."""

    quantity: Decimal
    unit: str | None


@dataclass(frozen=True, slots=True)
class OdometerValue:
    """What an odometer shows; `unit` is None where nothing says it."""

    value: Decimal
    unit: Literal["km", "mi"] | None


@dataclass(frozen=True, slots=True)
class VinValue:
    """A VIN by the domain's rules; `corrected`: it is not, character by character, what was read."""

    vin: str
    check_digit_fits: bool
    corrected: bool


@dataclass(frozen=True, slots=True)
class FiscalSign:
    """What identifies a Russian fiscal receipt: `key` is the same for each photo of it."""

    key: str
    operation: Literal["sale", "sale_refund", "purchase", "purchase_refund"] | None


@dataclass(frozen=True, slots=True)
class FuelReceipt:
    """Candidates for the fields of a fuel entry."""

    purchased_on: Sequence[Candidate[date]] = ()
    purchased_at: Sequence[Candidate[time]] = ()
    energy_kind: Sequence[Candidate[str]] = ()
    volume: Sequence[Candidate[Quantity]] = ()
    unit_price: Sequence[Candidate[Amount]] = ()
    total: Sequence[Candidate[Amount]] = ()
    fiscal: Sequence[Candidate[FiscalSign]] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing but perhaps a date was found, which alone makes no receipt."""
        return not (self.volume or self.total or self.fiscal)


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """A line of an invoice."""

    title: str
    amount: Amount


@dataclass(frozen=True, slots=True)
class Invoice:
    """Candidates for a service entry."""

    invoice_date: Sequence[Candidate[date]] = ()
    lines: Sequence[Candidate[InvoiceLine]] = ()
    total: Sequence[Candidate[Amount]] = ()
    fiscal: Sequence[Candidate[FiscalSign]] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing but perhaps a date was found."""
        return not (self.lines or self.total or self.fiscal)


@dataclass(frozen=True, slots=True)
class Preview:
    """Everything that was found; what is None or empty was not."""

    fuel_receipt: FuelReceipt | None = None
    odometer: Sequence[Candidate[OdometerValue]] = ()
    vin: Sequence[Candidate[VinValue]] = ()
    invoice: Invoice | None = None


def ranked[T](found: Iterable[Candidate[T]]) -> tuple[Candidate[T], ...]:
    """The best few, each value once at its best; of equally sure ones the earlier stands first."""
    best: dict[T, Candidate[T]] = {}
    for each in map(tidy, found):
        kept = best.get(each.value)
        if each.confidence >= _LEAST_CONFIDENCE and (kept is None or kept.confidence < each.confidence):
            best[each.value] = each
    return tuple(sorted(best.values(), key=lambda each: -each.confidence)[:MOST_CANDIDATES])


def tidy[T](one: Candidate[T]) -> Candidate[T]:
    """With a confidence of two decimals and no more text than a person reads."""
    sure = one.confidence if one.source != "text" else min(one.confidence, 0.99)
    return replace(one, confidence=round(max(0.0, sure), 2), text=_BLANKS.sub(" ", one.text)[:_MOST_TEXT])
