"""An owner offers a car to its next owner, or takes the offer back."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from chassis.db import Transaction
from chassis.ids import new_id
from chassis.problems import NotFound, check_version
from owners.commands.access import demand, lock_car_for
from owners.commands.time_zone import zone_of
from owners.db.access import lock_grant_of
from owners.db.transfers import find_unsettled, insert_transfer, withdraw_transfer
from owners.domain.access import Right
from owners.domain.car import Car
from owners.domain.local_time import check_not_future
from owners.domain.sharing import token_hash
from owners.domain.transfer import LIFETIME, CarTransfer, TransferOffered, UnknownRecipient

_TOKEN_BYTES: Final = 32


class Sale(NamedTuple):
    """What the owner says of a sale; the price in minor units."""

    sold_on: date | None
    price_minor: int | None
    price_currency: str | None


async def offer_transfer(
    tx: Transaction, car_id: UUID, recipient_id: UUID | None, sale: Sale, *, caller_id: UUID, now: datetime
) -> tuple[CarTransfer, str | None]:
    """The offer, and the token of its link unless it is for one person; the token is told here and never again.

    Raises TransferOffered, UnknownRecipient, DateInFuture.
    """
    car, _ = await lock_car_for(tx, car_id, caller_id, Right.TRANSFER_CAR)
    if sale.sold_on is not None:
        check_not_future(sale.sold_on, zone_name=await zone_of(tx, None, caller_id), now=now)
    await _make_room(tx, car, now)
    if recipient_id is not None:
        grant = await lock_grant_of(tx, car_id, recipient_id)
        if grant is None or grant.has_expired(now):
            raise UnknownRecipient("Name somebody the car is shared with, or send a link.")
    token = None if recipient_id is not None else secrets.token_urlsafe(_TOKEN_BYTES)
    offered = CarTransfer(
        id=new_id(),
        car_id=car.id,
        owner_id=car.owner_id,
        car_label=_label(car),
        recipient_id=recipient_id,
        token_hash=None if token is None else token_hash(token),
        created_at=now,
        expires_at=now + LIFETIME,
        **sale._asdict(),
    )
    await insert_transfer(tx, offered)
    return offered, token


async def see_offer(tx: Transaction, car_id: UUID, *, caller_id: UUID, now: datetime) -> CarTransfer:
    """The car's open offer; NotFound without one."""
    await demand(tx, car_id, caller_id, Right.TRANSFER_CAR)
    offered = await find_unsettled(tx, car_id)
    if offered is None or not offered.is_open(now):
        raise NotFound
    return offered


async def withdraw_offer(
    tx: Transaction, car_id: UUID, *, caller_id: UUID, expected_version: Callable[[], int], now: datetime
) -> None:
    """The offer can no more be accepted."""
    await lock_car_for(tx, car_id, caller_id, Right.TRANSFER_CAR)
    offered = await find_unsettled(tx, car_id, lock=True)
    if offered is None or not offered.is_open(now):
        raise NotFound
    check_version(expected_version(), offered.version)
    await withdraw_transfer(tx, offered.id, now)


async def _make_room(tx: Transaction, car: Car, now: datetime) -> None:
    before = await find_unsettled(tx, car.id, lock=True)
    if before is None:
        return
    if before.is_open(now):
        raise TransferOffered("This car is offered to somebody already. Withdraw that offer first.")
    await withdraw_transfer(tx, before.id, before.expires_at)


def _label(car: Car) -> str | None:
    return " ".join(str(part) for part in (car.make, car.model, car.year) if part) or None
