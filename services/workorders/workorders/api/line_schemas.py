"""Jobs and lines as clients write them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from chassis.http import ApiModel
from workorders.api.fields import (
    MeasuredIn,
    Money,
    NextServiceRequest,
    Quantity,
    ShortText,
    TaxPercent,
    Title,
    UnitPrice,
)
from workorders.domain.lines import LaborTerms, ProductKind, ProductTerms


class JobRequest(ApiModel):
    """A job's title, as the car's owner will read it."""

    title: Title


class LaborRequest(ApiModel):
    """Work by the hour. `mechanic_id` is the user id of somebody who works at the center."""

    operation: Title
    hours: Quantity
    rate: UnitPrice
    mechanic_id: UUID | None = None
    discount: Money | None = None
    tax_percent: TaxPercent = "0"
    next_service: NextServiceRequest | None = None

    def terms(self) -> LaborTerms:
        """As the domain takes them."""
        return LaborTerms(**_domain_values(self, set(LaborRequest.model_fields)))


class ProductRequest(ApiModel):
    """A part, fluid or material. What the customer brought has the price 0."""

    kind: ProductKind
    name: Title
    sku: ShortText | None = None
    quantity: Quantity
    unit: MeasuredIn
    price: UnitPrice
    batch: ShortText | None = None
    warranty: Title | None = None
    customer_supplied: bool = False
    discount: Money | None = None
    tax_percent: TaxPercent = "0"
    next_service: NextServiceRequest | None = None

    def terms(self) -> ProductTerms:
        """As the domain takes them."""
        return ProductTerms(**_domain_values(self, set(ProductRequest.model_fields)))


class ChangeLaborRequest(ApiModel):
    """The fields to change; the others stay."""

    operation: Title = Field(default_factory=str)
    hours: Quantity = Field(default_factory=str)
    rate: UnitPrice = Field(default_factory=str)
    mechanic_id: UUID | None = None
    discount: Money | None = None
    tax_percent: TaxPercent = Field(default_factory=str)
    next_service: NextServiceRequest | None = None

    def changes(self) -> dict[str, Any]:
        """What was sent."""
        return _domain_values(self, self.model_fields_set)


class ChangeProductRequest(ApiModel):
    """The fields to change; the others stay."""

    kind: ProductKind = Field(default_factory=lambda: "part")
    name: Title = Field(default_factory=str)
    sku: ShortText | None = None
    quantity: Quantity = Field(default_factory=str)
    unit: MeasuredIn = Field(default_factory=str)
    price: UnitPrice = Field(default_factory=str)
    batch: ShortText | None = None
    warranty: Title | None = None
    customer_supplied: bool = Field(default_factory=bool)
    discount: Money | None = None
    tax_percent: TaxPercent = Field(default_factory=str)
    next_service: NextServiceRequest | None = None

    def changes(self) -> dict[str, Any]:
        """What was sent."""
        return _domain_values(self, self.model_fields_set)


_DECIMALS = frozenset({"hours", "rate", "quantity", "price", "tax_percent"})
_OTHER_NAMES = {"quantity": "amount"}


def _domain_values(body: BaseModel, names: set[str]) -> dict[str, Any]:
    return {_OTHER_NAMES.get(name, name): _domain_value(name, getattr(body, name)) for name in names}


def _domain_value(name: str, value: Any) -> Any:
    if isinstance(value, Money | NextServiceRequest):
        return value.to_domain()
    return Decimal(value) if name in _DECIMALS else value
