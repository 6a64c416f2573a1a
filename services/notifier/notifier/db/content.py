"""Everything that the text of a notification is made of."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select

from chassis.db import Transaction
from notifier.db.decisions import standings
from notifier.db.models import car, notification, recipient
from notifier.db.params import loaded
from notifier.domain.car_label import car_label
from notifier.domain.conventions import Conventions
from notifier.domain.decisions import Standing
from notifier.domain.templates import Params, Template


@dataclass(frozen=True, slots=True)
class Content:
    """A notification's substance; `standing` says what became of the question, if it is one."""

    notification_id: UUID
    user_id: UUID
    template: Template
    params: Params
    reader: Conventions
    car_label: str | None
    subject_id: UUID
    version: int | None
    standing: Standing
    traceparent: str | None


def with_reader_and_car(*columns: Any) -> Select[Any]:
    """Selects notifications that have a text, with the settings of the reader and the names of the car."""
    return (
        select(
            notification,
            recipient.c.locale,
            recipient.c.time_zone,
            recipient.c.distance_unit,
            car.c.make,
            car.c.model,
            car.c.plate,
            *columns,
        )
        .join(recipient, recipient.c.user_id == notification.c.user_id)
        .outerjoin(car, car.c.id == notification.c.car_id)
        .where(notification.c.params.is_not(None))
    )


def reader_of(row: Row[Any], fallback: Conventions) -> Conventions:
    """The reader's settings; those of `fallback` as long as none have arrived."""
    if row.locale is None:
        return fallback
    return Conventions(row.locale, row.time_zone, row.distance_unit)


async def load_contents(tx: Transaction, notifications: Collection[UUID], fallback: Conventions) -> dict[UUID, Content]:
    """The contents of those that still have one, by notification."""
    rows = (await tx.execute(with_reader_and_car().where(notification.c.id.in_(notifications)))).all()
    asked = {(row.subject_id, row.version) for row in rows if row.version is not None}
    answers = await standings(tx, asked)
    return {row.id: _content(row, fallback, answers) for row in rows}


def _content(row: Row[Any], fallback: Conventions, answers: dict[tuple[UUID, int], Standing]) -> Content:
    template = Template(row.template)
    return Content(
        notification_id=row.id,
        user_id=row.user_id,
        template=template,
        params=loaded(template, row.params),
        reader=reader_of(row, fallback),
        car_label=car_label(row.make, row.model, row.plate),
        subject_id=row.subject_id,
        version=row.version,
        standing=answers.get((row.subject_id, row.version), Standing()),
        traceparent=row.traceparent,
    )
