"""What is said about handing over a car."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from chassis.http import ApiModel
from owners.api.values import Money, PastDate
from owners.commands.offer_transfer import Sale
from owners.domain.transfer import CarTransfer


class OfferTransferRequest(ApiModel):
    """To whom, and what the sale was; the price is never shown to anybody else."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"sold_on": "2026-05-02", "price": {"amount_minor": 95_000_000, "currency": "RUB"}}]
        }
    )

    recipient_id: Annotated[
        UUID | None, Field(description="Somebody the car is shared with; left out: whoever gets the one-time link.")
    ] = None
    sold_on: Annotated[PastDate | None, Field(description="Left out: the day of the acceptance.")] = None
    price: Money | None = None

    def sale(self) -> Sale:
        """What the command takes."""
        if self.price is None:
            return Sale(self.sold_on, None, None)
        return Sale(self.sold_on, self.price.amount_minor, self.price.currency)


class AcceptTransferRequest(ApiModel):
    """The token of a one-time link, or the id of an offer to the caller."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"token": "pZ0v…"}]})

    token: Annotated[str | None, Field(min_length=1, max_length=200, repr=False)] = None
    transfer_id: UUID | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.token is None) == (self.transfer_id is None):
            raise ValueError("give either token or transfer_id")
        return self


class TransferResponse(ApiModel):
    """An open offer. `token` is told once: to whoever sent the first request, and to no repetition of it."""

    id: UUID
    car_id: UUID
    recipient_id: UUID | None
    sold_on: date | None
    price: Money | None
    created_at: datetime
    expires_at: datetime
    token: Annotated[str | None, Field(repr=False)]


class OfferedCarResponse(ApiModel):
    """A car that somebody offers to the caller: make, model and year, as far as they are known."""

    id: UUID
    car_id: UUID
    car: str | None
    created_at: datetime
    expires_at: datetime


def transfer_response(offered: CarTransfer, token: str | None = None) -> TransferResponse:
    """The offer as its owner sees it, with its token or without."""
    price = None
    if offered.price_minor is not None and offered.price_currency is not None:
        price = Money.model_construct(amount_minor=offered.price_minor, currency=offered.price_currency)
    return TransferResponse(
        id=offered.id,
        car_id=offered.car_id,
        recipient_id=offered.recipient_id,
        sold_on=offered.sold_on,
        price=price,
        created_at=offered.created_at,
        expires_at=offered.expires_at,
        token=token,
    )


def offered_car_response(offered: CarTransfer) -> OfferedCarResponse:
    """The offer as its recipient sees it."""
    return OfferedCarResponse(
        id=offered.id,
        car_id=offered.car_id,
        car=offered.car_label,
        created_at=offered.created_at,
        expires_at=offered.expires_at,
    )
