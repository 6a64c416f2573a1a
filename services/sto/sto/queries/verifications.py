"""Where verifications stand, with their whole history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, tuple_

from chassis.db import Transaction
from sto.db.centers import center_of
from sto.db.models import service_center, verification_application, verification_decision
from sto.db.verifications import application_of, decision_of
from sto.domain.center import ServiceCenter
from sto.domain.verification import Application, Decision, VerificationStatus


@dataclass(frozen=True, slots=True)
class DecidedApplication:
    """An application and what moderators did with it, in order."""

    application: Application
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class QueuedVerification:
    """The latest application of a center."""

    center: ServiceCenter
    latest: DecidedApplication


@dataclass(frozen=True, slots=True)
class VerificationHistory:
    """Everything a center ever submitted, the latest first. What moderators get done bounds its length."""

    center_id: UUID
    status: VerificationStatus
    applications: Sequence[DecidedApplication]


async def verification_history(tx: Transaction, center_id: UUID) -> VerificationHistory:
    """The history of a center that is known to exist."""
    verification = select(service_center.c.verification).where(service_center.c.id == center_id)
    status = (await tx.execute(verification)).scalar_one()
    wanted = (
        select(verification_application)
        .where(verification_application.c.center_id == center_id)
        .order_by(verification_application.c.number.desc())
    )
    applications = await _with_decisions(tx, (await tx.execute(wanted)).all())
    return VerificationHistory(center_id, status, applications)


async def queue(
    tx: Transaction,
    statuses: Sequence[VerificationStatus],
    *,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[QueuedVerification]:
    """Up to `limit` centers in these statuses, by their latest application, the one that waits longest first."""
    applications = verification_application.c
    wanted = (
        select(verification_application)
        .join(service_center, service_center.c.application_id == applications.id)
        .where(service_center.c.verification.in_(statuses))
        .order_by(applications.submitted_at, applications.id)
        .limit(limit)
    )
    if after is not None:
        wanted = wanted.where(tuple_(applications.submitted_at, applications.id) > after)
    latest = await _with_decisions(tx, (await tx.execute(wanted)).all())
    ids = [item.application.center_id for item in latest]
    rows = await tx.execute(select(service_center).where(service_center.c.id.in_(ids)))
    centers = {row.id: center_of(row) for row in rows}
    return [QueuedVerification(centers[item.application.center_id], item) for item in latest]


async def _with_decisions(tx: Transaction, rows: Sequence[Row[Any]]) -> Sequence[DecidedApplication]:
    decisions: defaultdict[UUID, list[Decision]] = defaultdict(list)
    wanted = (
        select(verification_decision)
        .where(verification_decision.c.application_id.in_([row.id for row in rows]))
        .order_by(verification_decision.c.decided_at, verification_decision.c.id)
    )
    for row in await tx.execute(wanted) if rows else ():
        decisions[row.application_id].append(decision_of(row))
    return [DecidedApplication(application_of(row), tuple(decisions[row.id])) for row in rows]
