"""From events of other services, and timers, to use cases: translation only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from chassis.clock import Clock, system_clock
from chassis.consuming import Received, Subscriptions, Tombstone
from chassis.db import Transaction
from chassis.timers import Timers
from contracts.owners import (
    AccessChanged,
    AccessEnded,
    AccessEvent,
    AccessGranted,
    CarArchived,
    CarEvent,
    CarIdentityDecided,
    CarRegistered,
    CarTransferred,
    CarUpdated,
    OdometerGrownStale,
    ProfileUpdated,
    UserErased,
    UserRegistered,
    UserUpdated,
)
from sto.commands.end_links import end_links
from sto.commands.expire_link import LINK_EXPIRY, expire_link
from sto.commands.keep_read_models import forget_names, forget_people, keep_access, keep_cars, keep_names
from sto.db.read_models import Sequenced
from sto.domain.link import CarAccess, LinkedCar

subscriptions: Final = Subscriptions("sto")
subscriptions.ignore(UserRegistered, UserUpdated)  # settings of a person: nothing here depends on them
subscriptions.ignore(OdometerGrownStale)  # a question to the owner alone


@subscriptions.state(CarRegistered, CarUpdated, CarArchived, CarTransferred, CarIdentityDecided)
async def on_cars(tx: Transaction, batch: Sequence[Received[CarEvent]]) -> None:
    """Cars that centers may ask for. With another owner what the one before allowed is over."""
    await keep_cars(tx, (Sequenced(_car(received.event), received.event.sequence) for received in batch))
    transfers = {received.event.car_id: received for received in batch if isinstance(received.event, CarTransferred)}
    await end_links(tx, transfers)


@subscriptions.state(AccessGranted, AccessChanged, AccessEnded)
async def on_access(tx: Transaction, batch: Sequence[Received[AccessEvent]]) -> None:
    """With whom cars are shared."""
    await keep_access(tx, (Sequenced(_access(received.event), received.event.sequence) for received in batch))


@subscriptions.state(ProfileUpdated)
async def on_profiles(tx: Transaction, batch: Sequence[Received[ProfileUpdated]]) -> None:
    """Names, to be joined where people are shown."""
    events = (received.event for received in batch)
    await keep_names(tx, ((event.user_id, Sequenced(event.display_name, event.sequence)) for event in events))


@subscriptions.tombstone("owners.profile")
async def on_removed_profiles(tx: Transaction, batch: Sequence[Tombstone]) -> None:
    """A profile that is removed stays removed."""
    await forget_names(tx, {UUID(tombstone.key) for tombstone in batch})


@subscriptions.state(UserErased)
async def on_erased_users(tx: Transaction, batch: Sequence[Received[UserErased]]) -> None:
    """People who are gone."""
    await forget_people(tx, {received.event.user_id for received in batch})


def link_timers(clock: Clock = system_clock) -> Timers:
    """The timers of this service."""
    timers = Timers(clock=clock)

    @timers.on(LINK_EXPIRY)
    async def on_link_expiry(tx: Transaction, subject: str, due_at: datetime) -> None:
        await expire_link(tx, link_id=UUID(subject), due_at=due_at)

    return timers


def _car(event: CarEvent) -> LinkedCar:
    return LinkedCar(
        id=event.car_id,
        owner_id=event.owner_id,
        make=event.make,
        model=event.model,
        plate=event.plate,
        archived=event.archived,
    )


def _access(event: AccessEvent) -> CarAccess:
    return CarAccess(
        id=event.grant_id,
        car_id=event.car_id,
        owner_id=event.owner_id,
        user_id=event.grantee_id,
        role=event.role,
        expires_at=event.expires_at,
        ended=isinstance(event, AccessEnded),
    )
