"""Labor and product lines: what is agreed about each, and what it comes to."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal
from uuid import UUID

from workorders.domain.errors import InvalidInput
from workorders.domain.money import Amounts, Money, Pricing

type ProductKind = Literal["part", "fluid", "material"]


@dataclass(frozen=True, slots=True)
class NextService:
    """When the work is due again: by distance, by time, or whichever comes first."""

    km: int | None
    months: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What labor and products have in common. `tax_percent` is, for example, 20 or 5.5."""

    discount: Money | None
    tax_percent: Decimal
    next_service: NextService | None

    @property
    def quantity(self) -> Decimal:
        """How much is charged."""
        raise NotImplementedError

    @property
    def unit_price(self) -> Decimal:
        """What one unit costs, in the currency's major unit."""
        raise NotImplementedError

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything that somebody wrote."""
        raise NotImplementedError

    def charged(self, pricing: Pricing) -> int:
        """Quantity x price less the discount, in minor units; raises InvalidInput when one is out of bounds."""
        charged = pricing.gross(self.quantity, self.unit_price) - pricing.minor(self.discount, field="discount")
        if charged < 0:
            raise InvalidInput(
                "The discount is larger than the amount.", field="discount", code="discount_exceeds_amount"
            )
        return charged


@dataclass(frozen=True, slots=True, kw_only=True)
class LaborTerms(Terms):
    """Work by the hour. `mechanic_id` is the user who does it, and so is assigned to the order."""

    operation: str
    hours: Decimal
    rate: Decimal
    mechanic_id: UUID | None

    @property
    def quantity(self) -> Decimal:
        """Hours."""
        return self.hours

    @property
    def unit_price(self) -> Decimal:
        """The hourly rate."""
        return self.rate

    @property
    def texts(self) -> tuple[str, ...]:
        """The operation."""
        return (self.operation,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductTerms(Terms):
    """A part, fluid or material. What the customer brought is listed at no charge."""

    kind: ProductKind
    name: str
    sku: str | None
    amount: Decimal
    unit: str
    price: Decimal
    batch: str | None
    warranty: str | None
    customer_supplied: bool

    def __post_init__(self) -> None:
        if self.customer_supplied and self.price:
            raise InvalidInput(
                "What the customer brought is not charged: its price is 0.", field="price", code="customer_supplied"
            )

    @property
    def quantity(self) -> Decimal:
        """In `unit`."""
        return self.amount

    @property
    def unit_price(self) -> Decimal:
        """Per `unit`."""
        return self.price

    @property
    def texts(self) -> tuple[str, ...]:
        """Name, unit and what else identifies the product."""
        return (self.name, self.unit, self.sku or "", self.batch or "", self.warranty or "")


@dataclass(slots=True, kw_only=True)
class Line[T: Terms]:
    """A line of a job. `order_discount` is its share, in minor units, of the estimate's discount."""

    id: UUID
    terms: T
    order_discount: int = 0
    _priced: tuple[T, int, Pricing, Amounts] | None = field(default=None, init=False, repr=False, compare=False)

    def amounts(self, pricing: Pricing) -> Amounts:
        """What the line comes to, rounded. Bill, job, snapshot and answer ask for it again and again."""
        known = self._priced
        if known and known[0] is self.terms and known[1] == self.order_discount and known[2] is pricing:
            return known[3]
        amounts = self._amounts(pricing)
        self._priced = self.terms, self.order_discount, pricing, amounts
        return amounts

    def _amounts(self, pricing: Pricing) -> Amounts:
        own_discount = pricing.minor(self.terms.discount, field="discount")
        charged = self.terms.charged(pricing)
        share = min(self.order_discount, charged)
        return pricing.line(charged - share, own_discount + share, self.terms.tax_percent)


type LaborLine = Line[LaborTerms]
type ProductLine = Line[ProductTerms]


def text_bytes(*texts: str) -> int:
    """How many bytes the texts take as JSON strings."""
    return sum(len(json.dumps(text, ensure_ascii=False).encode()) for text in texts)
