"""Applications, what moderators did with them, and who the moderators are."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.db import Transaction
from sto.db.models import moderator, verification_application, verification_decision
from sto.domain.verification import Application, Decision, Document


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


async def is_moderator(tx: Transaction, user_id: UUID) -> bool:
    """Whether this person may moderate."""
    found = select(moderator.c.user_id).where(moderator.c.user_id == user_id)
    return (await tx.execute(found)).first() is not None


async def add_moderator(tx: Transaction, user_id: UUID, now: datetime) -> bool:
    """Names a moderator; false when it is one."""
    added = await tx.execute(upsert(moderator).values(user_id=user_id, added_at=now).on_conflict_do_nothing())
    return bool(added.rowcount)


async def remove_moderator(tx: Transaction, user_id: UUID) -> bool:
    """Takes the office away; false when there was none."""
    return bool((await tx.execute(delete(moderator).where(moderator.c.user_id == user_id))).rowcount)


async def all_moderators(tx: Transaction) -> list[tuple[UUID, datetime]]:
    """Everyone, and since when."""
    rows = await tx.execute(select(moderator).order_by(moderator.c.added_at, moderator.c.user_id))
    return [(row.user_id, row.added_at) for row in rows]


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
