"""The car's owner, or a manager of the car, does not want this one."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.db import Transaction
from chassis.problems import Forbidden, NotFound, check_version
from contracts.event import Actor
from trust.commands.recommendation_book import DATE_TIMER, Book, timers
from trust.db import read_models, recommendations
from trust.domain.access import DECIDES
from trust.domain.errors import RecommendationSettled
from trust.domain.recommendation import Status


async def dismiss_recommendation(
    tx: Transaction, recommendation_id: UUID, *, user_id: UUID, expected_version: int, now: datetime
) -> dict[str, Any]:
    """The row after it.

    Raises NotFound for somebody else's, Forbidden for who only reads it, PreconditionFailed, RecommendationSettled.
    """
    row = await recommendations.lock(tx, recommendation_id)
    role = None if row is None else await read_models.role_in_car(tx, row.car_id, user_id, now)
    if row is None or role is None:
        raise NotFound(read_model=True)
    if role not in DECIDES:
        raise Forbidden("Only the car's owner or a manager of the car dismisses it.", read_model=True)
    check_version(expected_version, row.version)
    if Status(row.status).settled:
        raise RecommendationSettled(f"The recommendation is already {row.status}.")
    book = Book([row])
    dismissed = book.unsettled(row.car_id)[0]
    book.change(
        dismissed,
        Status.DISMISSED,
        None,
        at=now,
        kept=False,
        settled_by=user_id,
        actor=Actor(user_id=user_id, role=DECIDES[role]),
    )
    await book.save(tx)
    await timers.cancel(tx, DATE_TIMER, recommendation_id)
    return dismissed
