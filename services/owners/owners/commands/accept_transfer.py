"""Somebody takes over a car. The old owner keeps a copy of the own time; shares end; the history goes along."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.db import Transaction
from chassis.ids import new_id
from chassis.problems import NotFound, Unauthenticated
from chassis.timers import Timers
from owners import events
from owners.commands.end_access import end
from owners.commands.time_zone import zone_of
from owners.db.access import lock_grants_of_car
from owners.db.cars import lock_car, save_handed_over
from owners.db.invitations import withdraw_invitations_to
from owners.db.ownership import Valuation, put_valuation
from owners.db.schedules import end_schedules_of_car
from owners.db.transfers import find_transfer, present_transfer, save_settled
from owners.db.users import act_as, find_user
from owners.domain.car import Car
from owners.domain.local_time import local_date
from owners.domain.sharing import token_hash
from owners.domain.transfer import CarTransfer
from owners.events import By


async def accept_link(tx: Transaction, timers: Timers, token: str, *, caller_id: UUID, now: datetime) -> Car:
    """The caller's car from now on. Raises NotFound, OwnCar, TransferSettled, TransferOver."""
    await _demand_account(tx, caller_id)
    return await _accept(tx, timers, await present_transfer(tx, token_hash(token)), caller_id, now)


async def accept_offer(tx: Transaction, timers: Timers, transfer_id: UUID, *, caller_id: UUID, now: datetime) -> Car:
    """Like accept_link, for an offer that names the caller."""
    await _demand_account(tx, caller_id)
    offered = await find_transfer(tx, transfer_id)
    if offered is not None and offered.recipient_id is None:
        raise NotFound  # its owner sees it, and it goes by link
    return await _accept(tx, timers, offered, caller_id, now)


async def _demand_account(tx: Transaction, caller_id: UUID) -> None:
    if await find_user(tx, caller_id, lock=True) is None:
        raise Unauthenticated("This account is gone.")  # an erased user's last access token


async def _accept(tx: Transaction, timers: Timers, offered: CarTransfer | None, caller_id: UUID, now: datetime) -> Car:
    if offered is None:
        raise NotFound
    offered.accepted(caller_id, now)
    # The owner's part of it is done with the owner's rights, as the offer allows.
    await act_as(tx, offered.owner_id)
    handed_over = await _hand_over(tx, timers, offered, caller_id, now)
    await act_as(tx, caller_id)
    return handed_over


async def _hand_over(tx: Transaction, timers: Timers, presented: CarTransfer, new_owner_id: UUID, now: datetime) -> Car:
    car = await lock_car(tx, presented.car_id)
    offered = await find_transfer(tx, presented.id, lock=True)
    if offered is None:
        raise NotFound
    settled = offered.accepted(new_owner_id, now)  # of all who accept at once, one is first
    if car is None:
        raise NotFound
    await save_settled(tx, settled)
    ended_on = settled.sold_on or local_date(now, await zone_of(tx, None, car.owner_id))
    if settled.price_minor is not None and settled.price_currency is not None:
        price = Valuation(new_id(), car.id, car.owner_id, ended_on, settled.price_minor, settled.price_currency, now)
        await put_valuation(tx, price)
    await end_schedules_of_car(tx, car.id, now)
    await _end_shares(tx, timers, car, now)
    after = car.handed_over(new_owner_id, ended_on, now)
    await save_handed_over(tx, car, after, settled.id, ended_on)
    tx.record(events.car_transferred(after, settled, By.user(new_owner_id, now)))
    return after


async def _end_shares(tx: Transaction, timers: Timers, car: Car, now: datetime) -> None:
    await withdraw_invitations_to(tx, car.id, now)
    grants = await lock_grants_of_car(tx, car.id)
    await end(tx, timers, [grant.ended("transferred", now) for grant in grants], By.owner(car.owner_id, now))
