"""Which events the notifier listens to, and which command each of them is for. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.clock import Clock, system_clock
from chassis.consuming import Received, Subscriptions, Tombstone
from chassis.db import Transaction
from contracts import corrections, owners, sto, trust, workorders
from notifier import events
from notifier.commands.announce import announce, keep_employments
from notifier.commands.erase_users import erase_users
from notifier.commands.keep_read_models import keep_cars, keep_users
from notifier.commands.notify import notify
from notifier.db.decisions import add_decisions

type Batch = Sequence[Received[Any]]


def make_subscriptions(clock: Clock = system_clock) -> Subscriptions:
    """Everything the notifier consumes."""
    subscriptions = Subscriptions("notifier")
    subscriptions.ignore(owners.ProfileUpdated)  # no message names a person
    subscriptions.ignore(sto.CenterRegistered, sto.CenterUpdated)  # events carry the center's name
    subscriptions.ignore(workorders.WorkOrderOpened, workorders.WorkOrderStatusChanged)  # no news for the owner
    subscriptions.ignore(corrections.CorrectionAccepted)  # there is no message about corrections yet
    subscriptions.ignore(trust.ScoreChanged)
    subscriptions.ignore(owners.AccessGranted, owners.AccessChanged, owners.AccessEnded)
    _keep_state(subscriptions, clock)
    _keep_decisions(subscriptions)
    _notify(subscriptions, clock)
    return subscriptions


def _keep_state(subscriptions: Subscriptions, clock: Clock) -> None:
    @subscriptions.state(owners.UserRegistered, owners.UserUpdated)
    async def on_users(tx: Transaction, batch: Batch) -> None:
        await keep_users(tx, [events.user_state(received.event) for received in batch])

    @subscriptions.state(owners.UserErased)
    async def on_erased_users(tx: Transaction, batch: Batch) -> None:
        await erase_users(tx, {received.event.user_id: received.event.sequence for received in batch}, now=clock())

    @subscriptions.tombstone("owners.profile")
    async def on_removed_profiles(tx: Transaction, batch: Sequence[Tombstone]) -> None:
        await erase_users(tx, {UUID(tombstone.key): 0 for tombstone in batch}, now=clock())

    @subscriptions.state(
        owners.CarRegistered,
        owners.CarUpdated,
        owners.CarArchived,
        owners.CarTransferred,
        owners.CarIdentityDecided,
    )
    async def on_cars(tx: Transaction, batch: Batch) -> None:
        await keep_cars(tx, [events.car_state(received.event) for received in batch])


def _keep_decisions(subscriptions: Subscriptions) -> None:
    @subscriptions.state(
        workorders.EstimateDecided,
        workorders.EstimateSuperseded,
        sto.LinkApproved,
        sto.LinkDeclined,
        sto.LinkRevoked,
        sto.LinkExpired,
    )
    async def on_decisions(tx: Transaction, batch: Batch) -> None:
        await add_decisions(tx, [events.decision_of(received) for received in batch])


def _notify(subscriptions: Subscriptions, clock: Clock) -> None:
    @subscriptions.effect(
        owners.CarTransferred,
        owners.CarIdentityDecided,
        owners.OdometerGrownStale,
        sto.LinkRequested,
        workorders.EstimateSent,
        workorders.EstimateDecided,
        workorders.WorkOrderCompleted,
        workorders.WorkOrderCancelled,
        trust.RecommendationOpened,
        trust.RecommendationChanged,
    )
    async def on_news(tx: Transaction, batch: Batch) -> None:
        notices = (events.notice_of(received) for received in batch)
        await notify(tx, [notice for notice in notices if notice is not None], now=clock())

    @subscriptions.effect(sto.CenterVerificationChanged)
    async def on_verifications(tx: Transaction, batch: Batch) -> None:
        await announce(tx, [events.announcement_of(received) for received in batch], now=clock())

    @subscriptions.state(sto.EmployeeJoined, sto.EmployeeRoleChanged, sto.EmployeeDeactivated)
    async def on_employments(tx: Transaction, batch: Batch) -> None:
        await keep_employments(tx, [events.employment_of(received.event) for received in batch], now=clock())
