"""Which events trust listens to, and which command each of them is for. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chassis.consuming import Received, Subscriptions
from chassis.db import Transaction
from contracts import owners, sto, trust, workorders
from contracts.registry import consumed_by
from trust.commands.add_to_timeline import KINDS, add_to_timeline
from trust.commands.append_audit import append_audit
from trust.commands.keep_facts import (
    forget_people,
    keep_access,
    keep_cars,
    keep_employees,
    keep_links,
    keep_readings,
    keep_service_entries,
    remove_service_entries,
)
from trust.commands.reassess import reassess_by_odometer
from trust.commands.recommend import recommend
from trust.commands.rescore import rescore

type Batch = Sequence[Received[Any]]

subscriptions = Subscriptions("trust")

# In the order in which they run within a batch: facts first, then what is computed from them.
subscriptions.state(
    owners.CarRegistered,
    owners.CarUpdated,
    owners.CarArchived,
    owners.CarTransferred,
    owners.CarIdentityDecided,
)(keep_cars)
subscriptions.state(owners.AccessGranted, owners.AccessChanged, owners.AccessEnded)(keep_access)
subscriptions.state(owners.UserErased)(forget_people)
subscriptions.state(sto.EmployeeJoined, sto.EmployeeRoleChanged, sto.EmployeeDeactivated)(keep_employees)
subscriptions.state(sto.LinkRequested, sto.LinkApproved, sto.LinkDeclined, sto.LinkRevoked, sto.LinkExpired)(keep_links)
subscriptions.state(owners.ServiceEntryRecorded, owners.ServiceEntryChanged)(keep_service_entries)
subscriptions.state(owners.ServiceEntryRemoved)(remove_service_entries)
subscriptions.state(owners.OdometerJudged)(keep_readings)
subscriptions.effect(workorders.WorkOrderCompleted)(recommend)
subscriptions.effect(owners.OdometerJudged)(reassess_by_odometer)
subscriptions.effect(
    workorders.WorkOrderCompleted,
    owners.ServiceEntryRecorded,
    owners.ServiceEntryChanged,
    owners.ServiceEntryRemoved,
    owners.OdometerJudged,
    trust.RecommendationChanged,
)(rescore)
subscriptions.effect(*KINDS)(add_to_timeline)


@subscriptions.effect(*(event for topic in consumed_by("trust") for event in topic.events))
async def audit_everything(tx: Transaction, batch: Batch) -> None:
    """Last, because it locks the chains that every other batch needs."""
    await append_audit(tx, batch)
