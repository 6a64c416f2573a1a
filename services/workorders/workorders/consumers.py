"""From events of other services, and timers, to use cases: translation only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from chassis.clock import Clock, system_clock
from chassis.consuming import Received, Subscriptions
from chassis.db import Transaction
from chassis.timers import Timers
from contracts import owners, sto
from workorders.commands.expire_estimate import ESTIMATE_EXPIRY, expire_estimate, order_and_version
from workorders.commands.keep_read_models import (
    forget_people,
    keep_access,
    keep_cars,
    keep_centers,
    keep_employees,
    keep_links,
    keep_odometers,
)
from workorders.db.rows import Values

subscriptions: Final = Subscriptions("workorders")
subscriptions.ignore(owners.UserRegistered, owners.UserUpdated)  # settings of a person: nothing here depends on them
subscriptions.ignore(owners.OdometerGrownStale)  # a question to the owner alone
subscriptions.ignore(  # of a car's records only the odometer is needed
    owners.ServiceEntryRecorded,
    owners.ServiceEntryChanged,
    owners.ServiceEntryRemoved,
    owners.ExpenseRecorded,
    owners.ExpenseChanged,
    owners.ExpenseRemoved,
    owners.FuelEntryRecorded,
    owners.FuelEntryChanged,
    owners.FuelEntryRemoved,
)


@subscriptions.state(sto.CenterRegistered, sto.CenterUpdated, sto.CenterVerificationChanged)
async def on_centers(tx: Transaction, batch: Sequence[Received[sto.CenterEvent]]) -> None:
    """Centers, with their verification."""
    await keep_centers(tx, [_center(received.event) for received in batch])


@subscriptions.state(sto.EmployeeJoined, sto.EmployeeRoleChanged, sto.EmployeeDeactivated)
async def on_employees(tx: Transaction, batch: Sequence[Received[sto.EmployeeEvent]]) -> None:
    """People of centers."""
    await keep_employees(tx, [_employee(received.event) for received in batch])


@subscriptions.state(sto.LinkRequested, sto.LinkApproved, sto.LinkDeclined, sto.LinkRevoked, sto.LinkExpired)
async def on_links(tx: Transaction, batch: Sequence[Received[sto.LinkEvent]]) -> None:
    """Links between cars and centers."""
    await keep_links(tx, [_link(received.event) for received in batch])


@subscriptions.state(
    owners.CarRegistered,
    owners.CarUpdated,
    owners.CarArchived,
    owners.CarTransferred,
    owners.CarIdentityDecided,
)
async def on_cars(tx: Transaction, batch: Sequence[Received[owners.CarEvent]]) -> None:
    """Cars."""
    await keep_cars(tx, [_car(received.event) for received in batch])


@subscriptions.state(owners.AccessGranted, owners.AccessChanged, owners.AccessEnded)
async def on_access(tx: Transaction, batch: Sequence[Received[owners.AccessEvent]]) -> None:
    """With whom cars are shared."""
    await keep_access(tx, [_access(received.event) for received in batch])


@subscriptions.state(owners.OdometerJudged)
async def on_odometers(tx: Transaction, batch: Sequence[Received[owners.OdometerJudged]]) -> None:
    """Last good readings."""
    await keep_odometers(tx, [_odometer(received.event) for received in batch])


@subscriptions.state(owners.UserErased)
async def on_erased_users(tx: Transaction, batch: Sequence[Received[owners.UserErased]]) -> None:
    """People who are gone."""
    await forget_people(tx, {received.event.user_id for received in batch})


def estimate_timers(clock: Clock = system_clock) -> Timers:
    """The timers of this service."""
    timers = Timers(clock=clock)

    @timers.on(ESTIMATE_EXPIRY)
    async def on_estimate_expiry(tx: Transaction, subject: str, _due_at: datetime) -> None:
        order_id, version = order_and_version(subject)
        await expire_estimate(tx, order_id=order_id, version=version, now=clock())

    return timers


def _center(event: sto.CenterEvent) -> Values:
    return {
        "id": event.center_id,
        "name": event.name,
        "time_zone": event.time_zone,
        "currency": event.currency,
        "prices_include_tax": event.prices_include_tax,
        "verification": event.verification,
        "sequence": event.sequence,
    }


def _employee(event: sto.EmployeeEvent) -> Values:
    return {
        "id": event.employee_id,
        "center_id": event.center_id,
        "user_id": event.user_id,
        "role": event.role,
        "active": event.active,
        "sequence": event.sequence,
    }


def _link(event: sto.LinkEvent) -> Values:
    return {
        "id": event.link_id,
        "car_id": event.car_id,
        "center_id": event.center_id,
        "owner_id": event.owner_id,
        "car_label": event.car_label,
        "scopes": event.scopes,
        "status": event.status,
        "expires_at": event.expires_at,
        "sequence": event.sequence,
    }


def _car(event: owners.CarEvent) -> Values:
    return {
        "id": event.car_id,
        "owner_id": event.owner_id,
        "vin": event.vin,
        "frame_number": event.frame_number,
        "plate": event.plate,
        "odometer_unit": event.odometer_unit,
        "archived": event.archived,
        "sequence": event.sequence,
    }


def _access(event: owners.AccessEvent) -> Values:
    return {
        "id": event.grant_id,
        "car_id": event.car_id,
        "owner_id": event.owner_id,
        "user_id": event.grantee_id,
        "role": event.role,
        "expires_at": event.expires_at,
        "ended": isinstance(event, owners.AccessEnded),
        "sequence": event.sequence,
    }


def _odometer(event: owners.OdometerJudged) -> Values:
    last = event.last_ok
    return {
        "id": event.car_id,
        # as the meter that is in the car now would show it
        "km": last.km + last.meter_offset_km - event.meter_offset_km if last else None,
        "observed_on": last.observed_on if last else None,
        "observed_at": last.observed_at if last else None,
        "sequence": event.sequence,
    }
