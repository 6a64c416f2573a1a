"""Applications, what moderators did with them, and who the moderators are."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, func, insert, select

from chassis.db import Transaction
from chassis.roster import Roster
from sto.db.models import moderator, verification_application, verification_decision
from sto.domain.verification import Application, Decision, Document

MODERATORS: Final = Roster(moderator, service="sto")


async def next_number(tx: Transaction, center_id: UUID) -> int:
    """The number of the center's next application; the center is locked."""
    last = select(func.coalesce(func.max(verification_application.c.number), 0)).where(
        verification_application.c.center_id == center_id
    )
    return int((await tx.execute(last)).scalar_one()) + 1


async def insert_application(tx: Transaction, application: Application) -> None:
    """Adds an application for good."""
    await tx.execute(insert(verification_application).values(**asdict(application)))


async def find_application(tx: Transaction, application_id: UUID) -> Application | None:
    """The application, if the tenant may see it."""
    wanted = select(verification_application).where(verification_application.c.id == application_id)
    row = (await tx.execute(wanted)).one_or_none()
    return None if row is None else application_of(row)


async def insert_decision(tx: Transaction, decision: Decision) -> None:
    """Adds a moderator's act for good."""
    await tx.execute(insert(verification_decision).values(**asdict(decision)))


def application_of(row: Row[Any]) -> Application:
    """The application in a row."""
    return Application(
        id=row.id,
        center_id=row.center_id,
        number=row.number,
        submitted_by=row.submitted_by,
        submitted_at=row.submitted_at,
        note=row.note,
        documents=tuple(Document(**document) for document in row.documents),
    )


def decision_of(row: Row[Any]) -> Decision:
    """The decision in a row."""
    return Decision(**row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
