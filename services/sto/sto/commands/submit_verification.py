"""A center applies to be trusted, for the first time or again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.db import Transaction
from chassis.ids import new_id
from sto import events
from sto.commands.authorisation import staff_of_locked
from sto.db.centers import save_center
from sto.db.verifications import insert_application, next_number
from sto.domain.permissions import Action
from sto.domain.verification import Application, Document


async def submit_verification(
    tx: Transaction,
    *,
    center_id: UUID,
    caller_id: UUID,
    note: str | None,
    documents: tuple[Document, ...],
    now: datetime,
) -> None:
    """Adds an application to the center's history and puts it into the moderators' queue."""
    center, employee = await staff_of_locked(tx, center_id, caller_id, Action.SUBMIT_VERIFICATION)
    application_id = new_id()
    submitted = center.submitted(application_id)
    number = await next_number(tx, center_id)
    await insert_application(tx, Application(application_id, center_id, number, caller_id, now, note, documents))
    await save_center(tx, submitted)
    by = events.acting(employee)
    tx.record(events.verification_changed(submitted, by, now, previous=center.verification, reason=None))
